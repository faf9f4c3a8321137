"""What proves a client resilient without a network: a server that is slow, fails and refuses, on Trio's clock."""

from __future__ import annotations

from ._journal import JournalEntry as JournalEntry
from ._quota import Quota as Quota
from ._server import SimulatedServer as SimulatedServer
