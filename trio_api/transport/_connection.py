"""One HTTP/1.1 connection: a wire, the parser of what comes over it, and the timeouts of waiting for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, Protocol, final

import httpx
import trio

from ._connect import Destination, trio_seconds
from ._http1 import ParseError, ResponseParser, Unparsable
from ._wire import Wire

__all__ = ["Connection", "Timekeeper"]


class Timekeeper(Protocol):
    """Who closes the connections that waited for too long: the housekeeper."""

    is_running: bool
    now: Callable[[], float]
    next_look: float

    def look_at(self, time: float) -> None:
        """Have a look at the deadlines of all connections at *time*."""
        ...


@final
class Connection:
    """Carries one request at a time. What it raises are httpx's exceptions.

    Args:
        destination: Whom it leads to.
        wire: The open socket.
        parser: For the responses.
        timekeeper: Who expires it. While none runs, each wait has a cancel scope of its own.
    """

    __slots__ = (
        "_broken",
        "_expired",
        "_is_closed",
        "_method",
        "_stream",
        "_timekeeper",
        "_unread",
        "destination",
        "exchanges",
        "idle_since",
        "is_reusable",
        "parser",
        "read_deadline",
        "was_begun",
        "was_heard",
        "watch",
        "wire",
        "write_deadline",
    )

    def __init__(self, destination: Destination, wire: Wire, parser: ResponseParser, timekeeper: Timekeeper) -> None:
        self.destination: Final = destination
        self.wire: Final = wire
        self.parser: ResponseParser = parser
        self._timekeeper: Final = timekeeper
        self._method = b""
        self._is_closed = False
        self._broken: httpx.RemoteProtocolError | None = None
        self._expired: type[httpx.TimeoutException] | None = None
        self._stream: NetworkStream | None = None
        self._unread = b""
        self.exchanges: int = 0
        """Requests that it was used for."""
        self.was_begun: bool = False
        """Whether the last of them began to be sent."""
        self.was_heard: bool = False
        """Whether a byte came since then."""
        self.is_reusable: bool = True
        """Whether it may serve another request, if its parser says so too."""
        self.idle_since: float = 0.0
        """When its last response ended, in seconds of Trio's clock."""
        self.read_deadline: float = math.inf
        self.write_deadline: float = math.inf
        self.watch: trio.CancelScope | None = None
        """The scope of the task that waits for the server to close it, while it is idle."""

    @property
    def network_stream(self) -> NetworkStream:
        """It, as the extension ``network_stream`` of responses has it."""
        if self._stream is None:
            self._stream = NetworkStream(self)
        return self._stream

    def begin(self, method: bytes) -> ResponseParser:
        """Expect the response to a request; gives the parser that reads it."""
        self._method = method
        self.exchanges += 1
        self.was_begun = self.was_heard = False
        self.parser.begin(method)
        return self.parser

    def send_now(self, data: bytes) -> bool:
        """Send *data*, or begin to; False: `flush` has to send the rest.

        Raises:
            httpx.WriteError: The connection is broken.
        """
        self.was_begun = True
        try:
            return self.wire.send_now(data)
        except OSError as error:
            raise self._failure(error, httpx.WriteError) from error

    async def flush(self, timeout: float | None) -> None:
        """Send what `send_now` left, within *timeout* seconds.

        Raises:
            httpx.WriteError, httpx.WriteTimeout: The connection is broken, or nobody reads what is sent.
        """
        try:
            if timeout is None or not self._timekeeper.is_running:
                with trio.move_on_after(trio_seconds(timeout)):
                    await self.wire.flush()
                    return
                raise httpx.WriteTimeout("")
            self.write_deadline = self._deadline(timeout)
            try:
                await self.wire.flush()
            finally:
                self.write_deadline = math.inf
        except (trio.ClosedResourceError, OSError) as error:
            raise self._failure(error, httpx.WriteError) from error

    async def receive(self, timeout: float | None) -> bytes:
        """Wait for bytes, *timeout* seconds; they are to be fed. Empty is the end of the connection.

        Raises:
            httpx.ReadError, httpx.ReadTimeout: The connection is broken, or silent.
            httpx.RemoteProtocolError: What had come last was no HTTP.
        """
        if self._broken is not None:
            raise self._broken
        timekeeper = self._timekeeper
        try:
            if timeout is None:
                data = await self.wire.receive()
            elif timekeeper.is_running:
                self.read_deadline = deadline = timekeeper.now() + timeout
                if deadline < timekeeper.next_look:
                    timekeeper.look_at(deadline)
                try:
                    data = await self.wire.receive()
                finally:
                    self.read_deadline = math.inf
            else:
                data = await self._receive_within(timeout)
        except (trio.ClosedResourceError, OSError) as error:
            raise self._failure(error, httpx.ReadError) from error
        return data

    async def _receive_within(self, timeout: float) -> bytes:
        with trio.move_on_after(timeout):
            return await self.wire.receive()
        raise httpx.ReadTimeout("")

    def feed(self, data: bytes) -> None:
        """Parse *data*; empty is the end of the connection.

        Raises:
            httpx.RemoteProtocolError: The server broke off or broke HTTP.
        """
        if data:
            self.was_heard = True
        elif not self.was_heard:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        try:
            self.parser.feed(data)
        except Unparsable as unparsable:
            self._parse_leniently(unparsable)
        except ParseError as error:
            self._broken = httpx.RemoteProtocolError(str(error))
            self.is_reusable = False
            if not self.parser.body:  # what came before it is given first
                raise self._broken from None

    def _parse_leniently(self, unparsable: Unparsable) -> None:
        """Have h11 read what httptools could not. The connection isn't used again, so that no doubt can do harm."""
        from ._h11 import H11Parser  # now, since it is hardly ever needed

        self.is_reusable = False
        self.parser = H11Parser()
        self.parser.begin(self._method)
        try:
            self.parser.feed(unparsable.seen)
        except ParseError:
            raise httpx.RemoteProtocolError(str(unparsable)) from None

    async def receive_raw(self, most: int, timeout: float | None) -> bytes:
        """Wait for bytes of the protocol that was switched to, after those that came with the 101."""
        if not self._unread:
            self._unread = self.parser.leftover or await self.receive(timeout)
            self.parser.leftover = b""
        await trio.lowlevel.checkpoint()
        piece, self._unread = self._unread[:most], self._unread[most:]
        return piece

    def receive_now(self) -> bool:
        """Parse what is there without waiting; False: nothing is, or nothing more can be made of it."""
        if self._broken is not None:
            return False
        try:
            data = self.wire.receive_now()
        except OSError as error:
            raise self._failure(error, httpx.ReadError) from error
        if data is None:
            return False
        self.feed(data)
        return True

    def _deadline(self, timeout: float) -> float:
        deadline = self._timekeeper.now() + timeout
        self._timekeeper.look_at(deadline)
        return deadline

    def expire(self) -> None:
        """Close it since it was waited for too long."""
        self._expired = httpx.ReadTimeout if self.read_deadline <= self.write_deadline else httpx.WriteTimeout
        self.abort()

    def _failure(self, error: Exception, what: type[httpx.NetworkError]) -> httpx.TransportError:
        """What *error* of the wire is to httpx. After `abort` it may be any, and says nothing but that."""
        if self._expired is not None:
            return self._expired("")
        return what("the transport was closed" if self._is_closed else str(error))

    def stop_watch(self) -> None:
        """End the wait for the server to close it: it is used again."""
        if self.watch is not None:
            self.watch.cancel(reason="the connection is used again")
            self.watch = None

    def abort(self) -> None:
        """Close it at once."""
        if not self._is_closed:
            self._is_closed = True
            self.stop_watch()
            self.wire.abort()


@final
class NetworkStream:
    """A connection as the extension ``network_stream`` shows it: what it is, and its bytes once it was upgraded.

    Args:
        connection: The connection.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection: Final = connection

    def get_extra_info(self, info: str) -> Any:
        """What httpcore calls ``client_addr``, ``server_addr``, ``socket``, ``ssl_object`` and ``is_readable``."""
        return self._connection.wire.extra_info(info)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Bytes of the protocol that a 101 switched to; empty at its end."""
        return await self._connection.receive_raw(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes of the protocol that a 101 switched to."""
        if not self._connection.send_now(buffer):
            await self._connection.flush(timeout)
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        """Close the connection."""
        self._connection.abort()
        await trio.lowlevel.checkpoint()
