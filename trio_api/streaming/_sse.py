"""Server-sent events, as a push parser: bytes in, events out.

The algorithm is that of the WHATWG HTML standard, section 9.2.6 "Interpreting an event stream", but for a bound
on the size of an event, of which the standard says nothing. Linear in the size of the stream, however it is split.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from .._errors import APIStreamDecodeError
from ..models import NotJSON, loads
from ._lines import LineSplitter

__all__ = ["MAX_EVENT_BYTES", "SSEDecoder", "ServerSentEvent"]

MAX_EVENT_BYTES: Final = 1024 * 1024  # bytes of one event, as the large vendor SDKs' servers never come near


@attrs.define(slots=True)
class ServerSentEvent:
    """One event of a stream."""

    event: str = "message"
    """Its type; ``message`` where the server gave none."""
    data: str = ""
    """Its data; several ``data:`` lines are joined by newlines."""
    id: str = ""
    """The last event id that the stream has given, here or before; empty where it gave none."""
    retry: int | None = None
    """The reconnection time, in milliseconds, that came with this event, or None."""

    def json(self) -> Any:
        """The data as plain JSON values.

        Raises:
            APIStreamDecodeError: The data is no JSON.
        """
        try:
            return loads(self.data.encode())
        except NotJSON as problem:
            raise APIStreamDecodeError(f"the data of an event {self.event!r} is {problem}", body=self.data) from None


class SSEDecoder:
    """Decodes a ``text/event-stream``, in any split of its bytes.

    Args:
        max_event_bytes: The most bytes that one event may have.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._lines = LineSplitter()
        self._limit = max_event_bytes
        self._size = 0  # bytes of the event so far, complete lines only
        self._data: list[bytes] = []
        self._type = b""
        self._retry: int | None = None
        self.last_event_id = ""
        """The last ``id:`` that a dispatched event gave: what a reconnection sends as ``Last-Event-ID``."""
        self.retry: int | None = None
        """The last reconnection time that the server asked for, in milliseconds, or None."""
        self._id = ""
        self._failure: APIStreamDecodeError | None = None  # raised when the events before it were given

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take in a piece of the stream.

        Returns:
            The events that it completed.

        Raises:
            APIStreamDecodeError: An event is larger than the limit, and those before it were given already.
        """
        self._raise_failure()
        events: list[ServerSentEvent] = []
        data = self._data
        for line in self._lines.feed(chunk):
            if line:
                self._size += len(line)
                if self._size > self._limit:
                    break
                if line.startswith(b"data: "):
                    data.append(line[6:])
                else:
                    self._field(line)
            else:
                if data:
                    events.append(self._dispatch())
                else:
                    self._reset()
                self._size = 0
        if self._size + self._lines.pending > self._limit:
            self._failure = APIStreamDecodeError(f"an event of the stream is larger than {self._limit} bytes")
            if not events:
                self._raise_failure()
        return events

    def finish(self) -> list[ServerSentEvent]:
        """Take in the end of the stream: an event that no blank line ended is discarded, as the standard has it.

        Raises:
            APIStreamDecodeError: An event is larger than the limit, and those before it were given already.
        """
        self._raise_failure()
        self._reset()
        self._size = 0
        return []

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _dispatch(self) -> ServerSentEvent:
        data = self._data
        text = (data[0] if len(data) == 1 else b"\n".join(data)).decode("utf-8", "replace")
        event = ServerSentEvent(
            self._type.decode("utf-8", "replace") if self._type else "message", text, self._id, self._retry
        )
        self._reset()
        return event

    def _reset(self) -> None:
        self.last_event_id = self._id
        self._data.clear()
        self._type, self._retry = b"", None

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._type = value
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _MAX_RETRY_DIGITS:
            self.retry = self._retry = int(value)


_MAX_RETRY_DIGITS: Final = 12  # a reconnection time of thirty years; Python refuses to read thousands of digits
