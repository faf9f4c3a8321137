"""Which classes msgspec may fill, and that what it fills cannot be told from what the class makes."""

from __future__ import annotations

import abc
import functools
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import attrs
import pytest

from trio_api.models import Extras, converter, loads, read, structure, wire

if TYPE_CHECKING:
    from nowhere import Nothing

T = TypeVar("T")


@attrs.define
class Slots:
    x: int
    y: float = 1.5


@attrs.define(slots=False)
class NoSlots:
    x: int
    y: float = 1.5


@attrs.frozen
class Frozen(Slots):
    z: str = ""


@attrs.frozen(slots=False)
class FrozenNoSlots(NoSlots):
    z: str = ""


@attrs.define(weakref_slot=False)
class NoWeakref:
    x: int


@attrs.define(slots=False)
class Both(Slots):
    z: str = ""


@attrs.define
class OfBoth(Both):
    w: str = ""


@attrs.define
class Box(Generic[T]):
    x: T


@attrs.define
class Boxed(Box[int]):
    pass


class Heir(Slots):
    """Has a ``__dict__``, and nothing in it."""


class Abstract(abc.ABC):
    @abc.abstractmethod
    def size(self) -> int: ...


@attrs.define
class Concrete(Abstract):
    x: int

    def size(self) -> int:
        return self.x


@attrs.define
class Unresolved:
    secret: ClassVar[Nothing]
    x: int
    _y: Nothing = attrs.field(init=False, default=None)


class Outside:
    elsewhere: Nothing


@attrs.define
class Inside(Outside):
    x: int


@attrs.define(on_setattr=lambda instance, attribute, value: value)
class Watched:
    x: int


@attrs.define
class Swapped:
    x: int = wire("y")
    y: str = wire("x")


@attrs.define(slots=False)
class SwappedNoSlots:
    x: int = wire("y")
    y: str = wire("x", default="")


@wire(rename="pascal")
@attrs.define
class Private:
    _token: int
    some_name: str = wire("@name", default="")


class WithDefault:
    x = 7
    y = None


@attrs.define(slots=False)
class Shadowing(WithDefault):
    x: int
    y: int


@attrs.define
class Empty:
    pass


@attrs.define
class Tree:
    x: list[Tree]


@attrs.define(slots=False)
class Twisted:
    x: list[Slots] = wire("y")  # noqa: RUF009 - an attrs field
    y: list[Tree] = wire("x")  # noqa: RUF009 - an attrs field


@attrs.frozen
class Shelf:
    x: list[Box[list[Boxed]]]
    y: list[Slots] = attrs.field(factory=list)


FITTING: list[tuple[Any, bytes]] = [
    *[(kind, b'{"x": 1, "y": 2}') for kind in (Slots, NoSlots, Frozen, FrozenNoSlots, Both, OfBoth, Heir, Shadowing)],
    *[(kind, b'{"x": 1}') for kind in (NoWeakref, Box[int], Box, Boxed, Concrete, Inside, Watched)],
    *[(kind, b'{"x": "a", "y": 2}') for kind in (Swapped, SwappedNoSlots)],
    (Private, b'{"Token": 1, "@name": "b"}'),
    (Empty, b"{}"),
    (Tree, b'{"x": [{"x": [{"x": []}]}, {"x": []}]}'),
    (Twisted, b'{"x": [{"x": []}], "y": [{"x": 1}]}'),
    (Shelf, b'{"x": [{"x": [{"x": 1}, {"x": 2}]}, {"x": []}], "y": [{"x": 3}]}'),
    (Shelf, b'{"x": []}'),
]


@pytest.mark.parametrize(("kind", "document"), FITTING, ids=str)
def test_what_was_filled_is_what_the_class_makes(kind: Any, document: bytes) -> None:
    """The object is of the class itself, equal to one that was made, with the same in its ``__dict__``."""
    filled, made = converter.get_shortcut(kind)(document), structure(loads(document), kind).value  # type: ignore[misc]
    assert type(filled) is type(made)
    assert repr(filled) == repr(made)
    assert filled == made
    assert getattr(filled, "__dict__", None) == getattr(made, "__dict__", None)
    assert filled.__getstate__() == made.__getstate__()


