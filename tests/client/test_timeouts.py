"""Timeouts, in both colours: whose counts, and what a call as a whole may take."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import trio

from support.colours import Colour
from support.scripted import Slow, reply
from trio_api import (
    DEFAULT_TIMEOUT,
    APITimeoutError,
    InternalServerError,
    RateLimitError,
    RetryPolicy,
    Timeout,
    not_given,
)

ALL = dict.fromkeys(("connect", "read", "write", "pool"))


def timeouts(colour: Colour, *, options: Any = None, **how: Any) -> Any:
    """The timeouts of one request."""
    _, script = colour.play(reply(), body=lambda client: client.get("/x", cast_to=object, options=options), **how)
    return script.sent[0].timeout


def test_a_callers_http_client_keeps_its_own(colour: Colour) -> None:
    """With no timeout given, that of the HTTP client counts, httpx's default of 5 seconds too."""
    assert timeouts(colour, http={"timeout": 7})["read"] == 7
    assert timeouts(colour)["read"] == 5


def test_the_clients_own_http_client_has_the_default(colour: Colour) -> None:
    """600 seconds for each operation, 5 to connect."""
    client = colour.client_class(base_url="https://api.example.com")
    assert client.timeout == DEFAULT_TIMEOUT == Timeout(600, connect=5)
    assert client._client.timeout == DEFAULT_TIMEOUT


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        (2, {**ALL, "connect": 2, "read": 2, "write": 2, "pool": 2}),
        (2.5, {**ALL, "connect": 2.5, "read": 2.5, "write": 2.5, "pool": 2.5}),
        (None, ALL),
        (Timeout(9, connect=1), {**ALL, "connect": 1, "read": 9, "write": 9, "pool": 9}),
    ],
)
def test_a_timeout_is_per_operation(colour: Colour, timeout: Any, expected: dict[str, Any]) -> None:
    """On the client, on a copy and on the call, as httpx has it; None is no timeout."""
    assert timeouts(colour, timeout=timeout) == expected
    assert timeouts(colour, options={"timeout": timeout}, timeout=77) == expected
    _, script = colour.play(
        reply(), body=lambda client: client.with_options(timeout=timeout).get("/x", cast_to=object), timeout=77
    )
    assert script.sent[0].timeout == expected


def test_not_given_inherits(colour: Colour) -> None:
    """``timeout=not_given`` is the same as leaving it out."""
    assert timeouts(colour, timeout=not_given, http={"timeout": 7})["read"] == 7
    assert timeouts(colour, timeout=3, options={"timeout": not_given})["read"] == 3


def test_a_slow_answer_is_a_timeout(colour: Colour) -> None:
    """`APITimeoutError`, retried, and the last one raised."""
    error, script = colour.fail(APITimeoutError, *[Slow(10, reply())] * 3, timeout=2)
    assert script.waits == [2.5, 3.0]
    assert error.sent is True
    assert [record.elapsed for record in error.attempts] == [2, 2, 2]


# -- total_timeout -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["client", "copy", "call"])
def test_total_timeout_cuts_the_call_off(colour: Colour, how: str) -> None:
    """However slow the answer: after so many seconds it is an `APITimeoutError`."""

    def body(client: Any) -> Any:
        if how == "copy":
            client = client.with_options(total_timeout=3)
        return client.get("/x", cast_to=object, options={"total_timeout": 3} if how == "call" else None)

    settings = {"client": {"total_timeout": 3}, "copy": {"total_timeout": 99}, "call": {"total_timeout": 99}}[how]
    error, script = colour.fail(APITimeoutError, Slow(50, reply()), body=body, timeout=None, **settings)
    assert len(script.sent) == 1
    assert "total_timeout" in str(error)
    assert "3" in str(error)
    assert len(error.attempts) == 1


def test_total_timeout_spans_all_attempts(colour: Colour) -> None:
    """Attempts and waits together: what is left for the third is what the others left."""
    error, script = colour.fail(
        APITimeoutError, Slow(1, reply(status=503)), Slow(1, reply(status=503)), Slow(50, reply()), total_timeout=5
    )
    assert script.waits == [1.5, 2.0]
    assert [record.status_code for record in error.attempts] == [503, 503, None]
    assert isinstance(error.attempts[-1].error, APITimeoutError)
    assert [record.elapsed for record in error.attempts] == [1, 1, 1.5]


