"""JSON Lines, as a push parser: bytes in, events out. https://jsonlines.org; blank lines are passed over."""

from __future__ import annotations

import codecs

from .._errors import APIStreamDecodeError
from ._sse import MAX_EVENT_BYTES, ServerSentEvent

__all__ = ["JSONLDecoder"]


class JSONLDecoder:
    """Decodes ``application/jsonl``, in any split of its bytes; each line is an event whose data it is.

    Only LF ends a line: a CR is white space of JSON, before an LF as within a line.

    Args:
        max_event_bytes: The most bytes that one line may have.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._limit = max_event_bytes
        self._parts: list[bytes] = []  # of a line that has not ended
        self._size = 0
        self._is_first = True
        self._failure: APIStreamDecodeError | None = None  # raised when the events before it were given

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take in a piece of the stream.

        Returns:
            The lines that it completed.

        Raises:
            APIStreamDecodeError: A line is larger than the limit, or no UTF-8; those before it were given already.
        """
        self._raise_failure()
        *ended, rest = chunk.split(b"\n")
        events: list[ServerSentEvent] = []
        for part in ended:
            self._add(part)
            events += self._end_line()
            if self._failure is not None:
                break
        else:
            self._add(rest)
        if not events:
            self._raise_failure()
        return events

    def finish(self) -> list[ServerSentEvent]:
        """Take in the end of the stream.

        Returns:
            The last line, if no line end ended it.

        Raises:
            APIStreamDecodeError: It is not UTF-8.
        """
        self._raise_failure()
        events = self._end_line()
        self._raise_failure()
        return events

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _add(self, part: bytes) -> None:
        if part:
            self._size += len(part)
            if self._size > self._limit:
                self._fail(f"is larger than {self._limit} bytes")
            else:
                self._parts.append(part)

    def _fail(self, why: str) -> None:
        if self._failure is None:
            self._failure = APIStreamDecodeError(f"a line of the stream {why}")

    def _end_line(self) -> list[ServerSentEvent]:
        line = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        if self._is_first:
            line = line.removeprefix(codecs.BOM_UTF8)
            self._is_first = False
        line = line.strip(b" \t\r")
        if not line or self._failure is not None:
            return []
        try:
            return [ServerSentEvent(data=line.decode())]
        except UnicodeDecodeError as problem:
            self._fail(f"is not UTF-8: {problem.reason}")
            return []
