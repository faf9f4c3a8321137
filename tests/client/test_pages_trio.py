"""The Trio driver of pages on a virtual clock, against as little of a client as it needs."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock, assert_checkpoints, wait_all_tasks_blocked

from support.paged import TrioPages, options
from trio_api import (
    AsyncCursorPage,
    AsyncItems,
    AsyncPageNumberPage,
    AsyncPaginator,
    ClientStateError,
    SyncCursorPage,
)


def paginator(client: TrioPages, page: Any = AsyncPageNumberPage[int], model: Any = int) -> AsyncPaginator[Any, Any]:
    return AsyncPaginator(client, options(), page, model)


Open = Callable[[AsyncPaginator[Any, Any]], AsyncItems[Any, Any]]
in_background = pytest.mark.parametrize(
    "open_items", [lambda it: it.prefetch(2), lambda it: it.fan_out(3)], ids=["prefetch", "fan_out"]
)


# -- one page after the other ------------------------------------------------------------------------------------


async def test_awaiting_a_paginator_gives_the_first_page(autojump_clock: MockClock) -> None:
    """So does first_page(); each time it is fetched."""
    client = TrioPages()
    listing = paginator(client)
    page = await listing
    assert page.data == [0, 1, 2]
    assert (await listing.first_page()).data == [0, 1, 2]
    assert client.asked == [1, 1]


async def test_iteration_is_lazy(autojump_clock: MockClock) -> None:
    """A page is fetched when its first item is asked for."""
    client = TrioPages()
    found = []
    async for item in paginator(client):
        assert len(client.asked) == item // 3 + 1
        found.append(item)
    assert found == client.items


async def test_each_iteration_begins_at_the_beginning(autojump_clock: MockClock) -> None:
    """A paginator is a description: it is not used up."""
    listing = paginator(TrioPages(2))
    assert [item async for item in listing] == [item async for item in listing] == list(range(6))
    assert [page.page async for page in listing.iter_pages()] == [1, 2]


@pytest.mark.filterwarnings("error")
async def test_a_loop_that_is_left_leaks_nothing(autojump_clock: MockClock) -> None:
    """Iterators are no generators: Trio has nothing to warn of when one is abandoned."""
    client = TrioPages()
    async for item in paginator(client):
        if item == 4:
            break
    gc.collect()
    await wait_all_tasks_blocked()
    assert client.in_flight == 0


async def test_a_page_goes_on_by_itself(autojump_clock: MockClock) -> None:
    """get_next_page, iter_pages and iteration begin with the page in hand; the items keep their type."""
    client = TrioPages(3)
    first = await paginator(client)
    second = await first.get_next_page()
    assert second.data == [3, 4, 5]
    assert second._page_type == AsyncPageNumberPage[int]
    assert [page.page async for page in second.iter_pages()] == [2, 3]
    assert [item async for item in first] == client.items
    assert client.asked == [1, 2, 3, 2, 3]


async def test_the_last_page_has_no_next_one(autojump_clock: MockClock) -> None:
    """The error says what to ask first."""
    page = await paginator(TrioPages(1))
    with pytest.raises(RuntimeError, match=r"ask page\.has_next_page\(\) first"):
        await page.get_next_page()


async def test_an_error_in_place_of_a_page_is_raised_where_it_stands(autojump_clock: MockClock) -> None:
    """After the items before it; then the iteration is over."""
    error = OSError("page 2")
    iterator = aiter(paginator(TrioPages(failing={2: error})))
    assert [await anext(iterator) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="page 2") as caught:
        await anext(iterator)
    assert caught.value is error
    with pytest.raises(StopAsyncIteration):
        await anext(iterator)


async def test_a_cancelled_fetch_is_made_again(autojump_clock: MockClock) -> None:
    """A consumer that gave up waiting may go on later, and misses nothing."""
    client = TrioPages(3)
    iterator = aiter(paginator(client))
    found = []
    while len(found) < 9:
        with trio.move_on_after(0.5):
            await anext(iterator)
            raise AssertionError("a page takes a second")  # pragma: no cover
        found += [await anext(iterator) for _ in range(3)]
    assert found == client.items
    assert client.asked == [1, 1, 2, 2, 3, 3]


async def test_tasks_share_a_lazy_iterator(autojump_clock: MockClock) -> None:
    """Each item goes to one of them, and no page is fetched twice."""
    client = TrioPages(5)
    iterator = aiter(paginator(client))
    found: list[list[int]] = [[], [], []]

    async def worker(mine: list[int]) -> None:
        async for item in iterator:
            mine.append(item)
            await trio.sleep(0.1)

    async with trio.open_nursery() as nursery:
        for mine in found:
            nursery.start_soon(worker, mine)
    assert sorted(item for mine in found for item in mine) == client.items
    assert all(found)
    assert client.asked == [1, 2, 3, 4, 5]


async def test_a_lazy_iterator_has_a_checkpoint(autojump_clock: MockClock) -> None:
    """A dump that goes page by page can be resumed too."""
    client = TrioPages(3)
    iterator = aiter(paginator(client))
    before = [await anext(iterator) for _ in range(4)]
    rest = paginator(client).resume(json.loads(json.dumps(iterator.checkpoint())))
    assert before + [item async for item in rest] == client.items
    assert iterator.statistics().mode == "lazy"


# -- in the background -------------------------------------------------------------------------------------------


async def test_prefetch_overlaps_fetching_and_work(autojump_clock: MockClock) -> None:
    """Ten pages of a second and a second of work each take eleven seconds, not twenty."""
    client = TrioPages(10, 1)
    async with paginator(client).prefetch(ahead=4) as items:
        async for _ in items:
            await trio.sleep(1)
    assert trio.current_time() == pytest.approx(11)
    assert items.statistics().mode == "prefetch"


@pytest.mark.parametrize("ahead", [1, 4])
async def test_prefetch_holds_no_more_pages_than_it_may(autojump_clock: MockClock, ahead: int) -> None:
    """`ahead` of them and the one being consumed: backpressure stops the rest."""
    client = TrioPages(20, 1)
    async with paginator(client).prefetch(ahead) as items:
        await trio.sleep(30)
        assert len(client.asked) == ahead
        async for item in items:
            await trio.sleep(5)
            assert len(client.asked) <= item + 1 + ahead
    assert client.most_in_flight == 1
    assert client.most_alive <= ahead + 1


async def test_fan_out_takes_as_long_as_its_rounds(autojump_clock: MockClock) -> None:
    """200 pages of 50 ms, 20 at a time: the first page, then ten rounds."""
    client = TrioPages(200, 1, seconds=0.05)
    async with paginator(client).fan_out(limit=20) as items:
        assert [item async for item in items] == client.items
    assert trio.current_time() == pytest.approx(0.55)
    assert client.most_in_flight == 20
    assert items.statistics().mode == "fan_out"


async def test_fan_out_of_a_cursor_list_is_prefetch(autojump_clock: MockClock) -> None:
    """Nothing can be fetched side by side, and the statistics say so."""
    client = TrioPages(9)
    async with paginator(client, AsyncCursorPage[dict[str, int]]).fan_out(limit=4) as items:
        assert [item["id"] async for item in items] == client.items
    assert client.most_in_flight == 1
    assert items.statistics().mode == "prefetch"


async def test_out_of_order_a_slow_page_holds_nothing_up(autojump_clock: MockClock) -> None:
    """With ordered=False items come as their pages do."""

    class SlowSecond(TrioPages):
        async def _fetch_page(self, page_type: Any, request: Any) -> Any:
            if request.params.get("page") == 2:
                await trio.sleep(60)
            return await super()._fetch_page(page_type, request)

    client = SlowSecond(5, 1)
    async with paginator(client).fan_out(limit=4, ordered=False) as items:
        found = [item async for item in items]
    assert (found[0], found[-1], sorted(found)) == (0, 1, client.items)


@in_background
async def test_pages_come_whole(autojump_clock: MockClock, open_items: Open) -> None:
    """items.pages() gives pages, and counts their items as consumed."""
    client = TrioPages(4)
    async with open_items(paginator(client)) as items:
        assert [page.page async for page in items.pages()] == [1, 2, 3, 4]
    assert items.statistics().items_delivered == 12


@in_background
async def test_leaving_early_stops_all_fetching(autojump_clock: MockClock, open_items: Open) -> None:
    """When the block is left nothing is in flight, and no time has passed for it."""
    client = TrioPages(50)
    async with open_items(paginator(client)) as items:
        async for item in items:
            if item == 4:
                break
        await wait_all_tasks_blocked()
        assert client.in_flight > 0
        left_at = trio.current_time()
    assert client.in_flight == 0
    assert trio.current_time() == left_at


@in_background
async def test_an_error_of_the_body_comes_out_single(autojump_clock: MockClock, open_items: Open) -> None:
    """Though pages are in flight, and one has failed already."""
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught:
        async with open_items(paginator(TrioPages(failing={2: OSError()}))) as items:
            async for _ in items:
                await trio.sleep(10)
                raise error
    assert caught.value is error


@in_background
async def test_an_error_of_a_page_comes_out_single_and_in_its_place(
    autojump_clock: MockClock, open_items: Open
) -> None:
    """Page 7 fails early: every item of pages 1 to 6 comes first."""
    found = []
    with pytest.raises(OSError, match="page 7"):
        async with open_items(paginator(TrioPages(20, failing={7: OSError("page 7")}))) as items:
            async for item in items:
                found.append(item)  # noqa: PERF401  # a comprehension would lose what came before the error
    assert found == list(range(18))


@in_background
async def test_the_callers_deadline_covers_fetching(autojump_clock: MockClock, open_items: Open) -> None:
    """The tasks run in the caller's scope, and its end comes out as one Cancelled."""
    came_out: list[type[BaseException]] = []
    deadlines: list[float] = []

    class Watched(TrioPages):
        async def _fetch_page(self, page_type: Any, request: Any) -> Any:
            deadlines.append(trio.current_effective_deadline())
            return await super()._fetch_page(page_type, request)

    client = Watched(50)
    deadline = trio.current_time() + 4.5
    with trio.CancelScope(deadline=deadline) as scope:
        try:
            async with open_items(paginator(client)) as items:
                async for _ in items:
                    pass
        except BaseException as error:
            came_out.append(type(error))
            raise
    assert scope.cancelled_caught
    assert came_out == [trio.Cancelled]
    assert client.in_flight == 0
    assert set(deadlines) == {deadline}


