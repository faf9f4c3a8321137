"""A real server on loopback that goes wrong as a script says: faults on the wire, their server, its journal."""

from __future__ import annotations

from ._served import ServedConnection as ServedConnection, ServedRequest as ServedRequest
from ._server import FaultServer as FaultServer
from ._wire_fault import End as End, WireFault as WireFault
