"""The text of a single value, one rule for query parameters and path templates."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from enum import Enum
from uuid import UUID

__all__ = ["scalar_text"]


def scalar_text(value: object) -> str | None:
    """The text that stands for *value* in a URL, not yet percent-encoded.

    Args:
        value: Text, bool (``true``), number, enum member (by its value), date, time, datetime (ISO 8601), UUID
            or Decimal.

    Returns:
        The text, or None if *value* is no scalar.
    """
    if isinstance(value, Enum):
        return scalar_text(value.value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    return None
