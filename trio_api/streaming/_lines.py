"""Lines of a stream of bytes, wherever the stream is split."""

from __future__ import annotations

import codecs

__all__ = ["LineSplitter"]


class LineSplitter:
    """Splits a stream into lines, without the byte order mark at its start. Copies each byte a few times at most.

    Args:
        cr_ends: Whether CR and CRLF end a line as LF does.
    """

    def __init__(self, *, cr_ends: bool) -> None:
        self._cr_ends = cr_ends
        self._rest = bytearray()  # of the line that has not ended
        self._after_cr = False  # an LF that comes next belongs to the CR before
        self._start: bytes | None = b""  # what came before it was known whether there is a byte order mark

    @property
    def pending(self) -> int:
        """Bytes of the line that has not ended."""
        return len(self._rest)

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take in a piece of the stream and give the lines that it completed, without their ends."""
        if self._start is not None:
            chunk = self._without_mark(self._start + chunk)
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if self._cr_ends and b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if lines and self._rest:
            self._rest += lines[0]
            lines[0] = bytes(self._rest)
            self._rest.clear()
        self._rest += rest
        return lines

    def finish(self) -> bytes:
        """Take in the end of the stream and give the line that it cut off, or nothing."""
        if self._start is not None:
            self._rest += self._start  # too short for a byte order mark
        line = bytes(self._rest)
        self._rest.clear()
        return line

    def _without_mark(self, start: bytes) -> bytes:
        """What of the stream's *start* is known to be text."""
        mark = codecs.BOM_UTF8
        if len(start) < len(mark) and mark.startswith(start):
            self._start = start
            return b""
        self._start = None
        return start.removeprefix(mark)
