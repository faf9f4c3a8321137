"""A rate limit as a value: what it may be, and what it makes of the functions that it is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs
import httpx
import pytest

from trio_api import FinalRequestOptions, Hedge, RateLimit
from trio_api.resilience import OriginRules, RateClaim, thousandths

OPTIONS = FinalRequestOptions(method="get", url="/items")


def tokens(**fields: Any) -> RateLimit:
    return RateLimit(**{"tokens": 100, "per": 60, "cost": lambda options: 1, **fields})


@pytest.mark.parametrize(
    ("make", "error", "named"),
    [
        (lambda: RateLimit(per=1), TypeError, "either requests or tokens"),
        (lambda: RateLimit(requests=1, tokens=1, per=1), TypeError, "either requests or tokens"),
        (lambda: RateLimit(requests=1.5, per=1), TypeError, "requests"),  # type: ignore[arg-type]
        (lambda: RateLimit(requests=True, per=1), TypeError, "requests"),
        (lambda: RateLimit(requests=0, per=1), ValueError, "requests"),
        (lambda: RateLimit(requests=10**13, per=1), ValueError, "requests"),
        (lambda: tokens(tokens="many"), TypeError, "tokens"),
        (lambda: tokens(tokens=True), TypeError, "tokens"),
        (lambda: tokens(tokens=0), ValueError, "tokens"),
        (lambda: tokens(tokens=math.nan), ValueError, "tokens"),
        (lambda: RateLimit(requests=1, per=0), ValueError, "per"),
        (lambda: RateLimit(requests=1, per=math.inf), ValueError, "per"),
        (lambda: RateLimit(requests=1, per="1"), TypeError, "per"),  # type: ignore[arg-type]
        (lambda: RateLimit(requests=5, per=1, burst=0), ValueError, "burst"),
        (lambda: RateLimit(requests=5, per=1, burst=6), ValueError, "burst"),
        (lambda: tokens(burst="x"), TypeError, "burst"),
        (lambda: tokens(burst=101), ValueError, "burst"),
        (lambda: RateLimit(requests=5, per=1, cost=lambda options: 1), TypeError, "cost"),
        (lambda: RateLimit(tokens=5, per=1), TypeError, "cost"),
        (lambda: RateLimit(requests=5, per=1, spent=lambda response: 1), TypeError, "spent"),
        (lambda: tokens(spent=3), TypeError, "spent"),
        (lambda: RateLimit(requests=5, per=1, name=""), TypeError, "name"),
        (lambda: RateLimit(requests=5, per=1, name=7), TypeError, "name"),  # type: ignore[arg-type]
    ],
)
def test_a_field_that_cannot_be_is_named(make: Callable[[], RateLimit], error: type[Exception], named: str) -> None:
    """Before anything is sent."""
    with pytest.raises(error, match=named):
        make()


@pytest.mark.parametrize(
    ("value", "error", "told"),
    [
        (5, TypeError, "rate_limit must be a RateLimit, an iterable of them or None, got 5"),
        ("5/s", TypeError, "rate_limit must be"),
        ([RateLimit(requests=1, per=1), 5], TypeError, "got 5 in it"),
        ([RateLimit(requests=1, per=1), RateLimit(requests=2, per=1)], ValueError, "two limits of one name"),
    ],
)
def test_what_is_no_limit_is_refused(value: Any, error: type[Exception], told: str) -> None:
    """The names have to differ, since a store tells limits apart by them."""
    with pytest.raises(error, match=told):
        OriginRules(rate_limit=value)


def test_one_limit_is_as_good_as_several() -> None:
    """Any iterable of them; one that is empty is no limit."""
    one, other = RateLimit(requests=1, per=1), tokens()
    assert OriginRules(rate_limit=one).rate_limit == (one,)
    assert OriginRules(rate_limit=iter([one, other])).rate_limit == (one, other)
    assert OriginRules(rate_limit=[]).rate_limit is None
    assert OriginRules().rate_limit is None


def test_a_store_has_to_be_one() -> None:
    """By its methods."""
    with pytest.raises(TypeError, match="rate_limit_store"):
        OriginRules(rate_limit_store="redis://localhost")  # type: ignore[arg-type]


def test_hedges_and_a_store_exclude_each_other() -> None:
    """None would ever be sent, so it is said at once; to a copy too. Without a limit the store is not asked."""
    store = Store()
    parent = OriginRules(hedge=Hedge(), rate_limit_store=store)
    with pytest.raises(ValueError, match="hedge can't go with a rate_limit_store"):
        parent.with_changes({"rate_limit": RateLimit(requests=1, per=60)})
    assert parent.with_changes({"rate_limit": RateLimit(requests=1, per=60), "hedge": None}).rate_limit_store is store


class Store:
    """A `RateLimitStore` by its methods."""

    async def take(self, claim: RateClaim) -> float:
        raise AssertionError(claim)

    async def correct(self, claim: RateClaim, costs: tuple[float, ...]) -> None:
        raise AssertionError(claim, costs)


def test_a_limit_has_a_name_that_says_what_it_is() -> None:
    """Two limits of a client nearly always differ by it."""
    assert RateLimit(requests=1, per=60).name == "requests/60s"
    assert tokens(per=0.5).name == "tokens/0.5s"
    assert RateLimit(requests=1, per=60, name="search").name == "search"


def test_a_limit_is_a_value() -> None:
    """Equal ones are equal, and nothing can be changed."""
    assert RateLimit(requests=5, per=1) == RateLimit(requests=5, per=1)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        RateLimit(requests=5, per=1).per = 2  # type: ignore[misc]


def test_a_request_costs_one_of_its_own_limit() -> None:
    """Whatever it is."""
    assert RateLimit(requests=5, per=1).cost_of(OPTIONS) == 1


def test_the_cost_is_asked_of_the_options() -> None:
    """They are the whole call."""
    assert tokens(cost=lambda options: len(options.url)).cost_of(OPTIONS) == 6


@pytest.mark.parametrize(
    ("cost", "error"), [("7", TypeError), (True, TypeError), (-1, ValueError), (math.inf, ValueError)]
)
def test_a_cost_that_is_none_is_refused(cost: Any, error: type[Exception]) -> None:
    """The error says where it comes from."""
    with pytest.raises(error, match="what cost gives"):
        tokens(cost=lambda options: cost).cost_of(OPTIONS)
    with pytest.raises(error, match="what spent gives"):
        tokens(spent=lambda response: cost).spent_by(httpx.Response(200))


def test_a_cost_that_there_will_never_be_room_for_is_refused() -> None:
    """In place of an endless wait: more than the quota, or more than goes at once."""
    with pytest.raises(ValueError, match=r"costs 101 tokens, and the rate limit 'tokens/60s' never has more than 100"):
        tokens(cost=lambda options: 101).cost_of(OPTIONS)
    with pytest.raises(ValueError, match="never has more than 20"):
        tokens(burst=20, cost=lambda options: 21).cost_of(OPTIONS)
    assert tokens(burst=20, cost=lambda options: 20).cost_of(OPTIONS) == 20


def test_what_was_spent_is_asked_of_the_response() -> None:
    """None where nobody says."""
    response = httpx.Response(200, json={"usage": 7})
    assert tokens(spent=lambda response: response.json()["usage"]).spent_by(response) == 7
    assert tokens(spent=lambda response: None).spent_by(response) is None
    assert tokens().spent_by(response) is None


def test_the_body_of_an_open_response_is_not_known() -> None:
    """Who asks for it keeps the cost that was expected."""
    response = httpx.Response(200, stream=httpx.ByteStream(b"{}"))
    assert tokens(spent=lambda response: response.json()["usage"]).spent_by(response) is None


@pytest.mark.parametrize(("amount", "count"), [(1, 1000), (0.1, 100), (1.1, 1100), (0.0001, 1), (0, 0), (1e12, 10**15)])
def test_amounts_are_counted_in_thousandths(amount: float, count: int) -> None:
    """Rounded up, but for what is a float's own."""
    assert thousandths(amount) == count
