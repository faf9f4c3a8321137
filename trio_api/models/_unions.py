"""Structure hooks for unions.

The JSON kind of the value says which members come into question; among classes a tag decides (a key whose Literals
differ), or else the keys. ``A | B`` and ``B | A`` are equal to Python, and to cattrs' cache: so which member is taken
never depends on their order, but for classes that look alike.
"""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, get_args
from uuid import UUID

from cattrs.dispatch import StructureHook

from ._annotations import expected_name, is_any, is_union, json_form, kind_of, peel
from ._collections import is_array, is_mapping, is_named_tuple, is_row
from ._fields import extras_field, fields_of, is_object
from ._mismatch import JSON_KINDS, NOTHING, Mismatch, Problem, mismatch, shown, step
from ._scalars import is_enum, is_literal, scalar_kinds, wrong_value

if TYPE_CHECKING:
    from ._converter import JSONConverter

__all__ = ["kinds_of", "union_hook"]

_Tags: TypeAlias = "dict[str, list[tuple[type, object]]]"  # the Literal fields of a class, with their values

_Failure: TypeAlias = "tuple[Any, list[Problem]]"  # what a member would keep, and its problems

# A value within a value within a value, each with two ways to read it, has 2**depth readings. Beyond this depth only
# the member that looks most like the value is tried, so that a hostile body costs no more than a large one.
_MOST_NESTED_GUESSES: Final = 4
_nested_guesses: ContextVar[int] = ContextVar("nested_guesses", default=0)

_NO_TAGS: Final[_Tags] = {}
_ALL_KINDS: Final = frozenset(JSON_KINDS)
_TEXT: Final = frozenset({str})
_TAG_KINDS: Final = frozenset({NoneType, bool, int, float, str})
_SCALAR_KINDS: Final[dict[Any, frozenset[type]]] = {
    None: frozenset({NoneType}),
    NoneType: frozenset({NoneType}),
    bool: frozenset({bool}),
    int: frozenset({int}),
    float: frozenset({int, float}),
    **dict.fromkeys((str, datetime, date, UUID, Decimal, bytes), _TEXT),
}
# What says most about a value comes first. Text is text before it is bytes: "test" is base64 too, by accident.
_ORDER: Final = (bool, int, UUID, date, datetime, Decimal, "other", float, dict, str, bytes, Any)


class _Member(NamedTuple):
    """One member of a union."""

    annotation: Any
    hook: StructureHook
    kinds: frozenset[type]
    """The JSON kinds that it can come from."""
    rank: int
    """Where it stands among those that a value might be."""
    keys: frozenset[str] | None
    """The keys that a class has; None for everything else."""
    tags: _Tags


def kinds_of(annotation: Any) -> frozenset[type]:
    """The JSON kinds that values of a type can come from."""
    if is_literal(annotation):
        return scalar_kinds(get_args(annotation))
    if is_enum(annotation):
        return scalar_kinds(list(annotation))
    if is_array(annotation) or is_row(annotation) or is_named_tuple(annotation):
        return frozenset({list})
    if is_mapping(annotation) or is_object(annotation):
        return frozenset({dict})
    return _SCALAR_KINDS.get(annotation, _ALL_KINDS)


def _rank(annotation: Any) -> int:
    if is_literal(annotation) or is_enum(annotation):
        return -1
    kind = Any if is_any(annotation) else dict if is_mapping(annotation) else kind_of(annotation)
    return _ORDER.index(kind if kind in _ORDER else "other")


def _members(union: Any, converter: JSONConverter) -> list[_Member]:
    found: list[_Member] = []
    for argument in get_args(union):
        hook = converter.get_structure_hook(argument)
        peeled = peel(argument)
        if not converter.is_own(hook):  # the application's: nobody knows what it takes
            found.append(_Member(argument, hook, _ALL_KINDS, _ORDER.index("other"), None, _NO_TAGS))
        elif is_union(peeled):
            found += _members(peeled, converter)
        else:
            keys, tags = _shape(peeled) if is_object(peeled) else (None, _NO_TAGS)
            found.append(_Member(argument, hook, kinds_of(peeled), _rank(peeled), keys, tags))
    return sorted(found, key=lambda member: member.rank)


