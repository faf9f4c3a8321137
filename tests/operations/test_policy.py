"""How long is waited between polls: by hints, by backoff, and by the time that is left."""

from __future__ import annotations

import math
import random
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api import PollPolicy

seconds = st.floats(0.001, 1e6)
intervals = st.just(0.0) | st.floats(0.001, 1e4)
policies = st.builds(PollPolicy, interval=intervals, max_interval=intervals, jitter=st.floats(0, 1), max_hint=seconds)
polls = st.integers(0, 10**6)
DATE = {"Date": "Fri, 01 Jan 2027 00:00:00 GMT"}


@pytest.fixture
def no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", lambda: 0.0)


@pytest.mark.usefixtures("no_chance")
def test_waits_grow_to_their_bound() -> None:
    """By half each time, as google.api_core has it; the largest numbers are no matter."""
    policy = PollPolicy()
    assert [policy.delay(poll) for poll in (0, 1, 2, 7, 8)] == [1.0, 1.5, 2.25, 1.5**7, 20.0]
    assert policy.delay(10**9) == 20.0
    assert PollPolicy(interval=1e300).delay(10**9) == 20.0


@given(policies, polls)
def test_backoff_stays_within_its_bounds(policy: PollPolicy, poll: int) -> None:
    """Chance takes its part off, no more."""
    wait = policy.delay(poll)
    assert wait is not None
    ceiling = min(policy.interval * 1.5 ** min(poll, 1750), policy.max_interval)
    assert ceiling * (1 - policy.jitter) - 1e-9 <= wait <= ceiling


@given(policies, polls, seconds, seconds)
def test_a_hint_is_never_cut_short(policy: PollPolicy, poll: int, hint: float, time_left: float) -> None:
    """It is waited out, with up to a tenth more, or not at all: where it passes the end, or is beyond all patience."""
    wait = policy.delay(poll, hint=hint, time_left=time_left)
    if wait is None:
        assert hint * 1.1 >= time_left or hint > policy.max_hint
    else:
        assert hint <= wait <= hint * 1.1 + 1e-9
        assert wait < time_left


@given(policies, polls, st.floats(-10, 1e5))
def test_time_is_used_but_never_overrun(policy: PollPolicy, poll: int, time_left: float) -> None:
    """Without a hint the last wait is shortened; it is given up only where less than two intervals are left."""
    wait = policy.delay(poll, time_left=time_left)
    if wait is None:
        assert time_left < 2 * policy.interval or time_left <= 0
    else:
        assert 0 <= wait < time_left


@pytest.mark.usefixtures("no_chance")
@pytest.mark.parametrize("hint", [None, 0.0, -3.0, math.nan])
def test_what_is_no_hint_is_ordinary_backoff(hint: float | None) -> None:
    """Nothing above 0 was asked."""
    assert PollPolicy().delay(1, hint=hint) == 1.5


def test_a_hint_that_no_clock_holds_is_not_waited_out() -> None:
    """Not even where the policy's patience has no end."""
    assert PollPolicy().delay(0, hint=math.inf) is None
    assert PollPolicy(max_hint=math.inf).delay(0, hint=math.inf) is None


@pytest.mark.parametrize(
    ("header", "headers", "hint"),
    [
        (None, {}, None),
        (None, {"Retry-After": "7"}, 7.0),
        (None, {"Retry-After-Ms": "250", "Retry-After": "7"}, 0.25),
        (None, {"Retry-After": "soon"}, None),
        (None, {"Retry-After": "Fri, 01 Jan 2027 00:00:30 GMT", **DATE}, 30.0),
        ("openai-poll-after-ms", {"OpenAI-Poll-After-Ms": "5000", "Retry-After": "7"}, 5.0),
        ("X-Poll-After", {"x-poll-after": "12.5", "Retry-After-Ms": "7"}, 12.5),
        (
            "X-Poll-After",
            {"x-poll-after": "Fri, 01 Jan 2027 00:00:30 GMT", "Date": "Fri, 01 Jan 2027 00:00:00 GMT"},
            30,
        ),
        ("X-Poll-After", {"x-poll-after": "soon", "Retry-After": "7"}, 7.0),
        ("X-Poll-After", {"x-poll-after": "0", "Retry-After": "7"}, 7.0),
        ("X-Poll-After", {"Retry-After": "7"}, 7.0),
    ],
)
def test_hints_are_read(header: str | None, headers: dict[str, str], hint: float | None) -> None:
    """The API's own header first, where one is named; then the standard ones. Rubbish is none."""
    assert PollPolicy(hint_header=header).hint(httpx.Headers(headers)) == hint


@pytest.mark.parametrize(
    ("field", "kind", "message"),
    [
        ({"interval": -1}, ValueError, "interval must be a number of seconds that is not negative"),
        ({"max_interval": "20"}, TypeError, "max_interval must be a number of seconds"),
        ({"jitter": 2}, ValueError, "jitter must be between 0 and 1"),
        ({"max_hint": math.nan}, ValueError, "max_hint must be a number of seconds"),
        ({"hint_header": 3}, TypeError, "hint_header must be the name of a header, got 3"),
        ({"hint_header": "später"}, ValueError, "hint_header must be the name of a header, got 'später'"),
    ],
)
def test_a_policy_that_can_not_be_is_refused(field: dict[str, Any], kind: type[Exception], message: str) -> None:
    """The message names the field."""
    with pytest.raises(kind, match=message):
        PollPolicy(**field)
