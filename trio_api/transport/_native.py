"""The Trio-native transport: a request is given a connection of the pool, sent, and answered.

What decides stands elsewhere: who gets which connection in `_pool`, what bytes mean in `_http1`. Here a slot is held
while it is used: inside `handle_async_request` by its frame, afterwards by the response until that is closed.
"""

from __future__ import annotations

import functools
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, final

import httpx
import trio

from .._constants import DEFAULT_CONNECTION_LIMITS
from ..request import LazyRequest, origin_of
from ..responses import LazyResponse, raw_header
from ._connect import Connector, Destination, trio_seconds
from ._connection import Connection
from ._events import Events, events_for
from ._failures import Trace
from ._housekeeping import Housekeeper
from ._http1 import SWITCHING
from ._nursery import HiddenNursery
from ._outgoing import Outgoing, begin, outgoing_of, send_rest
from ._parsers import ParserName, parser_factory
from ._pool import SLOT, Pool, Waiter
from ._response_stream import ResponseStream
from ._tls import TlsContext

if TYPE_CHECKING:
    import ssl
    from typing import Self

__all__ = ["FRESH", "READ_WITHIN", "TrioTransport"]

_NO_TIMEOUTS: Final[dict[str, float | None]] = {}

READ_WITHIN: Final = "trio_api.read_within"
"""An extension of requests: a body of at most so many bytes that is whole already need not be a stream."""

FRESH: Final = "trio_api.fresh"
"""An extension of requests: none of the connections that are open already will do. httpx's transport passes over it."""


