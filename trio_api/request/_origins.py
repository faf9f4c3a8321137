"""Origins, each a scheme, a host and a port (RFC 6454), and which of them are trusted with credentials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import httpx

from ._urls import check_path, check_text, has_scheme, parse_url, shown

__all__ = ["Origin", "Origins", "named_origin", "origin_of"]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Origin(NamedTuple):
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


def named_origin(path: str, origins: Origins) -> Origin:
    """The origin that a call's path or URL names: the base URL's, unless it is another whole URL that can be sent."""
    if ":" not in path or not has_scheme(path):
        return origins.base
    try:
        return origin_of(path)
    except ValueError:
        return origins.base  # it will be refused before anything is sent


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
        self.base: Final[Origin] = origin_of(base)
        """The base URL's own."""
        self._trusted = frozenset([self.base, *map(_parse_trusted, trusted)])

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
