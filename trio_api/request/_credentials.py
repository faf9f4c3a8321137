"""The one rule of where credentials go: what a request may carry to which origin.

The base URL's origin and the trusted ones get everything; to any other go only the headers of `_FOREIGN_HEADERS`,
whether a redirect, a next link or the caller named it.
"""

from __future__ import annotations

from typing import Any, Final

import httpx

from ._lazy_request import LazyRequest
from ._origins import Origins

__all__ = ["CONTENT_HEADERS", "extensions_of_next", "filter_for_origin", "may_have_credentials"]

CONTENT_HEADERS: Final = frozenset(
    """content-digest content-disposition content-encoding content-language content-length content-location
    content-range content-type transfer-encoding""".split()
)
"""Lower-case names of the headers that describe a request's body; they go where it goes."""

_FOREIGN_HEADERS: Final = CONTENT_HEADERS | {"accept", "accept-encoding", "host", "user-agent"}
"""Lower-case names of all headers that an origin gets which is neither the base URL's nor trusted."""

_LED_BY_STRANGERS: Final = "trio_api.led_by_strangers"  # an extension of requests; transports pass over it


def may_have_credentials(request: httpx.Request, origins: Origins) -> bool:
    """Whether credentials may be added to *request*, such as cookies from a jar.

    They may not where its origin is foreign, nor where a foreign origin led to it by a redirect: what was taken
    from a request on its way stays away.
    """
    if isinstance(request, LazyRequest) and request.is_trusted:
        return True  # made here, and by no redirect
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
    if (isinstance(request, LazyRequest) and request.is_trusted) or origins.trusts(request.url):
        return
    for name in set(request.headers) - _FOREIGN_HEADERS:
        del request.headers[name]
    request.headers["Host"] = request.url.netloc.decode("ascii")
