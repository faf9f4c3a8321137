"""Unstructure hooks: what an application gives, as JSON has it. They go by the class of the value, not by annotations.

What a tolerant reading kept as it came goes out as it came.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import math
from collections.abc import Callable, Mapping, Sequence, Set as AbstractSet
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs
from cattrs.dispatch import UnstructureHook

from .._types import Missing, NotGiven, Omit
from ._fields import extras_field, sent_fields
from ._mismatch import step

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["Unsendable", "register_unstructure_hooks", "unsendable"]

_REMOVED: Final = frozenset({Omit, NotGiven, Missing})


class Unsendable(Exception):
    """A value has no JSON form. The hooks above add the path on its way up.

    Args:
        kind: What the application's error is to be: `TypeError` or `ValueError`.
        message: What is wrong.
    """

    def __init__(self, kind: type[TypeError | ValueError], message: str) -> None:
        super().__init__()
        self.kind = kind
        self.message = message
        self.path = ""

    def below(self, prefix: str) -> Unsendable:
        """The same, as the whole sees it: *prefix* is the step from the whole to the part."""
        self.path = prefix + self.path
        return self


def unsendable(cls: Any) -> UnstructureHook:
    """The hook for a class that nobody knows."""

    def hook(value: Any) -> Any:
        raise Unsendable(
            TypeError,
            f"{cls.__name__} has no JSON form; give it one with "
            f"trio_api.models.converter.register_unstructure_hook({cls.__name__}, ...)",
        )

    return hook


def _same(value: Any) -> Any:
    return value


def _removed(value: Any) -> Any:
    raise Unsendable(TypeError, f"{value!r} can be left out of an object or an array, but is no value itself")


def _float(value: float) -> float:
    if math.isfinite(value):
        return float(value)
    raise Unsendable(ValueError, f"{float(value)} is no JSON number; send null (None) or a text")


def _key(key: Any, converter: Converter) -> str:
    """A key of an object: text, or what has a form as text or as an integer."""
    form = key if type(key) is str else converter.unstructure(key)
    if type(form) is str:
        return form
    if type(form) is int:
        return str(form)
    raise Unsendable(TypeError, f"the key {key!r} has no form as text")


def _mapping(_: Any, converter: Converter) -> UnstructureHook:
    unstructure = converter.unstructure

    def hook(value: Mapping[Any, Any]) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for name, part in value.items():
            if type(part) in _REMOVED:
                continue
            key = _key(name, converter)
            try:
                plain[key] = unstructure(part)
            except Unsendable as error:
                raise error.below(step(key)) from None
        return plain

    return hook


def _array(_: Any, converter: Converter) -> UnstructureHook:
    unstructure = converter.unstructure

    def hook(value: Any) -> list[Any]:
        plain: list[Any] = []
        for part in value:
            if type(part) in _REMOVED:
                continue
            try:
                plain.append(unstructure(part))
            except Unsendable as error:
                raise error.below(f"[{len(plain)}]") from None
        return plain

    return hook


def _enum(_: Any, converter: Converter) -> UnstructureHook:
    return lambda value: converter.unstructure(value.value)


def _object(cls: Any, converter: Converter) -> UnstructureHook:
    unstructure = converter.unstructure
    fields = sent_fields(cls)
    extras = extras_field(fields)
    plan = [(field.name, field.path) for field in fields if field is not extras]

    def hook(instance: Any) -> Any:
        plain: dict[str, Any] = {}
        for name, path in plan:
            value = getattr(instance, name)
            if type(value) in _REMOVED:
                continue
            try:
                form = unstructure(value)
            except Unsendable as error:
                raise error.below("".join(map(step, path))) from None
            if not path:
                return form
            place = plain
            for key in path[:-1]:
                place = place.setdefault(key, {})
            place[path[-1]] = form
        # What the class declares stands before a key of the same name among the extras.
        return plain if extras is None else {**unstructure(getattr(instance, extras.name)), **plain}

    return hook


def _subclass_of(*classes: type) -> Callable[[Any], bool]:
    return lambda cls: issubclass(cls, classes)


def register_unstructure_hooks(converter: Converter) -> None:
    """Teach *converter* every class that has a JSON form by itself."""
    plain: list[tuple[tuple[type, ...], UnstructureHook]] = [
        ((int,), int),  # subclasses too: the encoder takes none
        ((NoneType, bool), _same),
        (tuple(_REMOVED), _removed),
        ((float,), _float),
        ((str,), str.__str__),
        ((bytes, bytearray), lambda value: base64.b64encode(value).decode()),
        ((date,), lambda value: value.isoformat()),  # datetime is a date
        ((UUID, Decimal), str),
    ]
    # cattrs asks the last registered first: a StrEnum is an enum before it is a str, a str no sequence.
    converter.register_unstructure_hook_factory(_subclass_of(Sequence, AbstractSet), _array)
    converter.register_unstructure_hook_factory(_subclass_of(Mapping), _mapping)
    converter.register_unstructure_hook_factory(lambda cls: attrs.has(cls) or dataclasses.is_dataclass(cls), _object)
    for classes, hook in plain:
        converter.register_unstructure_hook_func(_subclass_of(*classes), hook)
    converter.register_unstructure_hook_factory(_subclass_of(enum.Enum), _enum)