@pytest.mark.parametrize(("kind", "document"), FITTING, ids=str)
def test_what_is_missing_is_told(kind: Any, document: bytes) -> None:
    """A class attribute does not stand for a value that did not come, and an object is an object."""
    for lacking in (b"{}", b'{"y": 2}', b"[]", b'{"unknown": 1, "X": 2}'):
        assert read(lacking, kind) == structure(loads(lacking), kind)


def _class(*bases: type, members: dict[str, Any] | None = None, **options: Any) -> Any:
    fields = {"__annotations__": {"x": int}, **(members or {})}
    return attrs.define(type("Made", bases, fields), **options)


class Meta(type):
    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        return super().__call__(*arguments, **named)


class Registry:
    def __init_subclass__(cls) -> None:
        seen.append(cls)


seen: list[type] = []


class Sized(Protocol):
    x: int


def _own_init(self: Any, x: int) -> None:
    self.x = x + 1


def _own_setattr(self: Any, name: str, value: Any) -> None:
    object.__setattr__(self, name, value * 2)


REFUSED: dict[str, Any] = {
    "validator": _class(members={"x": attrs.field(validator=attrs.validators.ge(0))}),
    "converter": _class(members={"x": attrs.field(converter=abs)}),
    "not taken by __init__": _class(members={"y": attrs.field(init=False, default=3)}),
    "default of the instance": _class(members={"y": attrs.field(default=attrs.Factory(lambda made: made.x, True))}),
    "__attrs_post_init__": _class(members={"__attrs_post_init__": lambda self: None}),
    "__attrs_pre_init__": _class(members={"__attrs_pre_init__": lambda self: None}),
    "__init__": _class(members={"__init__": _own_init}),
    "inherited __init__": type("Made", (Slots,), {"__init__": _own_init}),
    "dict": _class(dict),
    "__new__": _class(members={"__new__": lambda cls, x=0: object.__new__(cls)}),
    "__setattr__": _class(members={"__setattr__": _own_setattr}, slots=False),
    "__getattr__": _class(members={"__getattr__": lambda self, name: 1}),
    "cached property": _class(members={"y": functools.cached_property(lambda self: 1)}),
    "__del__": _class(members={"__del__": lambda self: None}),
    "__init_subclass__": _class(Registry),
    "metaclass": attrs.define(Meta("Made", (), {"__annotations__": {"x": int}})),
    "abstract": _class(Abstract),
    "protocol": _class(Sized),
    "exception": _class(Exception),
    "cached hash": _class(frozen=True, cache_hash=True),
    "property": _class(type("Base", (), {"x": property(lambda self: 1, lambda self, value: None)}), slots=False),
    "special name": _class(members={"x": wire("__class__")}),
    "path": _class(
        members={
            "x": wire("x"),
            "y": attrs.field(default=1, metadata={"trio_api.wire_from": "place"}),
            "place": ("a", "b"),
        }
    ),
    "one name for two": _class(members={"x": wire("x"), "y": wire("x")}),
    "extras": _class(members={"more": attrs.field(factory=Extras, type=Extras)}),
}


@pytest.mark.parametrize("kind", REFUSED.values(), ids=REFUSED)
def test_where_more_happens_msgspec_fills_nothing(kind: Any) -> None:
    """Whatever a class does beyond keeping what it is given, it still does."""
    before = len(seen)
    assert converter.get_shortcut(kind) is None
    assert len(seen) == before
    if not issubclass(kind, Abstract):
        for document in (b'{"x": 1, "y": 2}', b"{}"):
            assert repr(read(document, kind)) == repr(structure(loads(document), kind))


def test_an_annotation_that_nobody_can_resolve_is_told_by_the_converter() -> None:
    """It is of a field, so that the class cannot be read at all."""
    kind = _class(members={"__annotations__": {"x": "Nothing"}})
    with pytest.raises(TypeError, match="Nothing"):
        read(b'{"x": 1}', kind)


def test_a_default_is_the_class_own() -> None:
    """A value is the same object each time, and what a factory makes a new one."""
    shared: list[int] = []
    kind = _class(members={"x": attrs.field(default=shared), "y": attrs.field(factory=list, type=list)})
    one, other = (read(b"{}", kind).value for _ in range(2))
    assert one.x is other.x is shared
    assert one.y == other.y == []
    assert one.y is not other.y
