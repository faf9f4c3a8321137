"""Lines of a stream of bytes: CR, LF and CRLF end one, wherever the stream is split."""

from __future__ import annotations

import codecs

__all__ = ["LineSplitter"]


class LineSplitter:
    """Splits a stream into lines, without the byte order mark at its start. Copies each byte a few times at most."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []  # of a line that has not ended
        self._after_cr = False  # an LF that comes next belongs to the CR before
        self._start: bytes | None = b""  # what came before it was known whether there is a byte order mark
        self.pending = 0
        """Bytes of the line that has not ended."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take in a piece of the stream and give the lines that it completed, without their ends."""
        if self._start is not None:
            chunk = self._without_mark(self._start + chunk)
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if lines:
            if self._parts:
                self._parts.append(lines[0])
                lines[0] = b"".join(self._parts)
                self._parts.clear()
            self.pending = 0
        if rest:
            self._parts.append(rest)
            self.pending += len(rest)
        return lines

    def _without_mark(self, start: bytes) -> bytes:
        """What of the stream's *start* is known to be text."""
        mark = codecs.BOM_UTF8
        if len(start) < len(mark) and mark.startswith(start):
            self._start = start
            return b""
        self._start = None
        return start.removeprefix(mark)
