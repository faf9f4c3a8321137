"""The engine of every iteration: what it fetches, when, and what it gives out."""

from __future__ import annotations

import json
import logging
from typing import Any

import attrs
import pytest

from support.paged import BASE, Book, Driver, FakePage, book, listed
from trio_api import APIResponseValidationError, CrossOriginError, PageInfo, PaginationLoopError
from trio_api.pages import Crawl, Signal, decode_positions, decode_tokens


def lazy(source: Book) -> Driver:
    return Driver(Crawl.lazy(listed()), source)


def prefetch(source: Book, ahead: int = 2) -> Driver:
    return Driver(Crawl.prefetch(listed(), ahead), source)


def fan_out(source: Book, limit: int = 4, *, ordered: bool = True) -> Driver:
    return Driver(Crawl.fan_out([listed()], limit=limit, ordered=ordered), source)


def asked(driver: Driver) -> list[Any]:
    """The page numbers that were asked for, in order."""
    return [request.params.get("page", 0) for request in driver.asked]


@pytest.mark.parametrize("style", ["cursor", "number", "link"])
@pytest.mark.parametrize("way", [lazy, prefetch, fan_out])
@pytest.mark.parametrize("pages", [1, 2, 9])
def test_every_way_gives_every_item_in_order(way: Any, style: str, pages: int) -> None:
    """Lazily, ahead or side by side, whatever the list tells of its later pages."""
    source = book(pages, style=style)
    driver = way(source)
    assert driver.items() == source.items
    assert driver.crawl.next_item() is Signal.END
    assert driver.crawl.next_page() is Signal.END


@pytest.mark.parametrize("way", [lazy, prefetch, fan_out])
def test_empty_pages_do_not_end_a_list(way: Any) -> None:
    """Nothing on a page, but a next one: it goes on."""
    source = Book([[], [1], [], [], [2], []])
    assert way(source).items() == [1, 2]


def test_pages_are_given_out_whole_even_the_empty_ones() -> None:
    """`next_page` gives what the server gave."""
    driver = lazy(Book([[1, 2], [], [3]]))
    pages = []
    while (page := driver.crawl.next_page()) is not Signal.END:
        if page is Signal.WAIT:
            driver.start()
            driver.arrive()
        else:
            pages.append(page.items)
    assert pages == [[1, 2], [], [3]]
    assert driver.crawl.statistics().items_delivered == 3


def test_half_a_page_is_not_given_out_as_a_whole_one() -> None:
    """Items would come twice or be lost; the page can still be finished item by item."""
    driver = lazy(book(2))
    assert driver.item() == 0
    advice = r": iterate items until the page is used up, or iterate pages\(\) from the start$"
    with pytest.raises(RuntimeError, match=f"^1 items of this page were given out one by one, .*{advice}"):
        driver.crawl.next_page()
    assert [driver.item(), driver.item()] == [1, 2]
    assert driver.crawl.next_page() is Signal.WAIT


# -- how much is fetched -----------------------------------------------------------------------------------------


def test_lazily_nothing_is_fetched_before_it_is_asked_for() -> None:
    """One request, when the consumer waits, and none while it works."""
    driver = lazy(book(5))
    assert driver.crawl.statistics().mode == "lazy"
    assert driver.start() == []
    assert driver.crawl.next_item() is Signal.WAIT
    assert len(driver.start()) == 1
    driver.arrive()
    assert driver.item() == 0
    assert driver.start() == []


def test_prefetch_stays_as_far_ahead_as_it_may() -> None:
    """Before the consumer asks `ahead` pages, and one more while it waits for one; backpressure does the rest."""
    driver = prefetch(book(9), ahead=2)
    for _ in range(5):
        driver.start()
        if driver.in_flight:
            driver.arrive()
    assert driver.crawl.statistics().buffered == 2
    assert driver.item() == 0
    driver.start()
    driver.arrive()
    assert driver.start() == []
    assert driver.crawl.statistics().buffered == 2
    assert asked(driver) == [0, 1, 2]


