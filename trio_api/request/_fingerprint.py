"""What a request asks for, and as whom, in one digest: for tables that must not mix up what belongs to two callers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import httpx

__all__ = ["fingerprint", "url_fingerprint"]


def fingerprint(request: httpx.Request, *, without: Collection[bytes] = ()) -> bytes:
    """A SHA-256 digest of the method, the URL and all headers of *request*; its body is no part of it.

    The headers hold the credentials. A digest is not worth stealing: what is known by it lies around in no table.

    Args:
        request: As it is sent, but for what the HTTP stack adds by itself.
        without: Names of headers, in lower case, that make no difference.
    """
    digest = hashlib.sha256(url_fingerprint(request))
    _add(digest, request.method.encode("ascii"))
    for name, value in request.headers.raw:
        if (lower := name.lower()) not in without:
            _add(digest, lower)
            _add(digest, value)
    return digest.digest()


def url_fingerprint(request: httpx.Request) -> bytes:
    """A SHA-256 digest of the URL of *request*, whose query may hold credentials too."""
    url, digest = request.url, hashlib.sha256()
    for part in (url.raw_scheme, url.netloc, url.raw_path):
        _add(digest, part)
    return digest.digest()


def _add(digest: hashlib._Hash, part: bytes) -> None:
    """Add *part* with its length before it, so that no two lists of parts are alike."""
    digest.update(b"%d:" % len(part))
    digest.update(part)
