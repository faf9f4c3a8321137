"""What a retry budget pays for, by table and as properties of every way in which calls may end."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from trio_api.resilience import RetryBudget
from trio_api.resilience._budget import RetryAccount

BUDGETS = st.builds(
    lambda capacity, retry, throttled, refund: RetryBudget(
        capacity=capacity,
        retry_cost=1 + retry % capacity,
        throttled_cost=1 + throttled % capacity,
        clean_refund=refund,
    ),
    st.integers(1, 60),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(1, 99),
)
CALLS = st.lists(st.tuples(st.lists(st.booleans(), max_size=4), st.booleans()), max_size=60)
"""Calls: whether each failure of theirs was throttling, and whether the attempt after them succeeds."""


def spend_all(account: RetryAccount, *, throttled: bool = False) -> int:
    """Pay until there is too little left; how often that went well."""
    paid = 0
    while account.spend(throttled=throttled) is not None:
        paid += 1
    return paid


# -- the value -----------------------------------------------------------------------------------------------


def test_the_defaults_are_those_of_the_source() -> None:
    """500 tokens; 14 a retry, 5 after throttling, 1 back: the AWS SDKs' standard mode."""
    budget = RetryBudget()
    assert attrs.astuple(budget) == (500, 14, 5, 1)


def test_a_budget_is_immutable_and_equal_by_value() -> None:
    """It may be shared: nobody can change it."""
    assert RetryBudget(capacity=100) == RetryBudget(capacity=100)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        RetryBudget().capacity = 1  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize("name", ["capacity", "retry_cost", "throttled_cost", "clean_refund"])
@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError), ("5", TypeError), (None, TypeError)],
)
def test_a_field_is_a_number_of_tokens(name: str, value: Any, error: type[Exception]) -> None:
    """At least one, and whole; the message names the field."""
    with pytest.raises(error, match=f"^{name} must be"):
        RetryBudget(**{name: value})


@pytest.mark.parametrize("name", ["retry_cost", "throttled_cost"])
def test_a_retry_has_to_be_affordable(name: str) -> None:
    """A cost beyond the capacity would turn retries off in disguise; the message says how that is done."""
    others = {"retry_cost": 1, "throttled_cost": 1}
    with pytest.raises(
        ValueError, match=f"^{name} must not be more than the capacity of 10, got 11: .*use max_retries=0$"
    ):
        RetryBudget(**{**others, "capacity": 10, name: 11})
    RetryBudget(**{**others, "capacity": 10, name: 10})


# -- the account ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("throttled", "cost", "paid"), [(False, 14, 35), (True, 5, 100)])
def test_what_a_retry_costs(throttled: bool, cost: int, paid: int) -> None:
    """14 tokens after a failure, 5 after throttling; a full account pays for 35 or for 100."""
    account = RetryAccount(RetryBudget())
    assert account.spend(throttled=throttled) == cost
    assert account.left == 500 - cost
    assert spend_all(account, throttled=throttled) == paid - 1


def test_too_little_pays_for_nothing() -> None:
    """Where the cost is not there, none of it is taken; a cheaper retry may still be paid."""
    account = RetryAccount(RetryBudget(capacity=18))
    assert account.spend(throttled=False) == 14
    assert (account.spend(throttled=False), account.spend(throttled=True)) == (None, None)
    assert account.left == 4


def test_the_last_token_can_be_spent() -> None:
    """A cost of all that is left is paid."""
    account = RetryAccount(RetryBudget(capacity=14))
    assert (account.spend(throttled=False), account.left) == (14, 0)


@pytest.mark.parametrize(("last_cost", "back"), [(None, 1), (14, 14), (5, 5), (0, 0)])
def test_what_a_success_gives_back(last_cost: int | None, back: int) -> None:
    """The cost of its last retry; a call that had none gives one token."""
    account = RetryAccount(RetryBudget())
    spend_all(account)
    before = account.left
    account.succeeded(last_cost)
    assert account.left == before + back


@pytest.mark.parametrize("last_cost", [None, 14])
def test_nothing_is_given_beyond_the_capacity(last_cost: int | None) -> None:
    """A full account stays full, a nearly full one becomes full."""
    account = RetryAccount(RetryBudget())
    account.succeeded(last_cost)
    assert account.left == 500
    account.spend(throttled=True)
    account.succeeded(14)
    assert account.left == 500


@attrs.define
class Ledger:
    """What was seen of an account while calls were played on it, one after the other."""

    account: RetryAccount
    paid: int = 0
    offered: int = 0
    lefts: list[int] = attrs.field(factory=list[int])

    def play(self, budget: RetryBudget, calls: list[tuple[list[bool], bool]]) -> None:
        for failures, succeeds in calls:
            costs = []
            for throttled in failures:
                costs.append(self.account.spend(throttled=throttled))
                self.lefts.append(self.account.left)
                if costs[-1] is None:
                    break
            else:
                if succeeds:
                    last = costs[-1] if costs else None
                    self.account.succeeded(last)
                    self.offered += budget.clean_refund if last is None else last
            self.paid += sum(cost for cost in costs if cost is not None)
            self.lefts.append(self.account.left)


@given(BUDGETS, CALLS)
def test_what_is_left_is_never_negative_and_never_beyond_the_capacity(
    budget: RetryBudget, calls: list[tuple[list[bool], bool]]
) -> None:
    """However calls end."""
    ledger = Ledger(RetryAccount(budget))
    ledger.play(budget, calls)
    assert all(0 <= left <= budget.capacity for left in ledger.lefts)


@given(BUDGETS, CALLS)
def test_no_token_comes_from_nowhere(budget: RetryBudget, calls: list[tuple[list[bool], bool]]) -> None:
    """What is left is the capacity less what was paid and with what came back; a full account alone turns some away."""
    ledger = Ledger(RetryAccount(budget))
    ledger.play(budget, calls)
    rest = budget.capacity - ledger.paid
    assert max(rest, 0) <= ledger.account.left <= rest + ledger.offered
    if budget.capacity not in ledger.lefts:
        assert ledger.account.left == rest + ledger.offered or not calls


@given(BUDGETS, st.lists(st.booleans(), max_size=200))
def test_in_an_outage_the_retries_are_bounded(budget: RetryBudget, failures: list[bool]) -> None:
    """Without a success, no more are paid than the capacity holds of the cheapest."""
    account = RetryAccount(budget)
    paid = [account.spend(throttled=throttled) for throttled in failures]
    cheapest = min(budget.retry_cost, budget.throttled_cost)
    assert sum(cost is not None for cost in paid) <= budget.capacity // cheapest


@given(BUDGETS, CALLS)
def test_successes_make_an_account_full_again(budget: RetryBudget, calls: list[tuple[list[bool], bool]]) -> None:
    """After as many clean calls as tokens are missing, at the latest, nothing of the past is left."""
    account = RetryAccount(budget)
    Ledger(account).play(budget, calls)
    for _ in range(budget.capacity - account.left):
        account.succeeded()
    assert account.left == budget.capacity
