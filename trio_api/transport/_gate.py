"""A gate and a wear limit in front of httpx's transport, for what goes by it: proxies, SOCKS, HTTP/2, mocks.

httpcore's pool loses slots and HTTP/2 streams when requests are cancelled. Both are kept from mattering here, from
without: requests wait in this gate and never in the pool, and a pool that may have lost something is replaced by a
fresh one before the losses add up. Nothing here looks into httpcore.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Final, cast, final

import httpx
import trio

from .._constants import CLEANUP_SECONDS, DEFAULT_CONNECTION_LIMITS
from ._handshakes import closing_handshakes

__all__ = ["WEAR_LIMIT", "GatedTransport"]

WEAR_LIMIT: Final = 50  # aborted requests; half of the 100 streams that servers and httpcore allow a connection
_SMALL_REST: Final = 256 * 1024  # bytes; WEAR_LIMIT rests as large still fit httpcore's window of 16 MiB


class _LostTrack(httpx.ReadError):
    """httpcore lost track of an HTTP/2 connection: a request was cancelled while it was set up."""


@contextlib.contextmanager
def _tracking() -> Generator[None, None, None]:
    try:
        yield
    except Exception as error:
        # Of the count of streams, Trio's "semaphore released too many times"; or of h2, that it is closed already.
        if type(error).__module__ != "h2.exceptions" and not (type(error) is ValueError and "semaphore" in str(error)):
            raise
        raise _LostTrack("httpcore lost track of the connection") from error


class _Generation:
    """One of httpx's transports, from its making to its replacement."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self.transport: Final = transport
        self.users: int = 0
        """Requests and open responses."""
        self.wear: int = 0
        """Requests that were aborted: each may have cost a slot of the pool, or a stream of an HTTP/2 connection."""


