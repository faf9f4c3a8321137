"""What a throttle holds back, by table, by the formula, and as properties of everything that may happen."""

from __future__ import annotations

import random
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api import APIConnectionError, APIThrottledError, Throttling
from trio_api.resilience import Load, OriginBook, OriginRules, Seen, Throttle

REQUEST = httpx.Request("GET", "https://user:canary@api.example.com/v1/items?key=canary")


def throttle(fine: int = 0, bad: int = 0, at: float = 0.0, **rules: Any) -> Throttle:
    """One that saw so many attempts end at a time."""
    some = Throttle(Throttling(**rules))
    see(some, fine, bad, at)
    return some


def see(some: Throttle, fine: int, bad: int, at: float, load: Load = Load.LOST) -> None:
    for _ in range(fine):
        some.observe(Seen(Load.FINE, at, at))
    for _ in range(bad):
        some.observe(Seen(load, at, at))


# -- the value -----------------------------------------------------------------------------------------------


def test_the_defaults() -> None:
    """K is 2 and the window 2 minutes, as the book has them; one attempt in ten is made at the least."""
    assert attrs.astuple(Throttling()) == (2.0, 120.0, 0.9)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("k", "2", TypeError),
        ("k", True, TypeError),
        ("k", 0.99, ValueError),
        ("k", float("nan"), ValueError),
        ("k", float("inf"), ValueError),
        ("window", None, TypeError),
        ("window", 0, ValueError),
        ("window", -1.0, ValueError),
        ("window", float("inf"), ValueError),
        ("max_probability", "1", TypeError),
        ("max_probability", 1.1, ValueError),
        ("max_probability", -0.1, ValueError),
    ],
)
def test_a_field_is_what_it_is_meant_to_be(name: str, value: Any, error: type[Exception]) -> None:
    """The message names it."""
    with pytest.raises(error, match=f"^{name} must be"):
        Throttling(**{name: value})


def test_an_origin_rule_is_a_throttling_or_none() -> None:
    """Off by default."""
    assert OriginRules().throttling is None
    with pytest.raises(TypeError, match=r"^throttling must be a Throttling, or None"):
        OriginRules(throttling=2)  # type: ignore[arg-type]  # that is the point


# -- the probability -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fine", "bad", "expected"),
    [(0, 0, 0.0), (10, 0, 0.0), (10, 10, 0.0), (10, 11, 1 / 22), (10, 30, 20 / 41), (0, 1, 1 / 2), (0, 99, 99 / 100)],
)
def test_the_formula(fine: int, bad: int, expected: float) -> None:
    """``max(0, (requests - k * accepts) / (requests + 1))``."""
    assert throttle(fine, bad, max_probability=1).probability(0) == pytest.approx(expected)


def test_k_is_how_many_are_made_for_each_that_is_accepted() -> None:
    """A larger one is more patient, 1 holds back with the first failure."""
    assert throttle(10, 30, k=4).probability(0) == 0
    assert throttle(10, 30, k=1).probability(0) == pytest.approx(30 / 41)


def test_the_probability_is_bounded() -> None:
    """A part of the attempts is always made, so that the end of an outage is seen."""
    assert throttle(0, 1000).probability(0) == 0.9
    assert throttle(0, 1000, max_probability=0.5).probability(0) == 0.5
    assert throttle(0, 1000, max_probability=0).probability(0) == 0


@pytest.mark.parametrize("load", list(Load))
def test_what_is_accepted(load: Load) -> None:
    """An attempt that was answered, and not since the server has too much to do; all others are failures."""
    some = throttle()
    see(some, 0, 3, 0, load)
    assert (some.probability(0) == 0) is (load is Load.FINE)


def test_what_is_held_back_counts_as_a_request() -> None:
    """As in the book: so the client holds back more, the more it is asked for."""
    some = throttle(1, 3, max_probability=1)
    before = some.probability(0)
    while not some.holds_back(0):
        pass
    assert some.probability(0) > before == pytest.approx(2 / 5)
    assert some.probability(0) == pytest.approx(3 / 6)


