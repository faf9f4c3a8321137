"""One event stream as its dialect has it, without IO: bytes are pushed in, the events for the caller pulled out.

What is wrong with the stream is raised when it is its turn: after every event that came before.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from typing import cast, final

from .._errors import APIStreamDecodeError, APIStreamError, APIStreamTruncatedError
from ..models import NotJSON, loads
from ._dialect import EventRole, StreamDialect
from ._event import ServerSentEvent
from ._sse import SSEDecoder

__all__ = ["EventReader", "NoEvent"]


@final
class NoEvent(enum.Enum):
    """Why there is no event to pull."""

    NEED_DATA = "feed more"
    END = "the stream is complete"


class EventReader:
    """Reads one stream, over one connection or, reconnected, over several.

    Args:
        dialect: How the stream speaks.
    """

    def __init__(self, dialect: StreamDialect) -> None:
        self._dialect = dialect
        self._decoder = dialect.decoder()
        self._events: deque[ServerSentEvent] = deque()
        self._failure: APIStreamError | None = None  # raised when the events before it are gone
        self._is_ended = False  # nothing that comes is of the stream any more
        self._retry: int | None = None
        self.is_terminated: bool = False
        """Whether the terminal event came, so that the rest of the body is of no interest."""

    @property
    def last_event_id(self) -> str:
        """What a reconnection sends as ``Last-Event-ID``, once every event was pulled; empty: it can't resume."""
        return self._decoder.last_event_id if isinstance(self._decoder, SSEDecoder) else ""

    @property
    def retry(self) -> int | None:
        """The reconnection time, in milliseconds, that the server asked for last, or None."""
        latest = self._decoder.retry if isinstance(self._decoder, SSEDecoder) else None
        return self._retry if latest is None else latest

    @property
    def has_news(self) -> bool:
        """Whether pulling gives something else than `NoEvent.NEED_DATA`: an event, an error or the end."""
        return bool(self._events) or self._failure is not None or self._is_ended

    @property
    def is_cut_off(self) -> bool:
        """Whether the body ended without the terminal event that the dialect declares."""
        return isinstance(self._failure, APIStreamTruncatedError)

    def feed(self, chunk: bytes) -> None:
        """Take in a piece of the body."""
        self._take(lambda: self._decoder.feed(chunk))

    def finish(self) -> None:
        """Take in the end of the body."""
        self._take(self._decoder.finish)
        if not self._is_ended and self._failure is None and self._dialect.declares_end:
            self._failure = APIStreamTruncatedError(
                "the stream ended without the terminal event that its dialect declares"
            )
        self._is_ended = True

    def end(self) -> None:
        """The server has no more to say (status 204): the stream is complete, whatever its dialect declares."""
        self._is_ended = True

    def resume(self) -> None:
        """Go on with the body of another response; every event of the one before was pulled."""
        self._retry = self.retry
        self._decoder = self._dialect.decoder(last_event_id=self.last_event_id)
        self._failure, self._is_ended = None, False

    def pull(self) -> ServerSentEvent | NoEvent:
        """The next event for the caller.

        Raises:
            APIStreamError: The server sent an error event; it is the end of the stream.
            APIStreamDecodeError: The stream is not what its format says.
            APIStreamTruncatedError: The stream ended without its terminal event.
        """
        if self._events:
            event = self._events.popleft()
            if self._dialect.role(event) is EventRole.ERROR:
                raise _server_error(event)
            return event
        if self._failure is not None:
            raise self._failure
        return NoEvent.END if self._is_ended else NoEvent.NEED_DATA

    def _take(self, decode: Callable[[], list[ServerSentEvent]]) -> None:
        if self._is_ended or self._failure is not None:
            return  # what follows the end of a stream is not part of it
        try:
            events = decode()
        except APIStreamDecodeError as failure:
            self._failure = failure
            return
        for event in events:
            role = self._dialect.role(event)
            if role in (EventRole.CONTENT, EventRole.LAST, EventRole.ERROR):
                self._events.append(event)
            if role in (EventRole.END, EventRole.LAST, EventRole.ERROR):
                self._is_ended = True
                self.is_terminated = role is not EventRole.ERROR
                return


def _server_error(event: ServerSentEvent) -> APIStreamError:
    try:
        body = loads(event.data.encode())
    except NotJSON:
        body = event.data
    details = _as_object(body)
    inner = None if details is None else _as_object(details.get("error"))
    if inner is not None:
        body = details = inner
    message = body if details is None else details.get("message")
    shown = f": {message}" if isinstance(message, str) and message else ""
    return APIStreamError(f"the stream sent an event {event.event!r}{shown}", body=body)


def _as_object(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None
