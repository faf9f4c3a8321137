"""A stream of events in a blocking client: iterated over while its response is open."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, cast, final

import httpx

from .._errors import APIError, ClientStateError, TrioAPIError
from .._records import Reply
from .._redact import sealed
from ..streaming import NoEvent, ServerSentEvent
from ..transport import BlockingIncoming, cut_off_after
from ._call import Call
from ._driver_blocking import BlockingDriver
from ._open_body_blocking import OpenBody
from ._responses_blocking import APIResponse
from ._stream_state import DRAIN_BYTES, DRAIN_SECONDS, StreamPlan, StreamState

__all__ = ["Stream"]

E = TypeVar("E")


@final
class Stream(Iterator[E], Generic[E]):
    """A stream of events. Iterate it for what they are built into.

    Made by ``client.stream(...)`` only, and open within its block. Where the events end, and on an error, is said
    there.
    """

    def __init__(self, client: BlockingDriver, call: Call, plan: StreamPlan) -> None:
        self._client = client
        self._state = StreamState(client, call, plan)
        self._is_closed = False
        self._reply: Reply
        self._body: OpenBody
        self._response: APIResponse[Any]

    @property
    def response(self) -> APIResponse[Any]:
        """The response that the events come in: the last one, where the stream was reconnected.

        Its body is read by the stream only; its ``problems`` are those of all events so far.
        """
        return self._response

    @sealed
    def __next__(self) -> E:
        """The next event, built.

        Raises:
            APIStreamError: The server sent an error event.
            APIStreamDecodeError: An event is no JSON, or the stream is none.
            APIStreamTruncatedError: The stream ended without the terminal event that its dialect declares.
            APIResponseValidationError: An event does not fit.
            APIConnectionError: The connection broke; `APITimeoutError` where nothing came in time.
            ClientStateError: The stream was closed.
        """
        event = self._next()
        if event is None:
            raise StopIteration
        value: E = self._build(event)
        return value

    def raw_events(self) -> Iterator[ServerSentEvent]:
        """The events themselves, from here on; a line of JSON Lines is an event whose data it is."""
        return _RawEvents(self._next_raw)

    @sealed
    def until_done(self) -> list[E]:
        """All events from here to the end, built.

        Raises:
            APIError: As iteration does; its ``received`` are the events that came before.
        """
        values: list[E] = []
        try:
            while (event := self._next()) is not None:
                values.append(self._build(event))
        except APIError as error:
            error.received = tuple(values)
            raise
        return values

    def close(self) -> None:
        """Give the connection back if the stream is at its end, else close it."""
        self._is_closed = True
        self._release()

    # -- for the client --------------------------------------------------------------------------------------

    def open(self) -> None:
        """Make the call, and read up to the first event."""
        self._connect(self._state.call)

    def _connect(self, call: Call) -> None:
        self._reply, self._body = self._client._open(call, self._begin)  # pyright: ignore[reportPrivateUsage]
        make = functools.partial(APIResponse[Any], body=self._body)
        wrapped = self._client._wrap(self._reply, call, object, make)  # pyright: ignore[reportPrivateUsage]
        self._response = cast("APIResponse[Any]", wrapped)
        if not self._state.is_stream:
            try:
                self._response.read()
            finally:
                self._body.close()
            raise self._state.told(self._state.no_stream(self._response._reply), self._reply)  # pyright: ignore[reportPrivateUsage]
        self._state.wrap(self._response)

    def _begin(self, response: httpx.Response, incoming: BlockingIncoming, deadline: float) -> None:
        """Read to the first event within the attempt, so that what breaks before it is retried."""
        if not self._state.begin(response):
            return
        self._state.bound_reads(response.request)
        reader = self._state.reader
        until = min(deadline, time.monotonic() + self._state.plan.idle_timeout)
        while not reader.has_news:
            if time.monotonic() >= until:
                raise httpx.ReadTimeout("no event within idle_timeout", request=response.request)
            self._feed(incoming.receive())
        self._state.check_begun(response.request)

    def _feed(self, piece: bytes | None) -> None:
        if piece is None:
            self._state.reader.finish()
        else:
            self._state.reader.feed(piece)

    def _next_raw(self) -> ServerSentEvent | None:
        event = self._next()
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

    def _next(self) -> ServerSentEvent | None:
        """The next event, or None at the end of the stream."""
        if self._is_closed:
            raise ClientStateError("the stream is closed: iterate over it inside its block")
        until = time.monotonic() + self._state.plan.idle_timeout
        while True:
            try:
                event = self._state.reader.pull()
                if event is NoEvent.NEED_DATA:
                    self._feed(self._body.receive(until))
                    continue
            except APIError as error:
                self._resume(error)
                continue
            if event is not NoEvent.END:
                return event
            self._release()
            return None

    def _resume(self, error: APIError) -> None:
        """Go on over another connection, or raise *error*."""
        time_left = self._body.deadline - time.monotonic()
        call = self._state.resumption(error, self._reply, time_left, time_left)
        self._body.close()
        if call is None:
            raise self._state.told(error, self._reply)
        try:
            self._connect(call)
        except APIError as final:
            raise self._state.told(final, self._reply) from None

    def _release(self) -> None:
        """Let go of the connection, for another call to use where the body is at its end or all but."""
        try:
            if self._state.is_worth_draining(self._reply.response):
                room = DRAIN_BYTES
                # It broke, or takes too long: then it is closed.
                with contextlib.suppress(TrioAPIError), cut_off_after(DRAIN_SECONDS, self._reply.response):
                    while room > 0 and (piece := self._body.receive()) is not None:
                        room -= len(piece)
        finally:
            self._body.close()


@final
class _RawEvents(Iterator[ServerSentEvent]):
    def __init__(self, pull: Callable[[], ServerSentEvent | None]) -> None:
        self._pull = pull

    @sealed
    def __next__(self) -> ServerSentEvent:
        event = self._pull()
        if event is None:
            raise StopIteration
        return event
