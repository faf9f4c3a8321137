"""The wrapper of a response: the HTTP facts, what the call took, and the body parsed on demand.

The half that both colours share; `AsyncAPIResponse` and `APIResponse` add the methods that read.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

import httpx

from .._errors import APIResponseValidationError, ClientStateError
from .._records import AttemptRecord, Reply, ValidationProblem
from .._redact import redact_url
from ..pages import BasePage
from ..request import FinalRequestOptions
from ._buffer import BodyBuffer
from ._cutters import LineCutter
from ._decode import Decoded
from ._decoding import PIECE
from ._lazy_response import header_of, request_of, url_of

__all__ = ["BaseAPIResponse", "ResponseOwner"]

R = TypeVar("R")

_NOTHING: Final = object()


class _PageRef(weakref.ref[BasePage[Any]]):
    """A page that is kept for as long as somebody else keeps it.

    A page has the response that it came in. If that had the page, too, both would stay until the garbage collector
    comes by, and a crawl would hold dozens of pages that its consumer is long done with.
    """


class ResponseOwner(Protocol):
    """What a response asks of the client that got it."""

    @property
    def _max_response_bytes(self) -> int: ...

    def _decode(self, response: httpx.Response, cast_to: Any) -> Decoded: ...


class BaseAPIResponse(Generic[R]):
    """What both colours of response wrapper have in common. Made by the client only."""

    def __init__(
        self,
        reply: Reply,
        *,
        owner: ResponseOwner,
        options: FinalRequestOptions,
        cast_to: Any,
        adopt: Callable[[Any, BaseAPIResponse[Any], Any, bool], Any],
    ) -> None:
        self._reply = reply
        self._owner = owner
        self._options = options
        self._cast_to = cast_to
        self._adopt = adopt  # binds a page to this response, and applies the call's post_parser
        self._parsed: dict[Any, Any] = {}
        self._problems: dict[ValidationProblem, None] = {}
        self._reader: str | None = None  # the method that has begun to read a body that was left open

    @property
    def http_response(self) -> httpx.Response:
        """The response of httpx."""
        return self._reply.response

    @property
    def http_request(self) -> httpx.Request:
        """The request of httpx, as it was sent last."""
        return self._reply.response.request

    @property
    def status_code(self) -> int:
        """The status."""
        return self._reply.response.status_code

    @property
    def headers(self) -> httpx.Headers:
        """The headers."""
        return self._reply.response.headers

    @property
    def url(self) -> httpx.URL:
        """The URL that answered, after redirects."""
        return url_of(self._reply.response)

    @property
    def method(self) -> str:
        """The method of the request that was answered."""
        return request_of(self._reply.response).method

    @property
    def request_id(self) -> str | None:
        """The ``x-request-id`` header."""
        return header_of(self._reply.response, "x-request-id")

    @property
    def attempts(self) -> tuple[AttemptRecord, ...]:
        """One record for each attempt of the call."""
        return self._reply.attempts

    @property
    def retries_taken(self) -> int:
        """How many times the call was retried."""
        return self._reply.retries_taken

    @property
    def elapsed(self) -> float:
        """Seconds that the last attempt took, to the end of the response as far as it was read."""
        return self._reply.attempts[-1].elapsed

    @property
    def problems(self) -> tuple[ValidationProblem, ...]:
        """Every mismatch that was tolerated when the body was parsed; empty before that."""
        return tuple(self._problems)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status_code}] {self.method} {redact_url(self.url)}>"

    def _claim(self, reader: str) -> None:
        """Let the method *reader* read the body, which comes only once.

        Raises:
            ClientStateError: Another has begun to.
        """
        if self._reader is not None:
            raise ClientStateError(
                f"the body comes only once, and {self._reader}() has begun to take it; "
                "call read() before that to have it for several uses"
            )
        self._reader = reader

    def _buffer(self) -> BodyBuffer:
        """Where the body of a response that was left open is read into."""
        return BodyBuffer(self._reply.response, self._owner._max_response_bytes)  # pyright: ignore[reportPrivateUsage]

    def _line_cutter(self) -> LineCutter:
        return LineCutter(self._reply.response, self._owner._max_response_bytes)  # pyright: ignore[reportPrivateUsage]

    def _known_pieces(self) -> Iterator[bytes]:
        """The body, which was read, in pieces as small as those of an open one."""
        content = self._reply.response.content
        return (content[start : start + PIECE] for start in range(0, len(content), PIECE))

    def _set_read(self, response: httpx.Response) -> None:
        """Take the response with its body in it."""
        self._reply = self._reply._replace(response=response)

    def _parse(self, to: Any = None) -> Any:
        """Build *to* (default: what the call asked for) from the body, which has been read; once per type."""
        target = self._cast_to if to is None else to
        try:
            value = self._parsed.get(target, _NOTHING)
        except TypeError:  # an Annotated type with unhashable metadata
            return self._build(target, is_default=to is None)
        if isinstance(value, _PageRef):
            page = value()
            value = _NOTHING if page is None else page
        if value is _NOTHING:
            value = self._build(target, is_default=to is None)
            self._keep(target, value)
        return value

    def _keep(self, target: Any, value: Any) -> None:
        if isinstance(value, BasePage):
            page: BasePage[Any] = value  # pyright: ignore[reportUnknownVariableType]  # mypy takes a cast for redundant
            value = _PageRef(page)
        self._parsed[target] = value

    def _build(self, target: Any, *, is_default: bool) -> Any:
        try:
            decoded = self._owner._decode(self.http_response, target)  # pyright: ignore[reportPrivateUsage]
        except APIResponseValidationError as error:
            error.attempts = self.attempts
            raise
        return self._adopted(decoded, target, is_default=is_default)

    def _take(self, decoded: Decoded) -> Any:
        """What the call gives, where the body was built into what it asked for already."""
        value = self._adopted(decoded, self._cast_to, is_default=True)
        with contextlib.suppress(TypeError):  # an Annotated type with unhashable metadata
            self._keep(self._cast_to, value)
        return value

    def _adopted(self, decoded: Decoded, target: Any, *, is_default: bool) -> Any:
        self._problems.update(dict.fromkeys(decoded.problems))
        return self._adopt(decoded.value, self, target, is_default)
