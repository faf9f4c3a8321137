"""The one rule of where credentials go: origins, and what a request to a foreign one may carry.

An origin is scheme, host and port (RFC 6454). The base URL's and the trusted ones get everything; to any other
go only the headers of `FOREIGN_HEADERS`, whether a redirect, a next link or the caller named it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import attrs
import httpx

from ._urls import check_path, check_text, parse_url, shown

__all__ = [
    "CONTENT_HEADERS",
    "Origin",
    "Origins",
    "extensions_of_next",
    "filter_for_origin",
    "may_have_credentials",
    "origin_of",
]

CONTENT_HEADERS: Final = frozenset(
    """content-digest content-disposition content-encoding content-language content-length content-location
    content-range content-type transfer-encoding""".split()
)
"""Lower-case names of the headers that describe a request's body; they go where it goes."""

FOREIGN_HEADERS: Final = CONTENT_HEADERS | {"accept", "accept-encoding", "host", "user-agent"}
"""Lower-case names of all headers that an origin gets which is neither the base URL's nor trusted."""

_LED_BY_STRANGERS: Final = "trio_api.led_by_strangers"  # an extension of requests; transports pass over it

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@attrs.frozen
class Origin:
    """Scheme, host and port: what a server is known by."""

    scheme: str
    """In lower case."""
    host: str
    """In lower case, internationalised names in their ASCII form (IDNA)."""
    port: int
    """The port, the scheme's own where the URL names none; 0 where the scheme has none either."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def origin_of(url: httpx.URL | str) -> Origin:
    """The origin of an absolute URL.

    Raises:
        ValueError: *url* is text that is no absolute http or https URL.
    """
    if isinstance(url, str):
        url = parse_url(url, "url")
    port = _DEFAULT_PORTS.get(url.scheme, 0) if url.port is None else url.port
    return Origin(url.scheme, url.raw_host.decode("ascii"), port)


class Origins:
    """The origins that may have credentials: the base URL's and the trusted ones. Immutable.

    Args:
        base: The base URL.
        trusted: Further origins as text, such as ``"https://cdn.example.com"``.

    Raises:
        TypeError: An origin is no text.
        ValueError: An origin is not bare: it has userinfo, a path or a query; or is no origin at all.
    """

    def __init__(self, base: httpx.URL, trusted: Iterable[str] = ()) -> None:
        self._trusted = frozenset([origin_of(base), *map(_parse_trusted, trusted)])

    def trusts(self, url: httpx.URL) -> bool:
        """Whether credentials may go to *url*."""
        return origin_of(url) in self._trusted

    def __eq__(self, other: object) -> bool:
        return self._trusted == other._trusted if isinstance(other, Origins) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._trusted)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(map(str, self._trusted))})"


def _parse_trusted(text: object) -> Origin:
    if not isinstance(text, str):
        raise TypeError(f"trusted_origins must be text such as 'https://cdn.example.com', got {type(text).__name__}")
    check_text(text, "trusted_origins")
    check_path(text, "trusted_origins")
    url = parse_url(text, "trusted_origins")
    if url.userinfo or url.raw_path != b"/" or "#" in text or "*" in text:
        raise ValueError(
            f"trusted_origins {shown(text)!r} must be a bare origin such as 'https://cdn.example.com': "
            "scheme, host and port, without userinfo, path, query, fragment and wildcard"
        )
    return origin_of(url)


def may_have_credentials(request: httpx.Request, origins: Origins) -> bool:
    """Whether credentials may be added to *request*, such as cookies from a jar.

    They may not where its origin is foreign, nor where a foreign origin led to it by a redirect: what was taken
    from a request on its way stays away.
    """
    return not request.extensions.get(_LED_BY_STRANGERS) and origins.trusts(request.url)


def extensions_of_next(request: httpx.Request, origins: Origins) -> dict[str, Any]:
    """The extensions of a request that a redirect of *request* leads to; a foreign origin leaves its mark on them."""
    led = {} if may_have_credentials(request, origins) else {_LED_BY_STRANGERS: True}
    return {**request.extensions, **led}


def filter_for_origin(request: httpx.Request, origins: Origins) -> None:
    """Take from *request* whatever its origin may not have; at home and at a trusted origin that is nothing.

    Call it last, after everything that adds headers. A ``Host`` that was set by hand is set right too: it names
    a server of the base URL's.
    """
    if origins.trusts(request.url):
        return
    for name in set(request.headers) - FOREIGN_HEADERS:
        del request.headers[name]
    request.headers["Host"] = request.url.netloc.decode("ascii")