def test_prefetch_fetches_one_page_after_the_other() -> None:
    """Even where all pages are known: who wants them side by side says fan_out."""
    driver = prefetch(book(9), ahead=4)
    assert len(driver.start()) == 1
    assert driver.start() == []
    places = [{"params": {"page": 1}, "follow": False}, {"params": {"page": 2}}]
    token = {"version": 1, "method": "GET", "url": "/items", "positions": places}
    assert len(Driver(Crawl.prefetch(decode_positions(listed(), token), 4), book(9)).start()) == 1


def test_fan_out_fetches_known_pages_side_by_side() -> None:
    """The first page, then `limit` at a time, up to twice as many beyond the one being consumed."""
    driver = fan_out(book(30), limit=3)
    assert len(driver.start()) == 1
    driver.arrive()
    assert len(driver.start()) == 3
    for _ in range(10):
        if driver.in_flight:
            driver.arrive()
        driver.start()
    assert asked(driver) == [0, 1, 2, 3, 4, 5]
    assert driver.crawl.statistics().buffered == 6
    assert driver.crawl.statistics().mode == "fan_out"


def test_links_that_are_known_beforehand_may_be_relative() -> None:
    """To the page that tells them: they are followed side by side all the same."""
    links = [PageInfo(url=f"items?at={number}") for number in (1, 2, 3)]
    driver = fan_out(Script(first=FakePage([0], links[0], links)))
    driver.item()
    assert [request.url for request in (ticket.options for ticket in driver.start())] == [
        f"{BASE}items?at={number}" for number in (1, 2, 3)
    ]


def test_a_slow_first_page_does_not_hold_up_the_window_for_ever() -> None:
    """While the consumer waits for page 2 the others fill the window, and then wait; nothing stalls."""
    driver = fan_out(book(30), limit=2)
    assert driver.item() == 0
    driver.start()
    slow = driver.in_flight.pop(0)
    assert [driver.item(), driver.item()] == [1, 2]
    assert driver.crawl.next_item() is Signal.WAIT
    while driver.start() or driver.in_flight:
        driver.arrive()
    statistics = driver.crawl.statistics()
    assert (statistics.in_flight, statistics.buffered) == (1, 4)
    driver.in_flight.append(slow)
    driver.arrive()
    assert driver.items() == book(30).items[3:]


def test_fan_out_of_an_unknown_list_is_prefetch() -> None:
    """With the limit as the number of pages ahead; the statistics say so."""
    driver = fan_out(book(9, style="cursor"), limit=2)
    assert driver.crawl.statistics().mode == "fan_out"
    assert driver.item() == 0
    assert driver.crawl.statistics().mode == "prefetch"
    for _ in range(9):
        driver.start()
        if driver.in_flight:
            driver.arrive()
    assert driver.crawl.statistics().buffered == 2


def test_a_list_of_one_page_is_known_whole() -> None:
    """No later pages is knowledge too, where a page can tell of later ones."""
    for style, mode in (("number", "fan_out"), ("cursor", "prefetch")):
        driver = fan_out(book(1, style=style))
        driver.items()
        assert driver.crawl.statistics().mode == mode


def test_a_cancelled_fetch_may_be_started_again() -> None:
    """Its page is the next one still."""
    driver = lazy(book(2))
    assert driver.crawl.next_item() is Signal.WAIT
    [ticket] = driver.start()
    driver.crawl.gave_up(driver.in_flight.pop())
    assert driver.crawl.statistics().in_flight == 0
    [again] = driver.start()
    assert again.options == ticket.options
    assert driver.items() == book(2).items


# -- errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ordered", [True, False])
def test_an_error_is_raised_after_all_that_comes_before_it(ordered: bool) -> None:
    """Page 3 fails first: pages 0 to 2 are given out all the same, then it raises, then the crawl is over."""
    driver = fan_out(book(9, size=1), limit=4, ordered=ordered)
    assert driver.item() == 0
    driver.start()
    driver.fail(OSError("page 3"), index=2)
    assert driver.start() == [] or ordered
    assert [driver.item(), driver.item()] == [1, 2]
    with pytest.raises(OSError, match="page 3"):
        driver.item()
    assert driver.crawl.next_item() is Signal.END
    assert driver.start() == []


