"""Strategies for types that models are made of, each with a strategy for the values that it describes."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

import attrs
from hypothesis import strategies as st

from trio_api.models import Extras, wire

__all__ = ["Built", "json_values", "keys", "models", "types"]

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@attrs.define
class Cat:
    kind: Literal["cat"] = "cat"
    lives: int = 9


@attrs.frozen
class Dog:
    kind: Literal["dog"] = "dog"
    tricks: tuple[str, ...] = attrs.field(factory=tuple)


@wire(rename="camel")
@attrs.frozen
class Node(Generic[T]):
    node_value: T
    next_node: Node[T] | None = None
    all_children: tuple[Node[T], ...] = attrs.field(factory=tuple)


Built = tuple[Any, st.SearchStrategy[Any]]
"""An annotation, and the values that it describes."""

keys = st.text(st.characters(codec="utf-8"), max_size=5)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | keys,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)
_floats = st.floats(allow_nan=False, allow_infinity=False)
_cats = st.builds(Cat, lives=st.integers())
_dogs = st.builds(Dog, tricks=st.lists(keys, max_size=2).map(tuple))
_nodes = st.recursive(
    st.builds(Node, _floats), lambda inner: st.builds(Node, _floats, inner, st.lists(inner, max_size=2).map(tuple))
)

SCALARS: list[Built] = [
    (int, st.integers()),
    (float, _floats),
    (str, keys),
    (bool, st.booleans()),
    (None, st.none()),
    (bytes, st.binary(max_size=8)),
    (datetime, st.datetimes() | st.datetimes(timezones=st.just(UTC))),
    (date, st.dates()),
    (UUID, st.uuids()),
    (Decimal, st.decimals(allow_nan=False)),
    (Colour, st.sampled_from(Colour)),
    (Level, st.sampled_from(Level)),
    (Literal["a", 1, True], st.sampled_from(["a", 1, True])),
    (Literal["a", 2] | None, st.sampled_from(["a", 2, None])),
    (object, json_values),
    (Cat | Dog, _cats | _dogs),
    (int | str | None, st.integers() | keys | st.none()),
    (Node[float], _nodes),
]


def _containers(inner: st.SearchStrategy[Built]) -> st.SearchStrategy[Built]:
    def many(built: Built) -> list[Built]:
        kind, values = built
        found = [
            (list[kind], st.lists(values, max_size=3)),
            (Sequence[kind], st.lists(values, max_size=3)),
            (tuple[kind, ...], st.lists(values, max_size=3).map(tuple)),
            (tuple[kind, int], st.tuples(values, st.integers())),
            (dict[str, kind], st.dictionaries(keys, values, max_size=3)),
            (Mapping[int, kind], st.dictionaries(st.integers(), values, max_size=3)),
        ]
        return found if kind is None else [*found, (kind | None, values | st.none())]

    return inner.flatmap(lambda built: st.sampled_from(many(built)))


_RULES = st.sampled_from([None, "camel", "pascal", "kebab", "upper"])
_STYLES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        *[{"frozen": frozen, "slots": slots} for frozen in (False, True) for slots in (False, True)],
        {"slots": True, "weakref_slot": False},
        {"slots": True, "bases": (Cat,)},
        {"slots": False, "bases": (Cat,)},
    ]
)


@st.composite
def _model(draw: st.DrawFn, inner: st.SearchStrategy[Built]) -> Built:
    fields: dict[str, Any] = {}
    values: dict[str, st.SearchStrategy[Any]] = {}
    for number, (kind, strategy) in enumerate(draw(st.lists(inner, max_size=3))):
        arguments = {"kw_only": True, **draw(st.just({}) | st.fixed_dictionaries({"default": strategy}))}
        own: Any = wire(f"x-{number}", **arguments) if draw(st.booleans()) else attrs.field(**arguments)
        own.type = kind
        fields[f"some_field_{number}"] = own
        values[f"some_field_{number}"] = strategy
    if draw(st.integers(0, 3)) == 0:
        fields["more"] = attrs.field(type=Extras, factory=Extras, kw_only=True)
        unknown = keys.map(lambda key: f"?{key}")  # the name of no field, under any rule
        values["more"] = st.dictionaries(unknown, json_values, max_size=2).map(Extras)
    cls: Any = attrs.make_class("Model", fields, **draw(_STYLES))
    rule: Any = draw(_RULES)
    return cls if rule is None else wire(rename=rule)(cls), st.builds(cls, **values)


types: st.SearchStrategy[Built] = st.recursive(
    st.sampled_from(SCALARS), lambda inner: _containers(inner) | _model(inner), max_leaves=5
)
models: st.SearchStrategy[Built] = _model(types)
