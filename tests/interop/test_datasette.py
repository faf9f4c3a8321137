"""Crawls of a real API: Datasette, over the Unicode table, paged by the URL of the next page or by Link headers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from support.live import Live, everything, opened, settle, take
from support.unicode_table import Character, characters
from trio_api import (
    AsyncLinkPage,
    AsyncNextURLPage,
    BadRequestError,
    NotFoundError,
    SyncLinkPage,
    SyncNextURLPage,
)

T = TypeVar("T")

TABLE = "unicode/characters.json"
BELOW = 0x1400  # some 4,700 records: tests that need not go further stay within
SLICE = tuple(character for character in characters() if character.codepoint < BELOW)


class AsyncRowsPage(AsyncNextURLPage[T]):
    """A page of Datasette."""

    items_field = "rows"
    next_field = "next_url"


class SyncRowsPage(SyncNextURLPage[T]):
    """A page of Datasette."""

    items_field = "rows"
    next_field = "next_url"


@pytest.fixture
def rows(live: Live) -> Callable[..., Any]:
    """Make the paginator of the table; parameters are added to the request's."""
    page = live.of((AsyncRowsPage, SyncRowsPage))

    def paginator(client: Any, **params: object) -> Any:
        options = {"params": {"_shape": "objects", "_size": 1000, "_nocount": 1, **params}}
        return client.get_api_list(TABLE, model=Character, page=page[Character], options=options)

    return paginator


Rows = Callable[..., Any]


def test_a_prefetched_crawl(live: Live, rows: Rows, datasette: str) -> None:
    """Every record arrives once, in order and equal to its source, pages ahead of their use.

    On Trio they are all of the table's, some 140,000; the blocking client, for the sake of time, gets a part.
    """
    below = live.of((sys.maxunicode + 1, 0x3000))
    found = live.items(datasette, lambda client: rows(client, codepoint__lt=below).prefetch(ahead=4))
    assert found == [character for character in characters() if character.codepoint < below]


def test_a_lazy_crawl(live: Live, rows: Rows, datasette: str) -> None:
    """Page after page, the records of a slice are those of the source."""
    assert tuple(live.items(datasette, lambda client: rows(client, codepoint__lt=BELOW))) == SLICE


@pytest.mark.parametrize("how", [{}, {"limit": 3}, {"ordered": False}], ids=str)
def test_fan_out_is_prefetch_where_only_the_next_page_is_known(
    live: Live, rows: Rows, datasette: str, how: dict[str, Any]
) -> None:
    """A fan-out of a list that tells one page at a time gives the same records, and says how it came by them."""

    async def crawl(client: Any) -> tuple[list[Character], str]:
        async with opened(rows(client, codepoint__lt=BELOW).fan_out(**how)) as items:
            return await everything(items), items.statistics().mode

    found, mode = live.call(datasette, crawl)
    assert (tuple(found), mode) == (SLICE, "prefetch")


@pytest.mark.parametrize("taken", [0, 999, 1000, 2500])
def test_a_crawl_resumes_where_it_stopped(live: Live, rows: Rows, datasette: str, taken: int) -> None:
    """What was consumed and what comes after `resume` are the whole, with nothing lost or doubled."""

    async def stop(client: Any) -> tuple[list[Character], str]:
        async with opened(rows(client, codepoint__lt=BELOW).prefetch(ahead=2)) as items:
            return await take(items, taken), json.dumps(items.checkpoint())

    before, token = live.call(datasette, stop)
    after = live.items(datasette, lambda client: rows(client, codepoint__lt=BELOW).resume(json.loads(token)))
    assert tuple(before + after) == SLICE


def test_filters_stay_on_every_page(live: Live, rows: Rows, datasette: str) -> None:
    """The parameters of the first request hold for every page that its links lead to."""
    found = live.items(datasette, lambda client: rows(client, name__contains="GREEK SMALL", _size=100))
    assert found == [character for character in characters() if "GREEK SMALL" in character.name]
    assert len(found) > 100


@pytest.mark.parametrize(
    "crawl", [lambda pages: pages, lambda pages: pages.prefetch(ahead=2)], ids=["lazy", "prefetch"]
)
def test_the_same_by_link_headers(live: Live, datasette: str, crawl: Callable[[Any], Any]) -> None:
    """With ``_shape=array`` the body is the array and the next page stands in the Link header."""
    page = live.of((AsyncLinkPage[Character], SyncLinkPage[Character]))
    options = {"params": {"_shape": "array", "_size": 1000, "codepoint__lt": BELOW}}
    found = live.items(
        datasette, lambda client: crawl(client.get_api_list(TABLE, model=Character, page=page, options=options))
    )
    assert tuple(found) == SLICE


def test_page_by_page(live: Live, rows: Rows, datasette: str) -> None:
    """A page knows its items, the response it came from, and how to get the next one."""

    async def two_pages(client: Any) -> list[Any]:
        first = await settle(rows(client, codepoint__lt=1500).first_page())
        return [first, await settle(first.get_next_page())]

    first, second = live.call(datasette, two_pages)
    assert (first.has_next_page(), second.has_next_page()) == (True, False)
    assert first.data + second.data == [character for character in characters() if character.codepoint < 1500]
    assert (first.response.status_code, tuple(first.response.problems)) == (200, ())
    assert second.response.url.params["_next"] == str(first.data[-1].codepoint)


def test_a_table_that_is_not_there(live: Live, datasette: str) -> None:
    """An error of the server is the error of the list, with the server's own words."""
    page = live.of((AsyncRowsPage[object], SyncRowsPage[object]))
    with pytest.raises(NotFoundError, match=r"^Error code: 404 - Table not found$"):
        live.items(datasette, lambda client: client.get_api_list("unicode/runes.json", model=object, page=page))


def test_a_parameter_that_the_server_refuses(live: Live, rows: Rows, datasette: str) -> None:
    """A 400 is not tried again."""
    with pytest.raises(BadRequestError, match=r"_size must be <= 1000$") as caught:
        live.items(datasette, lambda client: rows(client, _size=2000))
    assert len(caught.value.attempts) == 1
