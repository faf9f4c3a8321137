"""The check of arguments that count something."""

from __future__ import annotations

__all__ = ["check_count"]


def check_count(name: str, value: object) -> int:
    """Return *value* if it is a whole number from 1 on; *name* is the argument that the error names.

    Raises:
        TypeError: It is no int.
        ValueError: It is less than 1.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value
