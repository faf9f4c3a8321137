"""What follows a redirect, by the Fetch standard (4.4, HTTP-redirect fetch) and RFC 9110 (15.4)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

import httpx

from .._constants import MAX_REDIRECTS
from .._redact import RedactedRequest
from ._body import BytesStream
from ._credentials import CONTENT_HEADERS, extensions_of_next, filter_for_origin
from ._origins import Origins, origin_of
from ._urls import check_text, has_scheme, parse_url, shown

__all__ = ["REDIRECTS", "RedirectProblem", "redirect_request"]

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""The statuses that name another URL by ``Location``."""


class RedirectProblem(Exception):
    """A redirect that can't be followed; the message is fit to be shown."""


def redirect_request(
    request: httpx.Request,
    response: httpx.Response,
    origins: Origins,
    *,
    hops: int,
    replayable: bool,
    idempotency_header: str | None,
) -> RedactedRequest | None:
    """Make the request that a redirect asks for.

    What was taken from *request* on an earlier hop stays away. Cookies are taken on every hop: the client's jar
    knows which belong to the new URL.

    Args:
        request: What was sent.
        response: What came.
        origins: Where credentials may go.
        hops: How many redirects were followed before.
        replayable: Whether the body can be sent again.
        idempotency_header: The header of the idempotency key. It stays with the method and the origin it was for.

    Returns:
        The next request, or None if *response* is no redirect: another status, or no ``Location``.

    Raises:
        RedirectProblem: Too many hops, a URL that is broken or of another scheme, or a body that is spent.
    """
    if response.status_code not in REDIRECTS or not (locations := response.headers.get_list("location")):
        return None
    if hops >= MAX_REDIRECTS:
        raise RedirectProblem(f"More than {MAX_REDIRECTS} redirects")
    url = _target(request.url, locations)
    method = _method(request.method, response.status_code)
    headers = request.headers.copy()
    dropped = {"cookie"}
    if method != request.method:
        dropped |= CONTENT_HEADERS | {"expect"}
    same_origin = origin_of(url) == origin_of(request.url)
    if idempotency_header is not None and not (same_origin and method == request.method):
        dropped.add(idempotency_header.lower())
    for name in dropped & set(headers):
        del headers[name]
    if not same_origin:
        headers["Host"] = url.netloc.decode("ascii")
    stream = request.stream
    if method != request.method:
        stream = BytesStream(b"")
    elif not replayable:
        raise RedirectProblem(f"Redirected with status {response.status_code}, but the body can't be sent again")
    redirected = RedactedRequest(
        method, url, headers=headers, stream=stream, extensions=extensions_of_next(request, origins)
    )
    if isinstance(stream, httpx.ByteStream):
        redirected.read()
    filter_for_origin(redirected, origins)
    return redirected


def _method(method: str, status_code: int) -> str:
    if status_code == 303 and method != "HEAD":
        return "GET"
    if status_code in (301, 302) and method == "POST":
        return "GET"
    return method


def _target(url: httpx.URL, locations: list[str]) -> httpx.URL:
    """The URL that ``Location`` names, without userinfo and fragment: who sent it has no credentials to give."""
    if len(set(locations)) > 1:
        raise RedirectProblem("Redirected to more than one Location")
    text = locations[0].partition("#")[0]
    try:
        check_text(text, "Location")
        target = parse_url(_joined(url, text), "Location")
    except ValueError as error:
        raise RedirectProblem(f"Redirected to a URL that can't be requested: {error}") from None
    return target.copy_with(userinfo=b"") if target.userinfo else target


def _joined(url: httpx.URL, text: str) -> str:
    """*text* as a reference relative to *url* (RFC 3986, 5.2.2); with a scheme it is absolute, and has to be whole."""
    if "\\" in text.partition("?")[0]:
        raise ValueError(f"Location {shown(text)!r} has a backslash")
    try:
        return text if has_scheme(text) else urljoin(str(url), text)
    except ValueError:  # its message can show userinfo
        raise ValueError(f"Location {shown(text)!r} is not a valid URL") from None
