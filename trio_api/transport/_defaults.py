"""httpx's own clients with this library's defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from .._constants import DEFAULT_CONNECTION_LIMITS, DEFAULT_TIMEOUT
from ._cookies import bounded_cookies

__all__ = ["DefaultAsyncHttpxClient", "DefaultHttpxClient", "with_defaults"]


def with_defaults(options: dict[str, Any]) -> dict[str, Any]:
    """The arguments for a client of httpx's, with this library's defaults below them."""
    return {
        "timeout": DEFAULT_TIMEOUT,
        "limits": DEFAULT_CONNECTION_LIMITS,
        "follow_redirects": True,
        **options,
        "cookies": bounded_cookies(options.get("cookies")),
    }


if TYPE_CHECKING:
    # For the checkers these are httpx's clients with httpx's own signatures: only defaults differ.
    DefaultHttpxClient = httpx.Client
    """`httpx.Client` with this library's timeout and limits; takes all of its arguments."""
    DefaultAsyncHttpxClient = httpx.AsyncClient
    """`httpx.AsyncClient` with this library's timeout and limits; takes all of its arguments."""
else:

    class DefaultHttpxClient(httpx.Client):
        """`httpx.Client` with this library's timeout and limits; takes all of its arguments."""

        def __init__(self, **options: Any) -> None:
            super().__init__(**with_defaults(options))

    class DefaultAsyncHttpxClient(httpx.AsyncClient):
        """`httpx.AsyncClient` with this library's timeout and limits; takes all of its arguments."""

        def __init__(self, **options: Any) -> None:
            super().__init__(**with_defaults(options))