def test_out_of_order_an_error_does_not_wait_for_what_was_given_up() -> None:
    """A page whose fetch was cancelled is not on its way, so nothing would come before the error."""
    driver = fan_out(book(9, size=1), limit=4, ordered=False)
    driver.item()
    driver.start()
    driver.crawl.gave_up(driver.in_flight.pop(0))
    driver.fail(OSError("page 2"), index=0)
    with pytest.raises(OSError, match="page 2"):
        driver.crawl.next_item()


def test_nothing_is_started_after_an_error() -> None:
    """What comes after it is never given out."""
    driver = fan_out(book(20), limit=4)
    driver.item()
    driver.start()
    driver.fail(OSError())
    assert driver.start() == []


@pytest.mark.parametrize("way", [lazy, prefetch, fan_out])
def test_after_an_error_a_checkpoint_tries_the_page_again(way: Any) -> None:
    """Nothing of the list is lost: the token stands before the page that failed."""
    driver = way(book(3))
    assert [driver.item() for _ in range(3)] == [0, 1, 2]
    driver.crawl.next_item()
    driver.start()
    driver.fail(OSError())
    with pytest.raises(OSError):
        driver.items()
    resumed = lazy(book(3))
    resumed.crawl = Crawl.lazy(decode_positions(listed(), driver.crawl.checkpoint()))
    assert resumed.items() == book(3).items[3:]


class Script(Book):
    """Gives the pages of a script, by the cursor of the request."""

    def __init__(self, **pages: Any) -> None:
        super().__init__([])
        object.__setattr__(self, "script", pages)

    def page(self, request: Any) -> Any:
        return self.script[request.params.get("at", "first")]  # type: ignore[attr-defined]


def at(cursor: str) -> PageInfo:
    return PageInfo(params={"at": cursor})


LOOP = "^a page of /items names a next page that was asked for before, so the list would never end$"


@pytest.mark.parametrize("way", [lazy, prefetch, fan_out])
@pytest.mark.parametrize(
    ("script", "items", "requests"),
    [
        ({"first": FakePage([1], at("a")), "a": FakePage([2], at("a"))}, [1, 2], 2),
        (
            {"first": FakePage([1], at("a")), "a": FakePage([2], at("b")), "b": FakePage([3], at("a"))},
            [1, 2, 3],
            3,
        ),
        ({"first": FakePage([1], PageInfo(params={}))}, [1], 1),
    ],
    ids=["constant", "A, B, A", "the first page again"],
)
def test_a_repeated_cursor_is_a_loop(way: Any, script: Any, items: list[int], requests: int) -> None:
    """It is found before anything is fetched twice, and raised after the items of the page that repeats."""
    driver = way(Script(**script))
    found = []
    with pytest.raises(PaginationLoopError, match=LOOP):
        while True:
            found.append(driver.item())
    assert found == items
    assert len(driver.asked) == requests


@pytest.mark.parametrize("style", ["cursor", "number"])
@pytest.mark.parametrize(
    "crawl",
    [Crawl.lazy, lambda bound: Crawl.prefetch(bound, 2), lambda bound: Crawl.fan_out([bound], limit=4, ordered=True)],
    ids=["lazy", "prefetch", "fan_out"],
)
def test_a_list_may_be_bounded(crawl: Any, style: str) -> None:
    """No page beyond the bound is asked for, and that there are more is an error after the items; none is fine."""
    bound = attrs.evolve(listed(), max_pages=3)
    driver = Driver(crawl(bound), book(9, style=style))
    found = []
    with pytest.raises(PaginationLoopError, match=r"^/items has more pages than the max_pages=3 that were allowed$"):
        while True:
            found.append(driver.item())
    assert found == book(3).items
    assert len(driver.asked) == 3
    assert Driver(crawl(bound), book(3, style=style)).items() == book(3).items