@in_background
async def test_cancelling_the_consumer_loses_nothing(autojump_clock: MockClock, open_items: Open) -> None:
    """However often it is cut off, each item comes once and in order."""
    client = TrioPages(6)
    found = []
    async with open_items(paginator(client)) as items:
        for attempt in range(1000):
            with trio.move_on_after(0.3 * (attempt % 3)):
                found.append(await anext(items, None))
                if found[-1] is None:
                    break
    assert found == [*client.items, None]
    assert sorted(client.asked) == [1, 2, 3, 4, 5, 6]


@in_background
async def test_tasks_share_items(autojump_clock: MockClock, open_items: Open) -> None:
    """As with a memory channel: each item goes to one of them."""
    client = TrioPages(9)
    found: list[list[int]] = [[], [], []]
    async with open_items(paginator(client)) as items, trio.open_nursery() as nursery:

        async def worker(mine: list[int]) -> None:
            async for item in items:
                mine.append(item)
                await trio.sleep(1)

        for mine in found:
            nursery.start_soon(worker, mine)
    assert sorted(item for mine in found for item in mine) == client.items
    assert all(found)


@in_background
async def test_outside_its_block_it_shows_the_right_form(autojump_clock: MockClock, open_items: Open) -> None:
    """Before, after, and entered again: ClientStateError, with the call that made it."""
    items = open_items(paginator(TrioPages(1)))
    form = (
        r"(?s){}.*async with paginator\.(prefetch\(ahead=2\)|fan_out\(limit=3\)) as items:\n.*async for item in items"
    )
    with pytest.raises(ClientStateError, match=form.format("was not entered")):
        aiter(items)
    with pytest.raises(ClientStateError, match=form.format("was not entered")):
        await anext(items)
    async with items:
        with pytest.raises(ClientStateError, match=form.format("entered before")):
            await items.__aenter__()
        assert await anext(items) == 0
    with pytest.raises(ClientStateError, match=form.format("was left")):
        await anext(items.pages())


