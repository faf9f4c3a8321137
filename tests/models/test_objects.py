"""JSON objects as classes: what is required, what is extra, what a class's own code refuses."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, NewType, NotRequired, Required, TypedDict

import attrs
import pytest

from support.told import fitting, told
from trio_api import MISSING
from trio_api.models import Extras, structure, unstructure, wire

UserId = NewType("UserId", str)


@attrs.define
class Item:
    id: UserId
    price: float
    note: str | None = None
    more: Extras = attrs.field(factory=Extras)


@attrs.frozen
class Frozen:
    price: float
    _secret: int = 1
    tag: Annotated[str, "any", ["metadata"]] = attrs.field(default="t", kw_only=True)


@attrs.define(slots=False)
class Computed:
    a: int
    doubled: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.doubled = self.a * 2


@dataclasses.dataclass(frozen=True)
class Data:
    a: int
    b: list[int] = dataclasses.field(default_factory=list)
    c: int = 0
    d: int = dataclasses.field(init=False, default=9)

    def __post_init__(self) -> None:
        if isinstance(self.a, int) and self.a < 0:
            raise ValueError("a is negative")


class Typed(TypedDict):
    a: int
    b: NotRequired[str]


class Partial(TypedDict, total=False):
    a: Required[int]
    b: list[str]


@attrs.define
class Tree:
    name: str
    children: list[Tree] = attrs.field(factory=list)
    parent: Tree | None = None


def _even(instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    if value % 2:
        raise ValueError(f"{attribute.name} is odd")


def _shout(value: str) -> str:
    return value.upper()


def _add_base(value: int, instance: Any, attribute: attrs.Attribute[int]) -> int:
    return instance.base + value


@attrs.define
class Guarded:
    base: int
    even: int = attrs.field(default=0, validator=_even)
    name: str = wire("Name", default="", converter=_shout)
    total: int = attrs.field(default=1, converter=attrs.Converter(_add_base, takes_self=True, takes_field=True))
    twice: int = attrs.field(default=attrs.Factory(lambda self: self.base * 2, takes_self=True))
    ready: bool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        if self.base > 100:
            raise LookupError
        self.ready = True


@attrs.define(init=False)
class OwnInit:
    a: int

    def __init__(self, a: int) -> None:
        if a > 5:
            raise ValueError("a is\n too   large")
        self.a = a


@attrs.define
class NoAnnotation:
    a = attrs.field(default=None)


def test_a_class_is_built() -> None:
    """Keys become fields, defaults fill in for the rest, unknown keys go to the extras."""
    assert fitting({"id": "a", "price": 1, "x": [1]}, Item) == Item(UserId("a"), 1.0, None, Extras(x=[1]))


def test_unknown_keys_are_ignored_without_extras() -> None:
    """A class that has no place for unknown keys does without them."""
    assert fitting({"price": 1, "x": 1, "secret": 2, "tag": "u"}, Frozen) == Frozen(1.0, 2, tag="u")


def test_a_missing_field_is_missing() -> None:
    """A required field without a value becomes MISSING, and the problem says that there was nothing."""
    found = structure({"price": "1"}, Item)
    assert [str(problem) for problem in found.problems] == [
        "$.id: expected str, got nothing",
        "$.price: expected float, got str",
    ]
    assert found.value.id is MISSING
    assert (found.value.price, found.value.more, found.fits_root) == ("1", {}, True)


@pytest.mark.parametrize("value", [[], "a", 3, None, True])
def test_a_root_of_the_wrong_kind(value: object) -> None:
    """What is no object is no Item, and does not fit at the root."""
    found = structure(value, Item)
    assert (found.value, found.fits_root) == (value, False)
    assert found.problems[0].path == "$"


@pytest.mark.parametrize(
    ("cast_to", "value", "lines"),
    [
        (Frozen, {"price": "x"}, ["$.price: expected float, got str"]),
        (Frozen, {}, ["$.price: expected float, got nothing"]),
        (Frozen, {"price": 1, "tag": 3}, ["$.tag: expected str, got int"]),
        (Computed, {}, ["$.a: expected int, got nothing"]),
        (Data, {"b": ["x"]}, ["$.a: expected int, got nothing", "$.b[0]: expected int, got str"]),
        (Typed, {"b": 1}, ["$.a: expected int, got nothing", "$.b: expected str, got int"]),
        (Partial, {}, ["$.a: expected int, got nothing"]),
        (
            Tree,
            {"name": "a", "children": [{"children": 1}]},
            [
                "$.children[0].name: expected str, got nothing",
                "$.children[0].children: expected list, got int",
            ],
        ),
        (Tree, {"name": "a", "parent": 3}, ["$.parent: expected Tree | null, got int"]),
    ],
)
def test_problems_of_fields(cast_to: Any, value: object, lines: list[str]) -> None:
    """Each field that does not fit is one problem at its own path, in the order of the fields."""
    assert told(value, cast_to) == lines
    assert type(structure(value, cast_to).value) in (cast_to, dict)


def test_a_field_that_init_does_not_take_is_the_class_s_own() -> None:
    """A field with init=False is neither read nor sent; a class that cannot compute it has it MISSING."""
    assert fitting({"a": 2, "doubled": 7}, Computed).doubled == 4
    assert unstructure(Computed(2)) == {"a": 2}
    assert structure({"a": None}, Computed).value.doubled is MISSING
    assert structure({"a": "x"}, Data).value.d == 9


def test_typed_dicts_and_dataclasses() -> None:
    """Dataclasses are built, and TypedDicts are dicts of the keys that they know."""
    assert fitting({"a": 1}, Data) == Data(1)
    assert fitting({"a": 1, "z": 2}, Typed) == {"a": 1}
    assert fitting({"a": 1, "b": ["x"]}, Partial) == {"a": 1, "b": ["x"]}
    assert structure({"b": "x"}, Typed).value == {"a": MISSING, "b": "x"}


def test_classes_that_refer_to_themselves() -> None:
    """Forward references are resolved, nested ones too."""
    value = {"name": "a", "children": [{"name": "b", "parent": {"name": "c"}}]}
    assert fitting(value, Tree) == Tree("a", [Tree("b", [], Tree("c"))])


@pytest.mark.parametrize(
    ("value", "lines", "built"),
    [
        ({"base": 1, "even": 3}, ["$.even: expected int, got int (even is odd)"], (1, 3, "", 2, 2)),
        ({"base": 1, "even": 3, "Name": "a"}, ["$.even: expected int, got int (even is odd)"], (1, 3, "A", 2, 2)),
        ({"base": "b"}, ["$.base: expected int, got str", "$.total: expected int, got int (%s)"], None),
        ({}, ["$.base: expected int, got nothing", "$.total: expected int, got int (%s)"], None),
        ({"base": 1, "Name": 5}, ["$.Name: expected str, got int"], (1, 0, 5, 2, 2)),
        (
            {"base": 1, "Name": None, "even": 1},
            [
                "$.Name: expected str, got null",
                "$.even: expected int, got int (even is odd)",
            ],
            (1, 1, None, 2, 2),
        ),
        ({"base": 200}, ["$: expected Guarded, got dict (LookupError)"], (200, 0, "", 201, 400)),
        ({"base": 200, "even": "x"}, ["$.even: expected int, got str"], (200, "x", "", 201, 400)),
    ],
)
def test_what_the_class_refuses_is_a_problem(value: object, lines: list[str], built: tuple[object, ...] | None) -> None:
    """A validator, converter or __attrs_post_init__ that raises is a problem, and the object stands without it."""
    found = structure(value, Guarded)
    assert type(found.value) is Guarded
    for problem, line in zip(found.problems, lines, strict=True):
        start, _, end = line.partition("%s")
        assert str(problem).startswith(start)
        assert str(problem).endswith(end)
    if built is not None:
        guarded = found.value
        assert (guarded.base, guarded.even, guarded.name, guarded.total, guarded.twice) == built
    assert found.fits_root


def test_a_default_that_cannot_be_made_is_missing() -> None:
    """A factory that looks at a field that did not fit leaves its own field MISSING."""
    assert structure({"base": {}}, Guarded).value.twice is MISSING


def test_an_init_of_its_own_may_refuse() -> None:
    """A class with an __init__ of its own is built around it, and told in one line."""
    found = structure({"a": 7}, OwnInit)
    assert found.value.a == 7
    assert [str(problem) for problem in found.problems] == ["$: expected OwnInit, got dict (a is too large)"]


def test_a_dataclass_may_refuse() -> None:
    """The __post_init__ of a dataclass is asked like that of an attrs class."""
    found = structure({"a": -1}, Data)
    assert (found.value.a, found.value.b) == (-1, [])
    assert [str(problem) for problem in found.problems] == ["$: expected Data, got dict (a is negative)"]


def test_validators_that_are_switched_off_stay_off() -> None:
    """The switch of attrs holds for objects that are built step by step too."""
    with attrs.validators.disabled():
        assert told({"base": 1, "even": 3, "Name": 1}, Guarded) == ["$.Name: expected str, got int"]


def test_a_field_without_annotation_takes_anything() -> None:
    """Where nothing is said about a value, every value fits."""
    assert fitting({"a": {"b": 1}}, NoAnnotation).a == {"b": 1}


def test_a_refusal_names_no_more_than_the_message() -> None:
    """Validators of attrs put objects beside their message; only the message is told."""
    cls = attrs.make_class("Typed", {"a": attrs.field(validator=attrs.validators.instance_of(str))})
    assert told({"a": 3}, cls) == [
        "$.a: expected anything, got int ('a' must be <class 'str'> (got 3 that is a <class 'int'>).)"
    ]


def test_infinite_recursion_of_a_class_is_no_problem_of_the_value() -> None:
    """A class whose own code never ends is told as too deep, not as a value that does not fit."""

    def recurse(value: object) -> object:
        return recurse(value)

    cls = attrs.make_class("Endless", {"a": attrs.field(converter=recurse)})
    with pytest.raises(ValueError, match="nested too deeply"):
        structure({"a": 1}, cls)


def test_names_that_cannot_be_found_are_named() -> None:
    """An annotation that its module cannot resolve is a TypeError that says how to help."""

    @attrs.define
    class Inner:
        a: int

    @attrs.define
    class Outer:
        inner: Inner
        helper: Nowhere = attrs.field(init=False, default=None)  # noqa: F821

    with pytest.raises(TypeError, match=r"Outer .* 'Inner'.*attrs\.resolve_types\(Outer, globals\(\), locals\(\)\)"):
        structure({"inner": {}}, Outer)
    assert unstructure(Outer(Inner(1))) == {"inner": {"a": 1}}


def test_names_that_the_author_resolved_are_taken() -> None:
    """What attrs.resolve_types resolved with names of its own is not looked up again."""

    @attrs.define
    class Inner:
        a: int

    @attrs.define
    class Outer:
        inner: Inner

    attrs.resolve_types(Outer, globals(), locals())
    assert fitting({"inner": {"a": 1}}, Outer) == Outer(Inner(1))
