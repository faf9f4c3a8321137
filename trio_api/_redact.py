"""The one redactor: what may be shown of URLs, headers, requests, log records and tracebacks.

The rule is an allowlist. A URL shows scheme, host, port and path; a header shows its value only where
`SAFE_HEADERS` names it; a body is never shown. Everything of the library that prints goes through here.
"""

from __future__ import annotations

import functools
import gc
import inspect
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from types import FrameType, TracebackType
from typing import Any, Final, ParamSpec, TypeVar, cast

import httpx

from ._checks import is_mapping

__all__ = [
    "REDACTED",
    "SAFE_HEADERS",
    "LogRedactor",
    "LogSilencer",
    "RedactedHeaders",
    "RedactedRequest",
    "one_line",
    "printable",
    "redact_log_records",
    "redact_url",
    "redacted_headers",
    "redacted_request",
    "redacted_response",
    "seal_traceback",
    "sealed",
]

P = ParamSpec("P")
R = TypeVar("R")
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

REDACTED: Final = "[redacted]"

SAFE_HEADERS: Final = frozenset(
    """accept accept-encoding accept-language accept-ranges age allow cache-control connection content-encoding
    content-language content-length content-range content-type date expires host keep-alive ratelimit
    ratelimit-policy retry-after retry-after-ms server strict-transport-security transfer-encoding user-agent vary
    x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset x-request-id x-should-retry""".split()
)
"""Lower-case names of the headers whose values may be shown."""


_NO_PORT: Final = r"(?s)^((?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//)(?!\[)[^/:]*:[0-9]*[^0-9/].*"
"""A colon in the authority without a port behind it: a password whose ``/``, ``?`` or ``#`` was not quoted."""


def redact_url(url: httpx.URL | str) -> str:
    """The URL without userinfo, query and fragment: ``https://host:port/path``.

    Text that is no URL is cut at its first ``?`` or ``#`` and loses anything that looks like userinfo.
    """
    text = re.split(r"[?#]", str(url), maxsplit=1)[0]
    text = re.sub(r"^([a-zA-Z][a-zA-Z0-9+.-]*:)?//[^/]*@", r"\1//", text)
    return re.sub(_NO_PORT, rf"\1{REDACTED}", text)


def redacted_headers(headers: Mapping[str, object] | Iterable[tuple[str, object]]) -> dict[str, object]:
    """The headers with every value hidden that `SAFE_HEADERS` does not name."""
    items = headers.items() if is_mapping(headers) else cast("Iterable[tuple[str, object]]", headers)
    return {name: value if name.lower() in SAFE_HEADERS else REDACTED for name, value in items}


_CONTROLS: Final = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"  # C0, DEL, C1, and what ends a line for some
_LONGEST_LINE: Final = 500  # characters of a server's own in a line of a log


def _escape(control: re.Match[str]) -> str:
    return ascii(control[0])[1:-1]


def printable(text: str) -> str:
    """A server's own words with nothing in them that a terminal or a reader of lines obeys (CWE-117, CWE-150)."""
    return re.sub(_CONTROLS, _escape, text)


def one_line(text: str) -> str:
    """A server's own words as they may stand in a log: `printable`, and not too many."""
    shown = printable(text[:_LONGEST_LINE])
    return shown if len(text) <= _LONGEST_LINE else f"{shown}..."


class RedactedHeaders(httpx.Headers):
    """`httpx.Headers` whose repr shows values of `SAFE_HEADERS` only; httpx hides those of two names."""

    def __repr__(self) -> str:
        return repr(httpx.Headers([(name, _shown_value(name, value)) for name, value in self.multi_items()]))


def _shown_value(name: str, value: str) -> str:
    return value if name in SAFE_HEADERS else REDACTED


