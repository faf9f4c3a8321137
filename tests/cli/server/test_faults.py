"""The plan of faults."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from trio_api.cli.server import NO_FAULTS, FaultKind, FaultRates
from trio_api.cli.server._faults import MAX_STREAK, Fault, FaultPlan

EVEN = FaultRates(rate_limited=0.2, unavailable=0.2, dropped=0.2, cut=0.2, retry_after=1.0)
BROKEN = FaultRates(rate_limited=0, unavailable=1, dropped=0, cut=0)


def fates(plan: FaultPlan, targets: Sequence[str]) -> list[tuple[str, Fault]]:
    return sorted(
        ((target, plan.next(target, float(10 * place))) for place, target in enumerate(targets)),
        key=lambda fate: fate[0],
    )


@given(st.integers(), st.lists(st.sampled_from("abc"), max_size=30), st.randoms())
def test_a_seed_decides_whatever_the_order(seed: int, targets: list[str], shuffler: object) -> None:
    """The n-th request for a target meets the same fault in every run, in any order of targets."""
    first = fates(FaultPlan(EVEN, seed), targets)
    assert first == fates(FaultPlan(EVEN, seed), sorted(targets))


def test_other_seeds_give_other_faults() -> None:
    """The seed matters."""
    assert fates(FaultPlan(EVEN, 1), "abcdefgh") != fates(FaultPlan(EVEN, 2), "abcdefgh")


def test_rates_are_met() -> None:
    """Over many targets each kind comes as often as its rate says."""
    plan = FaultPlan(EVEN, 7)
    for number in range(5000):
        plan.next(str(number), 0.0)
    assert plan.counts == {kind: pytest.approx(1000, rel=0.15) for kind in FaultKind}


def test_a_target_never_fails_more_often_than_clients_try() -> None:
    """Even at a rate of 1 a client with two retries comes through."""
    plan = FaultPlan(BROKEN, 1)
    kinds = [plan.next("a", 0.0).kind for _ in range(9)]
    assert kinds == ([FaultKind.UNAVAILABLE] * MAX_STREAK + [FaultKind.NONE]) * 3


def test_a_rate_limit_holds_until_its_time_is_over() -> None:
    """Who comes before Retry-After is over is counted and told to wait for the rest; others are not concerned."""
    plan = FaultPlan(FaultRates(rate_limited=1, unavailable=0, dropped=0, cut=0, retry_after=1.0), 1)
    assert plan.next("a", 0.0) == Fault(FaultKind.RATE_LIMITED, retry_after=1.0)
    assert plan.next("a", 0.75) == Fault(FaultKind.RATE_LIMITED, retry_after=0.25)
    assert plan.early == 1
    assert plan.next("a", 1.0) == Fault(FaultKind.RATE_LIMITED, retry_after=1.0)
    assert plan.next("a", 2.0).kind is FaultKind.NONE
    assert plan.early == 1


def test_no_faults_are_none() -> None:
    """Without faults everything is answered at once."""
    plan = FaultPlan(NO_FAULTS, 3)
    assert {plan.next(str(number), 0.0) for number in range(100)} == {Fault(FaultKind.NONE)}


@given(st.integers())
def test_latency_is_within_its_bounds(seed: int) -> None:
    """Each answer takes as long as the plan says, between the two bounds."""
    rates = FaultRates(latency=(1.0, 2.0), rate_limited=0)
    assert 1.0 <= FaultPlan(rates, seed).next("a", 0.0).delay <= 2.0