@pytest.mark.parametrize("way", [lazy, prefetch, fan_out])
@pytest.mark.parametrize(
    ("following", "error", "message"),
    [
        (PageInfo(url="https://evil.example/"), CrossOriginError, "the page at .* names a next page at another origin"),
        (
            PageInfo(url="https://x:port/"),
            APIResponseValidationError,
            f"^The page at {BASE}items names a next page, but the link .* is no valid URL$",
        ),
        (
            PageInfo(url="\\\\evil.example/x"),
            APIResponseValidationError,
            f"^The page at {BASE}items names a next page, but the link .* has a backslash",
        ),
        (KeyError("the application's own"), KeyError, "the application's own"),
    ],
)
def test_a_page_whose_next_one_is_not_to_be_had_is_given_out_first(
    way: Any, following: Any, error: type[Exception], message: str
) -> None:
    """The items came; what is wrong with the next page is raised in its place, and a checkpoint comes back to it."""
    driver = way(Script(first=FakePage([1, 2], following)))
    assert [driver.item(), driver.item()] == [1, 2]
    with pytest.raises(error, match=message):
        driver.item()
    token = driver.crawl.checkpoint()
    assert token["positions"] == [{"skip": 2}]
    mended = Driver(Crawl.lazy(decode_positions(listed(), token)), Book([[1, 2], [3]]))
    assert mended.items() == [3]


def test_a_link_may_be_relative_to_its_page() -> None:
    """The next page is where the link leads from there."""
    driver = lazy(Script(first=FakePage([1], PageInfo(url="?at=a"), url=BASE + "moved")))
    driver.item()
    assert driver.crawl.next_item() is Signal.WAIT
    assert [ticket.options.url for ticket in driver.start()] == [BASE + "moved?at=a"]


def test_a_page_without_readable_items_is_an_error() -> None:
    """The error comes in place of the page."""

    class Unreadable(FakePage):
        def _get_page_items(self) -> list[Any]:
            raise ValueError("no items")

    driver = lazy(Script(first=Unreadable([])))
    with pytest.raises(ValueError, match="no items"):
        driver.item()


def test_a_page_may_say_by_has_next_page_that_it_is_the_last() -> None:
    """Both hooks count."""

    class Last(FakePage):
        def has_next_page(self) -> bool:
            return False

    assert lazy(Script(first=Last([1], at("a")))).items() == [1]


# -- plans that do not hold --------------------------------------------------------------------------------------


def test_the_list_may_grow_while_it_is_crawled() -> None:
    """After the last page of the plan its own next page counts, side by side again."""
    short, grown = book(3), book(7)
    driver = fan_out(short)
    driver.item()
    driver.books = (grown,)
    assert driver.items() == grown.items[1:]
    assert driver.crawl.statistics().mode == "fan_out"


@pytest.mark.parametrize("ordered", [True, False])
def test_the_list_may_shrink_while_it_is_crawled(ordered: bool) -> None:
    """A page that says it is the last one is: what was planned after it is dropped, answered or not."""
    driver = fan_out(book(9), ordered=ordered)
    driver.item()
    driver.start()
    driver.books = (book(3),)
    driver.fail(OSError("404"), index=3)  # page 4
    driver.in_flight.append(driver.in_flight.pop(2))  # page 3, which comes after all others
    late = driver.in_flight.pop()
    assert driver.items() == book(3).items[1:]
    driver.crawl.failed(late, OSError("404"))
    assert driver.crawl.statistics().in_flight == 0


class Gap(Book):
    """A list whose page 2 is short: it names an offset that was not planned."""

    def page(self, request: Any) -> FakePage:
        offset = int(request.params.get("page", 0))
        step = 2 if offset == 6 else 3
        items = self.items[offset : offset + step]
        ends = range(offset + step, len(self.items), 3)
        infos = [PageInfo(params={"page": end}) for end in ends]
        return FakePage(items, infos[0] if infos else None, infos)


def test_in_order_a_plan_that_does_not_hold_is_overthrown() -> None:
    """The page counts, not the plan: what is given out is what following page by page gives."""
    source = Gap([range(30)])
    driver = fan_out(source, limit=4)
    assert driver.items() == list(range(30)) == Driver(Crawl.lazy(listed()), source).items()


def test_after_a_plan_that_does_not_hold_the_rest_is_fetched_page_by_page() -> None:
    """Once bitten: another plan would cost as many requests for nothing."""
    driver = fan_out(Gap([range(30)]), limit=4)
    while driver.item() != 8:
        pass
    for _ in range(9):
        driver.start()
        assert len(driver.in_flight) <= 1
        if driver.in_flight:
            driver.arrive()


