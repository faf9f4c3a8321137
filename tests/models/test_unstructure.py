"""What goes out: wire names, the JSON forms of values, what is left out, and what cannot be sent."""

from __future__ import annotations

import collections
import dataclasses
import enum
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import attrs
import pytest

from trio_api import MISSING, not_given, omit
from trio_api.models import Extras, structure, unstructure, wire


class Color(enum.Enum):
    RED = "red"


class Shade(enum.StrEnum):
    DARK = "dark"


class Level(enum.IntEnum):
    LOW = 1


class Nested(enum.Enum):
    DAY = date(2024, 1, 1)


class Text(str):
    __slots__ = ()


class Number(int):
    pass


class Ratio(float):
    pass


class Point(NamedTuple):
    x: int
    y: int


@attrs.define
class Item:
    created_at: datetime = wire("createdAt")  # noqa: RUF009 - a field, as attrs.field makes it
    note: str | None = None
    tags: Any = attrs.field(factory=list)
    more: Extras = attrs.field(factory=Extras)


@dataclasses.dataclass
class Data:
    a: Any
    b: int = dataclasses.field(init=False, default=1)


NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2**80, 2**80),
        (1.5, 1.5),
        ("é", "é"),
        (b"hi", "aGk="),
        (bytearray(b"hi"), "aGk="),
        (NOON, "2024-01-02T12:00:00+00:00"),
        (datetime(2024, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2024-01-02T00:00:00+02:00"),
        (date(2024, 1, 2), "2024-01-02"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal("1.50"), "1.50"),
        (Color.RED, "red"),
        (Shade.DARK, "dark"),
        (Level.LOW, 1),
        (Nested.DAY, "2024-01-01"),
        (Text("t"), "t"),
        (Number(4), 4),
        (Ratio(0.5), 0.5),
        ([1, (2, {3})], [1, [2, [3]]]),
        (Point(1, 2), [1, 2]),
        (collections.deque([1]), [1]),
        (range(2), [0, 1]),
        (MappingProxyType({"a": 1}), {"a": 1}),
        ({Color.RED: 1, 2: 2, UUID(int=0): 3}, {"red": 1, "2": 2, "00000000-0000-0000-0000-000000000000": 3}),
        (Data([NOON]), {"a": ["2024-01-02T12:00:00+00:00"]}),
        (Item(NOON, more=Extras(x=1)), {"createdAt": "2024-01-02T12:00:00+00:00", "note": None, "tags": [], "x": 1}),
        (Item(NOON, more=Extras(note=1)), {"createdAt": "2024-01-02T12:00:00+00:00", "note": None, "tags": []}),
    ],
)
def test_json_forms(value: object, plain: object) -> None:
    """Every value that has a JSON form goes out in it, as one of JSON's own types."""
    found = unstructure(value)
    assert (found, type(found)) == (plain, type(plain))


@pytest.mark.parametrize("sentinel", [omit, not_given, MISSING])
def test_what_is_omitted_is_left_out(sentinel: object) -> None:
    """What is omitted, not given or missing leaves no trace in objects and arrays; None stays."""
    assert unstructure({"a": sentinel, "b": [sentinel, None]}) == {"b": [None]}
    item: Any = Item(sentinel)  # type: ignore[arg-type]
    assert unstructure(item) == {"note": None, "tags": []}


def test_what_was_kept_as_it_came_goes_out_as_it_came() -> None:
    """A model with values that did not fit sends them back unchanged."""
    value = {"createdAt": "yesterday", "note": 3, "tags": {"odd": [1]}, "x": {"y": None}}
    assert unstructure(structure(value, Item).value) == value


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (math.nan, ValueError, r"^\$: nan is no JSON number"),
        ({"a": [1, -math.inf]}, ValueError, r"^\$\.a\[1\]: -inf is no JSON number"),
        ({"odd key": Ratio("inf")}, ValueError, r'^\$\["odd key"\]: inf is no JSON number'),
        (Item(NOON, tags=[{"a": math.nan}]), ValueError, r"^\$\.tags\[0\]\.a: nan"),
        (Item(NOON, more=Extras(x=math.nan)), ValueError, r"^\$\.x: nan"),
        ([1, omit, math.nan], ValueError, r"^\$\[1\]: nan"),
        (omit, TypeError, r"^\$: <omit> can be left out of an object or an array, but is no value itself"),
        ({not_given: 1}, TypeError, r"^\$: <not given> can be left out"),
        (1j, TypeError, r"^\$: complex has no JSON form; .*register_unstructure_hook\(complex, \.\.\.\)"),
        ({"a": object()}, TypeError, r"^\$\.a: object has no JSON form"),
        ({"a": {None: 1}}, TypeError, r"^\$\.a: the key None has no form as text"),
        ({1.5: 1}, TypeError, r"^\$: the key 1\.5 has no form as text"),
        ({True: 1}, TypeError, r"^\$: the key True has no form as text"),
        ((n for n in range(2)), TypeError, r"^\$: generator has no JSON form"),
    ],
)
def test_what_cannot_be_sent_names_its_path(value: object, error: type[Exception], message: str) -> None:
    """A number that JSON has not, and a value that nobody knows, are named with their JSON path."""
    with pytest.raises(error, match=message):
        unstructure(value)


def test_what_contains_itself_cannot_be_sent() -> None:
    """A list within itself is a ValueError, not a RecursionError."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested too deeply, or contains itself"):
        unstructure(endless)
