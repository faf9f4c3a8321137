"""Server-sent events, as a push parser.

The algorithm is that of the WHATWG HTML standard, section 9.2.6 "Interpreting an event stream", but for a bound
on the size of an event, of which the standard says nothing. Linear in the size of the stream, however it is split.
"""

from __future__ import annotations

from typing import Final

from ._decoder import MAX_EVENT_BYTES, EventDecoder
from ._event import ServerSentEvent

__all__ = ["SSEDecoder"]

_MAX_RETRY_DIGITS: Final = 12  # a reconnection time of thirty years; Python refuses to read thousands of digits


class SSEDecoder(EventDecoder):
    """Decodes a ``text/event-stream``, in any split of its bytes.

    Args:
        max_event_bytes: The most bytes that one event may have, with the names of its fields; comments do not
            count, but each has to be smaller than that too.
        last_event_id: The last event id of the stream that this one goes on with. The events here have it until
            the stream gives another, as browsers do it.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES, last_event_id: str = "") -> None:
        super().__init__(cr_ends=True, max_event_bytes=max_event_bytes)
        self._size = 0  # bytes of the event so far, complete lines only
        self._data: list[bytes] = []
        self._type = b""
        self._id = last_event_id
        self._retry: int | None = None
        self.last_event_id: str = last_event_id
        """The last event id of the stream, as of the last blank line: what a reconnection sends back."""
        self.retry: int | None = None
        """The last reconnection time that the server asked for, in milliseconds, or None."""

    def _decode(self, lines: list[bytes], events: list[ServerSentEvent]) -> None:
        data, limit, size = self._data, self._limit, self._size
        for line in lines:
            if not line:
                # "If the line is empty (a blank line): dispatch the event"
                self.last_event_id = self._id
                if data:
                    text = (data[0] if len(data) == 1 else b"\n".join(data)).decode("utf-8", "replace")
                    kind = self._type.decode("utf-8", "replace") if self._type else "message"
                    events.append(ServerSentEvent(kind, text, self._id, self._retry))
                    data.clear()
                self._type, self._retry, size = b"", None, 0
            elif size + len(line) > limit:
                return self._fail_too_large()
            elif line.startswith(b"data: "):
                data.append(line[6:])
                size += len(line)
            elif line.startswith(b"event: "):
                self._type = line[7:]
                size += len(line)
            elif not line.startswith(b":"):
                self._take_field(line)
                size += len(line)
        self._size = size
        if size + self._lines.pending > limit:
            self._fail_too_large()
        return None

    def _decode_end(self, line: bytes, events: list[ServerSentEvent]) -> None:
        """Nothing: "Once the end of the file is reached, any pending data must be discarded"."""

    def _take_field(self, line: bytes) -> None:
        """Process the field of a line that is no comment; the two commonest forms were taken before, for speed."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._type = value
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():  # of bytes: ASCII digits only
            digits = value.lstrip(b"0") or b"0"
            if len(digits) <= _MAX_RETRY_DIGITS:
                self.retry = self._retry = int(digits)