def test_an_error_of_a_page_that_was_dropped_is_forgotten() -> None:
    """It was no page of the list, so the list goes on without it."""
    driver = fan_out(Gap([range(30)]), limit=4)
    driver.item()
    driver.start()
    driver.fail(OSError("page 9"), index=2)
    assert driver.items() == list(range(1, 30))


def test_out_of_order_a_plan_that_does_not_hold_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It can't be put right, so it is said."""
    with caplog.at_level(logging.WARNING, "trio_api"):
        fan_out(Gap([range(30)]), ordered=False).items()
    expected = (
        "FakePage: a page names another next page than the plan from the first page has; out of order that can't be "
        "put right, and items may be missing or come twice; use ordered=True"
    )
    assert set(caplog.messages) == {expected}


@pytest.mark.parametrize("rest", [[], [at("x"), at("y")], [PageInfo(params={"at": 1, "x": 2})]])
def test_a_page_that_disagrees_with_itself_is_followed_page_by_page(rest: list[PageInfo]) -> None:
    """Its next page counts, and its list of later ones does not."""
    driver = fan_out(Script(first=FakePage([1], at("a"), rest), a=FakePage([2])))
    assert driver.items() == [1, 2]
    assert driver.crawl.statistics().mode == "prefetch"


@pytest.mark.parametrize(
    "bad", [PageInfo(url="https://evil.example/"), PageInfo(url="https://x:port/"), PageInfo(url="/x?at=c")]
)
def test_a_plan_ends_where_it_can_not_be_followed(bad: PageInfo) -> None:
    """The page before it says by itself where it leads."""
    rest = [at("a"), at("b"), bad]
    driver = fan_out(
        Script(first=FakePage([1], at("a"), rest), a=FakePage([2], at("b")), b=FakePage([3], at("c")), c=FakePage([4]))
    )
    if "c" in str(bad.url):
        driver.books[0].script["first"] = FakePage([1], at("a"), rest[:2])  # type: ignore[attr-defined]
    assert driver.items() == [1, 2, 3, 4]


def test_a_fetch_that_is_given_up_after_its_page_was_dropped_is_forgotten() -> None:
    """The list turned out shorter, and the request for what is not there is cancelled."""
    driver = fan_out(book(9), limit=2)
    driver.item()
    driver.start()
    driver.books = (book(2),)
    driver.arrive(0)
    driver.crawl.gave_up(driver.in_flight.pop())
    assert driver.items() == [1, 2, 3, 4, 5]


def test_a_page_that_comes_after_it_was_dropped_is_forgotten() -> None:
    """The list turned out shorter: what was asked for beyond its end is neither given out nor kept."""
    driver = fan_out(book(9), limit=2)
    driver.item()
    driver.start()
    driver.books = (book(2),)
    driver.arrive(0)
    driver.crawl.arrived(driver.in_flight.pop(), FakePage([99]))
    assert driver.items() == [1, 2, 3, 4, 5]
    assert driver.crawl.statistics().buffered == 0


# -- many lists --------------------------------------------------------------------------------------------------


def many(*books: Book, limit: int = 4, ordered: bool = True) -> Driver:
    requests = [listed(f"/{number}") for number in range(len(books))]
    return Driver(Crawl.fan_out(requests, limit=limit, ordered=ordered, many=True), *books)


def test_many_lists_come_one_after_the_other_in_order() -> None:
    """The items of the first list, then those of the second: fetched side by side all the same."""
    books = [book(3), book(2, style="cursor"), Book([]), book(4, style="link")]
    driver = many(*books)
    assert len(driver.start()) == 4
    assert driver.items() == [item for each in books for item in each.items]
    assert driver.crawl.statistics().mode == "fan_out"


def test_many_lists_come_as_they_arrive_out_of_order() -> None:
    """The second list's page is there first, so it is given out first."""
    driver = many(book(1), book(1), ordered=False)
    driver.start()
    driver.arrive(1)
    driver.arrive(0)
    assert driver.items() == [0, 1, 2] * 2


def test_no_lists_give_nothing() -> None:
    """The end is at once."""
    driver = many()
    assert driver.start() == []
    assert driver.crawl.next_item() is Signal.END
    assert driver.crawl.checkpoint() == {"version": 1, "lists": []}


