"""A stream of events on Trio: iterated over while its response is open."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, TypeVar, cast, final

import httpx
import trio

from .._errors import APIError, ClientStateError, TrioAPIError
from .._records import Reply
from .._redact import sealed
from ..streaming import NoEvent, ServerSentEvent
from ..transport import TrioIncoming
from ._call import Call
from ._driver_trio import TrioDriver
from ._open_body_trio import OpenBody
from ._responses_trio import AsyncAPIResponse
from ._stream_state import DRAIN_BYTES, DRAIN_SECONDS, StreamPlan, StreamState

__all__ = ["AsyncStream"]

E = TypeVar("E")


@final
class AsyncStream(AsyncIterator[E], Generic[E]):
    """A stream of events. Iterate it for what they are built into.

    Made by ``client.stream(...)`` only, and open within its block. Where the events end, and on an error, is said
    there. An event that was not given out when a wait for it was cancelled is given out next; but a cancelled read
    of the connection is the end of the stream: going on is a `ClientStateError`, not a silent gap.
    """

    def __init__(self, client: TrioDriver, call: Call, plan: StreamPlan) -> None:
        self._client = client
        self._state = StreamState(client, call, plan)
        self._is_closed = False
        self._reply: Reply
        self._body: OpenBody
        self._response: AsyncAPIResponse[Any]

    @property
    def response(self) -> AsyncAPIResponse[Any]:
        """The response that the events come in: the last one, where the stream was reconnected.

        Its body is read by the stream only; its ``problems`` are those of all events so far.
        """
        return self._response

    @sealed
    async def __anext__(self) -> E:
        """The next event, built.

        Raises:
            APIStreamError: The server sent an error event.
            APIStreamDecodeError: An event is no JSON, or the stream is none.
            APIStreamTruncatedError: The stream ended without the terminal event that its dialect declares.
            APIResponseValidationError: An event does not fit.
            APIConnectionError: The connection broke; `APITimeoutError` where nothing came in time.
            ClientStateError: The client or the stream was closed.
        """
        event = await self._next()
        if event is None:
            raise StopAsyncIteration
        value: E = self._build(event)
        return value

    def raw_events(self) -> AsyncIterator[ServerSentEvent]:
        """The events themselves, from here on; a line of JSON Lines is an event whose data it is."""
        return _RawEvents(self._next_raw)

    @sealed
    async def until_done(self) -> list[E]:
        """All events from here to the end, built.

        Raises:
            APIError: As iteration does; its ``received`` are the events that came before.
        """
        values: list[E] = []
        try:
            while (event := await self._next()) is not None:
                values.append(self._build(event))
        except APIError as error:
            error.received = tuple(values)
            raise
        return values

    async def aclose(self) -> None:
        """Give the connection back if the stream is at its end, else close it; shielded and bounded in time."""
        self._is_closed = True
        await self._release()

    # -- for the client --------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Make the call, and read up to the first event."""
        await self._connect(self._state.call)

    async def _connect(self, call: Call) -> None:
        self._reply, self._body = await self._client._open(call, self._begin)  # pyright: ignore[reportPrivateUsage]
        make = functools.partial(AsyncAPIResponse[Any], body=self._body)
        wrapped = self._client._wrap(self._reply, call, object, make)  # pyright: ignore[reportPrivateUsage]
        self._response = cast("AsyncAPIResponse[Any]", wrapped)
        if not self._state.is_stream:
            try:
                await self._response.read()
            finally:
                await self._body.aclose()
            raise self._state.told(self._state.no_stream(self._response._reply), self._reply)  # pyright: ignore[reportPrivateUsage]
        self._state.wrap(self._response)

    async def _begin(self, response: httpx.Response, incoming: TrioIncoming) -> None:
        """Read to the first event within the attempt, so that what breaks before it is retried."""
        await trio.lowlevel.checkpoint()
        if not self._state.begin(response):
            return
        reader = self._state.reader
        with trio.move_on_after(self._state.plan.idle_timeout):  # noqa: ASYNC912  # status 204: nothing to wait for
            while not reader.has_news:
                self._feed(await incoming.receive())
            self._state.check_begun(response.request)
            return
        raise httpx.ReadTimeout("no event within idle_timeout", request=response.request)

    def _feed(self, piece: bytes | None) -> None:
        if piece is None:
            self._state.reader.finish()
        else:
            self._state.reader.feed(piece)

    async def _next_raw(self) -> ServerSentEvent | None:
        event = await self._next()
        self._state.given += event is not None
        return event

    def _build(self, event: ServerSentEvent) -> Any:
        try:
            value = self._state.value(event, self._reply)
        except APIError as error:
            self._state.told(error, self._reply)
            raise
        self._state.given += 1
        return value

    async def _next(self) -> ServerSentEvent | None:
        """The next event, or None at the end of the stream."""
        await trio.lowlevel.checkpoint()
        if self._is_closed:
            raise ClientStateError("the stream is closed: iterate over it inside its block")
        until = trio.current_time() + self._state.plan.idle_timeout
        while True:
            try:
                event = self._state.reader.pull()
                if event is NoEvent.NEED_DATA:
                    self._feed(await self._body.receive(until))
                    continue
            except APIError as error:
                await self._resume(error)
                continue
            if event is not NoEvent.END:
                return event
            await self._release()
            return None

    async def _resume(self, error: APIError) -> None:
        """Go on over another connection, or raise *error*."""
        call_left = self._body.deadline - trio.current_time()
        time_left = min(trio.current_effective_deadline() - trio.current_time(), call_left)
        call = self._state.resumption(error, self._reply, call_left, time_left)
        await self._body.aclose()
        if call is None:
            raise self._state.told(error, self._reply)
        try:
            await self._connect(call)
        except APIError as final:
            raise self._state.told(final, self._reply) from None

    async def _release(self) -> None:
        """Let go of the connection, for another call to use where the body is at its end or all but."""
        try:
            if self._state.is_worth_draining(self._reply.response):
                room, until = DRAIN_BYTES, trio.current_time() + DRAIN_SECONDS
                with contextlib.suppress(TrioAPIError):  # it broke, was closed or takes too long: then it is closed
                    while room > 0 and (piece := await self._body.receive(until)) is not None:
                        room -= len(piece)
        finally:
            await self._body.aclose()


@final
class _RawEvents(AsyncIterator[ServerSentEvent]):
    def __init__(self, pull: Callable[[], Awaitable[ServerSentEvent | None]]) -> None:
        self._pull = pull

    @sealed
    async def __anext__(self) -> ServerSentEvent:
        event = await self._pull()
        if event is None:
            raise StopAsyncIteration
        return event
