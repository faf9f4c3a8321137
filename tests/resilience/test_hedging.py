"""When a request may be sent once more: the policy, the quantiles of what was seen, and what bounds the number."""

from __future__ import annotations

import math
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api import CoolDown, Hedge, RetryBudget, Throttling
from trio_api.resilience import Hedging, Load, OriginBook, OriginRules, Seen, is_answer

LATENCIES = st.lists(st.floats(0, 100), max_size=600)
PUSHED_BACK = Seen(Load.PUSHED_BACK, 0.0, 100.0)


def hedging(*latencies: float, **rules: Any) -> Hedging:
    """One that has seen answers, and has a hedge to send."""
    some = Hedging(Hedge(**{"budget": 1.0, **rules}))
    for seconds in latencies:
        some.answered(seconds)
    return some


def book(**rules: Any) -> OriginBook:
    """One that has a hedge to send."""
    some = OriginBook(OriginRules(**{"hedge": Hedge(after=1.0, budget=1.0), **rules}))
    if some.hedging is not None:
        some.hedging.begin()
    return some


# -- the value -----------------------------------------------------------------------------------------------


def test_the_defaults() -> None:
    """One more after the 95th percentile, for at most 5% more requests."""
    assert attrs.astuple(Hedge()) == ("p95", 1, 0.05)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("after", "95", ValueError),
        ("after", "p0", ValueError),
        ("after", "p00.0", ValueError),
        ("after", "p100", ValueError),
        ("after", "p95%", ValueError),
        ("after", "", ValueError),
        ("after", -1, ValueError),
        ("after", float("nan"), ValueError),
        ("after", None, TypeError),
        ("after", True, TypeError),
        ("max_extra", 0, ValueError),
        ("max_extra", 1.0, TypeError),
        ("max_extra", True, TypeError),
        ("budget", 0, ValueError),
        ("budget", 1.1, ValueError),
        ("budget", "5%", TypeError),
    ],
)
def test_a_field_is_what_it_is_meant_to_be(name: str, value: Any, error: type[Exception]) -> None:
    """The message names it."""
    with pytest.raises(error, match=f"^{name} must be"):
        Hedge(**{name: value})


def test_an_origin_rule_is_a_hedge_or_none() -> None:
    """Off by default."""
    assert OriginRules().hedge is None
    with pytest.raises(TypeError, match=r"^hedge must be a Hedge, or None for none, got 0\.1"):
        OriginRules(hedge=0.1)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    ("status", "answers"), [(200, True), (304, True), (404, True), (429, False), (500, False), (503, False)]
)
def test_what_is_an_answer(status: int, answers: bool) -> None:
    """What another request would not come to a better end than."""
    assert is_answer(status) is answers


# -- how long is waited --------------------------------------------------------------------------------------


def test_seconds_are_waited_as_they_are() -> None:
    """Whatever was seen, and before anything was."""
    some = hedging(after=0.25)
    assert some.begin() == 0.25
    some.answered(7)
    assert some.begin() == 0.25


def test_a_quantile_asks_for_twenty_latencies() -> None:
    """Of fewer it says too little."""
    some = hedging(*range(19))
    assert some.begin() is None
    some.answered(19)
    assert some.begin() == 18


@pytest.mark.parametrize(("after", "expected"), [("p50", 50), ("p95", 95), ("p99", 99), ("p99.5", 100), ("p1", 1)])
def test_a_quantile_is_exact(after: str, expected: float) -> None:
    """The nearest rank: as large as so many of 100 latencies."""
    assert hedging(*range(100, 0, -1), after=after).begin() == expected


def test_the_last_256_latencies_count() -> None:
    """What is older is forgotten."""
    some = hedging(*[9.0] * 256, after="p50")
    for _ in range(128):
        some.answered(1.0)
    assert some.begin() == 1.0
    for _ in range(128):
        some.answered(2.0)
    assert some.begin() == 1.0
    some.answered(2.0)
    assert some.begin() == 2.0


@given(LATENCIES, st.sampled_from(["p1", "p50", "p95", "p99.9"]))
def test_at_least_so_many_of_the_latencies_are_within_the_quantile(latencies: list[float], after: str) -> None:
    """It is one of them, and the smallest that is large enough."""
    kept = latencies[-256:]
    delay = hedging(*latencies, after=after).begin()
    if len(kept) < 20:
        assert delay is None
    else:
        assert delay in kept
        rank = math.ceil(float(after[1:]) / 100 * len(kept))
        assert sum(each <= delay for each in kept) >= rank
        assert sum(each < delay for each in kept) < rank


# -- how many are sent ---------------------------------------------------------------------------------------


