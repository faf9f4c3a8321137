"""Reading type annotations: what stands inside them, what they are called in a problem, how type variables are bound.

Everything here is a function of the annotation alone; no value and no converter comes in.
"""

from __future__ import annotations

import collections.abc
import enum
import types
from collections.abc import Callable, Mapping
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NewType,
    NotRequired,
    Protocol,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from ._mismatch import JSON_KINDS, shown

__all__ = [
    "ARRAYS",
    "MAPPINGS",
    "bindings",
    "expected_name",
    "hashable",
    "is_alias",
    "is_any",
    "is_union",
    "json_form",
    "kind_of",
    "peel",
    "substitute",
]

ARRAYS: Final[Mapping[Any, Callable[[list[Any]], Any]]] = {
    list: list,
    collections.abc.Sequence: list,
    collections.abc.MutableSequence: list,
    collections.abc.Collection: list,
    collections.abc.Iterable: list,
    tuple: tuple,
    set: set,
    collections.abc.MutableSet: set,
    frozenset: frozenset,
    collections.abc.Set: frozenset,
}
"""What a JSON array may become, and how that is made."""

MAPPINGS: Final = frozenset({dict, collections.abc.Mapping, collections.abc.MutableMapping})
"""What a JSON object without a class may become: a dict in each case."""

_VALUES_SHOWN = 20  # values of an enum or a Literal that a problem lists


def kind_of(annotation: Any) -> Any:
    """The annotation without its arguments: ``list`` for ``list[int]``."""
    return get_origin(annotation) or annotation


def is_any(annotation: Any) -> bool:
    """Whether every JSON value fits: ``Any`` and ``object``."""
    return annotation is Any or annotation is object


def is_union(annotation: Any) -> bool:
    """Whether it is ``A | B``, ``Union[A, B]`` or ``Optional[A]``."""
    return get_origin(annotation) in (Union, types.UnionType)


def is_alias(annotation: Any) -> bool:
    """Whether it is what ``type X = ...`` makes, with arguments or without."""
    return type(kind_of(annotation)).__name__ == "TypeAliasType"  # there are two: typing's and typing_extensions'


def peel(annotation: Any) -> Any:
    """What an annotation says of the value: no ``Annotated``, ``Final``, ``NewType`` or alias around it."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Final, Required, NotRequired):
            (annotation,) = get_args(annotation)
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif is_alias(annotation):
            alias = kind_of(annotation)
            bound = dict(zip(alias.__type_params__, get_args(annotation), strict=False))
            annotation = substitute(alias.__value__, bound)
        elif isinstance(annotation, TypeVar):
            annotation = _unbound(annotation)
        else:
            return annotation


def hashable(annotation: Any) -> Any:
    """The annotation, without its metadata where that cannot be hashed: ``Annotated[int, []]``."""
    try:
        hash(annotation)
    except TypeError:
        return get_type_hints(types.SimpleNamespace(__annotations__={"it": annotation}))["it"]
    return annotation


def json_form(value: object) -> object:
    """The value of a Literal or an enum member as JSON has it."""
    return value.value if isinstance(value, enum.Enum) else value


def expected_name(annotation: Any) -> str:
    """What a problem says that was expected: ``float``, ``Item``, ``"a" | "b"``, ``int | null``."""
    annotation = peel(annotation)
    if is_union(annotation):
        return " | ".join(dict.fromkeys(map(expected_name, get_args(annotation))))
    if get_origin(annotation) is Literal:
        return _values_name(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _values_name(list(annotation))
    if is_any(annotation):
        return "anything"
    kind = kind_of(annotation)
    kind = list if kind in ARRAYS else dict if kind in MAPPINGS else types.NoneType if kind is None else kind
    return JSON_KINDS.get(kind) or str(getattr(kind, "__name__", kind))


def _values_name(values: Any) -> str:
    forms = [json_form(value) for value in values]
    names = [shown(form) if type(form) in JSON_KINDS else str(form) for form in forms[:_VALUES_SHOWN]]
    return " | ".join(names + ["..."] * (len(forms) > _VALUES_SHOWN))


def _unbound(variable: TypeVar) -> Any:
    """What a type variable that nobody bound stands for."""
    default = getattr(variable, "__default__", None)  # PEP 696; NoDefault, an object of its own, is no type
    if default is not None and type(default).__name__ != "NoDefaultType":
        return default
    if variable.__constraints__:
        return Union[variable.__constraints__]  # noqa: UP007 - made at runtime from a tuple
    return Any if variable.__bound__ is None else variable.__bound__


def substitute(annotation: Any, bound: Mapping[Any, Any]) -> Any:
    """The annotation with its type variables replaced; one that is not bound becomes what it stands for."""
    if isinstance(annotation, TypeVar):
        return bound[annotation] if annotation in bound else _unbound(annotation)
    variables = getattr(annotation, "__parameters__", ())
    if not variables or isinstance(annotation, type):
        return annotation
    return annotation[tuple(substitute(variable, bound) for variable in variables)]


def bindings(cls: type, arguments: tuple[Any, ...]) -> dict[type, dict[Any, Any]]:
    """For *cls* and each of its bases, what their own type variables are bound to.

    Variables are bound class by class, since one ``T`` may stand for different things in a class and in its base.
    """
    found: dict[type, dict[Any, Any]] = {}

    def visit(current: type, given: tuple[Any, ...]) -> None:
        own = dict(zip(getattr(current, "__parameters__", ()), given, strict=False))
        found.setdefault(current, own)
        for base in current.__dict__.get("__orig_bases__", current.__bases__):
            origin = kind_of(base)
            if origin not in (object, Generic, Protocol) and isinstance(origin, type):
                visit(origin, tuple(substitute(argument, own) for argument in get_args(base)))

    visit(cls, arguments)
    return found