def test_the_list_being_consumed_keeps_a_place() -> None:
    """Or the others would fill the window, and it would be fetched page by page."""
    driver = many(*[book(9, style="cursor") for _ in range(5)], limit=2)
    driver.item()
    for _ in range(50):
        driver.start()
        if driver.in_flight:
            driver.arrive()
    ahead = [request for request in driver.asked if request.url == "/0"]
    assert len(ahead) >= 2
    assert driver.crawl.statistics().buffered <= 4


def test_but_for_that_place_the_others_fill_the_window() -> None:
    """However long the page takes that the consumer is to have next."""
    driver = many(*[book(9, style="cursor") for _ in range(5)], limit=2)
    driver.item()
    driver.start()
    driver.in_flight = [ticket for ticket in driver.in_flight if ticket.list_number]
    while driver.start() or driver.in_flight:
        driver.arrive()
    statistics = driver.crawl.statistics()
    assert (statistics.in_flight, statistics.buffered) == (1, 2)


def test_an_error_of_one_list_waits_for_what_comes_before_it() -> None:
    """In order the first list is given out whole; what follows the error is not fetched."""
    driver = many(book(6, style="cursor"), book(3), book(3), limit=3)
    driver.start()
    driver.fail(OSError("list 1"), index=1)
    found = []
    with pytest.raises(OSError, match="list 1"):
        while True:
            found.append(driver.item())
    assert found == book(6).items
    assert all(request.url != "/2" for request in driver.asked[3:])


def test_out_of_order_nothing_of_any_list_is_started_after_an_error() -> None:
    """All that is not on its way comes after it, and is never given out."""
    driver = many(book(6, style="cursor"), book(3), book(3), limit=2, ordered=False)
    driver.start()
    driver.arrive(0)
    driver.fail(OSError("list 1"), index=0)
    assert driver.start() == []


def test_nothing_is_started_after_a_page_whose_next_one_is_not_to_be_had() -> None:
    """That is an error as any other."""
    driver = many(Script(first=FakePage([1], PageInfo(url="https://evil.example/"))), book(3), book(3), limit=2)
    driver.start()
    driver.arrive()
    assert driver.start() == []


def test_out_of_order_an_error_waits_only_for_what_is_in_flight() -> None:
    """A list that goes on page by page is not crawled to its end first."""
    driver = many(book(6, style="cursor"), book(3), limit=3, ordered=False)
    driver.start()
    driver.fail(OSError("list 1"), index=1)
    found = []
    with pytest.raises(OSError, match="list 1"):
        while True:
            found.append(driver.item())
    assert found == [0, 1, 2]


# -- checkpoints -------------------------------------------------------------------------------------------------


def positions(driver: Driver) -> Any:
    token = driver.crawl.checkpoint()
    assert json.loads(json.dumps(token)) == token
    return token["positions"]


@pytest.mark.parametrize("way", [lazy, prefetch, fan_out])
def test_a_checkpoint_says_where_the_next_item_is(way: Any) -> None:
    """Before the first item, inside a page, between pages, and at the end, with one position at most."""
    driver = way(book(3))
    assert positions(driver) == [{}]
    driver.item()
    assert positions(driver) == [{"skip": 1}]
    assert [driver.item(), driver.item()] == [1, 2]
    assert positions(driver) == [{"params": {"page": 1}}]
    driver.item()
    assert positions(driver) == [{"params": {"page": 1}, "skip": 1}]
    driver.items()
    assert positions(driver) == []


def test_a_page_counts_as_consumed_once_it_was_given_out() -> None:
    """By `next_page` as a whole."""
    driver = lazy(book(2))
    driver.crawl.next_page()
    driver.start()
    driver.arrive()
    driver.crawl.next_page()
    assert positions(driver) == [{"params": {"page": 1}}]


def test_out_of_order_a_checkpoint_lists_what_is_missing() -> None:
    """The pages in between one by one, and the first of the rest, from which all others are known."""
    driver = fan_out(book(20), limit=2, ordered=False)
    driver.item()
    driver.start()
    driver.arrive(1)
    assert [driver.item() for _ in range(3)] == [1, 2, 6]
    assert positions(driver) == [
        {"params": {"page": 2}, "skip": 1, "follow": False},
        {"params": {"page": 1}, "follow": False},
        {"params": {"page": 3}},
    ]


