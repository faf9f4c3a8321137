"""The machine of an operation, driven through any run of answers: when it asks, and when it gives up."""

from __future__ import annotations

import math
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api import NotGiven, OperationTimeoutError, PollPolicy
from trio_api._records import Reply
from trio_api.operations import PENDING, OperationProgress, PollRules, Start
from trio_api.request import FinalRequestOptions

REQUEST = httpx.Request("GET", "https://api.example.com/v1/jobs/1")

answers = st.lists(
    st.tuples(
        st.none() | st.integers(1, 100),  # the hint, in seconds
        st.floats(0, 20),  # seconds that the answer takes
        st.floats(0, 20),  # seconds that the program takes afterwards
    ),
    min_size=1,
    max_size=12,
)


def reply(hint: int | None) -> Reply:
    headers = {} if hint is None else {"Retry-After": str(hint)}
    return Reply(httpx.Response(200, headers=headers, request=REQUEST), (), 0)


def progress(start: Start | None = None, **rules: Any) -> OperationProgress[str]:
    options = FinalRequestOptions(method="GET", url="/")
    return OperationProgress(options, start or Start("/jobs/1"), PollRules(**rules))


@given(answers, st.floats(0.1, 300), st.floats(0, 1e5))
def test_no_poll_is_too_early_or_too_late(
    answers: list[tuple[int | None, float, float]], timeout: float, now: float
) -> None:
    """Never before the hint, never after the end; and it is not given up while there is time for a poll."""
    policy = PollPolicy(interval=2.0, max_interval=30.0)
    machine = progress(until=lambda _: False, policy=policy, timeout=timeout)
    ends, answered, asked = machine.ends(now), now, 0.0
    for hint, takes, pause in answers:
        try:
            now += machine.wait(now, ends)
        except OperationTimeoutError:
            if asked:
                assert max(answered + asked * 1.1, now) >= ends - 1e-6
            else:
                assert ends - answered < 2 * policy.interval + 1e-6 or now >= ends - 1e-6
            return
        assert answered + asked - 1e-6 <= now <= ends
        now += takes
        answered, asked = now, float(hint or 0)
        assert machine.answered(reply(hint), now)
        assert machine.state() is PENDING
        machine.judge("running")
        assert machine.state() == "running"
        now += pause
    assert machine.polls == len(answers)
    assert machine.token() == {"version": 1, "url": "/jobs/1", "polls": len(answers)}


def test_time_bounds_the_call_of_a_poll() -> None:
    """By the least of what the operation has left, what its options say, and what the client grants."""
    machine = progress()
    assert isinstance(machine.options_within(math.inf, 9.0).total_timeout, NotGiven)
    assert machine.options_within(5.0, None).total_timeout == 5.0
    assert machine.options_within(5.0, 3.0).total_timeout == 3.0
    assert machine.options_within(-1e-9, None).total_timeout == 0.0
    options = FinalRequestOptions(method="GET", url="/", total_timeout=2.0)
    assert OperationProgress(options, Start("/"), PollRules()).options_within(5.0, 1.0).total_timeout == 2.0
    unbounded = FinalRequestOptions(method="GET", url="/", total_timeout=None)
    assert OperationProgress(unbounded, Start("/"), PollRules()).options_within(5.0, 1.0).total_timeout == 5.0


def test_before_the_first_answer_an_error_has_nothing_to_show() -> None:
    """The time may be up before anything was asked."""
    machine = progress(timeout=0.0)
    with pytest.raises(OperationTimeoutError) as caught:
        machine.wait(7.0, machine.ends(7.0))
    error = caught.value
    assert (error.value, error.request, error.attempts, error.retry_after) == (None, None, (), None)
    assert str(error) == "The operation at /jobs/1 is not done: the 0 s left are too short for another poll"


@given(st.none() | st.integers(1, 100), st.floats(0, 1))
def test_all_who_wait_for_a_poll_wait_alike(hint: int | None, later: float) -> None:
    """Chance is asked once for each wait: who comes later, or comes back, wakes up with the others."""
    machine = progress()
    machine.answered(reply(hint), 100.0)
    due = 100.0 + machine.wait(100.0, math.inf)
    assert abs(100.0 + later + machine.wait(100.0 + later, math.inf) - max(due, 100.0 + later)) < 1e-9
