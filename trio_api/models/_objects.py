"""Structure hooks for JSON objects with a class: attrs classes, dataclasses, TypedDicts.

An object that fits is built by its own ``__init__``, with converters, validators and all; one that does not is
built around it (`_assembly`).
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import attrs
from cattrs.dispatch import StructureHook

from .._types import MISSING
from ._annotations import expected_name, kind_of
from ._assembly import assemble
from ._fields import Field, extras_field, fields_of
from ._mismatch import NOTHING, Mismatch, Problem, below, kind_name, mismatch, refusal, step
from ._wire import Extras

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["object_hook"]

_Failure: TypeAlias = tuple[Field, str, Mismatch]  # the field, the step to it, what was wrong

_ABSENT: Any = object()


class _Plan(NamedTuple):
    """What the hook of one class goes by, made once."""

    cls: Any
    expected: str
    fields: list[Field]
    flat: list[tuple[str, Field, StructureHook]]
    """The fields whose value is under a key of the object."""
    deep: list[tuple[tuple[str, ...], Field, StructureHook]]
    """The fields whose value is at the end of a path of keys; no keys: it is the JSON value itself."""
    known: frozenset[str]
    """The keys that are no extras."""
    extras: Field | None

    @property
    def takes_whole(self) -> bool:
        """Whether a field is the JSON value itself, so that it need not be an object."""
        return any(not path for path, _, _ in self.deep)


def _plan(annotation: Any, converter: Converter) -> _Plan:
    fields = fields_of(annotation)
    extras = extras_field(fields)
    read = [(field, converter.get_structure_hook(field.type)) for field in fields if field.init and field is not extras]
    return _Plan(
        cls=kind_of(annotation),
        expected=expected_name(annotation),
        fields=fields,
        flat=[(field.wire, field, hook) for field, hook in read if isinstance(field.wire, str)],
        deep=[(field.path, field, hook) for field, hook in read if not isinstance(field.wire, str)],
        known=frozenset(field.path[0] for field, _ in read if field.path),
        extras=extras,
    )


def object_hook(annotation: Any, converter: Converter) -> StructureHook:
    """Structure a class from a JSON object."""
    plan: _Plan | None = None

    def hook(value: Any, _: Any) -> Any:
        nonlocal plan
        if plan is None:  # made at the first value, not at once: classes refer to each other, and to themselves
            plan = _plan(annotation, converter)
        source: dict[str, Any] = value if value.__class__ is dict else {}
        if value.__class__ is not dict and not plan.takes_whole:
            raise mismatch(value, plan.expected)
        arguments: dict[str, Any] = {}
        failures: list[_Failure] = []
        for key, field, field_hook in plan.flat:
            part = source.get(key, _ABSENT)
            if part is not _ABSENT:
                try:
                    arguments[field.alias] = field_hook(part, field.type)
                except Mismatch as error:
                    failures.append((field, step(key), error))
            elif field.default is attrs.NOTHING:
                failures.append((field, step(key), _missing(field)))
        for path, field, field_hook in plan.deep:
            _read_deep(path, field, field_hook, value, arguments, failures)
        if plan.extras is not None:
            arguments[plan.extras.alias] = Extras({k: v for k, v in source.items() if k not in plan.known})
        if failures:
            raise _around(plan, arguments, failures)
        try:
            return plan.cls(**arguments)
        except RecursionError:
            raise
        except Exception as error:  # whatever validators, converters and __attrs_post_init__ of the application raise
            raise _refused(plan, value, arguments, error) from None

    return hook


def _missing(field: Field) -> Mismatch:
    return Mismatch(MISSING, [("", expected_name(field.type), NOTHING)])


def _read_deep(
    path: tuple[str, ...],
    field: Field,
    hook: StructureHook,
    value: Any,
    arguments: dict[str, Any],
    failures: list[_Failure],
) -> None:
    """Read a field at the end of *path*. Null on the way there is the same as an absent key."""
    part: Any = value
    walked = ""
    for key in path:
        if part is _ABSENT or part is None:
            part = _ABSENT
        elif isinstance(part, dict):
            part = cast("dict[str, Any]", part).get(key, _ABSENT)
        else:
            failures.append((field, walked, Mismatch(MISSING, [("", "dict", kind_name(part))])))
            return
        walked += step(key)
    if part is not _ABSENT:
        try:
            arguments[field.alias] = hook(part, field.type)
        except Mismatch as error:
            failures.append((field, walked, error))
    elif field.default is attrs.NOTHING:
        failures.append((field, walked, _missing(field)))


def _around(plan: _Plan, arguments: dict[str, Any], failures: list[_Failure]) -> Mismatch:
    """Build an object around the fields that do not fit."""
    problems: list[Problem] = []
    unfit: set[str] = set()
    for field, prefix, error in failures:
        arguments[field.alias] = error.kept
        problems += below(prefix, error.problems)
        if error.is_own:
            unfit.add(field.alias)
    if typing.is_typeddict(plan.cls):
        return Mismatch(plan.cls(**arguments), problems)
    instance, refusals = assemble(plan.cls, plan.fields, arguments, unfit)
    # The object as a whole may well refuse what does not fit: that is no news, and the object stands.
    return Mismatch(instance, problems + [refused for refused in refusals if refused[0]])


def _refused(plan: _Plan, value: Any, arguments: dict[str, Any], error: Exception) -> Mismatch:
    """Build an object without the code of the application that refused it."""
    instance, refusals = assemble(plan.cls, plan.fields, arguments, set())
    return Mismatch(instance, refusals or [("", plan.expected, refusal(value, error))])
