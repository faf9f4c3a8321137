"""The blocking driver of pages: the same engine, with threads in place of tasks."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from support.paged import ThreadPages, options
from trio_api import AsyncCursorPage, ClientStateError, SyncItems, SyncPageNumberPage, SyncPaginator

TIMEOUT = 30  # seconds after which a test that hangs fails; nothing here waits for it


def paginator(client: ThreadPages, page: Any = SyncPageNumberPage[int], model: Any = int) -> SyncPaginator[Any, Any]:
    return SyncPaginator(client, options(), page, model)


Open = Callable[[SyncPaginator[Any, Any]], SyncItems[Any, Any]]
in_background = pytest.mark.parametrize(
    "open_items", [lambda it: it.prefetch(2), lambda it: it.fan_out(3)], ids=["prefetch", "fan_out"]
)


def test_iteration_is_lazy_and_begins_anew() -> None:
    """A page is fetched when its first item is asked for; a paginator is not used up."""
    client = ThreadPages(3)
    listing = paginator(client)
    for item in listing:
        assert len(client.asked) == item // 3 + 1
    assert list(listing) == client.items
    assert [page.page for page in listing.iter_pages()] == [1, 2, 3]
    assert listing.first_page().data == [0, 1, 2]


def test_a_page_goes_on_by_itself() -> None:
    """get_next_page, iter_pages and iteration begin with the page in hand."""
    client = ThreadPages(3)
    first = paginator(client).first_page()
    second = first.get_next_page()
    assert second.data == [3, 4, 5]
    assert second.response.url == "https://api.example.com/v1/items"
    assert [page.page for page in second.iter_pages()] == [2, 3]
    assert list(first) == client.items
    with pytest.raises(RuntimeError, match=r"ask page\.has_next_page\(\) first"):
        second.get_next_page().get_next_page()


def test_an_error_in_place_of_a_page_is_raised_where_it_stands() -> None:
    """After the items before it; then the iteration is over."""
    iterator = iter(paginator(ThreadPages(failing={2: OSError("page 2")})))
    assert [next(iterator) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="page 2"):
        next(iterator)
    assert list(iterator) == []


def test_an_interrupted_fetch_is_made_again() -> None:
    """Ctrl-C passes through, and whoever catches it may go on."""
    client = ThreadPages(2, failing={1: KeyboardInterrupt()})
    iterator = iter(paginator(client))
    with pytest.raises(KeyboardInterrupt):
        next(iterator)
    client.failing = {}
    assert list(iterator) == client.items


def test_a_lazy_iterator_has_a_checkpoint() -> None:
    """A dump that goes page by page can be resumed too."""
    client = ThreadPages(3)
    iterator = iter(paginator(client))
    before = [next(iterator) for _ in range(4)]
    assert before + list(paginator(client).resume(iterator.checkpoint())) == client.items
    assert iterator.statistics().mode == "lazy"


@in_background
def test_items_come_in_order(open_items: Open) -> None:
    """Whatever the threads do."""
    client = ThreadPages(30)
    with open_items(paginator(client)) as items:
        assert list(items) == client.items
    assert sorted(client.asked) == list(range(1, 31))


def test_fan_out_fetches_side_by_side() -> None:
    """Four pages meet at a barrier, and never more."""
    barrier = threading.Barrier(4)
    client = ThreadPages(13, gate=lambda number: None if number == 1 else barrier.wait(TIMEOUT))
    with paginator(client).fan_out(limit=4) as items:
        assert list(items) == client.items
    assert client.most_in_flight == 4
    assert items.statistics().mode == "fan_out"


def test_prefetch_stays_as_far_ahead_as_it_may() -> None:
    """Two pages, fetched one after the other while the consumer has not asked."""
    second = threading.Event()
    client = ThreadPages(9, gate=lambda number: second.set() if number == 2 else None)
    with paginator(client).prefetch(ahead=2) as items:
        assert second.wait(TIMEOUT)
        first = next(items)
    assert first == 0
    assert client.most_in_flight == 1
    assert len(client.asked) <= 4


@in_background
def test_an_error_of_a_page_comes_in_its_place(open_items: Open) -> None:
    """Page 7 fails early: every item of pages 1 to 6 comes first; even what is no Exception is not lost."""
    for error in (OSError("page 7"), SystemExit("page 7")):
        found = []
        with (
            pytest.raises(type(error), match="page 7"),
            open_items(paginator(ThreadPages(20, failing={7: error}))) as items,
        ):
            for item in items:
                found.append(item)  # noqa: PERF402
        assert found == list(range(18))


@in_background
def test_leaving_early_stops_all_fetching(open_items: Open) -> None:
    """When the block is left no thread is, and nothing more was started."""
    client = ThreadPages(1000)
    before = threading.active_count()
    with open_items(paginator(client)) as items:
        next(items)
    assert client.in_flight == 0
    assert threading.active_count() == before
    assert len(client.asked) < 50


def test_an_error_of_the_body_comes_out_as_it_is() -> None:
    """With pages in flight."""
    with pytest.raises(ValueError, match="mine"), paginator(ThreadPages(9)).prefetch() as items:
        for _ in items:
            raise ValueError("mine")


@in_background
def test_pages_come_whole(open_items: Open) -> None:
    """items.pages() gives pages, and counts their items as consumed."""
    with open_items(paginator(ThreadPages(4))) as items:
        assert [page.page for page in items.pages()] == [1, 2, 3, 4]
    assert items.statistics().items_delivered == 12


@in_background
def test_threads_share_items(open_items: Open) -> None:
    """Each item goes to one of them."""
    client = ThreadPages(40)
    found: list[list[int]] = [[], [], []]
    with open_items(paginator(client)) as items:
        workers = [threading.Thread(target=mine.extend, args=(items,)) for mine in found]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(TIMEOUT)
    assert sorted(item for mine in found for item in mine) == client.items


def test_a_thread_that_waits_while_the_block_is_left_is_told() -> None:
    """It would wait for ever."""
    leaving = threading.Event()
    client = ThreadPages(gate=lambda number: leaving.wait(TIMEOUT))
    outcomes: list[object] = []

    def waiter() -> None:
        try:
            outcomes.append(next(items))
        except ClientStateError as error:
            outcomes.append(error)

    with paginator(client).prefetch() as items:
        worker = threading.Thread(target=waiter)
        worker.start()
        while not items._feed.changed._waiters:  # type: ignore[attr-defined]  # it waits for a page that does not come
            pass
        threading.Timer(0, lambda: (worker.join(TIMEOUT), leaving.set())).start()
    assert [type(outcome) for outcome in outcomes] == [ClientStateError]


def test_context_variables_reach_the_threads() -> None:
    """Hooks log with the context of the consumer."""
    variable = contextvars.ContextVar("variable", default="")
    seen = []
    client = ThreadPages(3, gate=lambda number: seen.append(variable.get()))
    variable.set("consumer")
    with paginator(client).prefetch() as items:
        list(items)
    assert seen == ["consumer"] * 3


@in_background
def test_outside_its_block_it_shows_the_right_form(open_items: Open) -> None:
    """Before, after, and entered again: ClientStateError, with the call that made it."""
    items = open_items(paginator(ThreadPages(1)))
    form = r"(?s){}.*with paginator\.(prefetch\(ahead=2\)|fan_out\(limit=3\)) as items:\n.*for item in items"
    with pytest.raises(ClientStateError, match=form.format("was not entered")):
        iter(items)
    with pytest.raises(ClientStateError, match=form.format("was not entered")):
        next(items)
    items.__exit__(None, None, None)
    with items:
        with pytest.raises(ClientStateError, match=form.format("entered before")):
            items.__enter__()
        assert list(items) == [0, 1, 2]
    with pytest.raises(ClientStateError, match=form.format("was left")):
        next(items.pages())


@in_background
def test_a_checkpoint_goes_on_where_it_was_taken(open_items: Open) -> None:
    """Before the first item, in the middle and at the end; through JSON; in any way."""
    client = ThreadPages(5)
    for stop in (0, 1, 3, 8, 15):
        with open_items(paginator(client)) as items:
            before = [next(items) for _ in range(stop)]
            token = json.loads(json.dumps(items.checkpoint()))
        resumed = paginator(client).resume(token)
        assert before + list(resumed) == client.items
        with open_items(resumed) as items:
            assert before + list(items) == client.items


def test_arguments_are_checked_before_anything_is_fetched() -> None:
    """Widths and the page class, by name."""
    client = ThreadPages()
    with pytest.raises(TypeError, match="ahead must be an int"):
        paginator(client).prefetch(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="limit must be at least 1"):
        paginator(client).fan_out(0)
    with pytest.raises(
        TypeError, match=r"page must be a subclass of BaseSyncPage, such as page=SyncCursorPage\[Item\]"
    ):
        paginator(client, AsyncCursorPage[int])
