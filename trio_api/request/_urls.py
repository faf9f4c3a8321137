"""From the base URL and a path to the URL of a request; what no URL may hold is refused here.

What is accepted reaches the server as it was written: nothing is normalised that would change a segment.
"""

from __future__ import annotations

import base64
import functools
import re
from typing import Final, NamedTuple, cast

import httpx

from .._redact import redact_url

__all__ = ["ResolvedURL", "check_path", "check_text", "has_scheme", "parse_url", "prepare_base_url", "resolve_url"]

_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.\-]*:"  # RFC 3986, 3.1
_WITH_HOST: Final = r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]"
_UNSENDABLE: Final = r"[\x00-\x1f\x7f\ud800-\udfff]"  # C0, DEL; surrogates have no UTF-8
# "." and ".." as a whole segment, each dot plain or percent-encoded, however often: a server that decodes once
# more than it should must not meet one either.
_DOT_SEGMENT: Final = r"(?i)(?:^|/)(?:\.|%(?:25)*2e){1,2}(?=/|$)"
_HOST: Final = r"[A-Za-z0-9._~!$&'()*+,;=\-]+|[0-9A-Fa-f:.]+(?:%.+)?"  # RFC 3986, 3.2.2; IPv6 without []
_MAX_PORT: Final = 65535
_LABEL: Final = range(1, 64)  # bytes of a label of a host's name (RFC 1035, 2.3.4); with others the resolver fails


def has_scheme(text: str) -> bool:
    """Whether *text* is meant as an absolute URL."""
    return re.match(_SCHEME, text) is not None


def check_text(text: str, name: str) -> None:
    """Refuse characters that no part of a URL can hold, not even its query.

    Raises:
        ValueError: *text* has a control character or a lone surrogate; *name* is the argument that the error names.
    """
    if found := re.search(_UNSENDABLE, text):
        raise ValueError(f"{name} {shown(text)!r} has the character {found[0]!r}, which no URL can hold")


def check_path(path: str, name: str, whole: str | None = None) -> None:
    """Refuse a path that a server could take for another one.

    Args:
        path: The path, without the query.
        name: The argument that the error names.
        whole: What the error shows, where that is more than the path.

    Raises:
        ValueError: It has a backslash, or a segment that is ``.`` or ``..``, plain or percent-encoded.
    """
    if "\\" in path:
        raise ValueError(
            f"{name} {shown(whole or path)!r} has a backslash, which some servers take for '/'; write '%5C'"
        )
    if found := re.search(_DOT_SEGMENT, path):
        raise ValueError(
            f"{name} {shown(whole or path)!r} has the segment {found[0].strip('/')!r}, which leads out of its place"
        )


def shown(text: str) -> str:
    """*text* as an error may show it, even where it is no URL and so nobody knows what of it is userinfo."""
    if has_scheme(text) and "@" in text:
        return f"{text.partition(':')[0]}://[redacted]"
    return redact_url(text)


def parse_url(text: str, name: str) -> httpx.URL:
    """Parse an absolute http or https URL.

    Args:
        text: The URL.
        name: The argument that an error names.

    Raises:
        ValueError: It is no such URL.
    """
    try:
        url = _parse(text)
    except httpx.InvalidURL:  # its message can show a part of a password
        raise ValueError(f"{name} {shown(text)!r} is not a valid URL, or longer than 65,536 characters") from None
    if url.scheme not in ("http", "https"):
        raise ValueError(f"{name} {shown(text)!r} must be an http or https URL")
    host = url.raw_host.decode("ascii")
    labels = host.removesuffix(".").split(".")
    if (
        not re.fullmatch(_HOST, host)
        or not all(len(label) in _LABEL for label in labels)
        or not (url.port is None or 0 < url.port <= _MAX_PORT)
    ):
        raise ValueError(f"{name} {shown(text)!r} has no valid host and port")
    return url


# httpx takes some 30 µs to parse a URL, a third of what a whole small request may cost. Calls repeat their URLs.
_parse = functools.lru_cache(maxsize=1024)(httpx.URL)