def test_a_wait_beyond_total_timeout_gives_the_real_error(colour: Colour) -> None:
    """A 429 that asks for more than there is left is raised now, with nothing lost."""
    error, script = colour.fail(RateLimitError, reply(status=429, headers={"Retry-After": "60"}), total_timeout=5)
    assert len(script.sent) == 1
    assert error.retry_after == 60
    error2, script = colour.fail(InternalServerError, *[reply(status=503)] * 2, total_timeout=1)
    assert len(script.sent) == 2
    assert [record.waited for record in error2.attempts] == [0.5, 0.0]


def test_a_call_that_is_quick_knows_nothing_of_it(colour: Colour) -> None:
    """Three seconds are enough for two attempts and a short wait."""
    value, _ = colour.play(reply(status=503), reply({"a": 1}), total_timeout=3)
    assert value == {"a": 1}


def test_none_takes_the_bound_away(colour: Colour) -> None:
    """On a call of a client that has one."""
    value, _ = colour.play(
        Slow(50, reply({"a": 1})),
        body=lambda client: client.get("/x", cast_to=object, options={"total_timeout": None}),
        total_timeout=3,
        timeout=None,
    )
    assert value == {"a": 1}


def test_each_call_has_its_own_time(colour: Colour) -> None:
    """Two calls of two seconds each pass under a total of three."""

    def body(client: Any) -> Any:
        yield client.get("/a", cast_to=object)
        yield client.get("/b", cast_to=object)

    _, script = colour.play(Slow(2, reply()), Slow(2, reply()), body=body, total_timeout=3)
    assert len(script.sent) == 2


class Drip(httpx.AsyncByteStream, httpx.SyncByteStream):
    """A body that gives a byte every 0.4 seconds, for ever."""

    def __init__(self, colour: Colour) -> None:
        self.colour = colour

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.colour.time.sleep(0.4)
            yield b"x"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await trio.sleep(0.4)
            yield b"x"


def test_a_drip_of_bytes_does_not_outlive_the_call(colour: Colour) -> None:
    """Each read is within its timeout; the call is not within its own, and ends."""
    error, _ = colour.fail(
        APITimeoutError, lambda request: httpx.Response(200, stream=Drip(colour)), total_timeout=2, timeout=0.5
    )
    assert "total_timeout" in str(error)


def test_zero_seconds_is_a_timeout_at_once(colour: Colour) -> None:
    """Nothing can be done in no time."""
    _, script = colour.fail(APITimeoutError, *[Slow(1, reply())], total_timeout=0, timeout=None)
    assert len(script.sent) <= 1


def test_an_infinite_total_is_none(colour: Colour) -> None:
    """`math.inf` seconds are no bound."""
    value, _ = colour.play(Slow(1e6, reply({"a": 1})), total_timeout=math.inf, timeout=None)
    assert value == {"a": 1}


def test_a_hook_that_is_slow_counts(colour: Colour) -> None:
    """The time of a call is the time of its hooks too: what they use up the request has not."""

    def sleepy(self: Any, options: Any) -> Any:
        colour.time.sleep(2)
        return options

    if colour.name == "trio":

        async def sleepy_async(self: Any, options: Any) -> Any:
            await trio.sleep(2)
            return options

        cls = type("Sleepy", (colour.client_class,), {"_prepare_options": sleepy_async})
    else:
        cls = type("Sleepy", (colour.client_class,), {"_prepare_options": sleepy})
    _, script = colour.fail(APITimeoutError, Slow(2, reply()), client_class=cls, total_timeout=3, timeout=None)
    assert len(script.sent) == 1


def test_the_policy_has_no_say_in_it(colour: Colour) -> None:
    """A call out of time is not retried, however many retries there are."""
    _, script = colour.fail(
        APITimeoutError, Slow(50, reply()), total_timeout=3, timeout=None, retry=RetryPolicy(max_retries=9, initial=0)
    )
    assert len(script.sent) == 1
