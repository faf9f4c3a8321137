"""The retry budget of a client, in both colours: on by default, one for each origin, shared with copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from support.colours import Colour
from support.scripted import Slow, reply
from trio_api import APITimeoutError, ClientStatistics, InternalServerError, OriginStatistics, RetryBudget

HOME = "https://api.example.com:443"
ELSEWHERE = "https://other.example/items"
SMALL = RetryBudget(capacity=28)  # pays for two retries


def broken(request: httpx.Request) -> httpx.Response:
    return reply(status=503)


def fail(client: Any, url: str = "/items") -> Any:
    """Make a call that fails; a part of a test's body."""
    with pytest.raises(InternalServerError):
        yield client.get(url, cast_to=object)


def requests_of(colour: Colour, body: Callable[[Any], Any], **settings: Any) -> int:
    """How many requests a server that is down gets."""
    _, script = colour.play(*[broken] * 300, body=body, **settings)
    return len(script.sent)


@pytest.mark.parametrize(
    ("settings", "requests"),
    [
        ({}, 60 + 35),
        ({"retry_budget": RetryBudget(capacity=42)}, 60 + 3),
        ({"retry_budget": RetryBudget(retry_cost=500)}, 60 + 1),
        ({"retry_budget": None}, 60 * 3),
    ],
)
def test_in_an_outage_a_client_retries_until_its_budget_is_used_up(
    colour: Colour, settings: Any, requests: int
) -> None:
    """35 times by default, whatever the number of calls; without a budget each call on its own."""

    def body(client: Any) -> Any:
        for _ in range(60):
            yield from fail(client)

    assert requests_of(colour, body, **settings) == requests


def test_a_call_without_retries_needs_no_budget(colour: Colour) -> None:
    """Nothing is refused where nothing is due."""

    def body(client: Any) -> Any:
        with pytest.raises(InternalServerError):
            yield client.get("/items", cast_to=object, options={"max_retries": 0})
        [origin] = client.statistics().origins
        assert (origin.budget_left, origin.retries_refused) == (500, 0)

    colour.play(broken, body=body)


def test_a_copy_shares_the_budget_of_its_parent(colour: Colour) -> None:
    """And the statistics: what one spends the other lacks, in either direction and over generations."""

    def body(client: Any) -> Any:
        copied = client.copy(timeout=3, max_retries=1).with_options(custom_headers={"A": "1"})
        yield from fail(copied)
        yield from fail(client)
        yield from fail(copied)
        assert client.statistics() == copied.statistics()
        [origin] = client.statistics().origins
        assert (origin.retries, origin.retries_refused, origin.attempts) == (2, 2, 5)

    assert requests_of(colour, body, retry_budget=SMALL) == 2 + 2 + 1


@pytest.mark.parametrize(("budget", "requests"), [(SMALL, 3), (RetryBudget(capacity=14), 2), (None, 3)])
def test_a_copy_with_a_budget_of_its_own_shares_nothing(
    colour: Colour, budget: RetryBudget | None, requests: int
) -> None:
    """Not even where it is an equal one; its statistics begin anew."""

    def body(client: Any) -> Any:
        yield from fail(client)
        copied = client.copy(retry_budget=budget)
        assert copied.statistics().origins == ()
        yield from fail(copied.copy(timeout=1))
        yield from fail(client)
        assert [origin.calls for origin in copied.statistics().origins] == [1]
        assert [origin.calls for origin in client.statistics().origins] == [2]

    assert requests_of(colour, body, retry_budget=SMALL) == 3 + requests + 1


def test_clients_share_nothing(colour: Colour) -> None:
    """A budget is a value: two clients that are given the same have an account each."""
    first, second = colour.client(retry_budget=SMALL), colour.client(retry_budget=SMALL)
    assert first._books is not second._books


def test_each_origin_has_a_budget_of_its_own(colour: Colour) -> None:
    """The outage of one server leaves the retries of another alone."""

    def body(client: Any) -> Any:
        yield from fail(client)
        yield from fail(client, ELSEWHERE)
        yield from fail(client)
        names = [(origin.origin, origin.attempts) for origin in client.statistics().origins]
        assert names == [("https://other.example:443", 3), (HOME, 4)]

    assert requests_of(colour, body, retry_budget=SMALL) == 3 + 3 + 1


def test_an_origin_is_where_the_request_goes(colour: Colour) -> None:
    """A hook may send it elsewhere."""

    def move(client: Any, request: httpx.Request) -> None:
        request.url = httpx.URL(ELSEWHERE)

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        return client.statistics()

    statistics, _ = colour.play(reply(), body=body, client_class=colour.make_class(_prepare_request=move))
    assert [origin.origin for origin in statistics.origins] == ["https://other.example:443"]


def test_the_statistics_of_a_client(colour: Colour) -> None:
    """One value for each origin, frozen as it stood."""

    def body(client: Any) -> Any:
        assert client.statistics() == ClientStatistics(origins=())
        yield client.get("/items", cast_to=object)
        yield client.get("/items", cast_to=object)
        yield from fail(client)
        return client.statistics()

    statistics, _ = colour.play(reply(), broken, reply(), broken, broken, body=body, max_retries=1)
    expected = OriginStatistics(
        origin=HOME, calls=3, failed=1, attempts=5, retries=2, retries_refused=0, budget_left=486
    )
    assert statistics.origins == (expected,)


def test_a_call_that_ran_out_of_time_is_counted(colour: Colour) -> None:
    """Before its first answer too."""

    def body(client: Any) -> Any:
        with pytest.raises(APITimeoutError):
            yield client.get("/items", cast_to=object, options={"total_timeout": 1.0})
        return client.statistics()

    statistics, _ = colour.play(Slow(5, reply()), body=body)
    assert [(origin.origin, origin.calls, origin.failed) for origin in statistics.origins] == [(HOME, 1, 1)]


@pytest.mark.parametrize("value", [500, True, "500", {"capacity": 5}])
def test_a_budget_is_a_retry_budget_or_none(colour: Colour, value: Any) -> None:
    """Anything else is a TypeError that says so, of a client and of a copy."""
    with pytest.raises(TypeError, match=r"^retry_budget must be a RetryBudget, or None for none, got "):
        colour.client(retry_budget=value)
    with pytest.raises(TypeError, match=r"^retry_budget must be a RetryBudget, or None for none, got "):
        colour.client().copy(retry_budget=value)
