"""No silent coercion: which JSON values each annotation takes, and which it refuses."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest

from support.told import fitting, told
from trio_api.models import structure


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Shade(str, enum.Enum):  # noqa: UP042 - the older way to make one, and not quite the same class
    DARK = "dark"


class Level(enum.IntEnum):
    LOW = 1


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2


class Lenient(enum.Enum):
    OTHER = "other"

    @classmethod
    def _missing_(cls, value: object) -> Lenient | None:
        return cls.OTHER if value != "none" else None


class Odd(enum.Enum):
    PAIR = (1, 2)
    ONE = 1


ID = UUID("12345678-1234-5678-1234-567812345678")

TAKEN: list[tuple[Any, Any, object]] = [
    (int, 3, 3),
    (int, 2**80, 2**80),
    (float, 1.5, 1.5),
    (float, 3, 3.0),
    (float, 2**53, 2.0**53),
    (str, "", ""),
    (bool, False, False),
    (None, None, None),
    (type(None), None, None),
    (object, [1], [1]),
    (Any, None, None),
    (datetime, "2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    (datetime, "2024-02-29T12:00:00", datetime(2024, 2, 29, 12)),
    (date, "2024-02-29", date(2024, 2, 29)),
    (UUID, str(ID), ID),
    (UUID, ID.hex, ID),
    (Decimal, "1.50", Decimal("1.50")),
    (Decimal, "-1e3", Decimal(-1000)),
    (Decimal, "Infinity", Decimal("Infinity")),
    (bytes, "aGk=", b"hi"),
    (bytes, "", b""),
    (Color, "red", Color.RED),
    (Shade, "dark", Shade.DARK),
    (Level, 1, Level.LOW),
    (Rights, 3, Rights.READ | Rights.WRITE),
    (Lenient, "whatever", Lenient.OTHER),
    (Odd, 1, Odd.ONE),
    (Literal["a", 1], 1, 1),
    (Literal[Color.RED], "red", Color.RED),
    (Literal[2, True], True, True),
]

REFUSED: list[tuple[Any, object, str, str]] = [
    (int, True, "int", "bool"),
    (int, 3.0, "int", "float"),
    (int, "3", "int", "str"),
    (int, None, "int", "null"),
    (float, 2**53 + 1, "float", "int"),
    (float, 10**400, "float", "int"),
    (float, True, "float", "bool"),
    (float, "1.5", "float", "str"),
    (str, None, "str", "null"),
    (str, 3, "str", "int"),
    (str, {}, "str", "dict"),
    (bool, 1, "bool", "int"),
    (bool, "false", "bool", "str"),
    (None, 0, "null", "int"),
    (datetime, "yesterday", "datetime", "str"),
    (datetime, 0, "datetime", "int"),
    (date, "2024-02-30", "date", "str"),
    (date, "20240229", "date", "str"),
    (date, "2024-02-29T00:00:00", "date", "str"),
    (UUID, "{12345678-1234-5678-1234-567812345678}", "UUID", "str"),
    (UUID, 5, "UUID", "int"),
    (Decimal, 1.5, "Decimal", "float"),
    (Decimal, 1, "Decimal", "int"),
    (Decimal, " 1", "Decimal", "str"),
    (Decimal, "1_000", "Decimal", "str"),
    (Decimal, "", "Decimal", "str"),
    (bytes, "aGk", "bytes", "str"),
    (bytes, "a\nGk=", "bytes", "str"),
    (bytes, "aéGk", "bytes", "str"),
    (Color, "green", '"red" | "blue"', '"green"'),
    (Color, "RED", '"red" | "blue"', '"RED"'),
    (Color, 1, '"red" | "blue"', "int"),
    (Level, True, "1", "bool"),
    (Level, 1.0, "1", "float"),
    (Lenient, "none", '"other"', '"none"'),
    (Odd, [1, 2], "(1, 2) | 1", "list"),
    (Literal["a", 1], True, '"a" | 1', "bool"),
    (Literal["a", 1], "b" * 60, '"a" | 1', '"' + "b" * 36 + "..."),
    (Literal[Color.RED], "blue", '"red"', '"blue"'),
]


@pytest.mark.parametrize(("cast_to", "value", "built"), TAKEN)
def test_what_fits_is_converted(cast_to: Any, value: object, built: object) -> None:
    """A value that is what the annotation says becomes exactly that."""
    found = fitting(value, cast_to)
    assert (found, type(found)) == (built, type(built))


@pytest.mark.parametrize(("cast_to", "value", "expected", "got"), REFUSED)
def test_what_does_not_fit_is_kept_as_it_came(cast_to: Any, value: object, expected: str, got: str) -> None:
    """A value of another kind stays what it is, and the problem says what was expected and what was got."""
    assert told(value, cast_to) == [f"$: expected {expected}, got {got}"]
    assert structure(value, cast_to).value is value


def test_a_long_enum_is_told_in_part() -> None:
    """Of an enum with very many members a problem lists the first twenty."""
    many = enum.Enum("many", [(f"M{n}", n) for n in range(250)])
    assert told(-1, many) == [f"$: expected {' | '.join(map(str, range(20)))} | ..., got -1"]
