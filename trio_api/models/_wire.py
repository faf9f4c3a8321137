"""How a model is called on the wire: the names of its fields, the rule of its class, the place of unknown keys.

Only declarations live here: what a model author writes. What they mean is in `_fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, TypedDict, TypeVar, Unpack, overload

import attrs

__all__ = ["RENAME_ATTRIBUTE", "WIRE_FROM_KEY", "WIRE_KEY", "Extras", "Rename", "renamed", "wire", "wire_from"]

ClassT = TypeVar("ClassT", bound=type)
FieldT = TypeVar("FieldT")

Rename: TypeAlias = Literal["camel", "pascal", "kebab", "upper"]
"""The rules of ``@wire(rename=...)``: ``createdAt``, ``CreatedAt``, ``created-at``, ``CREATED_AT``."""

RENAME_ATTRIBUTE: Final = "__trio_api_rename__"  # class attribute that `@wire(rename=...)` sets
WIRE_KEY: Final = "trio_api.wire"  # metadata: the field's name on the wire
WIRE_FROM_KEY: Final = "trio_api.wire_from"  # metadata: the class attribute that holds the field's name on the wire


class Extras(dict[str, Any]):
    """The unknown keys of a JSON object, as they came.

    A field ``more: Extras = attrs.field(factory=Extras)`` receives them, and they are sent back on the way out.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Extras({super().__repr__()})"


def _words(name: str) -> list[str]:
    return [word for word in name.split("_") if word]


def _pascal(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in _words(name))


def _camel(name: str) -> str:
    first, *rest = _words(name) or [""]
    return first + _pascal("_".join(rest))


_RULES: Final[Mapping[str, Callable[[str], str]]] = {
    "camel": _camel,
    "pascal": _pascal,
    "kebab": lambda name: "-".join(_words(name)),
    "upper": lambda name: "_".join(_words(name)).upper(),
}


def renamed(name: str, rule: str | None) -> str:
    """The wire name that *rule* (None: no rule) makes of a field's public name."""
    return name if rule is None else _RULES[rule](name)


class _FieldArguments(TypedDict, total=False):
    """What `attrs.field` takes besides ``default``, ``factory`` and ``converter``."""

    validator: Callable[[Any, attrs.Attribute[Any], Any], Any] | Sequence[Callable[..., Any]] | None
    repr: bool | Callable[[Any], str]
    hash: bool | None
    init: bool
    metadata: Mapping[Any, Any] | None
    kw_only: bool | None
    eq: bool | Callable[[Any], Any] | None
    order: bool | Callable[[Any], Any] | None
    on_setattr: Callable[[Any, attrs.Attribute[Any], Any], Any] | Sequence[Callable[..., Any]] | None
    alias: str | None


@overload
def wire(*, rename: Rename) -> Callable[[ClassT], ClassT]: ...
@overload
def wire(name: str, /, *, converter: Callable[[Any], Any], **arguments: Any) -> Any: ...
@overload
def wire(name: str, /, *, default: FieldT, **arguments: Unpack[_FieldArguments]) -> FieldT: ...
@overload
def wire(name: str, /, *, factory: Callable[[], FieldT], **arguments: Unpack[_FieldArguments]) -> FieldT: ...
@overload
def wire(name: str, /, **arguments: Unpack[_FieldArguments]) -> Any: ...
def wire(name: str | None = None, /, *, rename: Rename | None = None, **arguments: Any) -> Any:
    """Give a field its name on the wire, or a class the rule by which its fields get theirs.

    ::

        @wire(rename="camel")
        @attrs.define
        class Item:
            item_id: str  # itemId, by the rule
            size: int = wire("sizeInBytes", default=0)  # by name, whatever the rule

    A field without either is called on the wire what ``__init__`` calls it (attrs' alias: ``_token`` is ``token``).
    Subclasses inherit the rule.

    Type checkers know `attrs.field` alone by name; of a field made by `wire` they believe that it has a default. So it
    stands after the fields without one, or the class is ``@attrs.define(kw_only=True)``.

    Args:
        name: The field's name on the wire.
        rename: The rule of a class: ``"camel"``, ``"pascal"``, ``"kebab"`` or ``"upper"``.
        arguments: What `attrs.field` takes.

    Returns:
        An attrs field; with *rename*, a class decorator.

    Raises:
        ValueError: There is no such rule.
        TypeError: Neither a name nor a rule was given, or both.
    """
    if isinstance(name, str) and rename is None:
        return _field({WIRE_KEY: name}, arguments)
    if name is None and rename is not None and not arguments:
        return _renamer(rename)
    raise TypeError('wire takes the name of a field, x: int = wire("X"), or the rule of a class, @wire(rename="camel")')


def wire_from(attribute: str, **arguments: Any) -> Any:
    """A field whose wire name is the class attribute *attribute*, so that subclasses may change it.

    The attribute holds a key, a tuple of keys (the path into nested objects), or None: the field is the JSON value
    itself. It is read once for each class.

    Args:
        attribute: The name of the class attribute.
        arguments: What `attrs.field` takes.

    Returns:
        An attrs field.
    """
    return _field({WIRE_FROM_KEY: attribute}, arguments)


def _field(mark: Mapping[str, str], arguments: dict[str, Any]) -> Any:
    make: Callable[..., Any] = attrs.field  # its overloads do not see through **arguments
    return make(**{**arguments, "metadata": {**(arguments.get("metadata") or {}), **mark}})


def _renamer(rule: str) -> Callable[[ClassT], ClassT]:
    if rule not in _RULES:
        raise ValueError(f"wire knows no rename={rule!r}; there are {', '.join(map(repr, _RULES))}")

    def rename(cls: ClassT) -> ClassT:
        setattr(cls, RENAME_ATTRIBUTE, rule)
        return cls

    return rename
