"""Single arguments are checked by one set of functions, whose errors name the argument."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

from trio_api._checks import (
    check_bytes,
    check_choice,
    check_count,
    check_fraction,
    check_kind,
    check_mapping,
    check_max_retries,
    check_period,
    check_seconds,
)


@pytest.mark.parametrize("value", [1, 10**30])
def test_a_count_is_any_int_from_one(value: int) -> None:
    """It comes back as it is."""
    assert check_count("limit", value) == value


@pytest.mark.parametrize("value", ["4", 4.0, None, True])
def test_a_count_is_an_int(value: object) -> None:
    """The error names the argument, and says what to give in its place."""
    with pytest.raises(TypeError, match=rf"^ahead must be an int, got {value!r}; or else$"):
        check_count("ahead", value, hint="; or else")


@pytest.mark.parametrize(
    ("least", "value", "message"),
    [
        (1, 0, "limit must be at least 1, got 0"),
        (3, 2, "limit must be at least 3, got 2"),
        (0, -1, "limit must not be"),
    ],
)
def test_a_count_has_a_least(least: int, value: int, message: str) -> None:
    """What is less is an error that names the argument; the least itself will do."""
    with pytest.raises(ValueError, match=f"^{message}"):
        check_count("limit", value, least=least)
    assert check_count("limit", least, least=least) == least


def test_bytes_are_counted() -> None:
    """A bound in bytes is a count, and the error says of what."""
    assert check_bytes("size", 1) == 1
    assert check_bytes("size", 0, least=0) == 0
    with pytest.raises(TypeError, match=r"^size must be a number of bytes, got 1\.5$"):
        check_bytes("size", 1.5)
    with pytest.raises(ValueError, match=r"^size must be at least 1, got 0$"):
        check_bytes("size", 0)


def test_a_choice_is_one_of_those_that_there_are() -> None:
    """Another is an error that names them all."""
    check_choice("style", "comma", ("repeat", "brackets", "comma"))
    with pytest.raises(ValueError, match=r'^style must be "repeat", "brackets" or "comma", got None$'):
        check_choice("style", None, ("repeat", "brackets", "comma"))
    with pytest.raises(ValueError, match=r'^auth must be "basic" or "body", got \[\]$'):
        check_choice("auth", [], ("basic", "body"))


def test_a_kind_is_named() -> None:
    """What is of another kind is an error that names both."""
    check_kind("follow", True, bool)
    with pytest.raises(TypeError, match=r"^follow must be a bool, got 1$"):
        check_kind("follow", 1, bool)
    with pytest.raises(TypeError, match=r"^follow must be a bool, got None$"):
        check_kind("follow", None, bool)


def test_none_may_stand_for_none() -> None:
    """Where it does, the error says so."""
    check_kind("follow", None, bool, or_none=True)
    with pytest.raises(TypeError, match=r"^follow must be a bool, or None for none, got 1$"):
        check_kind("follow", 1, bool, or_none=True)


@pytest.mark.parametrize(
    ("value", "message"),
    [([("a", 1)], "params must be a mapping, got list"), ({1: 2}, "params must have str keys, got 1")],
)
def test_a_mapping_has_text_for_keys(value: object, message: str) -> None:
    """It comes back as it is; what is none is an error that names the argument."""
    given = {"a": 1}
    assert check_mapping("params", given) is given
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        check_mapping("params", value)


@pytest.mark.parametrize("value", [0, math.inf])
def test_a_period_begins_and_ends(value: float) -> None:
    """It is more than 0 seconds, and finite."""
    assert check_period("window", 3) == 3.0
    with pytest.raises(ValueError, match=rf"^window must be more than 0 seconds and finite, got {value}$"):
        check_period("window", value)


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


@pytest.mark.parametrize("check", [check_seconds, check_period, check_fraction])
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


def test_seconds_may_have_to_end() -> None:
    """Where they do, infinity is none of them."""
    assert check_seconds("latency", 5, finite=True) == 5.0
    with pytest.raises(ValueError, match=r"^latency must be a finite number of seconds, got inf$"):
        check_seconds("latency", math.inf, finite=True)


def test_a_fraction_is_at_most_one() -> None:
    """More than the whole is no part of it."""
    with pytest.raises(ValueError, match=r"^share must be between 0 and 1, got 1\.5$"):
        check_fraction("share", 1.5)
