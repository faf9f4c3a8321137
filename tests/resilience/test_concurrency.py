"""Who holds a permit and who waits: the limit as a value, the queue against a model, what attempts teach the limit."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from trio_api import AdaptiveConcurrency
from trio_api.resilience import Load, OriginBooks, OriginRules, Permit, Permits, Seen

# -- the value -----------------------------------------------------------------------------------------------


def test_the_defaults() -> None:
    """From 20 up to 200, never below 1, and down by a fifth."""
    assert attrs.astuple(AdaptiveConcurrency()) == (20, 200, 1, 0.8)


@pytest.mark.parametrize("name", ["start", "maximum", "minimum"])
@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError), ("5", TypeError), (None, TypeError)],
)
def test_a_bound_is_a_number_of_attempts(name: str, value: Any, error: type[Exception]) -> None:
    """At least one, and whole; the message names the field."""
    with pytest.raises(error, match=name):
        AdaptiveConcurrency(**{name: value})


@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (1, ValueError), (float("nan"), ValueError), (True, TypeError), ("", TypeError)],
)
def test_the_backoff_is_a_part(value: Any, error: type[Exception]) -> None:
    """By 0 there would be no limit left, by 1 it would never fall."""
    with pytest.raises(error, match="backoff"):
        AdaptiveConcurrency(backoff=value)


@pytest.mark.parametrize("bounds", [{"start": 300}, {"minimum": 30}, {"minimum": 50, "maximum": 40}])
def test_the_start_lies_within_the_bounds(bounds: dict[str, int]) -> None:
    """The message has all three."""
    with pytest.raises(ValueError, match="start must lie between minimum and maximum, got minimum="):
        AdaptiveConcurrency(**bounds)


@pytest.mark.parametrize(
    ("value", "error"), [(0, ValueError), (-1, ValueError), (True, TypeError), (1.5, TypeError), ("5", TypeError)]
)
def test_max_concurrency_is_a_number_or_adaptive(value: Any, error: type[Exception]) -> None:
    """Or None, for no limit."""
    with pytest.raises(error, match="max_concurrency"):
        OriginRules(max_concurrency=value)
    assert OriginRules(max_concurrency=None).max_concurrency is None


# -- the queue -----------------------------------------------------------------------------------------------


class Queue:
    """Permits, with those who want one by name and a list of whose turn came, in that order."""

    def __init__(self, rules: int | AdaptiveConcurrency) -> None:
        self.permits = Permits(rules)
        self.all: dict[Any, Permit] = {}
        self.woken: list[Any] = []

    def want(self, name: Any, priority: int = 0) -> bool:
        """Want a permit; whether it came at once."""
        permit = self.all[name] = Permit()
        if self.permits.try_take(permit):
            return True
        self.permits.join(permit, priority, lambda: self.woken.append(name))
        return False

    def leave(self, *names: Any) -> None:
        for name in names:
            self.permits.leave(self.all[name])


def test_as_many_go_at_once_as_there_are_permits() -> None:
    """The others wait, and go when one is given back, in that very step."""
    queue = Queue(2)
    assert [queue.want(name) for name in "abcd"] == [True, True, False, False]
    assert (queue.permits.in_flight, queue.permits.waiting, queue.permits.limit) == (2, 2, 2)
    queue.leave("a")
    assert queue.woken == ["c"]
    assert queue.all["c"].is_held
    assert (queue.permits.in_flight, queue.permits.waiting) == (2, 1)


def test_who_waits_goes_by_priority_and_then_in_the_order_of_coming() -> None:
    """The higher first; 0 is what nobody chose."""
    queue = Queue(1)
    queue.want("first")
    for name, priority in [("a", 0), ("b", 5), ("c", -1), ("d", 5), ("e", 0)]:
        queue.want(name, priority)
    queue.leave("first", *"bdae")
    assert queue.woken == ["b", "d", "a", "e", "c"]


def test_who_comes_is_no_faster_than_who_waits() -> None:
    """A limit that rose has room, and the queue gets it first."""
    queue = Queue(AdaptiveConcurrency(start=1))
    queue.want("a")
    queue.want("b")
    queue.permits.observe(Seen(Load.FINE, 0.0, 1.0))
    assert queue.permits.limit == 2
    assert not queue.want("c", priority=-1)
    queue.permits.hand_over()
    assert queue.woken == ["b"]


def test_leaving_twice_gives_back_once() -> None:
    """Whatever ends a call may be said by more than one."""
    queue = Queue(1)
    for name in "abc":
        queue.want(name)
    queue.leave("b", "b", "a", "a")
    assert queue.woken == ["c"]
    assert (queue.permits.in_flight, queue.permits.waiting) == (1, 0)


def test_a_permit_that_was_granted_to_who_gives_up_goes_to_the_next() -> None:
    """It is never lost."""
    queue = Queue(1)
    for name in "abc":
        queue.want(name)
    queue.leave("a")
    queue.leave("b")
    assert queue.woken == ["b", "c"]


def test_who_gives_up_and_comes_again_is_at_the_end() -> None:
    """Its first place in the queue is no place any more."""
    queue = Queue(1)
    for name in "abcd":
        queue.want(name)
    again = queue.all["b"]
    queue.permits.leave(again)
    queue.permits.join(again, 0, lambda: queue.woken.append("b again"))
    queue.leave("a", "c", "d")
    assert queue.woken == ["c", "d", "b again"]


def test_those_who_gave_up_take_no_room() -> None:
    """A permit that is held for hours, and a thousand who each wait a second for it."""
    queue = Queue(1)
    queue.want("holder")
    queue.want("patient")
    for number in range(1000):
        queue.want(number)
        queue.leave(number)
        assert len(queue.permits._queue) <= 4
    queue.leave("holder")
    assert queue.woken == ["patient"]


class QueueMachine(RuleBasedStateMachine):
    """Permits beside a list of who waits that is sorted anew each time."""

    wanted = Bundle("wanted")

    @initialize(rules=st.one_of(st.integers(1, 4), st.builds(AdaptiveConcurrency, start=st.integers(1, 4))))
    def begin(self, rules: Any) -> None:
        self.queue = Queue(rules)
        self.holding: set[int] = set()
        self.waiting: list[tuple[int, int]] = []
        self.next = 0

    @rule(target=wanted, priority=st.integers(-2, 2))
    def want(self, priority: int) -> int:
        name, self.next = self.next, self.next + 1
        free = not self.waiting and len(self.holding) < self.queue.permits.limit
        assert self.queue.want(name, priority) == free
        if free:
            self.holding.add(name)
        else:
            self.waiting.append((-priority, name))
        return name

    @rule(name=consumes(wanted))
    def leave(self, name: int) -> None:
        self.queue.leave(name)
        self.waiting = [entry for entry in self.waiting if entry[1] != name]
        if name in self.holding:
            self.holding.remove(name)
            self.serve()

    @rule(target=wanted, name=consumes(wanted))
    def leave_twice(self, name: int) -> Any:
        self.leave(name)
        self.queue.leave(name)
        return multiple()

    @rule(load=st.sampled_from(Load), started=st.integers(0, 20), seconds=st.integers(0, 5))
    def observe(self, load: Load, started: int, seconds: int) -> None:
        self.queue.permits.observe(Seen(load, started, started + seconds))
        self.queue.permits.hand_over()
        self.serve()

    def serve(self) -> None:
        """Those whose turn it is by the model, and only those, and in that order, were woken."""
        self.waiting.sort()
        turn = []
        while self.waiting and len(self.holding) < self.queue.permits.limit:
            turn.append(self.waiting.pop(0)[1])
            self.holding.add(turn[-1])
        assert self.queue.woken == turn
        self.queue.woken.clear()

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        if hasattr(self, "queue"):
            permits = self.queue.permits
            assert (permits.in_flight, permits.waiting) == (len(self.holding), len(self.waiting))
            assert {name for name, permit in self.queue.all.items() if permit.is_held} == self.holding
            assert not self.waiting or permits.in_flight >= permits.limit


TestQueue = QueueMachine.TestCase


# -- what attempts teach the limit ---------------------------------------------------------------------------


def adaptive(in_flight: int, **bounds: Any) -> Permits:
    """Permits of which so many are held."""
    permits = Permits(AdaptiveConcurrency(**bounds))
    for _ in range(in_flight):
        permits.try_take(Permit())
    return permits


def test_a_limits_worth_of_answers_raises_the_limit_by_about_one() -> None:
    """Not every answer by one: that would double it with each round."""
    permits = adaptive(10, start=10)
    for _ in range(11):
        permits.observe(Seen(Load.FINE, 0.0, 1.0))
    assert permits.limit == 11


def test_a_limit_that_is_not_used_does_not_rise() -> None:
    """That the server bears less says nothing of more."""
    permits = adaptive(9, start=10)
    for _ in range(1000):
        permits.observe(Seen(Load.FINE, 0.0, 1.0))
    assert permits.limit == 10


@pytest.mark.parametrize("load", [Load.PUSHED_BACK, Load.TIMED_OUT])
def test_the_limit_falls_when_the_server_has_too_much_to_do(load: Load) -> None:
    """To the part of itself that the backoff is."""
    permits = adaptive(0, start=100, backoff=0.75)
    permits.observe(Seen(load, 0.0, 1.0))
    assert permits.limit == 75


def test_an_attempt_that_is_lost_changes_nothing() -> None:
    """A connection that broke says nothing of the load."""
    permits = adaptive(1, start=1)
    permits.observe(Seen(Load.LOST, 0.0, 1.0))
    assert permits.limit == 1


def test_the_limit_falls_once_for_all_that_was_on_its_way() -> None:
    """A hundred refusals of one moment are one: the next counts if it was sent after the limit had fallen."""
    permits = adaptive(0, start=100)
    for number in range(100):
        permits.observe(Seen(Load.PUSHED_BACK, 0.01 * number, 1.0 + 0.01 * number))
    assert permits.limit == 80
    permits.observe(Seen(Load.PUSHED_BACK, 1.5, 2.5))
    assert permits.limit == 64


def test_answers_from_before_the_fall_raise_nothing() -> None:
    """They were those that the server took of too many."""
    permits = adaptive(10, start=10)
    permits.observe(Seen(Load.PUSHED_BACK, 0.0, 1.0))
    for _ in range(100):
        permits.observe(Seen(Load.FINE, 0.5, 1.5))
    assert permits.limit == 8


def test_the_limit_stays_within_its_bounds() -> None:
    """However long an outage or a good time is."""
    permits = adaptive(3, start=3, minimum=2, maximum=4)
    for number in range(100):
        permits.observe(Seen(Load.FINE, number, number))
    assert permits.limit == 4
    for number in range(100, 200):
        permits.observe(Seen(Load.PUSHED_BACK, number, number + 0.5))
    assert permits.limit == 2


def test_a_limit_below_what_is_held_cuts_nobody() -> None:
    """What is given back is not handed on until it fits."""
    queue = Queue(AdaptiveConcurrency(start=10))
    for name in range(12):
        queue.want(name)
    queue.permits.observe(Seen(Load.PUSHED_BACK, 0.0, 1.0))
    assert (queue.permits.in_flight, queue.permits.limit) == (10, 8)
    queue.leave(0, 1)
    assert queue.woken == []
    queue.leave(2)
    assert queue.woken == [10]


def test_a_fixed_limit_learns_nothing() -> None:
    """It is what was asked for."""
    permits = Permits(5)
    permits.observe(Seen(Load.PUSHED_BACK, 0.0, 1.0))
    assert permits.limit == 5


@settings(max_examples=25)
@given(st.integers(2, 40), st.integers(1, 60), st.floats(0.5, 0.9))
def test_the_limit_comes_to_a_capacity_from_wherever_it_starts(capacity: int, start: int, backoff: float) -> None:
    """Rounds of as many attempts as are allowed, refused where there are more than the capacity."""
    permits = Permits(AdaptiveConcurrency(start=start, backoff=backoff))
    limits = []
    for now in range(120):
        held = [Permit() for _ in range(permits.limit)]
        assert all(permits.try_take(permit) for permit in held)
        for number in range(len(held)):
            permits.observe(Seen(Load.FINE if number < capacity else Load.PUSHED_BACK, now + 0.1, now + 1.0))
        for permit in held:
            permits.leave(permit)
        limits.append(permits.limit)
    assert max(limits[-50:]) <= capacity + 2
    assert min(limits[-50:]) >= int(capacity * backoff) - 1


# -- in the books --------------------------------------------------------------------------------------------


def test_the_statistics_tell_of_permits() -> None:
    """How many are held and waited for, and the limit as it stands."""
    books = OriginBooks(OriginRules(max_concurrency=1))
    book = books.of("a")
    assert book.permits is not None
    book.permits.try_take(Permit())
    book.permits.join(Permit(), 0, lambda: None)
    statistics = book.statistics("a")
    assert (statistics.in_flight, statistics.waiting, statistics.concurrency_limit) == (1, 1, 1)


def test_without_a_limit_nothing_is_guarded_and_nothing_is_told() -> None:
    """It is off by default."""
    book = OriginBooks(OriginRules()).of("a")
    assert not book.is_guarded(0.0)
    statistics = book.statistics("a")
    assert (statistics.in_flight, statistics.waiting, statistics.concurrency_limit) == (0, 0, None)
    assert OriginBooks(OriginRules(max_concurrency=1)).of("a").is_guarded(0.0)


def test_the_books_teach_the_limit() -> None:
    """It is seen with each attempt's end."""
    book = OriginBooks(OriginRules(max_concurrency=AdaptiveConcurrency())).of("a")
    book.observe(Seen(Load.PUSHED_BACK, 0.0, 1.0), asked=None, reason=None)
    assert book.statistics("a").concurrency_limit == 16
