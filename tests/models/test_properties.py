"""Laws that hold for every model and every JSON value: by Hypothesis."""

from __future__ import annotations

import enum
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import attrs
import pytest
from hypothesis import given, strategies as st

from trio_api.models import Extras, dumps, loads, structure, unstructure, wire


class Color(enum.Enum):
    RED = "red"
    ONE = 1


class Level(enum.IntEnum):
    LOW = 1


Built = tuple[Any, st.SearchStrategy[Any]]
"""An annotation, and the values that it describes."""

keys = st.text(st.characters(codec="utf-8"), max_size=5)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | keys,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)

SCALARS: list[Built] = [
    (int, st.integers()),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (str, keys),
    (bool, st.booleans()),
    (None, st.none()),
    (bytes, st.binary(max_size=8)),
    (datetime, st.datetimes() | st.datetimes(timezones=st.just(UTC))),
    (date, st.dates()),
    (UUID, st.uuids()),
    (Decimal, st.decimals(allow_nan=False)),
    (Color, st.sampled_from(Color)),
    (Level, st.sampled_from(Level)),
    (Literal["a", 1, True], st.sampled_from(["a", 1, True])),
    (object, json_values),
]


def _containers(inner: st.SearchStrategy[Built]) -> st.SearchStrategy[Built]:
    def many(built: Built) -> list[Built]:
        kind, values = built
        return [
            (list[kind], st.lists(values, max_size=3)),
            (tuple[kind, ...], st.lists(values, max_size=3).map(tuple)),
            (tuple[kind, int], st.tuples(values, st.integers())),
            (dict[str, kind], st.dictionaries(keys, values, max_size=3)),
            (kind | None if kind is not None else None, values | st.none()),
        ]

    return inner.flatmap(lambda built: st.sampled_from(many(built)))


def _model(parts: list[Built], rename: Any, frozen: bool, extras: bool) -> Built:
    fields: dict[str, Any] = {}
    for number, (kind, _) in enumerate(parts):
        own = attrs.field(type=kind, kw_only=True) if number % 2 else wire(f"x-{number}", kw_only=True)
        own.type = kind
        fields[f"some_field_{number}"] = own
    if extras:
        fields["more"] = attrs.field(type=Extras, factory=Extras, kw_only=True)
    cls: Any = wire(rename=rename)(attrs.make_class("Model", fields, frozen=frozen, slots=True))
    values = {f"some_field_{number}": strategy for number, (_, strategy) in enumerate(parts)}
    if extras:
        unknown = keys.map(lambda key: f"?{key}")  # the name of no field, under any rule
        values["more"] = st.dictionaries(unknown, json_values, max_size=2).map(Extras)
    return cls, st.builds(cls, **values)


def _models(inner: st.SearchStrategy[Built]) -> st.SearchStrategy[Built]:
    rules = st.sampled_from(["camel", "pascal", "kebab", "upper"])
    return st.builds(_model, st.lists(inner, max_size=3), rules, st.booleans(), st.booleans())


types: st.SearchStrategy[Built] = st.recursive(
    st.sampled_from(SCALARS), lambda inner: _containers(inner) | _models(inner), max_leaves=5
)
models = _models(types)


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
