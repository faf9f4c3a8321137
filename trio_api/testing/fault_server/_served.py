"""What a real server writes down: the connections that were made to it, and the requests that came over them."""

from __future__ import annotations

import json
from typing import Any, Final, final

import attrs
import h11
import httpx
import trio

__all__ = ["Served", "ServedConnection", "ServedRequest"]


@attrs.frozen
class ServedConnection:
    """One connection to a `FaultServer`."""

    number: int
    """Its place among all, from 1."""
    came: float
    """When it was made, in seconds of Trio's clock since the server was opened."""
    is_open: bool = True
    """Whether neither end has closed it."""
    is_encrypted: bool = False
    """Whether the handshake of TLS was done."""
    failure: str | None = None
    """What was wrong with what the client did: with the handshake, or with the HTTP that it sent."""


@attrs.frozen
class ServedRequest:
    """One request that came to a `FaultServer`, as far as it came."""

    number: int
    """Its place among all, from 1, in the order of their heads."""
    connection: int
    """The number of the connection that it came over."""
    came: float
    """When its head was there, in seconds of Trio's clock since the server was opened."""
    method: str
    """The method."""
    target: str
    """What was asked for, as it was sent: the path with the query."""
    headers: httpx.Headers = attrs.field(repr=False)
    """Its headers."""
    body: bytes = attrs.field(default=b"", repr=False)
    """Its body, as far as it was read."""
    is_whole: bool = False
    """Whether the body was read to its end."""

    @property
    def json(self) -> Any:
        """The body, read as JSON.

        Raises:
            ValueError: It is none.
        """
        return json.loads(self.body)


@final
class Served:
    """The connections and the requests, in the order in which they came."""

    def __init__(self) -> None:
        self.connections: Final[list[ServedConnection]] = []
        self.requests: Final[list[ServedRequest]] = []
        self._began: Final = trio.current_time()
        self._waiting: Final = trio.lowlevel.ParkingLot()

    def connect(self) -> int:
        """Write down a connection, and give its number."""
        self.connections.append(ServedConnection(len(self.connections) + 1, trio.current_time() - self._began))
        return len(self.connections)

    def note_connection(self, number: int, **changes: Any) -> None:
        """Write down what became known of a connection."""
        self.connections[number - 1] = attrs.evolve(self.connections[number - 1], **changes)
        self._waiting.unpark_all()

    def ask(self, connection: int, head: h11.Request) -> int:
        """Write down a request, and give its number."""
        method, target = head.method.decode("ascii"), head.target.decode("latin-1")
        came, number = trio.current_time() - self._began, len(self.requests) + 1
        headers = httpx.Headers(head.headers.raw_items())
        self.requests.append(ServedRequest(number, connection, came, method, target, headers))
        return number

    def note_request(self, number: int, **changes: Any) -> None:
        """Write down what became known of a request."""
        self.requests[number - 1] = attrs.evolve(self.requests[number - 1], **changes)

    async def until_idle(self) -> None:
        """Wait until no connection is open."""
        await trio.lowlevel.checkpoint()
        while any(connection.is_open for connection in self.connections):
            await self._waiting.park()
