"""How a table is cut into pages: one function for each style of pagination that APIs have.

Each takes the table, the parameters of the request and the URL of the list, and gives one page.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

import msgspec

from ._exchange import Refusal, Reply
from ._tables import Table

__all__ = ["STYLES", "Style"]

Parameters = Mapping[str, object]
Style = Callable[[Table, Parameters, str], Reply]

DEFAULT_PAGE_SIZE: Final = 100  # records
MAX_PAGE_SIZE: Final = 1000  # records


def cursor(table: Table, parameters: Parameters, url: str) -> Reply:
    """``{"object": "list", "data": [...], "has_more": true}``, with ``?after=<id of the last record seen>``."""
    size = _size(parameters, "limit")
    start = 0
    after = parameters.get("after")
    if after is not None:
        if after not in table.positions:
            raise Refusal(400, f"after: there is no record {after!r}")
        start = table.positions[str(after)] + 1
    return _object(table, start, size, {"object": "list", "has_more": start + size < len(table)})


def token(table: Table, parameters: Parameters, url: str) -> Reply:
    """``{"data": [...], "next_page_token": "..."}``, with ``?page_token=``; the last page has no token."""
    size = _size(parameters, "page_size")
    page_token = parameters.get("page_token")
    start = 0 if page_token is None else _position_in(page_token)
    more = {"next_page_token": _token_for(start + size)} if start + size < len(table) else {}
    return _object(table, start, size, more)


def offset(table: Table, parameters: Parameters, url: str) -> Reply:
    """``{"data": [...], "offset": 0, "limit": 100, "total": 140000}``, with ``?offset=&limit=``."""
    size = _size(parameters, "limit")
    start = _integer(parameters, "offset", default=0, least=0)
    return _object(table, start, size, {"offset": start, "limit": size, "total": len(table)})


def page(table: Table, parameters: Parameters, url: str) -> Reply:
    """``{"data": [...], "page": 1, "total_pages": 1400}``, with ``?page=&per_page=``; pages count from 1."""
    size = _size(parameters, "per_page")
    number = _integer(parameters, "page", default=1, least=1)
    return _object(table, (number - 1) * size, size, {"page": number, "total_pages": _pages(table, size)})


def link(table: Table, parameters: Parameters, url: str) -> Reply:
    """``[...]`` with a ``Link`` header (RFC 8288) of rel first, prev, next and last, and ``?page=&per_page=``."""
    size = _size(parameters, "per_page")
    number = _integer(parameters, "page", default=1, least=1)
    last = max(1, _pages(table, size))
    targets = {"prev": number - 1, "next": number + 1, "first": 1, "last": last}
    links = ", ".join(
        f'<{_with(url, parameters, page=target)}>; rel="{relation}"'
        for relation, target in targets.items()
        if 1 <= target <= last
    )
    start = (number - 1) * size
    return Reply(200, b"[" + b",".join(table.rows[start : start + size]) + b"]", (("Link", links),))


def next_url(table: Table, parameters: Parameters, url: str) -> Reply:
    """``{"data": [...], "next": "http://..."}``, an absolute URL with an opaque place; null on the last page."""
    size = _size(parameters, "limit")
    place = parameters.get("place")
    start = 0 if place is None else _position_in(place)
    follow = _with(url, parameters, place=_token_for(start + size)) if start + size < len(table) else None
    return _object(table, start, size, {"next": follow})


STYLES: Final[Mapping[str, Style]] = {
    "cursor": cursor,
    "token": token,
    "next": next_url,
    "offset": offset,
    "page": page,
    "link": link,
}
"""The styles by the first part of their path."""


def _object(table: Table, start: int, size: int, fields: Mapping[str, object]) -> Reply:
    """A JSON object of *fields* and ``data``, which is joined from encoded rows rather than encoded again."""
    rest = b"".join(b',"%s":%s' % (name.encode(), msgspec.json.encode(value)) for name, value in fields.items())
    return Reply(200, b'{"data":[' + b",".join(table.rows[start : start + size]) + b"]" + rest + b"}")


def _pages(table: Table, size: int) -> int:
    return -(-len(table) // size)


def _size(parameters: Parameters, name: str) -> int:
    return min(_integer(parameters, name, default=DEFAULT_PAGE_SIZE, least=1), MAX_PAGE_SIZE)


def _integer(parameters: Parameters, name: str, *, default: int, least: int) -> int:
    given = parameters.get(name, default)
    try:
        number = int(str(given))
    except ValueError:
        raise Refusal(400, f"{name}: expected an integer, got {given!r}") from None
    if number < least:
        raise Refusal(400, f"{name}: expected at least {least}, got {number}")
    return number


def _with(url: str, parameters: Parameters, **changes: object) -> str:
    return f"{url}?{urlencode({**parameters, **changes})}"


def _token_for(position: int) -> str:
    return base64.urlsafe_b64encode(b"position:%d" % position).decode().rstrip("=")


def _position_in(given: object) -> int:
    text = str(given)
    try:
        name, _, position = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).partition(b":")
        if name == b"position" and position.isdigit():
            return int(position)
    except (binascii.Error, ValueError):
        pass
    raise Refusal(400, f"not a token of this list: {text!r}")