def test_out_of_order_a_checkpoint_says_which_page_is_followed() -> None:
    """The last one that is known, from which the others are found; and it says so again once it was resumed."""
    driver = fan_out(book(9, style="cursor"), ordered=False)
    driver.item()
    assert positions(driver) == [{"skip": 1, "follow": False}, {"params": {"page": 1}}]
    driver = fan_out(book(3), ordered=False)
    driver.item()
    driver.start()
    whole = [{"skip": 1, "follow": False}, {"params": {"page": 1}, "follow": False}, {"params": {"page": 2}}]
    assert positions(driver) == whole
    resumed = decode_positions(listed(), driver.crawl.checkpoint())
    assert positions(Driver(Crawl.fan_out([resumed], limit=4, ordered=False), book(3))) == whole


@pytest.mark.parametrize("way", [lazy, prefetch, fan_out])
def test_a_token_of_one_way_serves_any_other(way: Any) -> None:
    """Out of order before, in order after."""
    driver = fan_out(book(9), limit=3, ordered=False)
    driver.item()
    driver.start()
    driver.arrive(2)
    before = [0] + [driver.item() for _ in range(4)]
    token = driver.crawl.checkpoint()
    resumed = way(book(9))
    crawl = resumed.crawl
    request = decode_positions(listed(), token)
    resumed.crawl = type(crawl)(
        [request], mode=crawl._mode, limit=crawl._limit, window=crawl._window, ordered=True, many=False
    )
    first = resumed.item()
    again = decode_positions(listed(), resumed.crawl.checkpoint())
    rest = Driver(Crawl.lazy(again), book(9)).items()
    assert sorted([*before, first, *rest]) == book(9).items


def test_a_resumed_list_can_be_given_out_by_pages_only_between_pages() -> None:
    """A page of which items were given out is not given out whole; one that was given out whole is passed over."""
    half = decode_positions(listed(), {"version": 1, "method": "GET", "url": "/items", "positions": [{"skip": 1}]})
    driver = Driver(Crawl.lazy(half), book(2))
    driver.crawl.next_page()
    driver.start()
    driver.arrive()
    with pytest.raises(RuntimeError, match="given out one by one"):
        driver.crawl.next_page()
    assert driver.items() == [1, 2, 3, 4, 5]

    whole = decode_positions(listed(), {"version": 1, "method": "GET", "url": "/items", "positions": [{"skip": 3}]})
    driver = Driver(Crawl.lazy(whole), book(2))
    driver.crawl.next_page()
    driver.start()
    driver.arrive()
    assert driver.crawl.next_page() is Signal.WAIT
    driver.start()
    driver.arrive()
    assert driver.crawl.next_page().items == [3, 4, 5]


def test_many_lists_are_resumed_each_from_its_own_place() -> None:
    """One that is finished, one in the middle, one not begun."""
    books = [book(1), book(3), book(2)]
    driver = many(*books)
    before = [driver.item() for _ in range(5)]
    requests = decode_tokens([listed(f"/{number}") for number in range(3)], driver.crawl.checkpoint())
    resumed = Driver(Crawl.fan_out(requests, limit=2, ordered=True, many=True), *books)
    assert before + resumed.items() == [item for each in books for item in each.items]


# -- the rest ----------------------------------------------------------------------------------------------------


def test_statistics_count() -> None:
    """Pages that came, that were given out, that wait, that are on their way; and items."""
    driver = prefetch(book(9, size=2), ahead=3)
    driver.item()
    driver.start()
    driver.arrive()
    driver.start()
    statistics = driver.crawl.statistics()
    assert (statistics.mode, statistics.pages_fetched, statistics.pages_delivered) == ("prefetch", 2, 1)
    assert (statistics.items_delivered, statistics.in_flight, statistics.buffered) == (1, 1, 1)
    assert [driver.item(), driver.item()] == [1, 2]
    statistics = driver.crawl.statistics()
    assert (statistics.pages_delivered, statistics.items_delivered) == (2, 3)