@final
class TrioTransport(httpx.AsyncBaseTransport):
    """An httpx transport for HTTP/1.1 over Trio's sockets.

    Use it as ``async with TrioTransport() as transport:``, or give it to an `httpx.AsyncClient`, whose block opens it:
    the block owns a nursery whose one task expires connections. Without a block it works too, with cancel scopes.

    Args:
        verify: Whom to trust: True for the usual authorities, False for everybody, an `ssl.SSLContext`, or what
            another transport of the same client has.
        cert: A client certificate, as httpx has it.
        trust_env: Whether ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are heeded.
        limits: How many connections may be open and how many kept alive, and for how many seconds.
        uds: The path of a Unix socket to connect to, whatever host is named.
        local_address: The address to connect from.
        parser: ``"httptools"``, ``"h11"``, or None for the first that is installed.
    """

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | str | bool | TlsContext = True,
        cert: Any = None,
        trust_env: bool = True,
        limits: httpx.Limits = DEFAULT_CONNECTION_LIMITS,
        uds: str | None = None,
        local_address: str | None = None,
        parser: ParserName | None = None,
    ) -> None:
        tls = verify if isinstance(verify, TlsContext) else TlsContext(verify, cert, trust_env)
        self._connector: Final = Connector(tls, uds=uds, local_address=local_address)
        self._make_parser: Final = parser_factory(parser)
        self._pool: Final = Pool[Connection](limits, Connection.abort)
        self._active: Final[dict[Connection, None]] = {}  # in order, so that what befalls all comes in the same one
        self._housekeeper: Final = Housekeeper(self._pool, self._active, limits.keepalive_expiry)
        self._nursery: HiddenNursery | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        pool = self._pool
        return f"<TrioTransport open={pool.slots_held} in_use={len(self._active)} waiting={pool.waiting}>"

    def held(self) -> dict[str, int]:
        """What requests hold, by what it is; all of it is 0 while none is in flight."""
        pool = self._pool
        return {
            "connection in use": len(self._active),
            "place in the pool's queue": pool.waiting,
            "slot of the pool": pool.slots_held - len(self._active) - pool.idle_count,
        }

    # -- lifetime --------------------------------------------------------------------------------------------

    def keep_house_in(self, nursery: trio.Nursery) -> None:
        """Run the housekeeping in *nursery* until the transport is closed; cancelling the nursery does not end it."""
        nursery.start_soon(self._housekeeper.run, nursery)

    async def __aenter__(self) -> Self:
        if self._nursery is not None or self._is_closed:
            raise RuntimeError("a TrioTransport is opened once; give each httpx.AsyncClient its own")
        self._nursery = HiddenNursery()
        self.keep_house_in(await self._nursery.__aenter__())
        return self  # noqa: ASYNC910  # as trio.open_nursery does it, entering neither waits nor checkpoints

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()
        if self._nursery is not None:
            nursery, self._nursery = self._nursery, None
            await nursery.__aexit__(None, None, None)  # noqa: ASYNC102  # its tasks have ended, or are cancelled

    async def aclose(self) -> None:
        """Close every connection; requests in flight fail."""
        self.abort()
        await trio.lowlevel.cancel_shielded_checkpoint()

    def abort(self) -> None:
        """`aclose`, which waits for nothing."""
        self._is_closed = True
        self._connector.abort()
        for connection in self._pool.idle():
            self._pool.evict(connection)
        for connection in tuple(self._active):
            connection.abort()
        self._pool.dismiss()
        self._housekeeper.stop()

    # -- a request -------------------------------------------------------------------------------------------

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* and wait for the head of the response.

        Its extensions ``timeout``, ``trace``, ``sni_hostname`` and ``target`` are heeded. The response holds the
        connection until it is closed or was read to its end.

        Raises:
            httpx.TransportError: There is no response; whether the request was sent, its trace tells.
        """
        await trio.lowlevel.checkpoint_if_cancelled()  # the next checkpoint comes after the request was sent
        timeouts = request.extensions.get("timeout") or _NO_TIMEOUTS
        connection: Connection | None = None
        holds_slot = False
        try:
            self._check_open()
            destination, outgoing = _destination(request), outgoing_of(request)
            fresh = FRESH in request.extensions
            granted = self._pool.take(destination, fresh=fresh)
            if granted is None:
                granted = await self._wait_in_queue(destination, fresh, timeouts.get("pool"))
            holds_slot = True
            if granted is not SLOT:
                connection = self._reused(granted)
            self._check_open()  # it may have been closed while this waited in the queue
            if connection is None:
                connection = await self._open(destination, timeouts.get("connect"), request)
            self._active[connection] = None
            return await self._exchange(connection, request, outgoing, timeouts)
        except BaseException as error:
            if isinstance(error, httpx.RequestError):
                error.request = request
                self.failed(request, connection)
            if connection is not None:
                self.abandoned(connection)
            elif holds_slot:
                self._pool.give_up()
            raise

    async def _wait_in_queue(self, destination: Destination, fresh: bool, timeout: float | None) -> Any:
        """What was granted to this task in its turn.

        Raises:
            httpx.PoolTimeout: Its turn did not come.
            httpx.ConnectError: The transport was closed.
        """
        task = trio.lowlevel.current_task()
        waiter = Waiter[Connection](destination, functools.partial(trio.lowlevel.reschedule, task), fresh=fresh)
        self._pool.join(waiter)

        def leave(_: object) -> trio.lowlevel.Abort:
            self._pool.leave(waiter)
            return trio.lowlevel.Abort.SUCCEEDED

        with trio.move_on_after(trio_seconds(timeout)):
            await trio.lowlevel.wait_task_rescheduled(leave)
        if waiter.granted is None:
            self._check_open()
            raise httpx.PoolTimeout("")
        return waiter.granted

    def _reused(self, connection: Connection) -> Connection | None:
        """*connection* if it is fit to be used again; else it is closed, and its slot is free for another."""
        connection.stop_watch()
        if self._housekeeper.has_expired(connection) or not connection.wire.is_fit_for_reuse():
            connection.abort()
            return None
        return connection

    async def _open(self, destination: Destination, timeout: float | None, request: httpx.Request) -> Connection:
        opened: Connection | None = None

        async def connect() -> Connection:
            nonlocal opened
            wire = await self._connector.open(destination, timeout)
            opened = Connection(destination, wire, self._make_parser(), self._housekeeper)
            return opened

        events = events_for(request)
        try:
            if events is None:
                connection = await connect()
            else:
                connection = await events.around(connect, "connection.connect_tcp", host=destination.origin.host)
            self._check_open()
        except BaseException:
            if opened is not None:  # and then the trace was cancelled, or failed, or the transport was closed
                opened.abort()
            raise
        return connection

    def _check_open(self) -> None:
        if self._is_closed:
            raise httpx.ConnectError("the transport is closed")

    async def _exchange(
        self, connection: Connection, request: httpx.Request, outgoing: Outgoing, timeouts: dict[str, float | None]
    ) -> LazyResponse:
        """Send the request and read the head of the response, and whatever came with it."""
        started = time.perf_counter()
        timeout = timeouts.get("read")
        events = events_for(request)
        if events is None:
            if not begin(connection, request, outgoing):
                await send_rest(connection, request, outgoing, timeouts.get("write"))
            while not connection.parser.status:
                connection.feed(await connection.receive(timeout))
        else:
            await self._exchange_heads(events, connection, request, outgoing, timeouts)
        parser = connection.parser
        if parser.status == SWITCHING:
            if "upgrade" not in request.headers:
                raise httpx.RemoteProtocolError("the server switched protocols, which nobody asked for")
            connection.is_reusable = False
        extensions = {
            "http_version": parser.version,
            "reason_phrase": parser.reason,
            "network_stream": connection.network_stream,
        }
        most = request.extensions.get(READ_WITHIN)
        if most is not None and parser.is_complete and raw_header(parser.headers, b"content-encoding") is None:
            content = b"".join(parser.body)
            if len(content) <= most:
                parser.body.clear()
                headers, status = parser.headers, parser.status
                self.finished(connection)
                elapsed = time.perf_counter() - started
                return LazyResponse(  # noqa: ASYNC910  # without a head there was a wait for it
                    status, headers, request=request, extensions=extensions, content=content, elapsed=elapsed
                )
        stream = ResponseStream(connection, self, request, timeout, started)
        response = LazyResponse(parser.status, parser.headers, request=request, stream=stream, extensions=extensions)
        stream.begin(response)
        return response  # noqa: ASYNC910

    async def _exchange_heads(
        self,
        events: Events,
        connection: Connection,
        request: httpx.Request,
        outgoing: Outgoing,
        timeouts: dict[str, float | None],
    ) -> None:
        """Send the request and read the head of the response, and tell of it."""

        async def send() -> None:  # noqa: ASYNC910  # what goes at once is followed by a wait
            if not begin(connection, request, outgoing):
                await send_rest(connection, request, outgoing, timeouts.get("write"))

        async def receive() -> None:  # noqa: ASYNC910  # without a head there is a wait for it
            while not connection.parser.status:
                connection.feed(await connection.receive(timeouts.get("read")))

        await events.around(send, "http11.send_request_headers", request=request)
        await events.around(receive, "http11.receive_response_headers", request=request)

    # -- a connection comes back -----------------------------------------------------------------------------

    def finished(self, connection: Connection) -> None:
        """The response has ended; the connection may serve another request, or not."""
        if not connection.parser.keeps_alive or not connection.is_reusable or self._is_closed:
            self.abandoned(connection)
            return
        self._active.pop(connection, None)
        connection.idle_since = self._housekeeper.now()
        if self._pool.release(connection, connection.destination):
            self._housekeeper.idle(connection)

    def abandoned(self, connection: Connection) -> None:
        """The connection can't be used again."""
        self._active.pop(connection, None)
        connection.abort()
        self._pool.give_up()

    def failed(self, request: httpx.Request, connection: Connection | None) -> None:
        """Tell this library's trace of *request*, which is asked only after a failure, how far it came."""
        trace = getattr(request.extensions.get("trace"), "__self__", None)
        if isinstance(trace, Trace):
            trace.sent = connection is not None and connection.was_begun
            trace.reused = connection is not None and connection.exchanges > 1
            trace.response_began = connection is not None and connection.was_heard


def _destination(request: httpx.Request) -> Destination:
    origin = request.origin if isinstance(request, LazyRequest) else origin_of(request.url)
    if origin.scheme not in {"http", "https"}:
        raise httpx.UnsupportedProtocol(f"this transport speaks http and https, not {origin.scheme!r}", request=request)
    return Destination(origin, request.extensions.get("sni_hostname"))
