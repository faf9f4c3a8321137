"""A reply as a server sends it in HTTP/1.1, byte by byte and pause by pause (RFC 9112)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from .._reply import BODILESS, Reply

__all__ = ["rendered"]


def rendered(reply: Reply, method: str = "GET", *, is_last: bool = False) -> Iterator[bytes | float]:
    """What is sent, and the seconds that pass in between; up to where the reply is cut.

    Written without a parser's help, which would refuse what is wrong here on purpose.

    Args:
        reply: What is answered.
        method: That of the request: a HEAD gets no body.
        is_last: Whether the connection will be closed, which is said then.
    """
    headers = reply.all_headers()
    may_have_body = reply.status not in BODILESS
    is_chunked = may_have_body and "Content-Length" not in headers and "Transfer-Encoding" not in headers
    if is_chunked:
        headers["Transfer-Encoding"] = "chunked"
    if is_last:
        headers["Connection"] = "close"
    if reply.delay:
        yield reply.delay
    status_line = f"HTTP/1.1 {reply.status} {httpx.codes.get_reason_phrase(reply.status)}"
    yield b"\r\n".join([status_line.encode(), *(name + b": " + value for name, value in headers.raw), b"", b""])
    if method == "HEAD" or not may_have_body:
        return
    for piece in reply.script():
        if isinstance(piece, bytes):
            if piece:  # a chunk of no bytes would be the last
                yield b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece
        elif not isinstance(piece, Exception):
            yield piece
    if is_chunked and reply.broken_by is None:
        yield b"0\r\n\r\n"
