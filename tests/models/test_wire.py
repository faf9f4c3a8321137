"""Wire names: by name, by rule, by class attribute."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import attrs
import pytest

from support.told import fitting, told
from trio_api.models import Extras, field_names, structure, unstructure, wire, wire_from, wire_name


@attrs.define
class Plain:
    created_at: int = wire("createdAt")
    size: int = wire("x-size", default=3, validator=attrs.validators.ge(0), metadata={"mine": 1})
    tags: list[str] = wire("Tags", factory=list)  # noqa: RUF009 - a field, as attrs.field makes it
    _token: str = "t"
    other: str = attrs.field(default="o", alias="another")


@wire(rename="camel")
@attrs.define
class Camel:
    item_id: int
    html_url: str = wire("HTML", default="")


@attrs.define
class Heir(Camel):
    last_seen: int = 0


@wire(rename="camel")
@dataclasses.dataclass
class Data:
    item_id: int


@attrs.define
class Shaped:
    where: ClassVar[str | tuple[str, ...] | None] = "data"
    items: list[int] = wire_from("where")  # noqa: RUF009 - a field, as attrs.field makes it
    total: int = 0


@attrs.define
class Nested(Shaped):
    where: ClassVar[str | tuple[str, ...] | None] = ("result", "items")


@attrs.define
class Whole(Shaped):
    where: ClassVar[str | tuple[str, ...] | None] = None


@attrs.define
class Loose(Shaped):
    where: ClassVar[str | tuple[str, ...] | None] = ("result", "items")
    items: list[int] = wire_from("where", default=None)  # noqa: RUF009 - a field, as attrs.field makes it


def test_names_of_fields() -> None:
    """A field is called what `wire` says, else what its argument of __init__ is called."""
    assert field_names(Plain) == {
        "created_at": "createdAt",
        "size": "x-size",
        "tags": "Tags",
        "_token": "token",
        "other": "another",
    }


def test_wire_takes_the_arguments_of_attrs_field() -> None:
    """Defaults, factories, validators and metadata reach attrs."""
    plain = Plain(1)
    assert (plain.size, plain.tags) == (3, [])
    assert attrs.fields(Plain).size.metadata["mine"] == 1
    with pytest.raises(ValueError, match="'size' must be >= 0"):
        Plain(1, -1)


@pytest.mark.parametrize(
    ("rule", "name", "wire_name"),
    [
        ("camel", "created_at", "createdAt"),
        ("camel", "id", "id"),
        ("camel", "from_", "from"),
        ("camel", "a_bC_d", "aBCD"),
        ("camel", "__", ""),
        ("pascal", "created_at", "CreatedAt"),
        ("kebab", "created_at", "created-at"),
        ("upper", "created_at", "CREATED_AT"),
    ],
)
def test_rules(rule: Any, name: str, wire_name: str) -> None:
    """A rule makes the wire name of each field from its own name."""
    cls = wire(rename=rule)(attrs.make_class("Made", {name: attrs.field(alias=name)}))
    assert field_names(cls) == {name: wire_name}


def test_a_name_wins_over_the_rule() -> None:
    """In a class with a rule, a field with a name of its own keeps that."""
    assert field_names(Camel) == {"item_id": "itemId", "html_url": "HTML"}


def test_heirs_inherit_the_rule() -> None:
    """The rule of a class holds for the fields of its subclasses too."""
    assert fitting({"itemId": 1, "lastSeen": 2}, Heir) == Heir(1, "", 2)


def test_rules_serve_dataclasses() -> None:
    """A rule works above a dataclass as it does above an attrs class."""
    assert unstructure(fitting({"itemId": 1}, Data)) == {"itemId": 1}


def test_an_unknown_rule_is_named() -> None:
    """A rule that there is not is a ValueError that names it and those that there are."""
    with pytest.raises(ValueError, match=r"rename='snail'; there are 'camel', 'pascal', 'kebab', 'upper'"):
        wire(rename="snail")


@pytest.mark.parametrize(
    "call", [lambda: wire(), lambda: wire("x", rename="camel"), lambda: wire(rename="camel", default=1)]
)
def test_a_wrong_call_shows_the_right_ones(call: Any) -> None:
    """Neither a name nor a rule, or both, is a TypeError that shows both forms."""
    with pytest.raises(TypeError, match=r'x: int = wire\("X"\).*@wire\(rename="camel"\)'):
        call()


@pytest.mark.parametrize(
    ("cls", "value"), [(Shaped, {"data": [1]}), (Nested, {"result": {"items": [1]}, "total": 0}), (Whole, [1])]
)
def test_a_subclass_says_where_a_field_is(cls: Any, value: object) -> None:
    """A field from a class attribute is read under a key, at the end of a path, or is the JSON value itself."""
    assert fitting(value, cls).items == [1]


@pytest.mark.parametrize(
    ("cls", "value", "line"),
    [
        (Shaped, {}, "$.data: expected list, got nothing"),
        (Shaped, [1], "$: expected Shaped, got list"),
        (Nested, {}, "$.result.items: expected list, got nothing"),
        (Nested, {"result": None}, "$.result.items: expected list, got nothing"),
        (Nested, {"result": 3}, "$.result: expected dict, got int"),
        (Nested, {"result": {"items": ["a"]}}, "$.result.items[0]: expected int, got str"),
        (Whole, {"data": [1]}, "$: expected list, got dict"),
        (Whole, [1, "a"], "$[1]: expected int, got str"),
    ],
)
def test_problems_of_a_field_from_a_class_attribute(cls: Any, value: object, line: str) -> None:
    """The path of a problem is that of the place where the value should have been."""
    assert told(value, cls) == [line]


def test_a_default_stands_for_a_path_that_ends_early() -> None:
    """A field with a default needs no value at the end of its path."""
    assert fitting({"result": {}}, Loose) == Loose(items=None, total=0)


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (Shaped([1], 2), {"data": [1], "total": 2}),
        (Nested([1], 2), {"result": {"items": [1]}, "total": 2}),
        (Whole([1], 2), [1]),
    ],
)
def test_a_field_goes_back_to_where_it_came_from(model: object, sent: object) -> None:
    """Class attributes say on the way out what they say on the way in."""
    assert unstructure(model) == sent


def test_wire_name_of_one_field() -> None:
    """A field's place can be asked for; one that is not there is a LookupError that names it."""
    assert wire_name(Plain, "created_at") == "createdAt"
    assert wire_name(Nested, "items") == ("result", "items")
    with pytest.raises(LookupError, match="Plain has no field 'gone'"):
        wire_name(Plain, "gone")


def test_extras_show_themselves() -> None:
    """Extras are a dict that says what it is."""
    assert repr(Extras(a=1)) == "Extras({'a': 1})"
    assert structure({"a": 1}, dict[str, int]).value == Extras(a=1)
