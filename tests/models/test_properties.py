"""Laws that hold for every model and every JSON value: by Hypothesis."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from support.model_types import Built, json_values, models, types
from trio_api.models import dumps, loads, structure, unstructure


@given(st.data())
def test_what_was_sent_comes_back(data: st.DataObject) -> None:
    """A model that goes out and comes back as bytes is the same model, and has no problems."""
    cls, values = data.draw(models)
    model = data.draw(values)
    found = structure(loads(dumps(model)), cls)
    assert found.problems == ()
    assert found.value == model


@given(types, json_values)
def test_tolerant_reading_never_fails(built: Built, value: Any) -> None:
    """Every JSON value can be read as every type; what does not fit is a problem, and the rest is kept."""
    kind, _ = built
    found = structure(value, kind)
    assert all(problem.path.startswith("$") for problem in found.problems)
    assert found.fits_root or found.value is value


@given(models, json_values)
def test_what_did_not_fit_comes_back_as_it_was(built: Built, value: Any) -> None:
    """A model that was read with problems, sent and read again is the same model with the same problems."""
    cls, _ = built
    found = structure(value, cls)
    assert structure(unstructure(found.value), cls) == found


@given(models, json_values, st.data())
def test_one_wrong_field_is_one_problem(built: Built, wrong: Any, data: st.DataObject) -> None:
    """A value that fits, but for one field, is told at the path of that field alone."""
    cls, values = built
    plain = unstructure(data.draw(values))
    if not plain:
        return
    key = data.draw(st.sampled_from(sorted(plain)))
    found = structure({**plain, key: wrong}, cls)
    path = structure({key: None}, dict[str, int]).problems[0].path
    assert all(problem.path.startswith(path) for problem in found.problems)
    assert type(found.value) is cls


@given(st.floats())
def test_only_finite_numbers_are_sent(number: float) -> None:
    """A float comes back exactly, or is refused before it is sent."""
    if math.isfinite(number):
        assert loads(dumps({"a": number})) == {"a": number}
    else:
        with pytest.raises(ValueError, match=r"^\$\.a: "):
            dumps({"a": number})


@given(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
def test_an_int_is_a_float_only_without_loss(integer: int, number: float) -> None:
    """An int becomes a float exactly where that changes nothing; a float never becomes an int."""
    found = structure(integer, float)
    assert found.value == integer
    assert (found.problems == ()) == (type(found.value) is float)
    assert structure(number, int).problems != ()
