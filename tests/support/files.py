"""A file on a server that speaks of ranges, and the faults that it is served with: scripts for `RawServer`."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping

import attrs

from .raw_server import Script, read_head

__all__ = ["ServedFile"]


@attrs.define
class ServedFile:
    """What a server has under one URL, and how it was asked for it.

    Its scripts answer one request each and close the connection.
    """

    content: bytes
    etag: str = '"v1"'
    has_ranges: bool = True
    ranges: list[str | None] = attrs.field(factory=list)
    """The Range of each request."""

    def whole(self, *, cut: int | None = None, chunked: bool = False) -> Script:
        """Serve it by the request's Range, as far as *cut* bytes of the body.

        Args:
            cut: Bytes after which the connection breaks; None for all of them.
            chunked: Whether the length is not told beforehand.
        """

        def script(connection: socket.socket) -> None:
            head = read_head(connection)
            status, headers, body = self._respond(head)
            if chunked:
                headers["Transfer-Encoding"] = "chunked"
                frames = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body[:cut])
                sent = frames if cut is not None else frames + b"0\r\n\r\n"
            else:
                headers["Content-Length"] = str(len(body))
                sent = body[:cut]
            lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
            connection.sendall("\r\n".join(lines).encode("ascii") + sent)

        return script

    def _respond(self, head: bytes) -> tuple[int, dict[str, str], bytes]:
        fields = _fields(head)
        self.ranges.append(fields.get("range"))
        headers = {"ETag": self.etag, "Connection": "close"}
        match = re.fullmatch(r"bytes=(\d+)-", fields.get("range", ""))
        if match is None or not self.has_ranges or fields.get("if-range") != self.etag:
            return 200, headers, self.content
        start = int(match[1])
        if start >= len(self.content):
            return 416, {**headers, "Content-Range": f"bytes */{len(self.content)}"}, b""
        headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        return 206, headers, self.content[start:]


def _fields(head: bytes) -> Mapping[str, str]:
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in pairs}
