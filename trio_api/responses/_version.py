"""Which version of a resource a partial file holds the beginning of, and whether more of the very same can be had."""

from __future__ import annotations

import json
import time
from typing import Final

import attrs
import httpx

from .._instants import parse_http_date
from ..models import NotJSON, loads, structure

__all__ = ["Version", "is_encoded"]

_CLOCK_SECONDS: Final = 1.0  # a Last-Modified so much older than the response names one version (RFC 9110, 8.8.2.2)


def is_encoded(response: httpx.Response) -> bool:
    """Whether the body is other bytes than what it stands for: the ranges of a Content-Encoding can't be joined."""
    return response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")


@attrs.frozen
class Version:
    """What a server says of one version of a resource. Nothing of it tells where the resource is."""

    etag: str | None = None
    last_modified: str | None = None
    size: int | None = None
    """Bytes of the whole, where that is known."""

    @classmethod
    def of(cls, response: httpx.Response, size: int | None) -> Version | None:
        """The version that *response* gives, or None where no more of the same could be asked for by a range.

        A range of a version is asked for by a strong validator (RFC 9110, 13.1.5): an entity tag that is not weak;
        or, where there is no tag at all, a date of modification that is older than the response by a second.
        """
        headers = response.headers
        if response.request.method != "GET" or response.status_code != 200:
            return None
        if is_encoded(response) or headers.get("accept-ranges", "").strip().lower() == "none":
            return None
        if (etag := headers.get("etag")) is not None:
            return None if etag.startswith("W/") else cls(etag, None, size)
        modified = headers.get("last-modified")
        if modified is None or not _is_settled(modified, headers.get("date")):
            return None
        return cls(None, modified, size)

    @property
    def validator(self) -> str:
        """The value of If-Range."""
        return self.etag or self.last_modified or ""

    def is_same(self, other: Version) -> bool:
        """Whether both are one version."""
        sizes = {self.size, other.size} - {None}
        return (self.etag, self.last_modified) == (other.etag, other.last_modified) and len(sizes) < 2

    def fits(self, headers: httpx.Headers) -> bool:
        """Whether a response with *headers* may be of this version: it need not repeat the validator."""
        etag: str | None = headers.get("etag", self.etag)
        return etag == self.etag

    def to_json(self) -> bytes:
        """The version as it is kept beside a partial file."""
        return json.dumps(attrs.asdict(self)).encode("ascii")

    @classmethod
    def from_json(cls, data: bytes) -> Version | None:
        """What `to_json` gave; None where that is damaged."""
        try:
            structured = structure(loads(data), cls)
        except NotJSON:
            return None
        version: Version = structured.value
        return version if not structured.problems and version.validator else None


def _is_settled(modified: str, date: str | None) -> bool:
    # RFC 9110, 6.6.1: a response without a date has that of its arrival
    then, since = time.time() if date is None else parse_http_date(date), parse_http_date(modified)
    return then is not None and since is not None and then - since >= _CLOCK_SECONDS
