"""One event stream as its dialect has it, without IO: bytes are pushed in, the events for the caller pulled out.

What is wrong with the stream is raised when it is its turn: after every event that came before.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from typing import final

from .._errors import APIStreamDecodeError, APIStreamError, APIStreamTruncatedError
from ..models import NotJSON, loads
from ._dialect import EventRole, StreamDialect
from ._sse import ServerSentEvent, SSEDecoder

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
        self._at_end_of_data = False
        self._is_complete = False
        self.delivered = 0
        """How many events were pulled."""
        self.last_event_id = ""
        """What a reconnection sends as ``Last-Event-ID``: the id of the last event that was pulled, if it had one."""

    @property
    def retry(self) -> int | None:
        """The reconnection time, in milliseconds, that the server asked for, or None."""
        return self._decoder.retry if isinstance(self._decoder, SSEDecoder) else None

    @property
    def has_news(self) -> bool:
        """Whether pulling gives something else than `NoEvent.NEED_DATA`: an event of content, an error or the end."""
        return bool(self._events) or self._failure is not None or self._at_end_of_data or self._is_complete

    @property
    def can_resume(self) -> bool:
        """Whether the stream, broken off here, can go on over another connection."""
        return self._dialect.format == "sse" and not self._is_complete and self._failure is None

    def feed(self, chunk: bytes) -> None:
        """Take in a piece of the body."""
        self._take(lambda: self._decoder.feed(chunk))

    def finish(self) -> None:
        """Take in the end of the body."""
        self._take(self._decoder.finish)
        self._at_end_of_data = True

    def restart(self) -> None:
        """Go on with the body of another response."""
        self._decoder = self._dialect.decoder()
        self._events.clear()
        self._at_end_of_data = False

    def pull(self) -> ServerSentEvent | NoEvent:
        """The next event for the caller.

        Raises:
            APIStreamError: The server sent an error event; it is the end of the stream.
            APIStreamDecodeError: The stream is not what its dialect says.
            APIStreamTruncatedError: The stream ended without its terminal event.
        """
        if self._events:
            event = self._events.popleft()
            self.last_event_id = event.id
            role = self._dialect.role(event)
            if role is EventRole.ERROR:
                self._is_complete = True
                self._events.clear()
                raise _server_error(event)
            if role is EventRole.LAST:
                self._is_complete = True
                self._events.clear()
            self.delivered += 1
            return event
        if self._is_complete:
            return NoEvent.END
        if self._failure is not None:
            raise self._failure
        if not self._at_end_of_data:
            return NoEvent.NEED_DATA
        if self._dialect.declares_end:
            raise APIStreamTruncatedError(
                f"the stream ended after {self.delivered} events without the terminal event that its dialect declares"
            )
        return NoEvent.END

    def _take(self, decode: Callable[[], list[ServerSentEvent]]) -> None:
        if self._is_complete or self._failure is not None:
            return  # what follows the end of a stream is not part of it
        try:
            events = decode()
        except APIStreamDecodeError as failure:
            self._failure = failure
            return
        for event in events:
            role = self._dialect.role(event)
            if role is EventRole.END:
                self._is_complete = True
                return
            if role is not EventRole.IGNORED:
                self._events.append(event)


def _server_error(event: ServerSentEvent) -> APIStreamError:
    try:
        body = loads(event.data.encode())
    except NotJSON:
        body = event.data
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    message = body.get("message") if isinstance(body, dict) else body
    shown = f": {message}" if isinstance(message, str) and message else ""
    return APIStreamError(f"the stream sent an event {event.event!r}{shown}", body=body)
