"""Where a request goes, as it is needed to send it: the origin, the target and the Host, with no `httpx.URL` made."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import httpx

from ._origins import Origin, origin_of
from ._urls import parse_url

__all__ = ["Address", "BaseAddress", "is_plain_path"]

# Paths and queries that reach the server as they stand, whoever parses them: segments of unreserved characters
# (RFC 3986, 2.3) that begin with no dot. All others go through `resolve_url` and httpx's own parser.
_PLAIN_PATH: Final = re.compile(r"/?[A-Za-z0-9_~\-][A-Za-z0-9_~.\-]*(?:/[A-Za-z0-9_~\-][A-Za-z0-9_~.\-]*)*/?")
_PLAIN_QUERY: Final = re.compile(r"(?:[A-Za-z0-9_~.\-=&,]|%[0-9A-F]{2})+")
_LONGEST: Final = 2048  # characters that are worth a look; httpx refuses more than 65,536 of a URL


def is_plain_path(text: str) -> bool:
    """Whether *text* is a relative path that need not be looked at more closely; it may be one even if not."""
    return len(text) <= _LONGEST and _PLAIN_PATH.fullmatch(text) is not None


class Address(NamedTuple):
    """Where one request goes."""

    origin: Origin
    raw_path: bytes
    """What the request line names: path and query."""
    netloc: bytes
    """What the Host says."""
    location: str | httpx.URL
    """The absolute URL."""

    @property
    def url(self) -> httpx.URL:
        """The URL, parsed now unless it was before."""
        return self.location if isinstance(self.location, httpx.URL) else parse_url(self.location, "url")

    @classmethod
    def of(cls, url: httpx.URL) -> Address:
        """The address that an absolute URL is."""
        return cls(origin_of(url), url.raw_path, url.netloc, url)


class BaseAddress:
    """The base URL, taken apart once for all paths that are appended to it.

    Args:
        url: From `prepare_base_url`.
        origin: Its origin.
    """

    def __init__(self, url: httpx.URL, origin: Origin) -> None:
        self._origin: Final = origin
        self._netloc: Final = url.netloc
        self._path: Final = url.raw_path.partition(b"?")[0]
        self._location: Final = str(url).partition("?")[0]
        self.query: Final = url.query.decode("ascii")
        """The query of the base URL, which is the client's too."""

    def joined(self, path: str, query: str | None) -> Address | None:
        """The address of *path*, which `is_plain_path`, with *query*; None where the query is not as plain."""
        path = path.removeprefix("/")
        if query is not None:
            if len(query) > _LONGEST or not _PLAIN_QUERY.fullmatch(query):
                return None
            path = f"{path}?{query}"
        return Address(self._origin, self._path + path.encode("ascii"), self._netloc, self._location + path)
