"""JSON Lines, as a push parser: https://jsonlines.org; blank lines are passed over."""

from __future__ import annotations

from ._decoder import MAX_EVENT_BYTES, EventDecoder
from ._event import ServerSentEvent

__all__ = ["JSONLDecoder"]


class JSONLDecoder(EventDecoder):
    """Decodes ``application/jsonl``, in any split of its bytes; each line is an event whose data it is.

    Only LF ends a line: a CR is white space of JSON, before an LF as within a line. The last line needs no end.

    Args:
        max_event_bytes: The most bytes that one line may have.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        super().__init__(cr_ends=False, max_event_bytes=max_event_bytes)

    def _decode(self, lines: list[bytes], events: list[ServerSentEvent]) -> None:
        limit = self._limit
        for line in lines:
            if len(line) > limit:
                return self._fail_too_large()
            text = line.strip(b" \t\r")  # the white space of JSON
            if text:
                try:
                    events.append(ServerSentEvent("message", text.decode()))
                except UnicodeDecodeError as problem:
                    return self._fail(f"is not UTF-8: {problem.reason}")
        if self._lines.pending > limit:
            self._fail_too_large()
        return None

    def _decode_end(self, line: bytes, events: list[ServerSentEvent]) -> None:
        self._decode([line], events)
