"""Unions: by JSON kind, by tag, by keys; never by the order in which they are written."""

from __future__ import annotations

import enum
import functools
import operator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NewType, Optional, Union, get_args
from uuid import UUID

import attrs
import pytest

from support.told import fitting, told
from trio_api.models import converter, structure, wire


class Kind(enum.Enum):
    CIRCLE = "circle"
    SQUARE = "square"


@attrs.define
class Circle:
    r: float
    kind: Literal["circle"] = "circle"


@attrs.define
class Square:
    a: float
    kind: Literal["square", "rect"] = "square"


@attrs.define
class EnumCircle:
    type: Literal[Kind.CIRCLE]
    r: float


@attrs.define
class EnumSquare:
    type: Literal[Kind.SQUARE]
    a: float


@attrs.define
class Untagged:
    name: str


@attrs.define
class Small:
    x: int


@attrs.define
class Large:
    x: int
    y: int = 0
    z: int = wire("Z", default=0)


@attrs.define
class Versioned1:
    kind: Literal["a"]
    version: Literal[1]


@attrs.define
class Versioned2:
    kind: Literal["a"]
    version: Literal[2]


@attrs.define
class Left:
    child: Left | Right | None


@attrs.define
class Right:
    child: Left | Right | None


class Foreign:
    def __init__(self, text: str) -> None:
        self.text = text


Shape = Circle | Square
Named = NewType("Named", Shape)

FITTING: list[tuple[Any, Any, object]] = [
    (int | None, None, None),
    (Optional[Small], {"x": 1}, Small(1)),  # noqa: UP045 - the old spelling works too
    (Union[int, str], "a", "a"),  # noqa: UP007
    (float | int, 3, 3),
    (float | str | None, 3, 3.0),
    (bool | int, True, True),
    (str | datetime, "2024-01-01T00:00:00", datetime(2024, 1, 1)),
    (datetime | str, "soon", "soon"),
    (datetime | date, "2024-01-01", date(2024, 1, 1)),
    (str | UUID, str(UUID(int=1)), UUID(int=1)),
    (Decimal | str, "1.5", Decimal("1.5")),
    (str | bytes, "test", "test"),
    (str | Kind, "circle", Kind.CIRCLE),
    (list[int] | list[str], ["a"], ["a"]),
    (list[int] | dict[str, int], {"a": 1}, {"a": 1}),
    (str | list[str], ["a"], ["a"]),
    (Shape, {"kind": "circle", "r": 1}, Circle(1.0)),
    (Shape, {"kind": "rect", "a": 1}, Square(1.0, "rect")),
    (Shape | None, None, None),
    (Named | None, {"kind": "circle", "r": 1}, Circle(1.0)),
    (Shape | dict[str, Any], {"kind": "hexagon"}, {"kind": "hexagon"}),
    (Shape | Untagged, {"name": "n"}, Untagged("n")),
    (EnumCircle | EnumSquare, {"type": "square", "a": 1}, EnumSquare(Kind.SQUARE, 1.0)),
    (Versioned1 | Versioned2, {"kind": "a", "version": 2}, Versioned2("a", 2)),
    (Small | Large, {"x": 1}, Small(1)),
    (Small | Large, {"x": 1, "y": 2}, Large(1, 2)),
    (Large | Small, {"x": 1, "Z": 2}, Large(1, 0, 2)),
    (Small | dict[str, int], {"x": 1}, Small(1)),
    (Small | dict[str, int], {"q": 1}, {"q": 1}),
    (int | Any, {"q": 1}, {"q": 1}),
]

REFUSED: list[tuple[Any, Any, str]] = [
    (int | None, "a", "$: expected int | null, got str"),
    (float | None, 2**53 + 1, "$: expected float | null, got int"),
    (Kind | None, "hexagon", '$: expected "circle" | "square" | null, got "hexagon"'),
    (datetime | UUID, "soon", "$: expected datetime | UUID, got str"),
    (Small | None, [], "$: expected Small | null, got list"),
    (list[int] | None, ["a"], "$[0]: expected int, got str"),
    (Shape, {"kind": "hexagon"}, '$.kind: expected "circle" | "square" | "rect", got "hexagon"'),
    (Shape, {"kind": True}, '$.kind: expected "circle" | "square" | "rect", got bool'),
    (Shape, {"kind": []}, '$.kind: expected "circle" | "square" | "rect", got list'),
    (Shape, {"r": 1}, '$.kind: expected "circle" | "square" | "rect", got nothing'),
    (Shape | Untagged, {"kind": "hexagon"}, '$.kind: expected "circle" | "square" | "rect", got "hexagon"'),
    (list[Shape], [{"kind": "circle", "r": "x"}], "$[0].r: expected float, got str"),
    (EnumCircle | EnumSquare, {"type": "hexagon"}, '$.type: expected "circle" | "square", got "hexagon"'),
    (Small | Untagged, {"x": "a"}, "$.x: expected int, got str"),
    (Small | Large, {"x": "a", "y": 2}, "$.x: expected int, got str"),
]


def turned_round(cast_to: Any) -> Any:
    """The same union, written the other way round."""
    return functools.reduce(operator.or_, reversed(get_args(cast_to)))


@pytest.mark.parametrize(("cast_to", "value", "built"), FITTING)
def test_the_member_that_fits_is_taken(cast_to: Any, value: object, built: object) -> None:
    """The JSON kind, the tag or the keys say which member a value is."""
    found = fitting(value, cast_to)
    assert (found, type(found)) == (built, type(built))


@pytest.mark.parametrize(("cast_to", "value", "built"), FITTING)
def test_order_does_not_matter(cast_to: Any, value: object, built: object) -> None:
    """A union that is written the other way round is equal to Python, so it must be to us."""
    converter.register_structure_hook(Foreign, lambda text, _: Foreign(text))  # forgets the hook of the other order
    assert fitting(value, turned_round(cast_to)) == built


@pytest.mark.parametrize(("cast_to", "value", "line"), REFUSED)
def test_what_no_member_takes(cast_to: Any, value: Any, line: str) -> None:
    """A value that is no member is told with all of them; one that is nearly one, with what it lacks."""
    assert told(value, cast_to) == [line]


def test_an_unknown_variant_stays_the_raw_mapping() -> None:
    """A tag that the model does not know keeps its mapping, at the root too."""
    value = {"kind": "hexagon", "sides": 6}
    found = structure(value, Shape)
    assert found.value is value
    assert found.fits_root
    assert structure([value], list[Shape]).value == [value]


def test_nested_guesses_are_bounded() -> None:
    """A union of classes that look alike, within itself a hundred times, is read in a moment, not in 2**100."""
    value: Any = {"child": "wrong"}
    for _ in range(100):
        value = {"child": value}
    assert told(value, Left | Right) == [f"${'.child' * 101}: expected Left | Right | null, got str"]
    assert fitting({"child": {"child": None}}, Left | Right) == Left(Left(None))


def test_hooks_of_the_application_are_asked_before_text() -> None:
    """A type that the application taught may come from any JSON kind, so it is asked for each."""
    converter.register_structure_hook(Foreign, lambda value, _: Foreign(value["text"]))
    union = Foreign | str
    assert fitting({"text": "a"}, union).text == "a"
    assert fitting("a", union) == "a"
    assert told({}, union) == ["$: expected Foreign | str, got dict (text)"]
