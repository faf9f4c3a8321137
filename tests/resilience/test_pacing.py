"""The pace of one origin as a state machine: never more than the quota in any window, in order, no later than due."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import example, given, settings, strategies as st

from trio_api import FinalRequestOptions, RateLimit
from trio_api.resilience import Pace, Place

OPTIONS = FinalRequestOptions(method="get", url="/items")
TICK = 0.125  # seconds; multiples of it are exact, so that the tests are about the windows and not about floats


@attrs.define(eq=False)
class Visitor:
    """One attempt: when it comes, what it costs, and how long it waits before it is cancelled."""

    comes: float
    cost: int
    patience: float
    spends: int | None = None
    expected: float = math.nan
    """When it was told that it would go, on coming."""
    went: float | None = None
    left: bool = False
    place: Place = attrs.field(init=False, repr=False)


def limit(visitors: dict[str, int], **fields: Any) -> RateLimit:
    """A limit of tokens whose cost is what stands in *visitors* for the call."""
    return RateLimit(**fields, cost=lambda options: visitors["cost"])


def run(visitors: Sequence[Visitor], limits: Iterable[RateLimit], told: dict[str, int]) -> list[Visitor]:
    """Let the visitors through as a driver does; those that went, in the order of going."""
    pace = Pace(tuple(limits), None, "a")
    coming = sorted(visitors, key=lambda visitor: visitor.comes)
    line: list[Visitor] = []
    went: list[Visitor] = []
    now = 0.0
    while coming or line:
        moments = [visitor.comes for visitor in coming[:1]]
        moments += [visitor.comes + visitor.patience for visitor in line]
        if line:
            moments.append(pace.due(line[0].place, now))
        now = max(now, min(moments))
        while coming and coming[0].comes <= now:
            visitor = coming.pop(0)
            told["cost"] = visitor.cost
            visitor.place = pace.arrive(pace.claim(OPTIONS))
            visitor.expected = pace.due(visitor.place, now)
            line.append(visitor)
        while line and pace.is_first(line[0].place) and pace.due(line[0].place, now) <= now:
            visitor = line.pop(0)
            pace.take(visitor.place, now)
            pace.leave(visitor.place)
            visitor.went = now
            went.append(visitor)
        for visitor in [one for one in line if one.comes + one.patience <= now]:
            line.remove(visitor)
            visitor.left = True
            pace.leave(visitor.place)
    return went


def most_in_a_window(went: Sequence[Visitor], per: float, count: Any) -> int:
    """The most that went in any window: one that is open at its beginning and ends when somebody goes."""
    return max(
        (
            sum(count(other) for other in went if other.went <= last.went < other.went + per)  # type: ignore[operator]
            for last in went
        ),
        default=0,
    )


crowds = st.lists(
    st.builds(
        Visitor,
        comes=st.integers(0, 80).map(lambda ticks: ticks * TICK),
        cost=st.integers(0, 8),
        patience=st.one_of(st.just(math.inf), st.integers(0, 40).map(lambda ticks: ticks * TICK)),
    ),
    max_size=40,
)


@given(crowds, st.integers(1, 12), st.integers(8, 30), st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=300, deadline=None)
def test_there_is_never_more_than_the_quota_in_any_window(
    visitors: list[Visitor], requests: int, tokens: int, per: int, other: int
) -> None:
    """Of requests and of tokens at once, whenever they come, whatever they cost, whoever is cancelled."""
    told: dict[str, int] = {}
    limits = [RateLimit(requests=requests, per=per * TICK), limit(told, tokens=tokens, per=other * TICK)]
    went = run(visitors, limits, told)
    assert most_in_a_window(went, per * TICK, lambda visitor: 1) <= requests
    assert most_in_a_window(went, other * TICK, lambda visitor: visitor.cost) <= tokens
    assert {visitor for visitor in visitors if visitor.went is None} == {one for one in visitors if one.left}


@given(crowds, st.integers(1, 10), st.integers(1, 10), st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_there_is_never_more_at_once_than_the_burst(
    visitors: list[Visitor], requests: int, burst: int, per: int
) -> None:
    """In any time, the burst and what its share of the quota is; and never more than the quota in a window."""
    burst = min(burst, requests)
    went = run(visitors, [RateLimit(requests=requests, per=per * TICK, burst=burst)], {})
    assert most_in_a_window(went, per * TICK, lambda visitor: 1) <= requests
    times = [visitor.went for visitor in went if visitor.went is not None]
    for first, began in enumerate(times):
        for last in range(first, len(times)):
            assert last - first + 1 <= burst + (times[last] - began) * requests / (per * TICK) + 1e-6


@given(crowds, st.integers(1, 6), st.integers(1, 30))
@settings(max_examples=200, deadline=None)
@example([Visitor(0.0, 1, math.inf) for _ in range(7)], 2, 8)
def test_each_goes_in_the_order_of_coming_and_no_later_than_it_must(
    visitors: list[Visitor], requests: int, per: int
) -> None:
    """As early as the window allows by all who went before: the plain definition, over the whole history."""
    went = run(visitors, [RateLimit(requests=requests, per=per * TICK)], {})
    coming = [visitor for visitor in sorted(visitors, key=lambda one: one.comes) if visitor.went is not None]
    assert went == coming
    times: list[float] = []
    for visitor in went:
        free = times[-requests] + per * TICK if len(times) >= requests else 0.0
        due = max([visitor.comes, free, *times[-1:]])
        assert visitor.went == due
        times.append(due)


@given(crowds, st.integers(8, 20), st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_nobody_goes_earlier_than_foretold_on_coming_unless_others_give_up(
    visitors: list[Visitor], tokens: int, per: int
) -> None:
    """So who is refused for its deadline would really have been too late."""
    for visitor in visitors:
        visitor.patience = math.inf
    told: dict[str, int] = {}
    for visitor in run(visitors, [limit(told, tokens=tokens, per=per * TICK)], told):
        assert visitor.went is not None
        assert visitor.went >= visitor.expected


@pytest.mark.parametrize("burst", [None, 1, 2, 5])
def test_what_is_foretold_is_exact_for_requests(burst: int | None) -> None:
    """Hours ahead: 23 come at once where 5 a second are let through."""
    visitors = [Visitor(0.0, 1, math.inf) for _ in range(23)]
    run(visitors, [RateLimit(requests=5, per=1, burst=burst)], {})
    assert [visitor.expected for visitor in visitors] == pytest.approx([visitor.went for visitor in visitors])


def test_who_gives_up_leaves_no_trace() -> None:
    """The next one goes when the one before would have gone."""
    visitors = [Visitor(0.0, 1, math.inf), Visitor(1.0, 1, 3.0), Visitor(2.0, 1, math.inf)]
    went = run(visitors, [RateLimit(requests=1, per=10)], {})
    assert [visitor.went for visitor in went] == [0.0, 10.0]


def test_who_comes_to_the_head_of_the_line_is_woken() -> None:
    """When the one before goes or gives up; who waits further behind is left asleep."""
    pace = Pace((RateLimit(requests=1, per=10),), None, "a")
    first, second, third = (pace.arrive(pace.claim(OPTIONS)) for _ in range(3))
    woken: list[str] = []
    second.wake, third.wake = (lambda: woken.append("second")), (lambda: woken.append("third"))
    pace.leave(first)
    assert woken == ["second"]
    pace.leave(third)
    assert woken == ["second", "second"]


def test_what_was_spent_counts_in_place_of_what_was_expected() -> None:
    """More than expected makes later ones wait, less lets them go; both for the window in which it was sent."""
    costs = {"cost": 40}
    weighted = RateLimit(tokens=100, per=60, cost=lambda options: costs["cost"], spent=lambda response: response.json())
    pace = Pace((RateLimit(requests=9, per=60), weighted), None, "a")

    def go(now: float) -> Place:
        place = pace.arrive(pace.claim(OPTIONS))
        assert pace.due(place, now) == now
        pace.take(place, now)
        pace.leave(place)
        return place

    def correct(place: Place, tokens: int) -> None:
        spent = pace.spent(place, httpx.Response(200, json=tokens))
        assert spent == (1, tokens)
        pace.correct(place, spent)

    first, second = go(0), go(1)
    woken: list[None] = []
    waiting = pace.arrive(pace.claim(OPTIONS))
    waiting.wake = lambda: woken.append(None)
    assert pace.due(waiting, 2) == 60
    correct(first, 90)
    assert pace.due(waiting, 2) == 60
    correct(second, 70)
    assert pace.due(waiting, 2) == 61
    assert pace.due(waiting, 62) == 62
    pace.correct(second, (1, 0))  # its window is over
    assert pace.due(waiting, 62) == 62
    assert len(woken) == 3


def test_less_than_expected_makes_room_at_once() -> None:
    """And whoever is first learns of it."""
    pace = Pace((RateLimit(tokens=100, per=60, cost=lambda options: 60, spent=lambda response: 10),), None, "a")
    place, waiting = pace.arrive(pace.claim(OPTIONS)), pace.arrive(pace.claim(OPTIONS))
    pace.take(place, 0)
    pace.leave(place)
    assert pace.due(waiting, 1) == 60
    spent = pace.spent(place, httpx.Response(200))
    assert spent == (10,)
    pace.correct(place, spent)
    assert pace.due(waiting, 1) == 1


def test_what_was_spent_as_expected_changes_nothing() -> None:
    """Nor do requests, of which each is one."""
    exact = RateLimit(tokens=100, per=60, cost=lambda options: 10, spent=lambda response: 10)
    for one in (exact, RateLimit(requests=100, per=60)):
        pace = Pace((one,), None, "a")
        place = pace.arrive(pace.claim(OPTIONS))
        assert pace.spent(place, httpx.Response(200)) is None


def test_what_is_remembered_is_bounded_whatever_the_quota() -> None:
    """A million a minute: two thousand entries, and still never more in any window."""
    pace = Pace((RateLimit(requests=20_000, per=64),), None, "a")
    times: list[float] = []
    now = 0.0
    while len(times) < 60_000:
        place = pace.arrive(pace.claim(OPTIONS))
        now = max(now + (1 / 1024 if len(times) < 20_000 else 0), pace.due(place, now))
        pace.take(place, now)
        pace.leave(place)
        times.append(now)
        assert len(pace._windows[0]) <= 2050  # pyright: ignore[reportPrivateUsage]
    assert min(later - now for now, later in zip(times, times[20_000:], strict=False)) >= 64
    assert times[-1] < 3 * 64 * 1.002


def test_only_a_store_needs_to_know_claims_apart() -> None:
    """Each has an id of its own then."""

    class Store:
        async def take(self, claim: object) -> float:
            raise NotImplementedError

        async def correct(self, claim: object, costs: tuple[float, ...]) -> None:
            raise NotImplementedError

    limits = (RateLimit(requests=1, per=1),)
    shared = Pace(limits, Store(), "https://api.example.com:443")
    assert shared.claim(OPTIONS).id != shared.claim(OPTIONS).id
    assert shared.claim(OPTIONS).origin == "https://api.example.com:443"
    assert Pace(limits, None, "a").claim(OPTIONS).id == ""
