"""What a model makes of a JSON value, told as the lines that users see."""

from __future__ import annotations

from typing import Any

from trio_api.models import structure


def told(value: object, cast_to: Any) -> list[str]:
    """The problems of reading *value* as *cast_to*."""
    return [str(problem) for problem in structure(value, cast_to).problems]


def fitting(value: object, cast_to: Any) -> Any:
    """What *value* becomes, which must fit without a problem."""
    structured = structure(value, cast_to)
    assert structured.problems == ()
    assert structured.fits_root
    return structured.value
