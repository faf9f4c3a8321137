"""Structure hooks for the values that have no parts. No silent coercion is kept here: each says what it takes."""

from __future__ import annotations

import base64
import enum
import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin
from uuid import UUID

from cattrs.dispatch import StructureHook

from ._annotations import expected_name, json_form
from ._mismatch import JSON_KINDS, kind_name, mismatch, shown

__all__ = [
    "SCALARS",
    "enum_hook",
    "finds_more",
    "is_enum",
    "is_literal",
    "key_hook",
    "literal_hook",
    "scalar_kinds",
    "wrong_value",
]


def _exact(kind: type) -> StructureHook:
    name = JSON_KINDS[kind]

    def exact_hook(value: Any, _: Any) -> Any:
        if type(value) is kind:
            return value
        raise mismatch(value, name)

    return exact_hook


def _float_hook(value: Any, _: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        try:
            number = float(value)
        except OverflowError:
            raise mismatch(value, "float") from None
        if number == value:  # exact: Python compares an int with a float by value, not by rounding
            return number
    raise mismatch(value, "float")


def _from_text(kind: type, parse: Callable[[str], Any]) -> StructureHook:
    name = kind.__name__

    def text_hook(value: Any, _: Any) -> Any:
        if type(value) is str:
            try:
                return parse(value)
            except (ValueError, ArithmeticError):
                pass
        raise mismatch(value, name)

    return text_hook


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(nan|inf(inity)?)", re.IGNORECASE)


def _fitting(pattern: re.Pattern[str], parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """*parse*, for text of this form alone: Python's own parsers also take spaces, underscores, braces, week dates."""

    def parse_fitting(text: str) -> Any:
        if pattern.fullmatch(text) is None:
            raise ValueError(text)
        return parse(text)

    return parse_fitting


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


SCALARS: Final[dict[Any, StructureHook]] = {
    None: _exact(NoneType),
    NoneType: _exact(NoneType),
    bool: _exact(bool),
    int: _exact(int),
    float: _float_hook,
    str: _exact(str),
    datetime: _from_text(datetime, datetime.fromisoformat),
    date: _from_text(date, _fitting(_DATE, date.fromisoformat)),
    UUID: _from_text(UUID, _fitting(_UUID, UUID)),
    Decimal: _from_text(Decimal, _fitting(_DECIMAL, Decimal)),
    bytes: _from_text(bytes, _bytes),
}
"""The hook of every class whose values have no parts."""


def is_enum(annotation: Any) -> bool:
    """Whether it is an `enum.Enum` class."""
    return isinstance(annotation, type) and issubclass(annotation, enum.Enum)


def is_literal(annotation: Any) -> bool:
    """Whether it is ``Literal[...]``."""
    return get_origin(annotation) is Literal


def finds_more(cls: type[enum.Enum]) -> bool:
    """Whether an enum has a ``_missing_`` of its own, as flags do: it may find members for further values."""
    return cls._missing_.__func__ is not enum.Enum._missing_.__func__  # type: ignore[attr-defined]


def wrong_value(value: object, kinds: Collection[type]) -> str:
    """What was got in place of one of several values: the value if it is at least of their kind, else its kind."""
    return shown(value) if type(value) in kinds else kind_name(value)


def scalar_kinds(values: Collection[object]) -> frozenset[type]:
    """The JSON kinds of the values of a Literal or an enum."""
    return frozenset(type(json_form(value)) for value in values)


def _by_value(values: Collection[Any]) -> dict[tuple[type, object], Any]:
    # Keyed by the type too: True == 1 and 1.0 == 1, but in JSON they are three things.
    forms = ((json_form(value), value) for value in values)
    return {(type(form), form): value for form, value in forms if type(form) in JSON_KINDS}


def literal_hook(annotation: Any, _: object) -> StructureHook:
    """Structure the values of a Literal; enum members among them by their value."""
    values = get_args(annotation)
    found, kinds, expected = _by_value(values), scalar_kinds(values), expected_name(annotation)

    def hook(value: Any, _: Any) -> Any:
        if type(value) in kinds and (type(value), value) in found:
            return found[type(value), value]
        raise mismatch(value, expected, wrong_value(value, kinds))

    return hook


def enum_hook(cls: type[enum.Enum], _: object) -> StructureHook:
    """Structure an enum by value."""
    members = list(cls.__members__.values())
    found, kinds, expected = _by_value(members), scalar_kinds(members), expected_name(cls)
    asks_enum = finds_more(cls)

    def hook(value: Any, _: Any) -> Any:
        if type(value) in kinds and type(value) in JSON_KINDS:
            if (type(value), value) in found:
                return found[type(value), value]
            if asks_enum:
                try:
                    return cls(value)
                except (ValueError, TypeError, KeyError):
                    pass
        raise mismatch(value, expected, wrong_value(value, kinds))

    return hook


_INT_KEY = re.compile(r"0|-?[1-9][0-9]{0,4299}")  # 4300 digits are the most that Python reads


def key_hook(annotation: Any, hook: StructureHook) -> StructureHook:
    """The hook for a key of a JSON object, which is always text: an int is read from its decimal form."""
    if annotation is not int:
        return hook

    def int_key_hook(key: str, _: Any) -> int:
        if _INT_KEY.fullmatch(key) is None:
            raise mismatch(key, "int")
        return int(key)

    return int_key_hook
