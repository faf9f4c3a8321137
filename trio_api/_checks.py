"""Checks of single arguments: each returns the value, or raises an error that names the argument."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, TypeGuard

import attrs

__all__ = [
    "check_bytes",
    "check_fraction",
    "check_max_retries",
    "check_progress",
    "check_seconds",
    "fraction_field",
    "is_mapping",
    "seconds_field",
]


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether *value* is a mapping; its keys are taken on trust, as those of JSON objects are text."""
    return isinstance(value, Mapping)


def check_bytes(name: str, value: object) -> int:
    """Return *value* if it can be a bound in bytes; *name* is the argument that the error names.

    Raises:
        TypeError: It is no int.
        ValueError: It is less than 1.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a number of bytes, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1 byte, got {value}")
    return value


def check_max_retries(value: object) -> int:
    """Return *value* if it can be a number of retries.

    Raises:
        TypeError: It is no int.
        ValueError: It is negative.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(
            f"max_retries must be an int, got {value!r}; for no retries use max_retries=0, for very many a large int"
        )
    if value < 0:
        raise ValueError(f"max_retries must not be negative, got {value}; for no retries use max_retries=0")
    return value


def check_seconds(name: str, value: object) -> float:
    """Return *value* if it can be a duration in seconds; *name* is the argument that the error names.

    Raises:
        TypeError: It is no number.
        ValueError: It is negative or not a number (NaN).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of seconds, got {value!r}")
    if not value >= 0:  # NaN is not either
        raise ValueError(f"{name} must be a number of seconds that is not negative, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} must be a number of seconds that a float can hold") from None


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
