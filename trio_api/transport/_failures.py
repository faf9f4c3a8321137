"""Errors of the HTTP stack, made into errors of the library at one place, by one table.

`Trace` keeps what httpcore tells about an attempt, so that whether a request was sent is known, not guessed.
"""

from __future__ import annotations

import functools
import re
import ssl
import sys
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

import httpx
import trio

from .._errors import APIConnectionError, APITimeoutError
from .._redact import redact_url
from ..retry import Failure, FailureKind

__all__ = ["Trace", "failure_of", "foreign_errors"]


class Trace:
    """What became of the last request that was sent under it: a recorder for httpx's ``trace`` extension.

    Pass ``hook`` (or ``async_hook`` to an async client) as ``extensions={"trace": ...}``, a new one each attempt.
    """

    __slots__ = ("_connected", "handled", "response_began", "reused", "sent")

    def __init__(self, *, sent: bool | None = None, response_began: bool = False) -> None:
        self.sent: bool | None = sent
        """Whether the request's headers began to be written; None while the transport told nothing."""
        self.reused: bool = False
        """Whether it was sent over a connection that had served another one before."""
        self.response_began: bool = response_began
        """Whether the headers of the response came."""
        self.handled: Final[BaseException | None] = sys.exception()
        """What the application was handling when the attempt began: what the attempt raises has it as its context."""
        self._connected = False

    def hook(self, name: str, info: Mapping[str, Any]) -> None:
        """Take an event of httpcore: ``http11.send_request_headers.started``, ``connection.connect_tcp.failed``..."""
        match name.split(".")[1:]:
            case ["connect_tcp" | "connect_unix_socket", "started"]:
                self._connected, self.sent = True, False
            case ["send_request_headers", "started"] if info["request"].method == b"CONNECT":
                pass  # to the proxy: it opens the tunnel, and carries nothing of the request
            case ["send_request_headers", "started"]:
                self.reused, self._connected = not self._connected, False
                self.sent, self.response_began = True, False
            case ["send_request_headers", "failed"] if type(info["exception"]).__name__.endswith("ProtocolError"):
                self.sent = False  # h11 and h2 refuse what they can't render before a byte is written
            case ["receive_response_headers", "complete"]:
                self.response_began = True
            case _:
                pass

    async def async_hook(self, name: str, info: Mapping[str, Any]) -> None:  # noqa: ASYNC910  # see below
        """`hook` for async clients. It does not checkpoint: httpcore does, between two events."""
        self.hook(name, info)


class _Row(NamedTuple):
    """What an exception of the HTTP stack is to the library."""

    what: str
    error: type[APIConnectionError] = APIConnectionError
    sent: bool | None = None
    """False: the exception itself says that nothing was sent. Else a guess, for transports without a trace."""
    kind: FailureKind = FailureKind.NETWORK
    timeout: str | None = None
    """The timeout of httpx that ran out."""


@functools.cache
def _table() -> dict[type[Exception], _Row]:
    """The table, made at the first failure: h11 takes long to import."""
    import h11

    final = FailureKind.FINAL
    return {
        httpx.RequestError: _Row("Connection error"),
        httpx.ConnectError: _Row("Could not connect", sent=False),
        httpx.ReadError: _Row("Connection broken while reading the response", sent=True),
        httpx.WriteError: _Row("Connection broken while sending the request"),
        httpx.RemoteProtocolError: _Row("The server broke off or broke the protocol", sent=True),
        httpx.ProxyError: _Row("The proxy refused", sent=False),
        httpx.TimeoutException: _Row("Timed out", APITimeoutError),
        httpx.ConnectTimeout: _Row("Connecting timed out", APITimeoutError, sent=False, timeout="connect"),
        httpx.PoolTimeout: _Row(
            "Waiting for a free connection timed out",
            APITimeoutError,
            sent=False,
            kind=FailureKind.QUEUED,
            timeout="pool",
        ),
        httpx.ReadTimeout: _Row("Reading the response timed out", APITimeoutError, sent=True, timeout="read"),
        httpx.WriteTimeout: _Row("Sending the request timed out", APITimeoutError, timeout="write"),
        httpx.InvalidURL: _Row("Invalid URL", sent=False, kind=final),
        httpx.UnsupportedProtocol: _Row("Unsupported protocol", sent=False, kind=final),
        httpx.LocalProtocolError: _Row("The request is no valid HTTP", kind=final),
        httpx.TooManyRedirects: _Row("Too many redirects", sent=True, kind=final),
        httpx.DecodingError: _Row("The response's content encoding is broken", sent=True, kind=final),
        h11.LocalProtocolError: _Row("The request is no valid HTTP", kind=final),  # httpcore maps it only in part
        ssl.SSLError: _Row("TLS failed"),
        trio.BrokenResourceError: _Row("Connection broken"),
        trio.ClosedResourceError: _Row("Connection closed"),
    }


