"""Clients of both colours that hold back, and what that does to a server and to its callers in an outage."""

from __future__ import annotations

import random
from typing import Any

import httpx
import pytest
import trio
import trio.testing

from support.colours import Colour
from support.scripted import reply
from trio_api import APIError, APIThrottledError, AsyncAPIClient, InternalServerError, Throttling
from trio_api.testing import SimulatedServer


def test_attempts_are_held_back_once_most_failed(colour: Colour) -> None:
    """An answer after one failure is as much as it takes: the second is not sent, whichever its method is."""

    def body(client: Any) -> Any:
        with pytest.raises(InternalServerError):
            yield client.get("/items", cast_to=object)
        with pytest.raises(APIThrottledError) as caught:
            yield client.post("/items", cast_to=object)
        [origin] = client.statistics().origins
        assert (origin.throttled, origin.refused, origin.failed, origin.attempts) == (1, 1, 2, 1)
        return caught.value

    error, script = colour.play(reply(status=503), body=body, throttling=Throttling(), max_retries=0)
    assert len(script.sent) == 1
    assert error.sent is False
    assert error.attempts == ()
    assert error.request.method == "POST"
    assert error.__notes__ == ["0 of 2 requests were accepted, those that were held back counted in."]


def test_a_retry_may_be_held_back(colour: Colour) -> None:
    """The error tells of the attempts that were made before."""
    error, script = colour.fail(APIThrottledError, reply(status=503), throttling=Throttling())
    assert [record.status_code for record in error.attempts] == [503]
    assert len(script.sent) == 1


def test_what_works_is_left_alone(colour: Colour) -> None:
    """Errors of the caller's too: a 404 is an answer."""

    def body(client: Any) -> Any:
        for _ in range(4):
            with pytest.raises(APIError):
                yield client.get("/items", cast_to=object)
        yield client.get("/items", cast_to=object)

    _, script = colour.play(*[reply(status=404)] * 4, reply(), body=body, throttling=Throttling())
    assert len(script.sent) == 5


def test_a_copy_shares_what_was_seen_unless_it_has_a_throttling_of_its_own(colour: Colour) -> None:
    """None turns it off for the copy alone."""

    def body(client: Any) -> Any:
        with pytest.raises(InternalServerError):
            yield client.get("/items", cast_to=object)
        with pytest.raises(APIThrottledError):
            yield client.copy(timeout=1).get("/items", cast_to=object)
        yield client.copy(throttling=None).get("/items", cast_to=object)
        yield client.copy(throttling=Throttling()).get("/items", cast_to=object)
        with pytest.raises(APIThrottledError):
            yield client.get("/items", cast_to=object)

    answers = reply(status=503), reply(), reply()
    colour.play(*answers, body=body, throttling=Throttling(), max_retries=0)


def test_by_default_nothing_is_held_back(colour: Colour) -> None:
    """Whatever fails."""

    def body(client: Any) -> Any:
        for _ in range(10):
            with pytest.raises(InternalServerError):
                yield client.get("/items", cast_to=object)

    _, script = colour.play(*[reply(status=503)] * 10, body=body, max_retries=0)
    assert len(script.sent) == 10


@pytest.mark.parametrize("value", [2, True, "2", {"k": 2}])
def test_throttling_is_a_value_of_its_own(colour: Colour, value: Any) -> None:
    """Anything else is a TypeError that says so, of a client and of a copy."""
    for make in (colour.client, colour.client().copy):
        with pytest.raises(TypeError, match=r"^throttling must be a Throttling, or None for none, got "):
            make(throttling=value)


async def test_an_outage_gets_few_requests_and_its_end_is_seen(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 calls a second: of those in an outage of 10 minutes a tenth goes out once it is known; then all come back.

    Chance is seeded. A part of 0.1 of 2,400 calls has a standard deviation of 0.006. Before the outage and from two
    windows after it, nothing is held back.
    """
    monkeypatch.setattr(random, "random", random.Random(1).random)
    began, ended, calls = 240.0, 840.0, 6_000
    server = SimulatedServer(faults=lambda now: float(began <= now < ended))
    refused: list[float] = []
    async with (
        httpx.AsyncClient(transport=server) as http_client,
        AsyncAPIClient(
            base_url="https://api.example.com", http_client=http_client, throttling=Throttling(), max_retries=0
        ) as client,
        trio.open_nursery() as nursery,
    ):

        async def call(now: float) -> None:
            try:
                await client.get("/items", cast_to=object)
            except InternalServerError:
                pass
            except APIThrottledError:
                refused.append(now)

        for number in range(calls):
            nursery.start_soon(call, number / 5)
            await trio.sleep(1 / 5)

    def share(begin: float, end: float) -> float:
        """The part of the calls of that time that was sent."""
        return 1 - sum(begin <= now < end for now in refused) / ((end - begin) * 5)

    assert share(0, began) == 1
    assert share(began + 120, ended) == pytest.approx(0.1, abs=0.025)
    assert share(ended + 60, ended + 120) > 0.15
    assert share(ended + 240, calls / 5) == 1
    [origin] = client.statistics().origins
    assert origin.throttled == len(refused)
    assert server.requests == calls - len(refused)
