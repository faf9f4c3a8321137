"""Generic classes, and the other things that an annotation can say."""

from __future__ import annotations

import dataclasses
import sys
from typing import Annotated, Any, Final, Generic, TypeVar

import attrs
import pytest
from typing_extensions import TypeAliasType, TypeVar as DefaultTypeVar

from support.told import fitting, told
from trio_api.models import structure

T = TypeVar("T")
U = TypeVar("U")
Bounded = TypeVar("Bounded", bound=int)
Constrained = TypeVar("Constrained", int, str)
Defaulted = DefaultTypeVar("Defaulted", default=int)


@attrs.define
class Box(Generic[T]):
    value: T
    many: list[T | None] = attrs.field(factory=list)


@attrs.define
class Pair(Box[list[T]], Generic[T, U]):
    other: U | None = None


@attrs.define
class Swapped(Pair[U, T], Generic[T, U]):
    pass


@attrs.define
class Concrete(Swapped[str, int]):
    pass


@attrs.define
class Unbound(Generic[T, Bounded, Constrained, Defaulted]):
    t: T
    b: Bounded
    c: Constrained
    d: Defaulted


@dataclasses.dataclass
class Base(Generic[T]):
    value: T


@dataclasses.dataclass
class Derived(Base[dict[str, T]], Generic[T]):
    own: T


@attrs.define
class Node(Generic[T]):
    value: T
    next: Node[T] | None = None


@attrs.define
class Growing(Generic[T]):
    value: T
    next: Growing[list[T]] | None = None


Aliased = TypeAliasType("Aliased", list[T], type_params=(T,))


@pytest.mark.parametrize(
    ("cast_to", "value"),
    [
        (Box[int], {"value": 1, "many": [1, None]}),
        (Box[list[Box[str]]], {"value": [{"value": "a"}]}),
        (Pair[int, str], {"value": [1], "many": [[1]], "other": "a"}),
        (Swapped[str, int], {"value": [1], "other": "a"}),
        (Concrete, {"value": [1], "other": "a"}),
        (Derived[int], {"value": {"a": 1}, "own": 2}),
        (Node[int], {"value": 1, "next": {"value": 2}}),
        (Growing[int], {"value": 1, "next": {"value": [1], "next": {"value": [[1]]}}}),
        (Box, {"value": {"any": "thing"}}),
        (Unbound, {"t": [], "b": 1, "c": "a", "d": 1}),
        (Annotated[Box[Annotated[int, []]], []], {"value": 1}),
        (Final[int], 3),
        (Aliased[int], [1]),
    ],
)
def test_what_fits(cast_to: Any, value: object) -> None:
    """Type variables are bound class by class, through every base."""
    fitting(value, cast_to)


@pytest.mark.parametrize(
    ("cast_to", "value", "lines"),
    [
        (
            Box[int],
            {"value": "a", "many": ["a"]},
            ["$.value: expected int, got str", "$.many[0]: expected int | null, got str"],
        ),
        (Box[Box[int]], {"value": 3}, ["$.value: expected Box, got int"]),
        (
            Pair[int, str],
            {"value": ["a"], "other": 1},
            ["$.value[0]: expected int, got str", "$.other: expected str | null, got int"],
        ),
        (
            Concrete,
            {"value": ["a"], "other": 1},
            ["$.value[0]: expected int, got str", "$.other: expected str | null, got int"],
        ),
        (
            Derived[int],
            {"value": {"a": "b"}, "own": "c"},
            ["$.value.a: expected int, got str", "$.own: expected int, got str"],
        ),
        (Node[int], {"value": 1, "next": {"value": "a"}}, ["$.next.value: expected int, got str"]),
        (Growing[int], {"value": 1, "next": {"value": 1}}, ["$.next.value: expected list, got int"]),
        (
            Unbound,
            {"t": 1, "b": "a", "c": 1.5, "d": "a"},
            [
                "$.b: expected int, got str",
                "$.c: expected int | str, got float",
                "$.d: expected int, got str",
            ],
        ),
        (Aliased[int], ["a"], ["$[0]: expected int, got str"]),
    ],
)
def test_what_does_not_fit(cast_to: Any, value: object, lines: list[str]) -> None:
    """A problem names what the variable stands for."""
    assert told(value, cast_to) == lines


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the statement is as young as that")
def test_a_type_statement_may_refer_to_itself() -> None:
    """What `type Tree = ...` names is looked up when a value is there, so it may contain itself."""
    names: dict[str, Any] = {}
    exec("type Tree = dict[str, Tree] | list[Tree] | int", names)  # older Pythons cannot parse it
    fitting({"a": [1, {"b": 2}]}, names["Tree"])
    assert told({"a": [None]}, names["Tree"]) == ["$.a[0]: expected dict | list | int, got null"]


def test_a_bare_variable_takes_what_it_may_stand_for() -> None:
    """A type variable that nobody bound stands for its bound, its constraints, its default, or anything."""
    assert told(["a", 1], list[T]) == []
    assert told(["a", 1], list[Bounded]) == ["$[0]: expected int, got str"]


def test_one_generic_class_for_several_types() -> None:
    """Each parametrisation is a type of its own."""
    assert structure({"value": 1}, Box[int]).problems == ()
    assert told({"value": 1}, Box[str]) == ["$.value: expected str, got int"]
