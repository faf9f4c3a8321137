"""One rule for each style: the names by which a response follows it, or None where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import NoneType
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from ._json_paths import Path, as_array, as_object, at
from ._shape import FirstResponse, Names
from ._vocabulary import (
    ENVELOPES,
    HAS_MORE,
    LIMITS,
    NEXT_URLS,
    OBJECT_TOKENS,
    OFFSETS,
    PAGES,
    TOKENS,
    TOTAL_PAGES,
    TOTALS,
)

__all__ = ["RULES", "Rule", "count_of", "next_url_of"]

Rule: TypeAlias = Callable[[FirstResponse, Path], "Names | None"]
"""A function of the response and of the path of its items."""


def link(response: FirstResponse, items: Path) -> Names | None:
    """A ``Link`` header (RFC 8288) that names another page: GitHub, GitLab, Shopify."""
    relations = response.headers.get("link", "").replace('"', "").replace(" ", "")
    return {} if any(f"rel={name}" in relations for name in ("next", "prev", "last")) else None


def next_url(response: FirstResponse, items: Path) -> Names | None:
    """The URL of the next page in the body, or null in its place on the last one."""
    found = next_url_of(response.body)
    return {"next_field": found} if found else None


def token(response: FirstResponse, items: Path) -> Names | None:
    """A token to send with the next request: Google, AWS, Slack, Notion, Kubernetes."""
    for path, value in _facts(response.body, tuple(TOKENS)):
        name = path[-1]
        if not isinstance(value, (str, NoneType, dict if name in OBJECT_TOKENS else int)):
            continue
        param = TOKENS[name]
        if path == ("next_cursor",) and "has_more" in as_object(response.body) and items == ("results",):
            param = "start_cursor"  # Notion
        return {"token_field": path, "token_param": param}
    return None


def cursor(response: FirstResponse, items: Path) -> Names | None:
    """A flag that more follows, and items with an id: OpenAI, Anthropic, Stripe."""
    body = as_object(response.body)
    for path, value in _facts(body, HAS_MORE):
        array = as_array(at(body, items))
        if isinstance(value, bool) and (not array or "id" in as_object(array[-1])):
            return {"has_more_field": path, "cursor_param": _cursor_param(response)}
    return None


def page(response: FirstResponse, items: Path) -> Names | None:
    """The number of this page, and how many there are."""
    for page_path, number in _facts(response.body, tuple(PAGES)):
        for total_path, total in _facts(response.body, TOTAL_PAGES, page_path[:-1]):
            if _is_count(number) and _is_count(total):
                param = _first_sent(response, PAGES) or PAGES[page_path[-1]]
                first = {"first_page_number": 0} if number == 0 else {}  # Spring Data, Algolia
                return {"page_param": param, "page_field": page_path, "total_pages_field": total_path, **first}
    return None


def offset(response: FirstResponse, items: Path) -> Names | None:
    """The number of items in all, with an offset in the response or in the request."""
    for total_path, total in _facts(response.body, TOTALS):
        envelope = as_object(at(response.body, total_path[:-1]))
        param = _first_sent(response, OFFSETS) or next(
            (name for name in OFFSETS if _is_count(envelope.get(name))), None
        )
        if _is_count(total) and param is not None:
            size = _first_sent(response, LIMITS) or next((name for name in LIMITS if name in envelope), "limit")
            return {"offset_param": param, "limit_param": size, "total_field": total_path}
    return None


def proven_page(response: FirstResponse, items: Path) -> Names | None:
    """Page numbers where the next URL proves the parameter: it differs from this request by that number alone.

    Then the later pages are known from the first, which a next URL alone does not give.
    """
    names = page(response, items)
    change = _change_to_next(response)
    number = count_of(response.body, tuple(PAGES))
    if names is None or change is None or number is None or number[1] + 1 != change[1]:
        return None
    return {**names, "page_param": change[0]}


def proven_offset(response: FirstResponse, items: Path) -> Names | None:
    """Offsets where the next URL proves the parameter, by moving on by the number of items of this page."""
    change = _change_to_next(response)
    total = count_of(response.body, TOTALS)
    array = as_array(at(response.body, items))
    if change is None or total is None or change[0] not in OFFSETS:
        return None
    before = _number(response.sent.get(change[0], 0))
    if not array or before is None or change[1] != before + len(array) or total[1] < change[1]:
        return None
    sent = dict(parse_qsl(urlsplit(str(at(response.body, next_url_of(response.body) or ()))).query))
    size = next((name for name in LIMITS if name in sent), "limit")
    return {"offset_param": change[0], "limit_param": size, "total_field": total[0]}


RULES: Final[tuple[tuple[str, Rule], ...]] = (
    ("link", link),
    ("page", proven_page),
    ("offset", proven_offset),
    ("next", next_url),
    ("token", token),
    ("cursor", cursor),
    ("page", page),
    ("offset", offset),
)
"""In the order in which they are asked: what the server says outright comes before what has to be concluded."""


def next_url_of(body: object) -> Path | None:
    """The path of the next page's URL; where there is none, of a null in its place."""
    null: Path | None = None
    for path, value in _facts(body, NEXT_URLS):
        if isinstance(as_object(value).get("href"), str):  # HAL and JSON:API: {"href": "..."}
            return (*path, "href")
        if isinstance(value, str) and value.startswith(("http://", "https://", "/", "?")):
            return path
        if value is None and null is None:
            null = path
    return null


def count_of(body: object, names: tuple[str, ...]) -> tuple[Path, int] | None:
    """The first of *names* that has a count, with its path."""
    return next(((path, _count(value)) for path, value in _facts(body, names) if _is_count(value)), None)


def _facts(body: object, names: tuple[str, ...], envelope: Path | None = None) -> Iterator[tuple[Path, object]]:
    """Where one of *names* stands in the body: in the order of envelopes, then of names."""
    for path in ENVELOPES if envelope is None else (envelope,):
        within = as_object(at(body, path))
        for name in names:
            if name in within:
                yield (*path, name), within[name]


def _change_to_next(response: FirstResponse) -> tuple[str, int] | None:
    """The one parameter by which the next URL differs from the request, and its new number.

    Parameters that the server spells out though they were not sent (the page size) do not count as a difference.
    """
    path = next_url_of(response.body)
    target = at(response.body, path) if path else None
    if not isinstance(target, str):
        return None
    sent = {name: str(value) for name, value in response.sent.items()}
    there = parse_qsl(urlsplit(target).query, keep_blank_values=True)
    changed = [(name, value) for name, value in there if sent.get(name) != value and name not in LIMITS]
    if len(changed) != 1 or not set(sent) <= {name for name, _ in there}:
        return None
    number = _number(changed[0][1])
    return None if number is None else (changed[0][0], number)


def _cursor_param(response: FirstResponse) -> str:
    sent = _first_sent(response, ("after", "starting_after", "after_id", "cursor"))
    body = as_object(response.body)
    if sent is not None or body.get("object") != "list":
        return sent or ("after_id" if "last_id" in body else "after")  # Anthropic
    return "starting_after" if "url" in body else "after"  # Stripe, OpenAI


def _first_sent(response: FirstResponse, names: tuple[str, ...] | Mapping[str, str]) -> str | None:
    return next((name for name in names if name in response.sent), None)


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
