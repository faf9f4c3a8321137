"""HTTP/1.1 as bytes in and bytes out: what a request is on the wire, and the seam behind which responses are parsed.

No sockets and no waiting here. The limits are on what a server (or whoever stands in between) controls.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

import httpx

__all__ = [
    "LAST_CHUNK",
    "MAX_HEADERS",
    "MAX_HEAD_SIZE",
    "SWITCHING",
    "ParseError",
    "ResponseParser",
    "Unparsable",
    "chunk_of",
    "credit_of",
    "is_chunked",
    "keeps_alive",
    "render_head",
    "values_of",
]

MAX_HEAD_SIZE: Final = 100 * 1024  # bytes without a piece of a body; httpcore has the same for an incomplete event
MAX_HEADERS: Final = 1000  # header fields of a response; nginx and Node.js stop long before
LAST_CHUNK: Final = b"0\r\n\r\n"
SWITCHING: Final = 101  # the one interim status that ends a response: what follows is another protocol

RawHeaders = list[tuple[bytes, bytes]]

_TOKEN: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")  # RFC 9110, 5.6.2
_TARGET: Final = re.compile(rb"[\x21-\x7e]+")  # RFC 9112, 3.2, and what real servers take beyond RFC 3986
_VALUE: Final = re.compile(rb"[^\x00\r\n]*")  # RFC 9110, 5.5: these three are the dangerous ones


class ParseError(Exception):
    """The server broke HTTP; the message says how, and quotes nothing of it."""


class Unparsable(ParseError):  # a ParseError that another parser may not have
    """This parser can't make sense of the head of a response. Another, more lenient one may."""

    def __init__(self, message: str, seen: bytes) -> None:
        super().__init__(message)
        self.seen: Final = seen
        """All bytes of this response up to now."""


class ResponseParser(Protocol):
    """Reads the responses on one connection, one at a time: `begin`, then `feed` until it `is_complete`."""

    status: int
    """The final status; 0 until the whole head of the response is there."""
    reason: bytes
    version: bytes
    """``b"HTTP/1.1"`` or ``b"HTTP/1.0"``."""
    headers: RawHeaders
    """Names and values as they came, in order."""
    body: list[bytes]
    """Pieces of the body that were parsed and not yet taken; whoever takes them clears the list."""
    is_complete: bool
    """Whether the response has ended."""
    keeps_alive: bool
    """Whether the connection may serve another request; means something once the response is complete."""
    leftover: bytes
    """What came after the head of a 101: bytes of the protocol that was switched to."""

    def begin(self, method: bytes) -> None:
        """Expect the response to a request."""
        ...

    def feed(self, data: bytes) -> None:
        """Parse what came; empty is the end of the connection.

        Raises:
            ParseError: It is no HTTP, or too much of it.
        """
        ...


# -- requests ------------------------------------------------------------------------------------------------


def render_head(request: httpx.Request) -> bytes:
    """The request line and the header section of *request* (RFC 9112, 3 and 5).

    Raises:
        httpx.LocalProtocolError: A part of it can't be sent as it is: it would be read as something else.
    """
    method = request.method.encode("ascii", "replace")
    target: bytes = request.extensions.get("target") or request.url.raw_path
    _check(_TOKEN, method, "the method", request)
    _check(_TARGET, target, "the target", request)
    if method == b"CONNECT":
        raise httpx.LocalProtocolError(
            "CONNECT is for proxies, which this transport does not speak to", request=request
        )
    lines = [b"%b %b HTTP/1.1\r\n" % (method, target)]
    hosts = 0
    for name, value in request.headers.raw:
        _check(_TOKEN, name, "a header's name", request)
        _check(_VALUE, value, f"header {name.decode('latin-1')!r}", request)
        hosts += name.lower() == b"host"
        lines.append(b"%b: %b\r\n" % (name, value))
    if hosts != 1:  # RFC 9112, 3.2
        raise httpx.LocalProtocolError(f"a request has one Host header, this one has {hosts}", request=request)
    lines.append(b"\r\n")
    return b"".join(lines)


def _check(allowed: re.Pattern[bytes], text: bytes, what: str, request: httpx.Request) -> None:
    if allowed.fullmatch(text) is None:
        raise httpx.LocalProtocolError(f"{what} holds characters that can't be sent", request=request)


def chunk_of(piece: bytes) -> bytes:
    """*piece* as one chunk (RFC 9112, 7.1). An empty one would end the body."""
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


# -- headers -------------------------------------------------------------------------------------------------


def values_of(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """The members of the list that header *name* holds, in lower case (RFC 9110, 5.6.1)."""
    members = (member for key, value in headers if key.lower() == name for member in value.split(b","))
    return [member.strip().lower() for member in members if member.strip()]


def is_chunked(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether the body comes in chunks.

    Raises:
        ParseError: It is coded in another way, or twice.
    """
    codings = [value.lower() for name, value in headers if name.lower() == b"transfer-encoding"]
    if codings not in ([], [b"chunked"]):
        raise ParseError("a transfer coding other than chunked")
    return bool(codings)


def credit_of(pieces: Sequence[bytes]) -> int:
    """The bytes that may come for *pieces* of a body: 16 for each, and as many again as it has.

    What comes beyond, in chunk extensions above all, brings nothing and is bounded by `MAX_HEAD_SIZE`. The measure is
    that of Go's net/http (CVE-2023-39326).
    """
    return sum(16 + 2 * len(piece) for piece in pieces)


def keeps_alive(version: bytes, headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether the server of a response lets the connection live on (RFC 9112, 9.3)."""
    options = values_of(headers, b"connection")
    return b"close" not in options and (version == b"HTTP/1.1" or b"keep-alive" in options)