def prepare_base_url(base_url: str | httpx.URL) -> tuple[httpx.URL, str | None]:
    """Make a base URL that paths can be appended to.

    Args:
        base_url: An absolute http or https URL, with or without userinfo and query.

    Returns:
        The URL without userinfo and fragment and with a trailing ``/`` before any query; and its userinfo as the
        value of an ``Authorization`` header (Basic, RFC 7617), or None.

    Raises:
        TypeError: It is neither text nor an `httpx.URL`.
        ValueError: It is no such URL, or one that `resolve_url` would refuse.
    """
    if not isinstance(cast("object", base_url), (str, httpx.URL)):
        raise TypeError(f"base_url must be a str or an httpx.URL, got {type(base_url).__name__}")
    url = _absolute(str(base_url), "base_url")
    path, mark, query = url.raw_path.partition(b"?")
    slashed = path if path.endswith(b"/") else path + b"/"
    return _without_userinfo(url).copy_with(raw_path=slashed + mark + query), _basic(url)


class ResolvedURL(NamedTuple):
    """Where a request goes. Nothing is parsed until `url` is asked for."""

    location: str
    """The absolute URL without userinfo, query and fragment."""
    query: str | None = None
    """The URL's own query, or None where it has no ``?``."""
    authorization: str | None = None
    """The URL's own userinfo as the value of an ``Authorization`` header, or None."""
    is_relative: bool = True
    """Whether it was made by appending to the base URL."""

    @property
    def url(self) -> httpx.URL:
        """The URL with its own query."""
        return self.with_query(self.query)

    def with_query(self, query: str | None) -> httpx.URL:
        """The URL with *query* in place of its own.

        Raises:
            ValueError: httpx can't parse it, since it is too long.
        """
        return parse_url(self.location if query is None else f"{self.location}?{query}", "url")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.location!r})"


def resolve_url(base: httpx.URL, path: str) -> ResolvedURL:
    """Find where a request goes.

    Args:
        base: A URL from `prepare_base_url`.
        path: A path, with or without leading ``/`` and query, which is appended to that of *base*; or an absolute
            http or https URL, which is used as it is, but for its userinfo and fragment.

    Raises:
        ValueError: *path* is a URL of another scheme or without a host; begins with ``//``, which would name
            another host; has a control character, a backslash, or a segment ``.`` or ``..``, plain or
            percent-encoded; or is a path with a fragment, which is never sent.
    """
    if has_scheme(path):
        url = _absolute(path, "url")
        location, mark, query = str(_without_userinfo(url)).partition("?")
        return ResolvedURL(location, query if mark else None, _basic(url), is_relative=False)
    check_text(path, "path")
    if "#" in path:
        raise ValueError(f"path {shown(path)!r} has a '#', and a fragment is never sent; for the character write '%23'")
    if path.startswith("//"):
        raise ValueError(f"path {shown(path)!r} begins with '//' and would name another host; write it with one '/'")
    own, mark, query = path.partition("?")
    check_path(own, "path")
    prefix = str(base).partition("?")[0]
    return ResolvedURL(prefix + own.removeprefix("/"), query if mark else None)


def _absolute(text: str, name: str) -> httpx.URL:
    check_text(text, name)
    if not re.match(_WITH_HOST, text):
        raise ValueError(
            f"{name} {shown(text)!r} must be an absolute URL with a host, such as 'https://example.com'"
            + ("; a path that begins with a name and a colon is written with a '/' before it" if name == "url" else "")
        )
    text = text.partition("#")[0]
    check_path(text.partition("://")[2].partition("?")[0], name, text)
    return parse_url(text, name)


def _without_userinfo(url: httpx.URL) -> httpx.URL:
    return url.copy_with(userinfo=b"") if url.userinfo else url


def _basic(url: httpx.URL) -> str | None:
    """The userinfo as RFC 7617 has it."""
    if not url.userinfo:
        return None
    credentials = f"{url.username}:{url.password}".encode()
    return f"Basic {base64.b64encode(credentials).decode('ascii')}"
