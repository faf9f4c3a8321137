"""What a class looks like as a JSON object: its fields, their wire names and types, the place of unknown keys.

attrs classes, dataclasses and TypedDicts are described in the same words. Nothing is converted here.
"""

from __future__ import annotations

import builtins
import dataclasses
import sys
import types
import typing
from inspect import isclass
from typing import Any, NamedTuple, NotRequired, Required, TypeAlias, get_args, get_origin

import attrs

from ._annotations import bindings, kind_of, peel, substitute
from ._wire import RENAME_ATTRIBUTE, WIRE_FROM_KEY, WIRE_KEY, Extras, renamed

__all__ = ["Field", "Wire", "extras_field", "field_names", "fields_of", "is_object", "sent_fields", "wire_name"]

Wire: TypeAlias = "str | tuple[str, ...] | None"
"""Where a field's value is: under a key, at the end of a path of keys, or (None) the JSON value itself."""


class Field(NamedTuple):
    """One field of a class, as JSON sees it."""

    name: str
    """The attribute."""
    alias: str
    """The argument of ``__init__``."""
    wire: Wire
    """The place in the JSON object."""
    type: Any
    """The annotation; unresolved text where `fields_of` did not resolve it."""
    default: Any
    """A value, an `attrs.Factory`, or `attrs.NOTHING` where the field is required."""
    init: bool = True
    """Whether ``__init__`` takes it. One that it does not take is the class's own business: neither read nor sent."""
    attribute: attrs.Attribute[Any] | None = None
    """The attrs attribute, with its validator and converter."""

    @property
    def path(self) -> tuple[str, ...]:
        """The place in the JSON object as a path of keys; an empty one is the value itself."""
        return (self.wire,) if isinstance(self.wire, str) else self.wire or ()


def is_object(annotation: Any) -> bool:
    """Whether it is an attrs class, a dataclass or a TypedDict, generic or not."""
    cls = kind_of(annotation)
    return isclass(cls) and (attrs.has(cls) or dataclasses.is_dataclass(cls) or typing.is_typeddict(cls))


def fields_of(annotation: Any) -> list[Field]:
    """The fields of a class, with their types resolved and their type variables bound.

    Raises:
        TypeError: An annotation names something that cannot be found.
    """
    cls = kind_of(annotation)
    bound = bindings(cls, get_args(annotation))
    fields: list[Field] = []
    for field in _declared(cls):
        if field.init:
            owner = _owner(cls, field)
            field = field._replace(type=substitute(_resolved(field.type, owner), bound.get(owner, {})))
        fields.append(field)
    return fields


def sent_fields(cls: Any) -> list[Field]:
    """The fields of a class that JSON knows, without a look at their types, which may not be resolvable."""
    return [field for field in _declared(kind_of(cls)) if field.init]


def field_names(cls: Any) -> dict[str, Wire]:
    """The attributes of a class that JSON knows, each with its place in the JSON object."""
    return {field.name: field.wire for field in sent_fields(cls)}


def wire_name(cls: Any, name: str) -> Wire:
    """The place of the attribute *name* in the JSON object: a key, a path of keys, or None for the value itself.

    Raises:
        LookupError: The class has no such field.
    """
    try:
        return field_names(cls)[name]
    except KeyError:
        raise LookupError(f"{kind_of(cls).__name__} has no field {name!r}") from None


def extras_field(fields: list[Field]) -> Field | None:
    """The field that receives unknown keys, if there is one; its type may be unresolved text."""
    return next((field for field in fields if field.init and _is_extras(field.type)), None)


def _is_extras(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2] == Extras.__name__
    return peel(annotation) is Extras


def _declared(cls: Any) -> list[Field]:
    """The fields with their types as they stand in the source."""
    rule = getattr(cls, RENAME_ATTRIBUTE, None)
    if attrs.has(cls):
        return [
            Field(a.name, a.alias or a.name, _wire_of(cls, a, rule), a.type, a.default, a.init, a)
            for a in attrs.fields(cls)
        ]
    if dataclasses.is_dataclass(cls):
        return [Field(f.name, f.name, renamed(f.name, rule), f.type, _default(f), f.init) for f in _data_fields(cls)]
    required = _required_keys(cls)
    return [
        Field(key, key, renamed(key, rule), annotation, attrs.NOTHING if key in required else None)
        for key, annotation in cls.__annotations__.items()
    ]


def _wire_of(cls: type, attribute: attrs.Attribute[Any], rule: str | None) -> Wire:
    if (source := attribute.metadata.get(WIRE_FROM_KEY)) is not None:
        wire: Wire = getattr(cls, source)
        return wire
    name = attribute.metadata.get(WIRE_KEY)
    return str(name) if name is not None else renamed(attribute.alias or attribute.name, rule)


def _data_fields(cls: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cls)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return attrs.Factory(field.default_factory)
    return attrs.NOTHING if field.default is dataclasses.MISSING else field.default


def _required_keys(cls: Any) -> set[str]:
    """The keys that a TypedDict must have: by its marks, which it cannot see itself where annotations are text."""
    marks = {key: get_origin(_resolved(annotation, cls)) for key, annotation in cls.__annotations__.items()}
    declared = cls.__required_keys__
    return {key for key, mark in marks.items() if mark is Required or (mark is not NotRequired and key in declared)}


def _resolved(annotation: Any, owner: type) -> Any:
    """The annotation with every name in it looked up: in the module of *owner*, then in *owner* itself.

    One by one, since a class may have fields that JSON never sees, with types that exist for type checkers only.
    """
    if annotation is None:
        return Any  # attrs' way of saying that there is no annotation
    names = {
        **vars(owner),
        **{variable.__name__: variable for variable in getattr(owner, "__type_params__", ())},
        **vars(builtins),
        **vars(sys.modules.get(owner.__module__, builtins)),
    }
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(holder, globalns=names, include_extras=True)["it"]
    except NameError as error:
        raise TypeError(
            f"{owner.__name__} has an annotation that names {error.name!r}, which its module does not have; for a "
            f"class made inside a function call attrs.resolve_types({owner.__name__}, globals(), locals()) first"
        ) from None


def _owner(cls: type, field: Field) -> type:
    """The class whose type variables the annotation of *field* speaks of."""
    for base in cls.__mro__:
        own = base.__dict__.get("__attrs_attrs__", ())
        if any(a.name == field.name and not a.inherited for a in own):
            return base
    source = _data_field(cls, field.name)
    heirs = [base for base in cls.__mro__ if source is not None and _data_field(base, field.name) is source]
    return heirs[-1] if heirs else cls


def _data_field(cls: type, name: str) -> object:
    """The field of a dataclass; its heirs share the object."""
    return cls.__dict__.get("__dataclass_fields__", {}).get(name)
