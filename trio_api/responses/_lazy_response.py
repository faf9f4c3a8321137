"""A response of which httpx's part is made when it is looked at.

Most calls look at a response's status and body and at nothing else; making httpx's object of it takes longer than
parsing it off the wire did.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import httpx

from ..request import LazyRequest

__all__ = ["LazyResponse", "elapsed_of", "header_of", "raw_header", "raw_headers_of", "request_of", "url_of"]


class _Unmade:
    """What httpx's constructor is given once it is run."""

    __slots__ = (
        "content",
        "default_encoding",
        "elapsed",
        "extensions",
        "is_closed",
        "raw_headers",
        "request",
        "stream",
    )

    def __init__(
        self,
        raw_headers: Sequence[tuple[bytes, bytes]],
        request: httpx.Request | None,
        stream: httpx.AsyncByteStream | None,
        extensions: Mapping[str, Any],
        content: bytes | None,
        default_encoding: Any,
        elapsed: float | None,
    ) -> None:
        self.raw_headers = raw_headers
        self.request = request
        self.stream = stream
        self.extensions = extensions
        self.content = content
        self.default_encoding = default_encoding
        self.elapsed = elapsed
        self.is_closed = False


def raw_header(raw_headers: Sequence[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The value of the header *name*, in lower case; of several, all of them (RFC 9110, 5.3)."""
    found, length = None, len(name)
    for key, value in raw_headers:
        if len(key) == length and key.lower() == name:
            found = value if found is None else found + b", " + value
    return found


@final
class LazyResponse(httpx.Response):
    """An `httpx.Response` that is made of what came over the wire when one of its attributes is asked for.

    Until then there are ``status_code`` and, of a response that was read, ``content``.

    Args:
        status_code: The status.
        raw_headers: Names and values as they came.
        request: What it answers.
        stream: The body, where it is still to be read.
        extensions: httpx's: ``http_version``, ``reason_phrase``, ``network_stream``.
        content: The decoded body, where it was read.
        default_encoding: What its text is decoded by where no charset is given, as httpx has it.
        elapsed: Seconds from the request to the end of the response.
    """

    def __init__(
        self,
        status_code: int,
        raw_headers: Sequence[tuple[bytes, bytes]],
        *,
        request: httpx.Request | None = None,
        stream: httpx.AsyncByteStream | None = None,
        extensions: Mapping[str, Any],
        content: bytes | None = None,
        default_encoding: Any = "utf-8",
        elapsed: float | None = None,
    ) -> None:
        # httpx's constructor runs in `_make`.
        self.status_code = status_code
        self._unmade: _Unmade | None = _Unmade(
            raw_headers, request, stream, extensions, content, default_encoding, elapsed
        )

    @property
    def content(self) -> bytes:
        """The decoded body; `httpx.ResponseNotRead` if it was not read."""
        unmade = self._unmade
        if unmade is not None and unmade.content is not None:
            return unmade.content
        return super().content

    def set_elapsed(self, seconds: float) -> None:
        """Say how long it took from the request to the end of the response."""
        if self._unmade is None:
            self.elapsed = datetime.timedelta(seconds=seconds)
        else:
            self._unmade.elapsed = seconds

    def set_closed(self) -> None:
        """Say that the body was read or given up, by who took it from `wire_stream`."""
        if self._unmade is None:
            self.is_closed: bool = True
            self.is_stream_consumed: bool = True
        else:
            self._unmade.is_closed = True

    @property
    def is_read(self) -> bool:
        """Whether ``content`` is there."""
        return self._unmade is not None and self._unmade.content is not None

    @property
    def wire_stream(self) -> httpx.AsyncByteStream | None:
        """The body as the transport gave it; None where somebody looked, and may have begun to read it."""
        return None if self._unmade is None else self._unmade.stream

    def with_content(self, content: bytes) -> LazyResponse | None:
        """The same response with its decoded body; None where somebody looked, and may have changed it."""
        unmade = self._unmade
        if unmade is None:
            return None
        return LazyResponse(
            self.status_code,
            unmade.raw_headers,
            request=unmade.request,
            extensions=unmade.extensions,
            content=content,
            default_encoding=unmade.default_encoding,
            elapsed=unmade.elapsed,
        )

    def _make(self, unmade: _Unmade) -> None:
        self._unmade = None
        said = dict(self.__dict__)  # what was set on it before anybody looked
        of_wire: dict[str, Any] = {
            "request": unmade.request,
            "extensions": dict(unmade.extensions),
            "default_encoding": unmade.default_encoding,
        }
        if unmade.content is None:
            super().__init__(self.status_code, headers=list(unmade.raw_headers), stream=unmade.stream, **of_wire)
        else:
            super().__init__(self.status_code, content=unmade.content, **of_wire)
            # Only now, since with a Content-Encoding httpx would decode the body again.
            self.headers: httpx.Headers = httpx.Headers(list(unmade.raw_headers))
        if unmade.is_closed:
            self.set_closed()
        if unmade.elapsed is not None:
            self.elapsed = datetime.timedelta(seconds=unmade.elapsed)
        self.__dict__.update(said)

    if not TYPE_CHECKING:  # the checkers know httpx's attributes

        def __getattr__(self, name: str) -> Any:
            unmade = self.__dict__.get("_unmade")
            if unmade is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            self._make(unmade)
            return getattr(self, name)

    def __getstate__(self) -> dict[str, Any]:
        if self._unmade is not None:
            self._make(self._unmade)
        return {name: value for name, value in super().__getstate__().items() if name != "_unmade"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._unmade = None
        super().__setstate__(state)


def raw_headers_of(response: httpx.Response) -> Sequence[tuple[bytes, bytes]]:
    """The headers of *response* as they came, without making httpx's part of a `LazyResponse`."""
    unmade = response._unmade if isinstance(response, LazyResponse) else None  # pyright: ignore[reportPrivateUsage]
    return response.headers.raw if unmade is None else unmade.raw_headers


def request_of(response: httpx.Response) -> httpx.Request:
    """What *response* answers, without making httpx's part of a `LazyResponse`."""
    unmade = response._unmade if isinstance(response, LazyResponse) else None  # pyright: ignore[reportPrivateUsage]
    return response.request if unmade is None or unmade.request is None else unmade.request


def url_of(response: httpx.Response) -> httpx.URL:
    """The URL that answered, without making httpx's part of a `LazyResponse` or of its request."""
    request = request_of(response)
    return request.location if isinstance(request, LazyRequest) else request.url


def elapsed_of(response: httpx.Response) -> float | None:
    """Seconds from the request to the end of *response*; None where httpx does not know them."""
    try:
        return response.elapsed.total_seconds()
    except RuntimeError:  # httpx: known only of a response that one of its clients got and closed
        return None


@functools.lru_cache(maxsize=64)
def _lower(name: str) -> bytes:
    return name.lower().encode("ascii")


def header_of(response: httpx.Response, name: str) -> str | None:
    """The value of a header of *response*, without making httpx's part of a `LazyResponse`."""
    unmade = response._unmade if isinstance(response, LazyResponse) else None  # pyright: ignore[reportPrivateUsage]
    if unmade is not None:
        value = raw_header(unmade.raw_headers, _lower(name))
        if value is None or value.isascii():
            return None if value is None else value.decode("ascii")
        # How httpx decodes it depends on all the other headers.
    found: str | None = response.headers.get(name)
    return found
