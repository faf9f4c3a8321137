"""Checks of single arguments: each returns the value, or raises an error that names the argument."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard, cast

import attrs

__all__ = [
    "bytes_field",
    "check_bytes",
    "check_choice",
    "check_count",
    "check_fraction",
    "check_kind",
    "check_mapping",
    "check_max_retries",
    "check_period",
    "check_progress",
    "check_seconds",
    "count_field",
    "fraction_field",
    "is_mapping",
    "kind_field",
    "period_field",
    "seconds_field",
]


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether *value* is a mapping; its keys are taken on trust, as those of JSON objects are text."""
    return isinstance(value, Mapping)


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Check that *value* is one of the *choices*; *name* is the argument that the error names.

    Raises:
        ValueError: It is none of them.
    """
    if value not in choices:
        *others, last = (f'"{choice}"' for choice in choices)
        raise ValueError(f"{name} must be {', '.join(others)} or {last}, got {value!r}")


def check_kind(name: str, value: object, kind: type[object], *, or_none: bool = False) -> None:
    """Check that *value* is a *kind*, or None where that stands for none; *name* is the argument that the error names.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, kind) and not (or_none and value is None):
        raise TypeError(f"{name} must be a {kind.__name__}{', or None for none' if or_none else ''}, got {value!r}")


def check_mapping(name: str, value: object) -> Mapping[str, Any]:
    """Return *value* if it is a mapping with text for keys; *name* is the argument that the error names.

    Raises:
        TypeError: It is none.
    """
    if not is_mapping(value):
        raise TypeError(f"{name} must be a mapping, got {type(value).__name__}")
    for key in cast("Mapping[object, object]", value):
        if not isinstance(key, str):
            raise TypeError(f"{name} must have str keys, got {key!r}")
    return value


def check_count(name: str, value: object, *, least: int = 1, kind: str = "an int", hint: str = "") -> int:
    """Return *value* if it is a whole number that is large enough.

    Args:
        name: The argument that the error names.
        value: What it was given.
        least: The smallest that it may be. Default: 1.
        kind: What the error calls such a number.
        hint: What the error ends with: what to give in its place.

    Raises:
        TypeError: It is no int.
        ValueError: It is less than *least*.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be {kind}, got {value!r}{hint}")
    if value < least:
        bound = f"be at least {least}" if least else "not be negative"
        raise ValueError(f"{name} must {bound}, got {value}{hint}")
    return value


def check_bytes(name: str, value: object, *, least: int = 1) -> int:
    """Return *value* if it can be a number of bytes: `check_count` in their words."""
    return check_count(name, value, least=least, kind="a number of bytes")


def check_max_retries(value: object) -> int:
    """Return *value* if it can be a number of retries: an int that is not negative."""
    hint = "; for no retries use max_retries=0, for very many a large int"
    return check_count("max_retries", value, least=0, hint=hint)


def check_seconds(name: str, value: object, *, finite: bool = False) -> float:
    """Return *value* if it can be a duration in seconds.

    Args:
        name: The argument that the error names.
        value: What it was given.
        finite: Whether it has to end.

    Raises:
        TypeError: It is no number.
        ValueError: It is negative, not a number (NaN), or infinite where it must not be.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of seconds, got {value!r}")
    if not value >= 0:  # NaN is not either
        raise ValueError(f"{name} must be a number of seconds that is not negative, got {value!r}")
    if finite and value == math.inf:
        raise ValueError(f"{name} must be a finite number of seconds, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} must be a number of seconds that a float can hold") from None


def check_period(name: str, value: object) -> float:
    """Return *value* if it can be a duration that begins and ends; *name* is the argument that the error names.

    Raises:
        TypeError: It is no number.
        ValueError: It is not more than 0 seconds, or not finite.
    """
    seconds = check_seconds(name, value)
    if not 0 < seconds < math.inf:
        raise ValueError(f"{name} must be more than 0 seconds and finite, got {value!r}")
    return seconds


def check_fraction(name: str, value: object) -> float:
    """Return *value* if it can be a part of a whole, 0 to 1; *name* is the argument that the error names.

    Raises:
        TypeError: It is no number.
        ValueError: It is less than 0, more than 1 or not a number (NaN).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number between 0 and 1, got {value!r}")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be between 0 and 1, got {value!r}")
    return float(value)


def kind_field(kind: type[object], *, or_none: bool = False) -> Callable[[object, attrs.Attribute[Any], object], None]:
    """What validates a field as a *kind*: `check_kind` for attrs."""

    def validate(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        check_kind(attribute.name, value, kind, or_none=or_none)

    return validate


def count_field(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a field as a whole number from 1 on: `check_count` for attrs."""
    check_count(attribute.name, value)


def bytes_field(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Validate a field as a bound in bytes, from 1 on: `check_bytes` for attrs."""
    check_bytes(attribute.name, value)


def period_field(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    """Validate a field as a duration that is neither 0 nor infinite: `check_period` for attrs."""
    check_period(attribute.name, value)


def seconds_field(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    """Validate a field of a policy as a duration in seconds: `check_seconds` for attrs."""
    check_seconds(attribute.name, value)


def fraction_field(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    """Validate a field of a policy as a part of a whole: `check_fraction` for attrs."""
    check_fraction(attribute.name, value)


def check_progress(value: object) -> None:
    """Check that *value* can be told of progress, or is None.

    Raises:
        TypeError: It is no plain function.
    """
    if value is not None and (not callable(value) or inspect.iscoroutinefunction(value)):
        raise TypeError(f"progress must be a plain function of (bytes so far, bytes in all or None), got {value!r}")
