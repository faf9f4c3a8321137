"""What proves a client resilient without a network: APIs that answer by a script or by chance, on Trio's clock."""

from __future__ import annotations

from ._attempts import MockAttempt as MockAttempt
from ._fault import Fault as Fault
from ._journal import JournalEntry as JournalEntry
from ._mock import MockAPI as MockAPI
from ._quota import Quota as Quota
from ._reply import Reply as Reply
from ._route import Route as Route
from ._server import SimulatedServer as SimulatedServer
