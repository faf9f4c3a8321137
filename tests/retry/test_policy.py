"""How long a call waits before it is tried again."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from trio_api._constants import DEFAULT_MAX_RETRIES, INITIAL_RETRY_DELAY, MAX_RETRY_AFTER_DELAY, MAX_RETRY_DELAY
from trio_api.retry import RetryPolicy


@pytest.fixture
def pin(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Make ``random.random()`` give one number."""

    def pin_to(value: float) -> None:
        monkeypatch.setattr(random, "random", lambda: value)

    return pin_to


def test_the_defaults_are_the_public_constants() -> None:
    """A policy without arguments is what the constants promise."""
    policy = RetryPolicy()
    assert (policy.max_retries, policy.initial, policy.maximum) == (
        DEFAULT_MAX_RETRIES,
        INITIAL_RETRY_DELAY,
        MAX_RETRY_DELAY,
    )
    assert (policy.jitter, policy.max_retry_after, policy.on_retry) == (0.5, MAX_RETRY_AFTER_DELAY, None)


def test_a_policy_is_immutable() -> None:
    """A policy may be shared: nobody can change it."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        RetryPolicy().jitter = 0.0  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 1.0), (0.5, 0.75), (1.0, 0.5)])
def test_backoff_doubles_to_its_maximum(pin: Callable[[float], None], chance: float, factor: float) -> None:
    """The waits are 0.5, 1, 2, 4, 8, 8, ... seconds, and chance takes off up to half."""
    pin(chance)
    waits = [RetryPolicy().backoff(retry) for retry in range(7)]
    assert waits == [seconds * factor for seconds in (0.5, 1, 2, 4, 8, 8, 8)]


def test_without_jitter_chance_changes_nothing(pin: Callable[[float], None]) -> None:
    """``jitter=0`` waits the same each time."""
    pin(0.9)
    assert RetryPolicy(jitter=0, initial=1, maximum=60).backoff(3) == 8.0


@given(
    retry=st.integers(0, 10**30),
    initial=st.floats(0, 1e308),
    maximum=st.floats(0, 1e308),
    jitter=st.floats(0, 1),
)
def test_no_retry_overflows_the_backoff(retry: int, initial: float, maximum: float, jitter: float) -> None:
    """Whatever the policy and the number of the retry, the wait is between 0 and the maximum."""
    wait = RetryPolicy(initial=initial, maximum=maximum, jitter=jitter).backoff(retry)
    assert 0 <= wait <= maximum


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("asked", [0.001, 3.0, 60.0, 61.0, 120.0])
def test_a_retry_after_is_honoured(pin: Callable[[float], None], asked: float, chance: float) -> None:
    """What the server asked for is waited whole, with up to a tenth added."""
    pin(chance)
    assert RetryPolicy().delay(0, retry_after=asked) == pytest.approx(asked * (1 + chance / 10), rel=1e-12)


@given(asked=st.floats(0, 120, exclude_min=True), retry=st.integers(0, 50))
def test_a_retry_is_never_earlier_than_asked(asked: float, retry: int) -> None:
    """The wait is at least what the server asked for and at most a tenth more."""
    wait = RetryPolicy().delay(retry, retry_after=asked)
    assert wait is not None
    assert asked <= wait <= asked * 1.1 * (1 + 1e-12)


@pytest.mark.parametrize("asked", [120.1, 121.0, 4_320_000.0, math.inf])
def test_too_long_a_retry_after_ends_the_call(asked: float) -> None:
    """More than ``max_retry_after`` is not waited out."""
    assert RetryPolicy().delay(0, retry_after=asked) is None


def test_an_endless_retry_after_is_never_waited_out() -> None:
    """Even a policy that obeys every Retry-After does not wait for ever."""
    assert RetryPolicy(max_retry_after=math.inf).delay(0, retry_after=math.inf) is None


@pytest.mark.parametrize("asked", [None, 0.0, -10.0, math.nan])
def test_without_a_usable_retry_after_the_wait_is_the_backoff(
    pin: Callable[[float], None], asked: float | None
) -> None:
    """Nothing, zero, a negative number and NaN are ordinary backoff."""
    pin(0.0)
    assert RetryPolicy().delay(1, retry_after=asked) == 1.0


@pytest.mark.parametrize("retry_after", [None, 0.5])
@pytest.mark.parametrize(("time_left", "waits"), [(0.6, True), (0.5, False), (0.4, False), (0.0, False), (-1.0, False)])
def test_a_wait_that_reaches_the_deadline_is_none(
    pin: Callable[[float], None], retry_after: float | None, time_left: float, waits: bool
) -> None:
    """No wait is begun after which nothing could be sent."""
    pin(0.0)
    assert RetryPolicy().delay(0, retry_after=retry_after, time_left=time_left) == (0.5 if waits else None)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("max_retries", None, TypeError),
        ("max_retries", 2.0, TypeError),
        ("max_retries", "2", TypeError),
        ("max_retries", -1, ValueError),
        ("initial", "1", TypeError),
        ("initial", -1, ValueError),
        ("maximum", None, TypeError),
        ("maximum", math.nan, ValueError),
        ("jitter", True, TypeError),
        ("jitter", 1.1, ValueError),
        ("jitter", -0.1, ValueError),
        ("max_retry_after", None, TypeError),
        ("max_retry_after", -1, ValueError),
        ("on_retry", 3, TypeError),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object, error: type[Exception]) -> None:
    """A field that cannot be what it is meant to be is an error that names it."""
    arguments: dict[str, Any] = {field: value}
    with pytest.raises(error, match=f"^{field} must "):
        RetryPolicy(**arguments)


def test_on_retry_takes_any_function() -> None:
    """The hook is kept as it is given."""
    assert RetryPolicy(on_retry=print).on_retry is print
