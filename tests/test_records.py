"""The facts that errors and responses carry."""

from __future__ import annotations

import attrs
import pytest

from trio_api._records import AttemptRecord, ValidationProblem


def test_a_problem_is_one_line() -> None:
    """``str()`` of a problem is the line that errors and logs show."""
    assert str(ValidationProblem("$.data[3].price", "float", "str")) == "$.data[3].price: expected float, got str"


def test_records_are_equal_whatever_the_exception() -> None:
    """Two records of the same facts are equal: exceptions compare by identity, so they do not count."""
    assert AttemptRecord(0, error=ValueError("a")) == AttemptRecord(0, error=ValueError("a"))
    assert AttemptRecord(0) != AttemptRecord(1)


@pytest.mark.parametrize("fact", [AttemptRecord(0), ValidationProblem("$", "int", "str")], ids=str)
def test_facts_are_immutable(fact: object) -> None:
    """Nobody can rewrite what happened."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(fact, attrs.fields(type(fact))[0].name, "other")  # type: ignore[arg-type]
