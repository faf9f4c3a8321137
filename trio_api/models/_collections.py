"""Structure hooks for JSON arrays and for JSON objects without a class."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isclass
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from cattrs.dispatch import StructureHook

from ._annotations import ARRAYS, MAPPINGS, expected_name, is_any, kind_of, peel
from ._mismatch import Mismatch, Problem, below, mismatch, step
from ._scalars import key_hook

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = [
    "array_hook",
    "is_array",
    "is_mapping",
    "is_named_tuple",
    "is_row",
    "mapping_hook",
    "named_tuple_hook",
    "row_hook",
]


def is_array(annotation: Any) -> bool:
    """Whether it is a list, a set or the like, whose items are all of one type."""
    return kind_of(annotation) in ARRAYS and not is_row(annotation)


def is_row(annotation: Any) -> bool:
    """Whether it is a tuple with a type for each place: ``tuple[int, str]``."""
    return kind_of(annotation) is tuple and annotation is not tuple and get_args(annotation)[-1:] != (...,)


def is_named_tuple(annotation: Any) -> bool:
    """Whether it is a NamedTuple class."""
    cls = kind_of(annotation)
    return isclass(cls) and hasattr(cls, "_fields") and issubclass(cls, tuple)


def is_mapping(annotation: Any) -> bool:
    """Whether it is a dict or a mapping."""
    return kind_of(annotation) in MAPPINGS


def array_hook(annotation: Any, converter: Converter) -> StructureHook:
    """Structure a JSON array whose items are all of one type."""
    build = ARRAYS[kind_of(annotation)]
    item = (*get_args(annotation), Any)[0]
    item_hook = converter.get_structure_hook(item)

    def hook(value: Any, _: Any) -> Any:
        if value.__class__ is not list:
            raise mismatch(value, "list")
        items: list[Any] = []
        problems: list[Problem] = []
        for part in value:
            try:
                items.append(item_hook(part, item))
            except Mismatch as error:
                problems += below(f"[{len(items)}]", error.problems)
                items.append(error.kept)
        return _built(build, items, problems)

    return hook


def _built(build: Callable[[list[Any]], Any], items: list[Any], problems: list[Problem]) -> Any:
    kept: Any = items
    if build is not list:
        try:
            kept = build(items)
        except TypeError:  # a set cannot hold what can't be hashed, such as an item that was kept as it came
            problems = problems or [("", "list of hashable items", "list")]
    if problems:
        raise Mismatch(kept, problems)
    return kept


def row_hook(annotation: Any, converter: Converter) -> StructureHook:
    """Structure a tuple with a type for each place."""
    places = get_args(annotation)
    return _row_hook(places, len(places), tuple, converter)


def named_tuple_hook(annotation: Any, converter: Converter) -> StructureHook:
    """Structure a NamedTuple from a JSON array; places with a default may be left out at the end."""
    cls = kind_of(annotation)
    made: StructureHook | None = None

    def hook(value: Any, _: Any) -> Any:
        nonlocal made
        if made is None:  # at the first value, as for other classes: it may refer to itself
            hints = get_type_hints(cls, include_extras=True)
            places = tuple(hints.get(name, Any) for name in cls._fields)
            made = _row_hook(places, len(places) - len(cls._field_defaults), lambda items: cls(*items), converter)
        return made(value, _)

    return hook


def _row_hook(
    places: tuple[Any, ...], least: int, build: Callable[[list[Any]], Any], converter: Converter
) -> StructureHook:
    plan = [(converter.get_structure_hook(place), place) for place in places]
    most = len(places)
    expected = f"list of {most}" if least == most else f"list of {least} to {most}"

    def hook(value: Any, _: Any) -> Any:
        if value.__class__ is not list:
            raise mismatch(value, "list")
        if not least <= len(value) <= most:
            raise mismatch(value, expected, f"list of {len(value)}")
        items: list[Any] = []
        problems: list[Problem] = []
        for part, (part_hook, place) in zip(value, plan, strict=False):
            try:
                items.append(part_hook(part, place))
            except Mismatch as error:
                problems += below(f"[{len(items)}]", error.problems)
                items.append(error.kept)
        return _built(build, items, problems)

    return hook


def mapping_hook(annotation: Any, converter: Converter) -> StructureHook:
    """Structure a dict."""
    key_type, item = get_args(annotation) or (Any, Any)
    item_hook = converter.get_structure_hook(item)
    plain_keys = is_any(key_type) or peel(key_type) is str
    structure_key = key_hook(peel(key_type), converter.get_structure_hook(key_type))
    expected_key = f"{expected_name(key_type)} as key"

    def hook(value: Any, _: Any) -> Any:
        if value.__class__ is not dict:
            raise mismatch(value, "dict")
        items: dict[Any, Any] = {}
        problems: list[Problem] = []
        for name, part in value.items():
            key = name
            if not plain_keys:
                try:
                    key = structure_key(name, key_type)
                except Mismatch:
                    problems.append((step(name), expected_key, "str"))
            try:
                items[key] = item_hook(part, item)
            except Mismatch as error:
                problems += below(step(name), error.problems)
                items[key] = error.kept
        if problems:
            raise Mismatch(items, problems)
        return items

    return hook
