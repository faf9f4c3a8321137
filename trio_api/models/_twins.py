"""Twins: what msgspec reads a JSON object into where an attrs class is asked for.

msgspec fills attrs classes too, but by what it makes of their annotations, and by attribute names alone. A twin is a
subclass that adds nothing to the object in memory, with the names of the wire and with types that the shortcut chose.
Once msgspec has filled it, the object becomes one of the class itself: on its own, or, as an item of a list, together
with the other items once the object that has the list is filled, which takes half the time.

So nothing of the class runs, and a class has a twin only where nothing of it would: its ``__init__`` is attrs' own and
keeps what it is given.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from inspect import get_annotations, getattr_static, isabstract
from types import FunctionType, MemberDescriptorType
from typing import Any, Final, Generic, cast

import attrs

from ._annotations import kind_of
from ._fields import Field

__all__ = ["complete", "make_twin"]

_ATTRS_SOURCE: Final = attrs.make_class.__code__.co_filename
_ATTRS_GENERATED: Final = "<attrs generated"  # how the file name of a method begins that attrs has written
_NEUTRAL: Final[Mapping[str, tuple[object, ...]]] = {
    "__new__": (object.__new__,),
    "__init_subclass__": (object.__dict__["__init_subclass__"], Generic.__dict__["__init_subclass__"]),
    **dict.fromkeys(("__getattr__", "__del__", "__attrs_pre_init__", "__attrs_post_init__"), (None,)),
    "__getattribute__": (object.__getattribute__,),
}
"""Special methods by which a class has a say in how its objects are made, with what they are where it has none."""

_ABSENT: Final[Any] = object()


class _Entry:
    """A field of a class without slots, under the name that it has on the wire."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> object:
        if self._name not in vars(instance):
            raise AttributeError(self._name)  # msgspec asks whether it has come
        found: object = vars(instance)[self._name]
        return found

    def __set__(self, instance: object, value: object) -> None:
        vars(instance)[self._name] = value


def make_twin(annotation: Any, fields: list[Field], *, is_item: bool = False) -> type | None:
    """Make the twin of a class; `complete` gives it its types, which may need the twin itself.

    Args:
        annotation: The class, with type arguments or without.
        fields: Its fields.
        is_item: Whether the object that has it in a list makes it one of the class.

    Returns:
        The twin; None where more happens to an object of the class than that it keeps its fields as they were given.
    """
    cls = kind_of(annotation)
    if not (_is_plain(cls) and all(map(_is_kept, fields)) and len({field.wire for field in fields}) == len(fields)):
        return None
    twin = _subclass(cls, fields, None if is_item else _becoming(cls))
    return twin if _fills_alike(twin, cls, fields) else None


def complete(twin: Any, types: Mapping[str, Any], lists: Mapping[str, type]) -> None:
    """Tell a twin what is in it.

    Args:
        twin: The twin.
        types: The types of its fields, by their names on the wire.
        lists: The classes of the items of its lists, where it is the one that makes them such, by the same names.
    """
    twin.__annotations__ = {**twin.__annotations__, **types}
    if lists:
        twin.__attrs_post_init__ = _becoming_with(lists, twin.__attrs_post_init__)


def _becoming(cls: type) -> Callable[[Any], None]:
    def become(instance: Any) -> None:
        instance.__class__ = cls

    return become


def _becoming_with(lists: Mapping[str, type], become: Callable[[Any], None] | None) -> Callable[[Any], None]:
    def become_with(instance: Any) -> None:
        for name, cls in lists.items():
            for item in getattr(instance, name):
                item.__class__ = cls
        if become is not None:
            become(instance)

    return become_with


def _is_plain(cls: type) -> bool:
    return (
        type(cls) in (type, abc.ABCMeta)
        and not isabstract(cls)
        and all(_static(cls, name) in neutral for name, neutral in _NEUTRAL.items())
        and _is_attrs_own(_static(cls, "__init__"))
        and (_static(cls, "__setattr__") is object.__setattr__ or _is_attrs_own(_static(cls, "__setattr__")))
    )


def _is_kept(field: Field) -> bool:
    attribute: Any = field.attribute
    return (
        attribute is not None
        and field.init
        and isinstance(field.wire, str)
        and not field.wire.startswith("__")
        and attribute.validator is None
        and attribute.converter is None
        and not getattr(field.default, "takes_self", False)
    )


def _static(cls: type, name: str) -> object:
    found = getattr_static(cls, name, None)
    return found.__func__ if isinstance(found, staticmethod) else found


def _is_attrs_own(method: object) -> bool:
    """Whether attrs wrote the method, so that it calls nothing of the class."""
    source = method.__code__.co_filename if isinstance(method, FunctionType) else ""
    return source == _ATTRS_SOURCE or source.startswith(_ATTRS_GENERATED)


def _fills_alike(twin: type, cls: Any, fields: list[Field]) -> bool:
    """Whether an object that was filled as msgspec fills a twin looks as one that the class made of the same."""
    given = {field.alias: object() for field in fields}
    filled = cast("Any", object.__new__(twin))
    for field in fields:
        setattr(filled, str(field.wire), given[field.alias])
    filled.__class__ = cls
    return _state(filled) == _state(cls(**given))


def _state(instance: object) -> dict[str, object]:
    """What is in an object: its ``__dict__``, and its slots that are filled."""
    slots = [name for base in type(instance).__mro__ for name in base.__dict__.get("__slots__", ())]
    held = {name: getattr(instance, name) for name in slots if name != "__weakref__" and hasattr(instance, name)}
    return {**held, **getattr(instance, "__dict__", {})}


def _subclass(cls: type, fields: list[Field], become: Callable[[Any], None] | None) -> type:
    names = {name for base in cls.__mro__ for name in get_annotations(base)}
    metaclass: Any = type(cls)
    twin: type = metaclass(
        cls.__name__,
        (cls,),
        {
            "__slots__": (),
            "__module__": cls.__module__,
            "__doc__": f"What {cls.__name__} is read into.",
            "__attrs_attrs__": tuple(field.attribute.evolve(name=field.wire) for field in fields if field.attribute),
            "__attrs_post_init__": become,
            # The class may be frozen; only with both of them Python takes the short way itself.
            "__setattr__": object.__setattr__,
            "__delattr__": object.__delattr__,
            "__annotations__": dict.fromkeys(names, Any),  # or msgspec would look up what is of no field
            **{str(field.wire): place for field in fields if (place := _place(cls, field)) is not _ABSENT},
        },
    )
    return twin


def _place(cls: type, field: Field) -> object:
    """What the twin has under a field's name on the wire, if anything keeps msgspec from the ``__dict__``."""
    own = getattr_static(cls, field.name, _ABSENT)
    if own is _ABSENT and field.wire == field.name:
        return _ABSENT
    return own if isinstance(own, MemberDescriptorType) else _Entry(field.name)