def _shape(annotation: Any) -> tuple[frozenset[str], _Tags]:
    fields = fields_of(annotation)
    read = [(field.wire, peel(field.type)) for field in fields if field.init and field is not extras_field(fields)]
    tags = {
        wire: [(type(json_form(value)), json_form(value)) for value in get_args(kind)]
        for wire, kind in read
        if isinstance(wire, str) and is_literal(kind)
    }
    return frozenset(wire for wire, _ in read if isinstance(wire, str)), tags


class _Tag(NamedTuple):
    """The key by which the classes of a union are told apart."""

    key: str
    members: dict[tuple[type, object], list[_Member]]
    untagged: list[_Member]
    """The members without the key; they are tried where the tag is of no member."""

    def of(self, value: dict[str, Any]) -> list[_Member] | None:
        """The members with the tag that *value* has, or None."""
        tag = value.get(self.key)
        return self.members.get((tag.__class__, tag)) if tag.__class__ in _TAG_KINDS else None

    def unknown(self, value: dict[str, Any]) -> Mismatch:
        """A variant that the model does not know stays the raw mapping."""
        expected = " | ".join(shown(form) for _, form in self.members)
        got = wrong_value(value[self.key], {kind for kind, _ in self.members}) if self.key in value else NOTHING
        return Mismatch(value, [(step(self.key), expected, got)])


def _tag(members: list[_Member]) -> _Tag | None:
    """The tag of a union: the Literal field that most of its classes have, at least two, with different values."""
    counts = Counter(key for member in members for key in member.tags)
    for key, count in counts.most_common():
        by_value: dict[tuple[type, object], list[_Member]] = {}
        for member in members:
            for value in member.tags.get(key, ()):
                by_value.setdefault(value, []).append(member)
        if count > 1 and any(len(found) < count for found in by_value.values()):
            return _Tag(key, by_value, [member for member in members if key not in member.tags])
    return None


def _fitting_first(members: list[_Member], value: dict[str, Any]) -> list[_Member]:
    """Sorted by rank, then by how many keys a class does not know, then by how many it would have to do without."""

    def distance(member: _Member) -> tuple[int, int, int]:
        keys = member.keys or frozenset()
        return member.rank, len(value.keys() - keys), len(keys - value.keys())

    return sorted(members, key=distance)


def union_hook(union: Any, converter: JSONConverter) -> StructureHook:
    """Structure a union: the first member that the value fits, of those that its JSON kind allows."""
    members = _members(union, converter)
    by_kind = {kind: [member for member in members if kind in member.kinds] for kind in JSON_KINDS}
    expected = expected_name(union)
    tag = _tag(by_kind[dict])

    def hook(value: Any, _: Any) -> Any:
        candidates = by_kind.get(value.__class__, [])
        unknown: Mismatch | None = None
        if len(candidates) > 1 and value.__class__ is dict:
            if tag is not None and (tagged := tag.of(value)) is not None:
                candidates = tagged
            elif tag is not None:
                candidates, unknown = tag.untagged, tag.unknown(value)
        if len(candidates) == 1:
            (member,) = candidates
            try:
                return member.hook(value, member.annotation)
            except Mismatch as error:
                failures = [(error.kept, error.problems)]
        else:
            fits, found, failures = _guess(candidates, value)
            if fits:
                return found
        raise unknown or _best(value, expected, failures)

    return hook


def _guess(candidates: list[_Member], value: Any) -> tuple[bool, Any, list[_Failure]]:
    """Try one member after the other: whether one fits, what it made, and what was wrong with those before it."""
    failures: list[_Failure] = []
    guesses = _nested_guesses.get()
    if value.__class__ is dict:
        candidates = _fitting_first(candidates, value)
    if guesses >= _MOST_NESTED_GUESSES and value.__class__ in (dict, list):
        candidates = candidates[:1]
    token = _nested_guesses.set(guesses + 1)
    try:
        for member in candidates:
            try:
                return True, member.hook(value, member.annotation), failures
            except Mismatch as error:
                failures.append((error.kept, error.problems))
    finally:
        _nested_guesses.reset(token)
    return False, None, failures


def _best(value: Any, expected: str, failures: list[_Failure]) -> Mismatch:
    """What to keep where no member fits: the one that comes nearest, unless the value is none of them at all."""
    partial = [failure for failure in failures if all(path for path, _, _ in failure[1])]
    if partial:
        return Mismatch(*min(partial, key=lambda failure: len(failure[1])))
    return mismatch(value, expected, failures[0][1][0][2] if len(failures) == 1 else None)
