"""Responses parsed by h11: for where httptools isn't installed, and for heads that it is too strict for."""

from __future__ import annotations

import re
from typing import Final, final

import h11

from ._http1 import MAX_HEAD_SIZE, MAX_HEADERS, SWITCHING, ParseError, RawHeaders, credit_of, values_of

__all__ = ["H11Parser"]

_END: Final = re.compile(rb"\n\r?\n")  # of a head, as h11 has it
_DOUBTFUL: Final = re.compile(rb"(?<!\r)\n|\n[ \t]")  # a bare LF, a folded line: RFC 9112, 2.2 and 5.2


@final
class H11Parser:
    """A `ResponseParser`.

    h11 keeps the state of both sides and is used for one: it is told of a made-up request by the same method.
    """

    def __init__(self) -> None:
        self._connection: h11.Connection
        self._seen = b""  # of a head that is not whole yet
        self._silent = 0  # bytes that brought nothing
        self._is_doubtful = False  # whether others may read its head as another
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
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_SIZE)
        # The upgrade is proposed so that a 101 is let pass; whether the request did is the connection's to know.
        headers = [(b"Host", b"h"), (b"Upgrade", b"u"), (b"Connection", b"upgrade")]
        self._connection.send(h11.Request(method=method, target=b"/", headers=headers))
        self._connection.send(h11.EndOfMessage())
        self._seen = b""
        self._silent = 0
        self.status = 0
        self.is_complete = False

    def feed(self, data: bytes) -> None:
        """Parse what came; empty is the end of the connection.

        Raises:
            ParseError: It is no HTTP, or too much of it.
        """
        if self.is_complete:
            self.keeps_alive = False
            return
        self._silent += len(data)
        if not self.status:
            self._seen += data
        try:
            self._connection.receive_data(data)
            while not self.is_complete:
                event = self._connection.next_event()
                if event is h11.NEED_DATA:
                    break
                self._take(event)
        except h11.RemoteProtocolError as error:
            raise ParseError(_without_quotes(error)) from None
        if self._silent > MAX_HEAD_SIZE:
            raise ParseError(f"more than {MAX_HEAD_SIZE} bytes of headers")

    def _take(self, event: object) -> None:
        match event:
            case h11.Response() | h11.InformationalResponse(status_code=101):
                self._take_head(event)
            case h11.Data():
                self.body.append(piece := bytes(event.data))
                self._silent = max(0, self._silent - credit_of([piece]))
            case h11.EndOfMessage():
                self._complete()
            case h11.ConnectionClosed():
                raise ParseError("the connection was closed within the head of a response")
            case _:
                pass  # an interim response

    def _take_head(self, head: h11.Response | h11.InformationalResponse) -> None:
        headers = head.headers.raw_items()
        if len(headers) > MAX_HEADERS:
            raise ParseError(f"more than {MAX_HEADERS} header fields")
        if head.http_version not in {b"1.1", b"1.0"}:
            raise ParseError("not HTTP/1")
        if values_of(headers, b"transfer-encoding") and values_of(headers, b"content-length"):
            raise ParseError("both Transfer-Encoding and Content-Length")  # RFC 9112, 6.1: a sign of smuggling
        end = _END.search(self._seen)
        self._is_doubtful = end is None or _DOUBTFUL.search(self._seen, 0, end.end()) is not None
        self._seen = b""
        self.status, self.reason, self.headers = head.status_code, bytes(head.reason), headers
        self.version = b"HTTP/" + bytes(head.http_version)
        if head.status_code == SWITCHING:
            self._complete()

    def _complete(self) -> None:
        connection = self._connection
        rest, is_closed = connection.trailing_data
        self.leftover = rest if self.status == SWITCHING else b""
        is_over = connection.their_state is h11.DONE and not rest and not is_closed
        self.keeps_alive = is_over and not self._is_doubtful
        self.is_complete = True


def _without_quotes(error: h11.RemoteProtocolError) -> str:
    """h11's message without what it quotes of the response, which may be a secret."""
    return str(error).partition(":")[0].partition("b'")[0].partition("bytearray")[0].strip()
