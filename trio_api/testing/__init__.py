"""What proves a client resilient: scripted APIs on Trio's clock, a server of faults, torture, and simulation."""

from __future__ import annotations

from ._attempts import MockAttempt as MockAttempt
from ._cancelling import cancel_everywhere as cancel_everywhere
from ._fault import Fault as Fault
from ._journal import JournalEntry as JournalEntry
from ._mock import MockAPI as MockAPI
from ._quota import Quota as Quota
from ._reply import Reply as Reply
from ._route import Route as Route
from ._server import SimulatedServer as SimulatedServer
from ._torture_io import torture_io as torture_io
from ._tortured_sockets import IOFault as IOFault
from ._trials import Injection as Injection, TortureReport as TortureReport
from .fault_server import (
    End as End,
    FaultServer as FaultServer,
    ServedConnection as ServedConnection,
    ServedRequest as ServedRequest,
    WireFault as WireFault,
)
from .simulation import (
    Chaos as Chaos,
    Simulation as Simulation,
    SimulationReport as SimulationReport,
    simulate as simulate,
)