async def test_a_task_that_waits_while_the_block_is_left_is_told(autojump_clock: MockClock) -> None:
    """It would wait for ever."""
    outcomes = []

    async def waiter() -> None:
        try:
            await anext(items)
        except ClientStateError as error:
            outcomes.append(error)

    async with trio.open_nursery() as nursery, paginator(TrioPages()).prefetch() as items:
        nursery.start_soon(waiter)
        await wait_all_tasks_blocked()
    assert len(outcomes) == 1


@in_background
async def test_a_crash_in_the_background_is_no_silence(
    autojump_clock: MockClock, open_items: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug of the engine ends the block with one internal error."""

    def bug(*args: object) -> None:
        raise KeyError("bug")

    with pytest.raises(RuntimeError, match="a bug of the library"):
        async with open_items(paginator(TrioPages())) as items:
            monkeypatch.setattr(items._feed.crawl, "arrived", bug)
            async for _ in items:
                raise AssertionError("nothing can come")  # pragma: no cover


@in_background
async def test_a_checkpoint_goes_on_where_it_was_taken(autojump_clock: MockClock, open_items: Open) -> None:
    """Before the first item, in the middle and at the end; through JSON; in any way."""
    client = TrioPages(5)
    for stop in (0, 1, 3, 8, 15):
        async with open_items(paginator(client)) as items:
            before = [await anext(items) for _ in range(stop)]
            token = json.loads(json.dumps(items.checkpoint()))
        resumed = paginator(client).resume(token)
        assert before + [item async for item in resumed] == client.items
        async with open_items(resumed) as items:
            assert before + [item async for item in items] == client.items
        assert items.checkpoint()["positions"] == []


async def test_a_list_that_was_consumed_whole_has_no_first_page(autojump_clock: MockClock) -> None:
    """Nor items; the error says why."""
    listing = paginator(TrioPages(1))
    iterator = aiter(listing)
    assert [item async for item in iterator] == [0, 1, 2]
    finished = listing.resume(iterator.checkpoint())
    assert [item async for item in finished] == []
    with pytest.raises(RuntimeError, match="consumed whole"):
        await finished.first_page()


async def test_first_page_of_a_resumed_list_is_the_one_it_goes_on_with(autojump_clock: MockClock) -> None:
    """Awaiting it gives the page whole."""
    listing = paginator(TrioPages(3))
    iterator = aiter(listing)
    for _ in range(4):
        await anext(iterator)
    assert (await listing.resume(iterator.checkpoint())).data == [3, 4, 5]


# -- checkpoints and arguments -----------------------------------------------------------------------------------


async def test_every_coroutine_is_a_checkpoint(autojump_clock: MockClock) -> None:
    """Whether it waits or not, and at the end too."""
    client = TrioPages(2, 1)
    listing = paginator(client)
    with assert_checkpoints():
        page = await listing.first_page()
    with assert_checkpoints():
        await page.get_next_page()
    for iterator in (aiter(page), aiter(listing), listing.iter_pages()):
        for _ in range(2):
            with assert_checkpoints():
                await anext(iterator)
        with assert_checkpoints():
            assert await anext(iterator, None) is None
    items = listing.prefetch()
    with assert_checkpoints():
        await items.__aenter__()
    await trio.sleep(10)
    for _ in range(2):
        with assert_checkpoints():
            await anext(items)
    with assert_checkpoints():
        assert await anext(items, None) is None
    await items.__aexit__(None, None, None)


@pytest.mark.parametrize("value", ["4", 2.0, True, None])
async def test_widths_are_ints(value: Any) -> None:
    """The error names the argument, before anything is fetched."""
    with pytest.raises(TypeError, match="ahead must be an int"):
        paginator(TrioPages()).prefetch(value)
    with pytest.raises(TypeError, match="limit must be an int"):
        paginator(TrioPages()).fan_out(value)


async def test_widths_are_at_least_one() -> None:
    """The error names the argument."""
    with pytest.raises(ValueError, match="ahead must be at least 1"):
        paginator(TrioPages()).prefetch(0)
    with pytest.raises(ValueError, match="limit must be at least 1"):
        paginator(TrioPages()).fan_out(-1)


@pytest.mark.parametrize("page", [SyncCursorPage, SyncCursorPage[int], int, list[int], "AsyncCursorPage", None])
async def test_the_page_class_must_be_of_the_colour(page: Any) -> None:
    """The error shows one that is."""
    with pytest.raises(
        TypeError, match=r"page must be a subclass of BaseAsyncPage, such as page=AsyncCursorPage\[Item\]"
    ):
        paginator(TrioPages(), page)


async def test_a_page_class_without_its_items_gets_the_model(autojump_clock: MockClock) -> None:
    """`page=AsyncPageNumberPage, model=int` is `page=AsyncPageNumberPage[int]`."""

    class Mine(AsyncPageNumberPage[str]):
        pass

    assert (await paginator(TrioPages(), AsyncPageNumberPage, int))._page_type == AsyncPageNumberPage[int]
    assert (await paginator(TrioPages(), Mine, int))._page_type is Mine


async def test_the_repr_shows_what_is_listed_and_no_more() -> None:
    """Method and path, without the query."""
    listing = AsyncPaginator(TrioPages(), options("/items?token=secret"), AsyncPageNumberPage[int], int)
    assert repr(listing) == "<AsyncPaginator GET /items>"
