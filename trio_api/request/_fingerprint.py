"""What a request asks for, and as whom, in one digest: for tables that must not mix up what belongs to two callers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

import httpx

__all__ = ["fingerprint", "url_fingerprint"]


def fingerprint(request: httpx.Request, *, without: Collection[bytes] = ()) -> bytes:
    """A SHA-256 digest of the method, the URL and all headers of *request*; its body is no part of it.

    The headers hold the credentials. With digests for keys a table of requests holds none.

    Args:
        request: As it is sent, but for what the HTTP stack adds by itself.
        without: Names of headers, in lower case, that make no difference.
    """
    parts = [url_fingerprint(request), request.method.encode("ascii")]
    for name, value in request.headers.raw:
        if (lower := name.lower()) not in without:
            parts += lower, value
    return _digest(parts)


def url_fingerprint(request: httpx.Request) -> bytes:
    """A SHA-256 digest of the URL of *request*, whose query may hold credentials too."""
    url = request.url
    return _digest((url.raw_scheme, url.netloc, url.raw_path))


def _digest(parts: Iterable[bytes]) -> bytes:
    """Of all *parts*, each with its length before it, so that no two lists of them are alike."""
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).digest()
