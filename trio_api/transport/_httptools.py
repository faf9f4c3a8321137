"""Responses parsed by httptools, which is Node's llhttp: fast and strict."""

from __future__ import annotations

from typing import Any, Final, final

import httptools

from ._http1 import (
    MAX_HEAD_SIZE,
    MAX_HEADERS,
    SWITCHING,
    ParseError,
    RawHeaders,
    Unparsable,
    credit_of,
    is_chunked,
    keeps_alive,
    values_of,
)

__all__ = ["HttptoolsParser"]

_VERSIONS: Final = {"1.1": b"HTTP/1.1", "1.0": b"HTTP/1.0"}
_START: Final = b"HTTP/"


@final
class HttptoolsParser:
    """A `ResponseParser`. The ``on_...`` methods are called back by httptools while it is fed."""

    def __init__(self) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._is_head = False  # whether the request was a HEAD: llhttp can't be told, and would wait for a body
        self._start = b""  # of the status line
        self._seen = b""  # of a head that is not whole yet
        self._silent = 0  # bytes that brought nothing
        self._is_chunked = False
        self.status: int = 0
        self.reason: bytes = b""
        self.version: bytes = b"HTTP/1.1"
        self.headers: RawHeaders = []
        self.body: list[bytes] = []
        self.is_complete: bool = True
        self.keeps_alive: bool = True
        self.leftover: bytes = b""

    def begin(self, method: bytes) -> None:
        """Expect the response to a request."""
        if self._is_head:
            self._parser = httptools.HttpResponseParser(self)
        self._is_head = method == b"HEAD"
        self._silent = 0
        self._is_chunked = self.is_complete = False
        self.status = 0
        self._start = self.reason = b""
        self.headers = []

    def feed(self, data: bytes) -> None:
        """Parse what came; empty is the end of the connection.

        Raises:
            Unparsable: The head makes no sense.
            ParseError: The rest does not, or there is too much of it.
        """
        if not data:
            return self._end()
        if not self.status and len(self._start) < len(_START):  # llhttp takes RTSP and ICE too
            self._start = (self._start + data).lstrip(b"\r\n")[: len(_START)]
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.leftover = data[upgrade.args[0] :]
            return None
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, ParseError):  # raised by a method below
                raise error.__context__ from None
            if self.is_complete:  # what came after it is nobody's
                self.keeps_alive = False
            elif not self.status:
                raise Unparsable(str(error), self._seen + data) from None
            else:
                raise ParseError(str(error)) from None
        if self.status == SWITCHING:  # llhttp takes it for no switch, and what follows for the next response
            raise Unparsable("a switch without an upgrade", self._seen + data)
        if not self.is_complete:
            self._count(data)
        return None

    def _count(self, data: bytes) -> None:
        """Bound what brings nothing: heads, interim responses, chunk extensions, trailers."""
        if not self.status:
            self._seen += data
        self._silent = max(0, self._silent + len(data) - credit_of(self.body))
        if self._silent > MAX_HEAD_SIZE:
            raise ParseError(f"more than {MAX_HEAD_SIZE} bytes of headers")

    def _end(self) -> None:
        self.keeps_alive = False
        if self.is_complete:
            return
        if not self.status:
            raise ParseError("the connection was closed within the head of a response")
        if any(values_of(self.headers, name) for name in (b"transfer-encoding", b"content-length")):
            raise ParseError("the connection was closed within the body of a response")
        self.is_complete = True  # RFC 9112, 6.3, rule 8: the end of the connection is the end of the body

    # -- called back -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A response begins: the next one to a request, or the final one after an interim one."""
        if self.is_complete:  # bytes that no request asked for
            self.keeps_alive = False

    def on_status(self, reason: bytes) -> None:
        """The reason phrase came."""
        if not self.is_complete:
            self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field came, or one of the trailers, which nobody wants."""
        if not self.status:
            self.headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if self.is_complete:
            return
        parser = self._parser
        status: int = parser.get_status_code()
        if 100 <= status < 200 and status != SWITCHING:
            return
        if status < 100 or b"\0" in self.reason:
            raise ParseError("no status line")
        if len(self.headers) > MAX_HEADERS:
            raise ParseError(f"more than {MAX_HEADERS} header fields")
        version = _VERSIONS.get(parser.get_http_version())
        if version is None or self._start != _START:
            raise ParseError("not HTTP/1")
        self.version = version
        self.status = status
        if status != SWITCHING:
            self._seen = b""
        self.keeps_alive = parser.should_keep_alive()
        if self._is_head:  # llhttp thinks that a body comes, maybe until the end of the connection
            self.keeps_alive = keeps_alive(version, self.headers)
            self.is_complete = True
        elif not self.keeps_alive:  # llhttp might read to the end of the connection whatever the coding is
            is_chunked(self.headers)

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        if not self._is_chunked and not self.is_complete:
            self._is_chunked = is_chunked(self.headers)
            if self.version == b"HTTP/1.0":  # RFC 9112, 6.1: somebody between passed on what it did not understand
                self.keeps_alive = False

    def on_body(self, piece: bytes) -> None:
        """A piece of the body came."""
        if self.is_complete:
            self.keeps_alive = False
        else:
            self.body.append(piece)

    def on_message_complete(self) -> None:
        """The response has ended; an interim one is forgotten."""
        if self.status:
            self.is_complete = True
        else:
            self.reason = b""
            self.headers = []
