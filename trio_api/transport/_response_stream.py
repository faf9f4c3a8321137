"""The body of a response as it comes from a connection of the Trio-native transport."""

from __future__ import annotations

import time
from typing import Final, Protocol, final

import httpx
import trio

from ..responses import LazyResponse
from ._connection import Connection
from ._http1 import SWITCHING

__all__ = ["Keeper", "ResponseStream"]

_DRAINED: Final = 65_536  # bytes of an unread body that are taken from the socket so that a connection can be kept


class Keeper(Protocol):
    """Who gets the connection back: the transport."""

    def finished(self, connection: Connection) -> None:
        """The response has ended."""
        ...

    def abandoned(self, connection: Connection) -> None:
        """The response was closed before its end, or broke off."""
        ...

    def failed(self, request: httpx.Request, connection: Connection) -> None:
        """Reading raised an exception."""
        ...


@final
class ResponseStream(httpx.AsyncByteStream):
    """Pieces of a body; at its end the connection goes back to the pool.

    Args:
        connection: The head of the response was read from it.
        keeper: Who gets it back.
        request: What is answered.
        timeout: Seconds that each read may take.
        started: When the exchange began, by `time.perf_counter`.
    """

    def __init__(
        self, connection: Connection, keeper: Keeper, request: httpx.Request, timeout: float | None, started: float
    ) -> None:
        self._connection: Connection | None = connection
        self._keeper: Final = keeper
        self._request: Final = request
        self._timeout: Final = timeout
        self._started: Final = started
        self._response: LazyResponse | None = None
        self._known = b""
        self._is_receiving = False

    def _finish(self, connection: Connection) -> bytes:
        """Give the connection back; what is left of the body."""
        body = connection.parser.body
        rest = body[0] if len(body) == 1 else b"".join(body)
        body.clear()
        self._connection = None
        self._keeper.finished(connection)
        self._set_elapsed()
        return rest

    def begin(self, response: LazyResponse) -> None:
        """Be the body of *response*, which is told its ``elapsed`` at the end; that may be at once."""
        self._response = response
        connection = self._connection
        # After a 101 the connection is used by whoever asked for it, until the response is closed.
        if connection is not None and connection.parser.is_complete and connection.parser.status != SWITCHING:
            self._known = self._finish(connection)

    def _set_elapsed(self) -> None:
        if self._response is not None:
            self._response.set_elapsed(time.perf_counter() - self._started)
            self._response = None  # so that the two don't wait for the garbage collector

    async def receive(self) -> bytes | None:  # noqa: ASYNC910  # what is in memory is given at once
        """The next piece, or None at the end. A checkpoint only where it has to wait.

        Raises:
            httpx.TransportError: The connection broke.
        """
        connection = self._connection
        if connection is None:
            known, self._known = self._known, b""
            return known or None  # noqa: ASYNC910
        self._is_receiving = True
        try:
            while not (body := connection.parser.body) and not connection.parser.is_complete:
                connection.feed(await connection.receive(self._timeout))
        except httpx.TransportError as error:
            self._keeper.failed(self._request, connection)
            self._abandon(connection)
            error.request = self._request
            raise
        finally:
            self._is_receiving = False
        if connection.parser.is_complete:
            return self._finish(connection) or None  # noqa: ASYNC910
        piece = body[0] if len(body) == 1 else b"".join(body)
        body.clear()
        return piece  # noqa: ASYNC910

    def __aiter__(self) -> ResponseStream:
        return self

    async def __anext__(self) -> bytes:
        piece = await self.receive()
        if piece is None:
            raise StopAsyncIteration
        return piece  # noqa: ASYNC910

    async def aclose(self) -> None:
        """Give the connection back if the rest of the body is here already, else close it."""
        await trio.lowlevel.cancel_shielded_checkpoint()
        connection = self._connection
        if connection is None:
            return
        if not self._is_receiving and self._drain(connection):  # else another task waits for it
            self._finish(connection)
        else:
            self._abandon(connection)

    def _drain(self, connection: Connection) -> bool:
        """Take what is in the socket; whether that was the rest of the body."""
        drained = 0
        try:
            while not connection.parser.is_complete and drained < _DRAINED and connection.receive_now():
                drained += sum(map(len, connection.parser.body))
                connection.parser.body.clear()
        except httpx.TransportError:
            return False
        return connection.parser.is_complete

    def _abandon(self, connection: Connection) -> None:
        if self._connection is None:  # another task was faster
            return
        self._connection = None
        self._keeper.abandoned(connection)
        self._set_elapsed()
