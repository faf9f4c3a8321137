"""The short way from bytes to models: one pass of msgspec, for types by which it means exactly what the hooks mean.

A type is translated into one that msgspec reads as the converter would: where they differ more narrowly, never more
widely, since what msgspec refuses goes the long way, which tells what is wrong. What msgspec has no equal for is read
by the converter's own hook, called from within. No shortcut leads past code of the application: its hooks, validators
and converters run once.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from types import GenericAlias, NoneType
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, Union, get_args
from uuid import UUID

import attrs
import msgspec
from cattrs.dispatch import StructureHook

from ._annotations import ARRAYS, is_any, is_union, kind_of, peel
from ._collections import is_array, is_mapping, is_row
from ._fields import Field, extras_field, fields_of, is_object
from ._scalars import finds_more, is_enum, is_literal
from ._twins import complete, make_twin
from ._unions import kinds_of

if TYPE_CHECKING:
    from ._converter import JSONConverter

__all__ = ["Shortcut", "find_shortcut"]

Shortcut: TypeAlias = Callable[[bytes], Any]
"""Gives the value; raises whatever it likes where the long way is to be gone."""

_EXACT: Final = 2.0**53  # beyond it an integer is no float without loss; there the converter looks at each
_INT64: Final = range(-(2**63), 2**63)
_ARRAY: Final[frozenset[type]] = frozenset({list})

_SAME: Final[dict[Any, Any]] = {
    None: NoneType,
    NoneType: NoneType,
    bool: bool,
    int: int,
    float: Annotated[float, msgspec.Meta(gt=-_EXACT, lt=_EXACT)],
    str: str,
    date: date,
    UUID: UUID,
}
"""What means the same to both."""

_BY_HOOK: Final = frozenset({Decimal, bytes})
"""What msgspec reads from other texts, or from numbers too."""


class _NoShortcut(Exception):
    """There is none for this type."""


class _Part(type):
    """The class of the types that stand for what a hook of the converter reads."""

    read: Callable[[Any], Any]

    def __instancecheck__(cls, instance: object) -> bool:
        return True  # msgspec asks whether the hook gave what it is to give


def _part(hook: StructureHook) -> _Part:
    def read(value: Any) -> Any:
        return hook(value, None)

    return _Part("Part", (), {"read": read})


def _read_part(part: Any, value: Any) -> Any:
    return part.read(value)


def find_shortcut(annotation: Any, converter: JSONConverter) -> Shortcut | None:
    """Find the short way to a type, if there is one.

    Args:
        annotation: The type.
        converter: The converter, whose meaning counts.
    """
    translation = _Translation(converter)
    try:
        whole = translation.whole_of(annotation)
        kind = translation.of(annotation if whole is None else whole.type)
        if isinstance(kind, _Part):
            return None
        decode = msgspec.json.Decoder(kind, dec_hook=_read_part).decode
    except (_NoShortcut, TypeError, NameError, RecursionError):  # the long way tells, or takes it
        return None
    cls = kind_of(peel(annotation))

    def shortcut(data: bytes) -> Any:
        if not data.isascii():
            data.decode()  # msgspec does not read the text under a key that no class names
        value = decode(data)
        return value if whole is None else cls(**{whole.alias: value})

    return shortcut


class _Translation:
    """The translation of one type with all that is in it.

    Args:
        converter: The converter, whose meaning counts.
    """

    def __init__(self, converter: JSONConverter) -> None:
        self._converter = converter
        self._twins: dict[tuple[Any, bool], type] = {}

    def of(self, annotation: Any) -> Any:
        """Translate a type.

        Raises:
            _NoShortcut: Nothing means the same.
        """
        kind, hook = self._own(annotation)
        if is_any(kind):
            return Any
        if is_literal(kind) or is_enum(kind):
            return self._choice(kind, hook)
        if is_union(kind):
            return self._union(kind, hook)
        if is_row(kind):
            return GenericAlias(tuple, tuple(map(self.of, get_args(kind))))
        if is_array(kind):
            return self._array(kind)
        if is_mapping(kind):
            return self._mapping(kind, hook)
        if is_object(kind):
            return self._object(kind)
        if kind is datetime:
            # msgspec would round the fraction of a second; the hook calls this, and many models have some
            return _Part("Part", (), {"read": datetime.fromisoformat})
        if kind in _BY_HOOK:
            return _part(hook)
        if kind not in _SAME:
            raise _NoShortcut
        return _SAME[kind]

    def whole_of(self, annotation: Any) -> Field | None:
        """The field that is the whole JSON value, of a class that is read from an array.

        Raises:
            _NoShortcut: There is one, but more happens to it than that the class keeps it.
        """
        kind, _ = self._own(annotation)
        fields = fields_of(kind) if is_object(kind) else []
        whole = next((field for field in fields if field.wire is None and kinds_of(peel(field.type)) == _ARRAY), None)
        if whole is None:
            return None
        others = [field for field in fields if field is not whole]  # under keys, which an array does not have
        has_more = extras_field(fields) is not None or any(field.default is attrs.NOTHING for field in others)
        if has_more or make_twin(kind, [whole._replace(wire=whole.name), *others]) is None:
            raise _NoShortcut
        return whole

    def _own(self, annotation: Any) -> tuple[Any, StructureHook]:
        """What an annotation says, and the converter's hook for it, if it is not the application's."""
        hook = self._converter.get_structure_hook(annotation)
        if not self._converter.is_own(hook):
            raise _NoShortcut
        return peel(annotation), hook

    def _choice(self, kind: Any, hook: StructureHook) -> Any:
        """A Literal or an enum: msgspec knows those of text and of integers."""
        if is_literal(kind):
            is_known = all(_is_plain(value) or value is None for value in get_args(kind))
            return kind if is_known else _part(hook)
        if finds_more(kind):
            raise _NoShortcut
        values = [member.value for member in kind]
        is_known = type(kind) is enum.EnumMeta and len(set(map(type, values))) == 1 and all(map(_is_plain, values))
        return kind if is_known else _part(hook)

    def _union(self, kind: Any, hook: StructureHook) -> Any:
        """A union, where the JSON kind of a value says which member it is; else the hook, which looks closer."""
        members = [self.of(member) for member in get_args(kind)]
        kinds = [json_kind for member in get_args(kind) for json_kind in kinds_of(peel(member))]
        values = [member for member in members if member is not NoneType]
        if len(kinds) > len(set(kinds)) or (len(values) > 1 and any(isinstance(value, _Part) for value in values)):
            return _part(hook)
        return Union[tuple(members)]  # noqa: UP007 - made at runtime from a tuple

    def _array(self, kind: Any) -> Any:
        item = self.of((*get_args(kind), Any)[0])
        build: Any = ARRAYS[kind_of(kind)]
        return GenericAlias(build, (item, ...) if build is tuple else (item,))

    def _mapping(self, kind: Any, hook: StructureHook) -> Any:
        names, values = map(self.of, get_args(kind) or (Any, Any))
        return GenericAlias(dict, (str, values)) if names in (Any, str) else _part(hook)

    def _object(self, kind: Any, *, is_item: bool = False) -> type:
        key = (kind, is_item)
        if key not in self._twins:
            fields = fields_of(kind)
            twin = make_twin(kind, fields, is_item=is_item)
            if twin is None:
                raise _NoShortcut
            self._twins[key] = twin  # known before its fields, which may be of its own type
            types: dict[str, Any] = {}
            lists: dict[str, type] = {}
            for field in fields:
                wire, item = str(field.wire), self._item_of(field)
                if item is None:
                    types[wire] = self.of(field.type)
                else:
                    types[wire] = GenericAlias(list, (self._object(item, is_item=True),))
                    lists[wire] = kind_of(item)
            complete(twin, types, lists)
        return self._twins[key]

    def _item_of(self, field: Field) -> Any:
        """The class of the objects of which a field always has a list, or None if it is anything else."""
        kind, _ = self._own(field.type)
        if field.default is not attrs.NOTHING or ARRAYS.get(kind_of(kind)) is not list:
            return None
        item, _ = self._own((*get_args(kind), Any)[0])
        return item if is_object(item) else None


def _is_plain(value: object) -> bool:
    return type(value) is str or (type(value) is int and value in _INT64)
