"""Many lists at once, in either colour."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
from trio.testing import MockClock

import trio_api
from support.paged import ThreadPages, TrioPages, options
from trio_api import AsyncCursorPage, AsyncPageNumberPage, AsyncPaginator, SyncPageNumberPage, SyncPaginator


def trio_list(
    client: TrioPages, path: str = "/items", page: Any = AsyncPageNumberPage[int]
) -> AsyncPaginator[Any, Any]:
    return AsyncPaginator(client, options(path), page, int)


def blocking_list(client: ThreadPages, path: str = "/items") -> SyncPaginator[Any, Any]:
    return SyncPaginator(client, options(path), SyncPageNumberPage[int], int)


async def test_lists_come_one_after_the_other_and_are_fetched_side_by_side(autojump_clock: MockClock) -> None:
    """Three lists of four pages of a second, four at a time: four seconds, not twelve."""
    client = TrioPages(4)
    async with trio_api.fan_out([trio_list(client, f"/{n}") for n in range(3)], limit=4) as items:
        assert [item async for item in items] == client.items * 3
    assert trio.current_time() == pytest.approx(4)
    assert client.most_in_flight == 4
    assert items.statistics().mode == "fan_out"


async def test_out_of_order_cursor_lists_go_on_side_by_side(autojump_clock: MockClock) -> None:
    """Five lists that each must be followed page by page take as long as one."""
    client = TrioPages(6)
    lists = [trio_list(client, f"/{n}", AsyncCursorPage[dict[str, int]]) for n in range(5)]
    async with trio_api.fan_out(iter(lists), ordered=False) as items:
        found = [item["id"] async for item in items]
    assert sorted(found) == sorted(client.items * 5)
    assert trio.current_time() == pytest.approx(6)


async def test_lists_may_be_of_several_clients(autojump_clock: MockClock) -> None:
    """Each page is fetched by its own."""
    one, other = TrioPages(2), TrioPages(3)
    async with trio_api.fan_out([trio_list(one), trio_list(other)]) as items:
        assert [item async for item in items] == one.items + other.items
    assert (sorted(one.asked), sorted(other.asked)) == ([1, 2], [1, 2, 3])


def test_blocking_lists_are_fetched_by_threads() -> None:
    """The same with `with` and `for`."""
    client = ThreadPages(4)
    with trio_api.fan_out([blocking_list(client), blocking_list(client)], limit=3) as items:
        assert list(items) == client.items * 2
    assert client.most_in_flight <= 3


async def test_no_lists_give_no_items() -> None:
    """In either colour, since there is nothing to tell it by."""
    async with trio_api.fan_out([]) as items:
        assert [item async for item in items] == []
    with trio_api.fan_out([]) as none:
        assert list(none) == []
    assert trio_api.fan_out([]).checkpoint() == {"version": 1, "lists": []}
    assert trio_api.fan_out([]).statistics().pages_fetched == 0


@pytest.mark.parametrize("ordered", [True, False])
async def test_a_checkpoint_holds_a_place_in_every_list(autojump_clock: MockClock, ordered: bool) -> None:
    """Given back as `resume`, nothing is lost or doubled, wherever it was taken."""
    client = TrioPages(3)

    def lists() -> list[AsyncPaginator[Any, Any]]:
        return [trio_list(client, f"/{n}") for n in range(3)]

    for stop in range(0, 28, 3):
        async with trio_api.fan_out(lists(), limit=2, ordered=ordered) as items:
            before = [await anext(items) for _ in range(stop)]
            token = json.loads(json.dumps(items.checkpoint()))
        async with trio_api.fan_out(lists(), resume=token, ordered=ordered) as items:
            rest = [item async for item in items]
        whole = client.items * 3
        assert before + rest == whole if ordered else sorted(before + rest) == sorted(whole)


async def test_a_checkpoint_of_other_lists_is_refused() -> None:
    """Before anything is fetched."""
    client = TrioPages()
    token = trio_api.fan_out([trio_list(client)]).checkpoint()
    with pytest.raises(ValueError, match="it has 1 of them, and 2 are given"):
        trio_api.fan_out([trio_list(client), trio_list(client)], resume=token)
    with pytest.raises(ValueError, match=r"\$\.lists\[0\] is of GET /items, this list is GET /other"):
        trio_api.fan_out([trio_list(client, "/other")], resume=token)


async def test_what_are_no_paginators_is_refused() -> None:
    """The error says which one, and what to use for a single list."""
    listing, blocking = trio_list(TrioPages()), blocking_list(ThreadPages())
    for single in (listing, blocking):
        with pytest.raises(TypeError, match=r"must be a list of paginators.*use paginator\.fan_out\(limit=\.\.\.\)"):
            trio_api.fan_out(single)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="must be a list of paginators, got 5"):
        trio_api.fan_out(5)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"paginators\[1\] must be a paginator from get_api_list\(...\), got 'x'"):
        trio_api.fan_out([listing, "x"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"of one colour: \[0\] is AsyncPaginator, \[1\] is SyncPaginator"):
        trio_api.fan_out([listing, blocking])  # type: ignore[list-item]


async def test_the_limit_is_checked() -> None:
    """By name, before anything is fetched."""
    with pytest.raises(ValueError, match="limit must be at least 1"):
        trio_api.fan_out([trio_list(TrioPages())], limit=0)
