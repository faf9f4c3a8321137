"""URLs that others name, a server's response or a stored token: made whole, and held to the trusted origins."""

from __future__ import annotations

import httpx

from .._errors import CrossOriginError
from .._redact import redact_url
from ._origins import Origins, origin_of
from ._urls import check_path

__all__ = ["followed_url"]


def followed_url(link: str | httpx.URL, origins: Origins, *, own: str, told: str, base: httpx.URL | None = None) -> str:
    """The absolute URL that *link* means, if it may be asked.

    Args:
        link: What was named.
        origins: Where it may lead.
        own: The path or URL that the caller named for the first request. Where that is a foreign URL, sent without
            credentials, things may go on at its origin.
        told: Who names what, for the error: "the checkpoint names a next page".
        base: What a relative link is relative to; None where it has to be absolute.

    Raises:
        CrossOriginError: It leads to an origin that is neither trusted nor the caller's own.
        ValueError: It is no URL, no absolute one, or one that no request is sent to.
    """
    try:
        url = httpx.URL(link) if base is None else base.join(link)
        # Who names it knows its own fragment, and we our own credentials; neither is for others to name.
        url = url.copy_with(userinfo=b"", fragment=None)
    except (httpx.InvalidURL, ValueError):
        raise ValueError(f"the link {redact_url(link)!r} is no valid URL") from None
    if not url.is_absolute_url:
        raise ValueError(f"the link {redact_url(link)!r} is no absolute URL")
    if not origins.trusts(url) and origin_of(url) != origin_of(httpx.URL(own)):
        raise CrossOriginError(
            f"{told} at another origin, {origin_of(url)}; if that is right, give the client "
            f"trusted_origins=[{str(origin_of(url))!r}]"
        )
    whole = str(url)
    check_path(whole.partition("://")[2].partition("?")[0], "the link", whole)
    return whole