@functools.cache
def foreign_errors() -> tuple[type[Exception], ...]:
    """What sending and reading may raise by itself; the application's own exceptions are not among them."""
    return tuple(_table())


_QUOTED: Final = r"\bb['\"]|bytearray\(|://\S*[@?]"  # bytes; a URL with userinfo or a query
_UNTRUSTED: Final = r"\[SSL: \w*(CERTIFICATE|UNKNOWN_CA)"  # OpenSSL's reasons, our own and the peer's alerts


def failure_of(exc: Exception, trace: Trace, request: httpx.Request) -> Failure:
    """Make a failure of an exception that is one of `foreign_errors`.

    The exception becomes the error's ``__cause__``, without the tracebacks: their frames hold headers. Where its
    text may quote a header or a password it is left out altogether.

    Args:
        exc: What `httpx` raised.
        trace: What it told about the attempt.
        request: What was to be sent.
    """
    table = _table()
    row = next(table[cls] for cls in type(exc).__mro__ if cls in table)
    links = _linked(exc, trace.handled)
    what, kind = row.what, row.kind
    if _is_certificate_failure(links):
        what, kind = "The TLS certificate was not accepted", FailureKind.FINAL
    elif _is_broken_location(exc):
        what, kind = "Redirected to a URL that can't be requested", FailureKind.FINAL
    elif _died_idle(exc, trace):
        kind = FailureKind.STALE
    sent = row.sent if trace.sent is None or row.sent is False else trace.sent
    quotes = any(_may_quote_secrets(link) for link in links)
    message = f"{what}{_after(row, request)}: {request.method} {redact_url(request.url)}"
    if not quotes and row.timeout is None:
        message += next((f" ({text})" for link in links if (text := str(link))), "")
    error = row.error(message, sent=sent, request=request)
    for link in links:
        link.__traceback__ = None
    error.__cause__ = None if quotes else exc
    return Failure(error, kind)


def _after(row: _Row, request: httpx.Request) -> str:
    seconds = request.extensions.get("timeout", {}).get(row.timeout)
    return "" if seconds is None else f" after {seconds:g} s"


def _linked(exc: BaseException, handled: BaseException | None) -> list[BaseException]:
    """*exc* and all that led to it, but not what was *handled* before: that is the application's.

    Contexts count as causes do: httpcore raises "from None", and so hides the reason of a failed handshake.
    """
    links = [exc]
    for link in links:  # grows as it is walked
        further = [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            further += cast("BaseExceptionGroup[BaseException]", link).exceptions
        for new in further:
            if new is not None and new is not handled and not any(new is known for known in links):
                links.append(new)  # on purpose
    return links


def _is_certificate_failure(links: list[BaseException]) -> bool:
    """Whether either side refused the other's certificate."""
    return any(isinstance(link, ssl.SSLCertVerificationError) or re.search(_UNTRUSTED, str(link)) for link in links)


def _died_idle(exc: Exception, trace: Trace) -> bool:
    """Whether a kept-alive connection turned out to be closed, before a byte of a response came.

    The server's close is met as an end of data or as a reset, as it happens. httpcore does not tell of a response
    that breaks off within its headers: that counts as none.
    """
    if not (trace.sent and trace.reused) or trace.response_began:
        return False
    if isinstance(exc, httpx.RemoteProtocolError):
        return str(exc).startswith("Server disconnected")
    return isinstance(exc, (httpx.ReadError, httpx.WriteError))


def _may_quote_secrets(link: BaseException) -> bool:
    """Whether the text holds a piece of the input: h11 quotes headers, httpx parts of the URL, others whole ones."""
    return isinstance(link, httpx.InvalidURL) or _is_broken_location(link) or re.search(_QUOTED, str(link)) is not None


def _is_broken_location(link: BaseException) -> bool:
    """Whether httpx could not parse the ``Location`` of a response, which it tries whoever follows redirects."""
    return isinstance(link, httpx.RemoteProtocolError) and str(link).startswith("Invalid URL in location header")
