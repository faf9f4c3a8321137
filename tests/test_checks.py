"""Single arguments are checked by one set of functions, whose errors name the argument."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from trio_api._checks import check_fraction, check_max_retries, check_seconds


@pytest.mark.parametrize("value", [0, 1, 10**30])
def test_max_retries_may_be_any_int_from_zero(value: int) -> None:
    """A number of retries is any int that is not negative."""
    assert check_max_retries(value) == value


@pytest.mark.parametrize(
    ("value", "error"), [(None, TypeError), (1.0, TypeError), ("2", TypeError), (True, TypeError), (-1, ValueError)]
)
def test_max_retries_names_itself(value: object, error: type[Exception]) -> None:
    """What is no number of retries is an error that names max_retries and shows the right form."""
    with pytest.raises(error, match=r"max_retries must .*max_retries=0"):
        check_max_retries(value)


@pytest.mark.parametrize(("value", "seconds"), [(0, 0.0), (3, 3.0), (0.25, 0.25), (math.inf, math.inf)])
def test_seconds_are_floats(value: float, seconds: float) -> None:
    """A duration is any number from 0, and comes back as a float."""
    checked = check_seconds("grace", value)
    assert (checked, type(checked)) == (seconds, float)


@pytest.mark.parametrize(("value", "fraction"), [(0, 0.0), (1, 1.0), (0.5, 0.5)])
def test_fractions_are_floats(value: float, fraction: float) -> None:
    """A part of a whole is any number from 0 to 1, and comes back as a float."""
    checked = check_fraction("share", value)
    assert (checked, type(checked)) == (fraction, float)


@pytest.mark.parametrize("check", [check_seconds, check_fraction])
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, TypeError),
        ("1", TypeError),
        (True, TypeError),
        (1j, TypeError),
        (-0.1, ValueError),
        (math.nan, ValueError),
        (10**400, ValueError),
    ],
)
def test_numbers_name_their_argument(
    check: Callable[[str, object], float], value: object, error: type[Exception]
) -> None:
    """What cannot be the number that is asked for is an error that begins with the argument's name."""
    with pytest.raises(error, match=r"^thing must be "):
        check("thing", value)


def test_a_fraction_is_at_most_one() -> None:
    """More than the whole is no part of it."""
    with pytest.raises(ValueError, match=r"^share must be between 0 and 1, got 1\.5$"):
        check_fraction("share", 1.5)
