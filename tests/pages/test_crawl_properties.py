"""What holds of every crawl, whatever comes when: nothing lost, doubled or out of order, no bound passed, no stall."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs
import hypothesis.stateful as sf
from hypothesis import given, settings, strategies as st

from support.paged import Book, Driver, FakePage, listed
from trio_api import PageInfo, PaginationLoopError
from trio_api.pages import Crawl, Signal, decode_positions, decode_tokens

sizes = st.lists(st.integers(0, 4), min_size=1, max_size=12)
styles = st.sampled_from(["number", "cursor", "link"])


@attrs.frozen
class Way:
    """One way to go through lists."""

    mode: str
    width: int
    ordered: bool = True

    def crawl(self, requests: Sequence[Any], many: bool) -> Crawl[Any, Any]:
        if many or self.mode == "fan_out":
            return Crawl.fan_out(requests, limit=self.width, ordered=self.ordered, many=many)
        return Crawl.lazy(requests[0]) if self.mode == "lazy" else Crawl.prefetch(requests[0], self.width)

    def bounds(self, many: bool) -> tuple[int, int]:
        """The most requests in flight, and the most pages fetched or in flight beyond the one being consumed."""
        if many or self.mode == "fan_out":
            return self.width, 2 * self.width
        return 1, 0 if self.mode == "lazy" else self.width


ways = st.builds(Way, st.sampled_from(["lazy", "prefetch", "fan_out"]), st.integers(1, 4), st.booleans())


class AnyCrawl(sf.RuleBasedStateMachine):
    """Requests start, arrive and are given up in any order, and the consumer takes what it gets.

    Now and then everything is dropped, and resumed from a checkpoint in another way.
    """

    @sf.initialize(books=st.lists(st.tuples(sizes, styles), min_size=1, max_size=3), way=ways)
    def begin(self, books: list[tuple[list[int], str]], way: Way) -> None:
        self.many = len(books) > 1
        self.books = [
            Book([[(number, page, at) for at in range(size)] for page, size in enumerate(pages)], style)
            for number, (pages, style) in enumerate(books)
        ]
        self.requests = [listed(f"/{number}") for number in range(len(books))]
        self.got: list[Any] = []
        self.always_ordered = True
        self.over = False
        self._go(way, self.requests)

    def _go(self, way: Way, requests: Sequence[Any]) -> None:
        self.way = way
        self.always_ordered &= way.ordered or (way.mode != "fan_out" and not self.many)
        self.driver = Driver(way.crawl(requests, self.many), *self.books)
        self.waiting = False

    @sf.rule()
    def start(self) -> None:
        self.driver.start()

    @sf.precondition(lambda self: self.driver.in_flight)
    @sf.rule(choice=st.integers(0, 10**6))
    def arrive(self, choice: int) -> None:
        self.driver.arrive(choice % len(self.driver.in_flight))

    @sf.precondition(lambda self: self.driver.in_flight)
    @sf.rule(choice=st.integers(0, 10**6))
    def give_up(self, choice: int) -> None:
        self.driver.crawl.gave_up(self.driver.in_flight.pop(choice % len(self.driver.in_flight)))

    @sf.rule(count=st.integers(1, 6))
    def take(self, count: int) -> None:
        for _ in range(count):
            item = self.driver.crawl.next_item()
            self.waiting = item is Signal.WAIT
            if isinstance(item, Signal):
                self.over = item is Signal.END
                return
            self.got.append(item)

    @sf.rule(way=ways)
    def resume(self, way: Way) -> None:
        token = json.loads(json.dumps(self.driver.crawl.checkpoint()))
        requests = decode_tokens(self.requests, token) if self.many else [decode_positions(self.requests[0], token)]
        self._go(way, requests)

    @sf.invariant()
    def bounds_hold(self) -> None:
        if hasattr(self, "driver"):
            statistics = self.driver.crawl.statistics()
            limit, window = self.way.bounds(self.many)
            assert statistics.in_flight == len(self.driver.in_flight) <= limit
            assert statistics.in_flight + statistics.buffered <= window + 1

    @sf.invariant()
    def nothing_comes_twice(self) -> None:
        if hasattr(self, "driver"):
            assert len(set(self.got)) == len(self.got)

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            self.got += self.driver.items()  # fails where the crawl has stalled
            expected = [item for each in self.books for item in each.items]
            assert (self.got if self.always_ordered else sorted(self.got)) == expected
            assert self.driver.crawl.checkpoint() == self._finished()

    def _finished(self) -> Any:
        tokens = [
            {"version": 1, "method": "GET", "url": f"/{number}", "positions": []} for number in range(len(self.books))
        ]
        return {"version": 1, "lists": tokens} if self.many else tokens[0]


TestAnyCrawl = AnyCrawl.TestCase
TestAnyCrawl.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


class Maze(Book):
    """Pages that name any next page, and any plan of later ones."""

    def __init__(self, following: list[int | None], plans: list[list[int] | None]) -> None:
        super().__init__([])
        object.__setattr__(self, "following", following)
        object.__setattr__(self, "plans", plans)

    def page(self, request: Any) -> FakePage:
        number = int(request.params.get("page", 0))
        following, plan = self.following[number], self.plans[number]  # type: ignore[attr-defined]
        return FakePage(
            [number],
            None if following is None else PageInfo(params={"page": following}),
            None if plan is None else [PageInfo(params={"page": each}) for each in plan],
        )


def told(driver: Driver, order: list[int]) -> list[Any]:
    """What the consumer gets, with requests answered in any order; a loop is the last thing."""
    found: list[Any] = []
    try:
        while (got := driver.crawl.next_item()) is not Signal.END:
            if got is not Signal.WAIT:
                found.append(got)
                continue
            driver.start()
            assert driver.in_flight, "the crawl has stalled"
            driver.arrive((order.pop() if order else 0) % len(driver.in_flight))
    except PaginationLoopError:
        found.append("loop")
    return found


@given(st.data(), st.integers(1, 8), st.integers(1, 4))
def test_in_order_fan_out_gives_what_following_page_by_page_gives(data: st.DataObject, size: int, limit: int) -> None:
    """Whatever pages say of later ones, true or false: a plan makes it faster and changes nothing."""
    pages = st.integers(0, size - 1)
    following = data.draw(st.lists(st.none() | pages, min_size=size, max_size=size), "following")
    plans = data.draw(st.lists(st.none() | st.lists(pages, max_size=6), min_size=size, max_size=size), "plans")
    order = data.draw(st.lists(st.integers(0, 3), max_size=30), "order")
    maze = Maze(following, plans)
    expected = told(Driver(Crawl.lazy(listed()), maze), [])
    assert told(Driver(Crawl.prefetch(listed(), limit), maze), list(order)) == expected
    assert told(Driver(Crawl.fan_out([listed()], limit=limit, ordered=True), maze), order) == expected