@given(st.lists(st.booleans(), max_size=500), st.sampled_from([0.05, 0.3, 1.0]))
def test_hedges_are_never_more_than_their_part(steps: list[bool], budget: float) -> None:
    """However requests and the wish for hedges come."""
    some = hedging(after=0.0, budget=budget)
    requests = hedges = 0
    for is_request in steps:
        if is_request:
            some.begin()
            requests += 1
        elif some.may_send(0):
            some.send()
            hedges += 1
        assert hedges <= budget * requests + 1e-9


def test_ten_hedges_may_be_saved_up() -> None:
    """A quiet time does not pay for a storm."""
    some = hedging(after=0.0)
    for _ in range(100):
        some.begin()
    sent = 0
    while some.may_send(0):
        some.send()
        sent += 1
    assert sent == 10


def test_a_request_waits_for_no_hedge_that_it_cannot_have() -> None:
    """Where none is left, none is promised."""
    some = hedging(after=1.0, budget=0.5)
    assert [some.begin(), some.begin()] == [None, 1.0]
    some.send()
    assert some.begin() is None


# -- when there are none -------------------------------------------------------------------------------------


def test_with_nothing_the_matter_there_are_hedges() -> None:
    """The rule, to which the others are exceptions."""
    assert book().may_hedge(100.0)


def test_without_a_policy_there_are_none() -> None:
    """Off means off."""
    assert not book(hedge=None).may_hedge(100.0)


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_pushed_back_has_ten_seconds_of_calm(status: int) -> None:
    """It has enough to do."""
    some = book()
    some.observe(PUSHED_BACK, asked=None, reason=httpx.Response(status))
    assert [some.may_hedge(100.0), some.may_hedge(109.9), some.may_hedge(110.0)] == [False, False, True]


@pytest.mark.parametrize("load", [Load.FINE, Load.LOST, Load.TIMED_OUT])
def test_other_ends_say_nothing_against_hedges(load: Load) -> None:
    """They are what hedges are for."""
    some = book()
    some.observe(Seen(load, 0.0, 100.0), asked=None, reason=None)
    assert some.may_hedge(100.0)


def test_in_a_cool_down_there_are_none() -> None:
    """Also where that is longer."""
    some = book(cool_down=CoolDown())
    some.observe(PUSHED_BACK, asked=60.0, reason=httpx.Response(429))
    assert [some.may_hedge(159.0), some.may_hedge(161.0)] == [False, True]


def test_while_throttling_holds_back_there_are_none() -> None:
    """Though it would let some through."""
    some = book(throttling=Throttling())
    assert some.may_hedge(100.0)
    some.observe(Seen(Load.LOST, 0.0, 100.0), asked=None, reason=None)
    assert not some.may_hedge(100.0)


def test_below_half_of_the_retry_budget_there_are_none() -> None:
    """The rest is for calls that failed."""
    some = book(retry_budget=RetryBudget(capacity=28))
    assert some.pay_retry(throttled=False) == 14
    assert some.may_hedge(100.0)
    assert some.account is not None
    some.account.spend(throttled=True)
    assert not some.may_hedge(100.0)


# -- what a hedge costs --------------------------------------------------------------------------------------


def test_a_hedge_costs_what_a_retry_costs_and_is_counted() -> None:
    """14 tokens by default; it is an attempt, and no retry."""
    some = book()
    assert some.pay_hedge() == 14
    statistics = some.statistics("a")
    assert (statistics.hedges, statistics.attempts, statistics.retries, statistics.budget_left) == (1, 1, 0, 486)
    assert not some.may_hedge(100.0)


def test_an_answer_puts_the_cost_back() -> None:
    """Up to the capacity; and says whether the hedge was worth it."""
    some = book()
    some.settle_hedges(some.pay_hedge(), won=True)
    some.settle_hedges(14, won=False)
    statistics = some.statistics("a")
    assert (statistics.hedges_won, statistics.budget_left) == (1, 500)


def test_without_a_budget_a_hedge_is_free() -> None:
    """What bounds it is its own part of the requests."""
    some = book(retry_budget=None)
    assert some.may_hedge(0.0)
    assert some.pay_hedge() == 0
    some.settle_hedges(0, won=False)
    assert some.statistics("a").hedges == 1


def test_too_few_tokens_pay_for_none() -> None:
    """Where half of the budget is less than a retry costs: it is known before a permit or a turn is taken for it."""
    some = book(retry_budget=RetryBudget(capacity=14))
    assert some.may_hedge(0.0)
    assert some.account is not None
    some.account.spend(throttled=True)
    assert not some.may_hedge(0.0)


def test_a_copy_has_the_same_latencies_unless_it_has_a_policy_of_its_own() -> None:
    """As with every state."""
    parent = book()
    assert OriginBook(parent.rules, parent).hedging is parent.hedging
    own = OriginBook(OriginRules(hedge=Hedge()), parent, frozenset({"hedge"}))
    assert own.hedging is not parent.hedging
    assert own.account is parent.account
