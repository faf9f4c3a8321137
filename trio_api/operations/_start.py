"""Where an operation is asked after: what a response or a token says, each held to the trusted origins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import httpx

from .._errors import APIResponseValidationError
from .._redact import redact_url
from ..request import Origins, followed_url, resolve_url

__all__ = ["Start", "encode_token", "start_of_response", "start_of_token"]

_VERSION: Final = 1

_HEADERS: Final = ("operation-location", "azure-asyncoperation", "location")
"""Where a status monitor is named, the most specific first: Microsoft Azure REST API Guidelines, "Long-Running
Operations"; Azure Resource Manager; and RFC 9110, section 10.2.2 with 15.3.3 ("point to a status monitor")."""


class Start(NamedTuple):
    """How an operation is begun to be asked after."""

    url: str
    """Where: a path, or an absolute URL."""
    polls: int = 0
    """How many polls were made before, by others."""
    told: httpx.Headers | None = None
    """The headers of the response that it comes from: the first poll waits as these ask."""


def start_of_response(response: httpx.Response, origins: Origins, own: str) -> Start:
    """Find the operation that a response has begun.

    Args:
        response: The response: mostly 202, or 201.
        origins: Where its headers may lead.
        own: The path or URL that was asked.

    Raises:
        APIResponseValidationError: No header of it says where to ask, or one says it wrongly.
        CrossOriginError: It names an origin that is neither trusted nor the caller's own.
    """
    url = response.request.url
    where = f"the response {response.status_code} of {response.request.method} {redact_url(url)}"
    for name in _HEADERS:
        if (link := response.headers.get(name)) is not None:
            try:
                told = f"{where} names an operation"
                return Start(followed_url(link, origins, own=own, told=told, base=url), told=response.headers)
            except ValueError as error:
                raise APIResponseValidationError(f"{where} has a broken {name}: {error}", response=response) from None
    raise APIResponseValidationError(
        f"{where} has no header that says where to ask after an operation: none of {', '.join(_HEADERS)}",
        response=response,
    )


def encode_token(url: str, polls: int) -> dict[str, Any]:
    """Make the token of an operation.

    Args:
        url: Where it is asked after.
        polls: How many polls were made.
    """
    known = httpx.URL(url)
    return {"version": _VERSION, "url": str(known.copy_with(userinfo=b"")) if known.userinfo else url, "polls": polls}


def start_of_token(token: Mapping[str, object], origins: Origins, base: httpx.URL) -> Start:
    """Read the token of an operation.

    Args:
        token: What `encode_token` gave, or its copy through JSON.
        origins: Where it may lead.
        base: The client's base URL.

    Raises:
        ValueError: It is broken; the message names the field.
        CrossOriginError: Its URL is of an origin that is not trusted.
    """
    for name in ("version", "url", "polls"):
        if name not in token:
            raise ValueError(f"broken token of an operation, or one of another kind: it has no {name!r}")
    if strange := token.keys() - {"version", "url", "polls"}:
        raise ValueError(f"broken token of an operation: it has the unknown key {min(map(str, strange))!r}")
    version, url, polls = token["version"], token["url"], token["polls"]
    if version != _VERSION:
        raise _broken("version", str(_VERSION), version)
    if isinstance(polls, bool) or not isinstance(polls, int) or polls < 0:
        raise _broken("polls", "a whole number", polls)
    if not isinstance(url, str):
        raise _broken("url", "text", url)
    try:
        resolved = resolve_url(base, url).url
    except ValueError as error:
        raise ValueError(f"broken token of an operation: its url can't be asked: {error}") from None
    followed_url(resolved, origins, own="", told="the token names an operation")
    return Start(url, polls)


def _broken(name: str, expected: str, got: object) -> ValueError:
    return ValueError(f"broken token of an operation: its {name} must be {expected}, got {got!r:.80}")
