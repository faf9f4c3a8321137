"""What the type checkers make of models. Only they read this file (``tox -e typing``); nothing runs it."""

from __future__ import annotations

from typing import Any, ClassVar, assert_type

import attrs

from trio_api import Extras, wire
from trio_api.models import structure


def _positive(instance: object, attribute: attrs.Attribute[int], value: int) -> None: ...


@attrs.define
class Item:
    id: str
    created_at: int = wire("createdAt")
    x: int = wire("X", default=3)
    tags: list[str] = wire("tags", factory=list[str])
    note: str | None = wire("x-note", default=None, kw_only=True)
    size: int = wire("Size", default=1, validator=_positive, repr=False, metadata={"unit": "byte"})
    number: int = wire("Number", default="3", converter=int)
    more: Extras = attrs.field(factory=Extras)


@wire(rename="camel")
@attrs.frozen
class Frozen:
    item_id: str
    last_seen: int = wire("seen", default=0)


@wire(rename="kebab")
@attrs.define(kw_only=True)
class KeywordOnly:
    created_at: int = wire("createdAt")
    name: str  # after a field made by `wire`: fine where the order does not matter
    kind: ClassVar[str] = "item"


def items() -> None:
    assert_type(Item("a", 1), Item)
    assert_type(Item("a", created_at=1, x=2).created_at, int)
    assert_type(Item("a", 1).tags, list[str])
    assert_type(Item("a", 1, note="n").note, str | None)
    assert_type(Frozen("a").last_seen, int)
    assert_type(KeywordOnly(created_at=1, name="n").name, str)
    assert_type(structure({}, Item).value, Any)


def mistakes() -> None:
    Item()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Item("a", "b")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Item("a", y=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Frozen("a").item_id = "b"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    wire()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    wire(rename="snail")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    wire("x", default=1, wrong=2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    text: str = wire("x", default=3)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    del text