class RedactedRequest(httpx.Request):
    """An `httpx.Request` whose repr shows no query and no userinfo, and that of its headers no credentials."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headers: httpx.Headers = RedactedHeaders(self.headers)

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, {redact_url(self.url)!r})>"


def redacted_request(request: httpx.Request) -> RedactedRequest:
    """A copy fit to be stored or sent elsewhere: safe headers only, no query, no userinfo, no body."""
    headers = {name: value for name, value in request.headers.items() if name in SAFE_HEADERS - {"content-length"}}
    return RedactedRequest(request.method, redact_url(request.url), headers=headers)


def redacted_response(response: httpx.Response) -> httpx.Response:
    """A copy fit to be stored or sent elsewhere: safe headers, the body if it was read, a redacted request."""
    framing = {"content-encoding", "content-length", "transfer-encoding"}
    headers = {name: value for name, value in response.headers.items() if name in SAFE_HEADERS - framing}
    try:
        body = response.content
    except httpx.ResponseNotRead:
        body = b""
    try:
        request = redacted_request(response.request)
    except RuntimeError:  # httpx: the response was made by hand, without a request
        request = None
    return httpx.Response(response.status_code, headers=headers, content=body, request=request)


# -- tracebacks ----------------------------------------------------------------------------------------------

_SEALED_PACKAGES: Final = frozenset(
    """trio_api attr attrs cattrs msgspec httpx httpx2 httpcore httpcore2 h11 h2 hpack trio ssl socket""".split()
)
"""This library, and what it hands headers, bodies and URLs to."""


def seal_traceback(error: BaseException) -> None:
    """Forget the locals of every finished frame of this library and of the HTTP stack below it.

    Error trackers send the locals of each frame. Ours hold headers, bodies and URLs; frames of the
    application stay as they are.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        pending += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            pending += cast("BaseExceptionGroup[BaseException]", current).exceptions
        _forget_locals(current.__traceback__)


def _forget_locals(traceback: TracebackType | None) -> None:
    while traceback is not None:
        frame = traceback.tb_frame
        module = frame.f_globals.get("__name__") or ""
        if module.partition(".")[0] in _SEALED_PACKAGES and _is_finished(frame):
            frame.clear()
        traceback = traceback.tb_next


def _is_finished(frame: FrameType) -> bool:
    """Whether nothing can go on in *frame*: only then does the frame object itself hold its code and locals.

    One that still runs is left to an outer `sealed` function. One that is suspended belongs to a task that caught
    the error and went on to something else: before Python 3.13, clearing it would end that coroutine.
    """
    return any(held is frame.f_code for held in gc.get_referents(frame))


def sealed(function: FunctionT) -> FunctionT:
    """Decorate a public entry point so that no traceback that leaves it holds the library's locals."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def async_entry(*args: Any, **kwargs: Any) -> Any:
            try:
                return await function(*args, **kwargs)
            except BaseException as error:
                args, kwargs = (), {}  # this frame stands in the traceback too
                seal_traceback(error)
                raise

        return cast("FunctionT", async_entry)

    @functools.wraps(function)
    def entry(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            args, kwargs = (), {}
            seal_traceback(error)
            raise

    return cast("FunctionT", entry)


# -- logs of the HTTP stack ----------------------------------------------------------------------------------

_HTTP_LOGGERS: Final = tuple(
    name
    for suffix in ("", "2")
    for name in (
        f"httpx{suffix}",
        *(f"httpcore{suffix}.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")),
    )
)
_HEADER_LOGGERS: Final = ("hpack.hpack", "hpack.table")
_URL_IN_TEXT: Final = r"""\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>]+"""
_HEADERS_IN_TEXT: Final = r"""\(b(['"])(?P<name>(?:(?!\1).)*)\1, *b(['"])(?P<value>(?:\\.|(?!\3).)*)\3\)"""
_EXCEPTION_IN_TEXT: Final = r"""(?s)\bexception=(?P<name>\w*)\(.*\bb\\?['"].*"""
"""An exception whose text has bytes in it: h11 quotes the line of the headers that it does not like."""


def _header_shown(match: re.Match[str]) -> str:
    return match[0] if match["name"].lower() in SAFE_HEADERS else f"(b'{match['name']}', b'{REDACTED}')"


class LogRedactor(logging.Filter):
    """Rewrites records of httpx and httpcore, which print whole URLs and headers."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        text = re.sub(_URL_IN_TEXT, lambda match: redact_url(match[0]), text)
        text = re.sub(r"target=b(['\"])(.*?)\1", lambda m: f"target={redact_url(m[2])!r}", text)
        text = re.sub(_EXCEPTION_IN_TEXT, rf"exception=\g<name>({REDACTED})", text)
        text = re.sub(_HEADERS_IN_TEXT, _header_shown, text)
        record.msg, record.args = printable(text), None  # the reason phrase is the server's
        return True


class LogSilencer(logging.Filter):
    """Drops records of hpack, which tell of nothing but headers, as text and as the bytes that stand for them."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


_redactor: Final = LogRedactor()
_silencer: Final = LogSilencer()


def redact_log_records() -> None:
    """Put the redactor on the loggers of httpx and httpcore, and silence hpack's; again has no further effect."""
    for name in _HTTP_LOGGERS:
        logging.getLogger(name).addFilter(_redactor)
    for name in _HEADER_LOGGERS:
        logging.getLogger(name).addFilter(_silencer)