def test_attempts_are_held_back_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as the probability says, which what is held back raises a little; of 10,000 a deviation is 0.5%."""
    monkeypatch.setattr(random, "random", random.Random(1).random)
    some = throttle(50_000, 150_000)
    before = some.probability(0)
    held = sum(some.holds_back(0) for _ in range(10_000)) / 10_000
    assert before - 0.02 < held < some.probability(0) + 0.02


# -- the window ----------------------------------------------------------------------------------------------


def test_what_is_older_than_the_window_is_forgotten() -> None:
    """To a sixtieth of it."""
    some = throttle(0, 50, at=1000.0)
    assert some.probability(1000 + 117.9) == 0.9
    assert some.probability(1000 + 120) == 0


def test_the_window_slides() -> None:
    """What is younger stays."""
    some = throttle(0, 10, at=1000.0)
    see(some, 0, 1, 1060.0)
    assert some.probability(1110) == 0.9
    assert some.probability(1130) == 0.5
    assert some.probability(1181) == 0


def test_an_end_that_is_reported_late_counts_now() -> None:
    """An attempt that was cut off has no time of its own."""
    some = throttle(at=1000.0)
    some.probability(1000)
    see(some, 0, 1, 0.0)
    assert some.probability(1000) == 0.5


STEPS = st.lists(st.tuples(st.floats(0, 50), st.sampled_from(["fine", "bad", "ask"])), max_size=200)


@given(STEPS, st.sampled_from([1.0, 2.0, 3.5]), st.sampled_from([7.0, 120.0]))
def test_the_counts_are_those_of_a_window(steps: list[tuple[float, str]], k: float, window: float) -> None:
    """Whatever happens when: the probability is one that a window gives which is at most a sixtieth shorter."""
    some = Throttle(Throttling(k=k, window=window, max_probability=1))
    seen: list[tuple[float, int]] = []
    now = 5000.0
    for passed, step in steps:
        now += passed
        if step == "ask":
            if some.holds_back(now):
                seen.append((now, 0))
        else:
            see(some, int(step == "fine"), int(step == "bad"), now)
            seen.append((now, int(step == "fine")))
        possible = []
        for length in {window, window * 59 / 60, *(now - at for at, _ in seen), *(now - at - 1e-9 for at, _ in seen)}:
            if window * 59 / 60 - 1e-6 <= length <= window + 1e-6:
                kept = [accepts for at, accepts in seen if now - at <= length]
                possible.append(max(0.0, (len(kept) - k * sum(kept)) / (len(kept) + 1)))
        assert any(some.probability(now) == pytest.approx(each) for each in possible)


# -- what comes of it ----------------------------------------------------------------------------------------


def test_a_healthy_origin_is_never_throttled() -> None:
    """Not even where half of its answers are failures."""
    assert not any(throttle(500, 500).holds_back(0) for _ in range(100))
    book = OriginBook(OriginRules(throttling=Throttling()))
    assert book.throttled(0, REQUEST) is None
    assert book.tally.throttled == 0


def test_without_throttling_nothing_is_held_back() -> None:
    """And nothing is remembered."""
    book = OriginBook(OriginRules())
    book.observe(Seen(Load.LOST, 0, 0), asked=None, reason=None)
    assert book.throttle is None
    assert book.throttled(0, REQUEST) is None
    assert not book.is_guarded(0)


def test_the_refusal_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that says that nothing was sent, without secrets, and the numbers."""
    monkeypatch.setattr(random, "random", lambda: 0.0)
    book = OriginBook(OriginRules(throttling=Throttling(window=60)))
    assert book.is_guarded(0)
    for number in range(10):
        book.observe(Seen(Load.LOST if number else Load.FINE, 0, 0), asked=None, reason=None)
    refusal = book.throttled(0, REQUEST)
    assert refusal is not None
    error = refusal.reason
    assert isinstance(error, APIThrottledError)
    assert isinstance(error, APIConnectionError)
    assert str(error) == (
        "Not sent: most requests of the last 60 s failed, and the client holds back: "
        "GET https://api.example.com/v1/items"
    )
    assert error.sent is False
    assert refusal.note == "1 of 11 requests were accepted, those that were held back counted in."
    assert refusal.retry_after is None
    assert book.statistics("a").throttled == 1