@final
class GatedTransport(httpx.AsyncBaseTransport):
    """Lets *max_connections* requests at a time, first come first served, through to a transport of httpx's.

    A request holds its place until its response is closed. The pool timeout is honoured. Over HTTP/2, too, it is
    requests that are counted.

    Args:
        make: Makes a transport with the limits given; called at the first request and at each replacement.
        limits: The limits of the whole.
    """

    def __init__(
        self,
        make: Callable[[httpx.Limits], httpx.AsyncBaseTransport],
        limits: httpx.Limits = DEFAULT_CONNECTION_LIMITS,
    ) -> None:
        self._make = make
        self._limits = _with_headroom(limits)
        most = limits.max_connections
        self._gate: trio.Semaphore | None = None if most is None else trio.Semaphore(most)
        self._current: _Generation | None = None
        self._retired: set[_Generation] = set()

    def prepare(self) -> None:
        """Make the transport now, to see httpx complain of what is wrong with it."""
        if self._current is None:
            self._current = _Generation(self._make(self._limits))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* once it is its turn.

        Raises:
            httpx.PoolTimeout: Its turn did not come in time.
            httpx.TransportError: As httpx's transport raises them.
        """
        await self._enter(request)
        try:
            generation, response = await self._send(request)
        except BaseException:
            self._leave()
            raise
        response.stream = held = _HeldStream(response, functools.partial(self._release, generation), self._leave)
        if response.is_closed:  # made whole, by a mock: nobody closes it again
            await held.aclose()
        return response

    async def aclose(self) -> None:  # noqa: ASYNC910  # where nothing is open
        """Close every connection."""
        generations = [*self._retired, *([] if self._current is None else [self._current])]
        self._retired.clear()
        self._current = None
        for generation in generations:
            await generation.transport.aclose()

    # -- the gate --------------------------------------------------------------------------------------------

    async def _enter(self, request: httpx.Request) -> None:  # noqa: ASYNC910  # sending checkpoints
        if self._gate is None:
            return  # noqa: ASYNC910
        with contextlib.suppress(trio.WouldBlock):
            self._gate.acquire_nowait()  # never ahead of one who waits: a place that gets free is handed on
            return  # noqa: ASYNC910
        seconds = request.extensions.get("timeout", {}).get("pool")
        with trio.move_on_after(math.inf if seconds is None else seconds) as scope:
            await self._gate.acquire()
        if scope.cancelled_caught:
            raise httpx.PoolTimeout("no connection became free in time", request=request)

    def _leave(self) -> None:
        if self._gate is not None:
            self._gate.release()

    # -- the generations -------------------------------------------------------------------------------------

    async def _send(self, request: httpx.Request) -> tuple[_Generation, httpx.Response]:
        while True:
            self.prepare()
            generation = cast("_Generation", self._current)
            generation.users += 1
            try:
                with closing_handshakes(request), _tracking():
                    return generation, await generation.transport.handle_async_request(request)
            except httpx.LocalProtocolError as error:
                is_full = _is_full(error) and generation.wear > 0
                await self._release(generation, wear=WEAR_LIMIT if is_full else 1)  # noqa: ASYNC120  # it is shielded
                if not is_full:
                    raise
                # Nothing of the request was sent: another connection has room for it.
            except BaseException as error:
                await self._release(generation, wear=WEAR_LIMIT if isinstance(error, _LostTrack) else 1)  # noqa: ASYNC102
                raise

    async def _release(self, generation: _Generation, wear: int) -> None:  # noqa: ASYNC910  # most close nothing
        generation.users -= 1
        generation.wear += wear
        if generation.wear >= WEAR_LIMIT and generation is self._current:
            self._current = None
            self._retired.add(generation)
        if generation.users == 0 and generation in self._retired:
            self._retired.remove(generation)
            with trio.move_on_after(CLEANUP_SECONDS, shield=True):  # noqa: ASYNC912
                await generation.transport.aclose()


@final
class _HeldStream(httpx.AsyncByteStream):
    """The body of a response whose place in the gate is held until it is closed."""

    def __init__(
        self, response: httpx.Response, release: Callable[[int], Awaitable[None]], leave: Callable[[], None]
    ) -> None:
        self._stream = cast("httpx.AsyncByteStream", response.stream)
        self._pieces: AsyncIterator[bytes] | None = None
        self._release = release
        self._leave = leave
        self._is_multiplexed = response.http_version == "HTTP/2"
        self._rest = float(response.headers.get("content-length", math.inf))
        self._is_open = True
        self._is_lost = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._pieces = aiter(self._stream)
        return self

    async def __anext__(self) -> bytes:
        assert self._pieces is not None
        try:
            with _tracking():
                piece = await anext(self._pieces)
        except _LostTrack:
            self._is_lost = True
            raise
        except StopAsyncIteration:
            self._rest = 0
            self._is_multiplexed = False  # nothing of it is left on the wire
            raise
        self._rest -= len(piece)
        return piece

    async def aclose(self) -> None:  # noqa: ASYNC910  # closed twice, it waits for nothing
        if not self._is_open:
            return  # noqa: ASYNC910
        self._is_open = False
        try:
            with trio.move_on_after(CLEANUP_SECONDS, shield=True):  # noqa: ASYNC912
                with _tracking():
                    await self._stream.aclose()
        except _LostTrack:
            self._is_lost = True  # what there was to read was read
        finally:
            self._leave()
            await self._release(self._wear)  # noqa: ASYNC102  # it is shielded

    @property
    def _wear(self) -> int:
        """What closing the response as it stands costs the transport.

        httpcore closes an HTTP/1.1 connection that was not read to its end. An HTTP/2 stream it forgets, without a
        reset: what the server still sends uses up the window that all streams of the connection share.
        """
        if self._is_lost:
            return WEAR_LIMIT
        if not self._is_multiplexed:
            return 0
        return 1 if self._rest <= _SMALL_REST else WEAR_LIMIT


def _with_headroom(limits: httpx.Limits) -> httpx.Limits:
    """Limits for a pool that may have lost slots, with which it still never queues what the gate lets through."""
    most, idle = limits.max_connections, limits.max_keepalive_connections
    if most is not None:
        idle = most if idle is None else min(idle, most)
        most += WEAR_LIMIT
    return httpx.Limits(max_connections=most, max_keepalive_connections=idle, keepalive_expiry=limits.keepalive_expiry)


def _is_full(error: BaseException) -> bool:
    """Whether h2 refused to begin another stream: the aborted ones count against what the server allows."""
    reasons = () if error.__cause__ is None else error.__cause__.args
    return any(type(reason).__name__ == "TooManyStreamsError" for reason in reasons)
