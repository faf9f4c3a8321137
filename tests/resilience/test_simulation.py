"""What a retry budget does to a server and to its callers, in thousands of calls; chance is seeded.

The figures that are asked for lie at least four standard deviations away from what is expected, so that another seed
would do as well.
"""

from __future__ import annotations

import pytest

from support.simulated import simulate
from trio_api import RetryBudget


@pytest.mark.parametrize(("status", "retries"), [(503, 500 // 14), (429, 500 // 5)])
@pytest.mark.parametrize("tasks", [1, 100])
def test_an_outage_gets_one_attempt_a_call(status: int, retries: int, tasks: int) -> None:
    """10,000 calls make 1.01 attempts each at most, by one task or by a hundred; what they make is known exactly."""
    outage = simulate(faults=1.0, budget=RetryBudget(), calls=10_000, tasks=tasks, status=status)
    assert outage.attempts_per_call <= 1.01
    assert outage.statistics.retries == retries
    assert outage.success == 0


def test_without_a_budget_an_outage_gets_every_attempt() -> None:
    """Three for each call: what the budget is for."""
    assert simulate(faults=1.0, budget=None, calls=500).attempts_per_call == 3.0


@pytest.mark.parametrize("tasks", [1, 100])
def test_independent_faults_lose_nothing(tasks: int) -> None:
    """At 10%, 1.11 attempts a call and 99.9% success are expected, just as without a budget.

    Of 20,000 calls the standard deviations are 0.0024 attempts and 0.022%.
    """
    some = simulate(faults=0.1, budget=RetryBudget(), calls=20_000, tasks=tasks)
    assert some.success >= 0.998
    assert some.attempts_per_call <= 1.12


def test_a_server_that_is_back_gets_its_retries_back() -> None:
    """The clean calls after an outage make the budget whole, and the odd fault is retried again."""

    def faults(now: float) -> float:
        return 1.0 if now < 50 else 0.02

    down = simulate(faults=1.0, budget=RetryBudget(), calls=900)
    some = simulate(faults=faults, budget=RetryBudget(), calls=4000)
    assert down.statistics.budget_left == 500 - 35 * 14
    assert some.statistics.budget_left == 500
    assert some.statistics.retries > down.statistics.retries + 20


def test_a_wide_crowd_needs_a_wider_budget() -> None:
    """A thousand calls that begin at once have more faults at once than the default pays for: tokens come back late."""
    default, wider = (
        simulate(faults=0.1, budget=RetryBudget(capacity=capacity), calls=10_000, tasks=1000)
        for capacity in (500, 4000)
    )
    assert default.statistics.retries_refused > 100
    assert default.success > 0.97
    assert wider.statistics.retries_refused == 0
    assert wider.success > 0.998
