"""The short way from bytes to models means exactly what the converter means, or is not gone."""

from __future__ import annotations

import dataclasses
import enum
import sys
import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, Literal, NamedTuple, TypedDict, TypeVar
from uuid import UUID

import attrs
import msgspec
import pytest
from hypothesis import given, strategies as st

from support.model_types import SCALARS, Built, Cat, Dog, Node, keys, types
from trio_api import AsyncCursorPage, SyncLinkPage
from trio_api.models import Extras, NotJSON, Structured, converter, dumps, loads, read, structure, wire_from

T = TypeVar("T")

HUGE = "1e999"  # JSON, but no number that a float holds
NEAR_NUMBERS = [
    *["0", "-0", "1", "2", "3.0", "1.5", "-0.0", "1e2", "1E0", "5e-324", "1e23", "1.7976931348623157e308"],
    *["9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "9007199254740992.0"],
    *["18446744073709551615", "18446744073709551616", "-9223372036854775809", "1" + "0" * 300],
    *["123456789012345678901234567890.5", HUGE],
]
NEAR_TEXTS = [
    *[
        "",
        "1",
        "3.0",
        "true",
        "null",
        "cat",
        "dog",
        "red",
        "a",
        "1.10",
        "1e5",
        "Infinity",
        "-nan",
        "sNaN",
        "1_0",
        " 1 ",
    ],
    *["aGk=", "aGk", "aGl=", "a-_=", "aGk=\\n", "\u0663", "2026-05-01", "20260501", "2026-W18-5", "2026-02-30"],
    *["0000-01-01", "2026-05-01T10:00:00", "2026-05-01T10:00:00Z", "2026-05-01t10:00:00z", "2026-06-30T23:59:60Z"],
    *["2026-05-01 10:00:00.1234567+02:00", "2026-05-01T10:00:00.9999999Z", "2026-05-01T10:00:00-00:00"],
    *["2026-05-01T24:00:00Z", "2026-05-01T10:00:00+23:59", "1777629600", "12345678-1234-5678-1234-567812345678"],
    *[
        "12345678123456781234567812345678",
        "{12345678-1234-5678-1234-567812345678}",
        "1234567-81234-5678-1234-567812345678",
    ],
    *[r"\u0072ed", r"\ud83d\ude00"],
]
NEAR_WHOLES = [
    *["null", "true", "false", "[]", "[1]", "[1, 2]", "[null]", '["a"]', "[[]]", "[1, 1.0, true]", "{}", '{"": 1}'],
    *['{"1": 1, "01": 2}', '{"kind": "cow"}', '{"kind": "cat", "kind": "dog"}', '{"kind": "cat", "lives": "9"}'],
    *['{"nodeValue": 1, "nextNode": {"nodeValue": "x"}}', '{"nodeValue": 1, "nodeValue": 2.5}'],
]
BROKEN = [
    *["", "NaN", "Infinity", "01", "1.", ".5", "+1", "nul", "[1,]", '{"a": 1,}', "'a'", r'"\ud800"', r'"\x"', '"\x01"'],
    *["1 2", '"\ud800"', '"\udcff"', '{"\udcff": 1}'],
]
NEAR = [*NEAR_NUMBERS, *(f'"{text}"' for text in NEAR_TEXTS), *NEAR_WHOLES, *BROKEN]


def raw(token: str) -> bytes:
    return token.encode("utf-8", "surrogateescape" if "\udcff" in token else "surrogatepass")


@st.composite
def near(draw: st.DrawFn, value: Any) -> Any:
    """*value*, a part of it replaced by something that might as well stand there, is left out, or comes twice."""
    if value and isinstance(value, dict | list) and draw(st.booleans()):
        places = list(value) if isinstance(value, dict) else list(range(len(value)))
        place = draw(st.sampled_from(places))
        if isinstance(value, list):
            return [*value[:place], draw(near(value[place])), *value[place + 1 :]]
        pairs = {**value, place: draw(near(value[place]))}
        more = draw(st.sampled_from([place, "unknown"]))
        token = draw(st.sampled_from([token for token in NEAR if token != HUGE]))
        found = [b"%s:%s" % (dumps(key), msgspec.json.encode(part)) for key, part in pairs.items()]
        added = [b"%s:%s" % (dumps(more), raw(token))] if draw(st.booleans()) else []
        return msgspec.Raw(b"{%s}" % b",".join([*draw(st.permutations(found)), *added][draw(st.integers(0, 1)) :]))
    return msgspec.Raw(raw(draw(st.sampled_from(NEAR))))


def is_alike(one: Any, other: Any) -> bool:
    """Whether two values are the same to the last detail: classes, the order of keys, the sign of zero, time zones."""
    if type(one) is not type(other):
        return False
    if attrs.has(type(one)):
        names = [field.name for field in attrs.fields(type(one))]
        same_names = getattr(one, "__dict__", {}).keys() == getattr(other, "__dict__", {}).keys()
        return same_names and all(is_alike(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, dict):
        return is_alike(list(one.items()), list(other.items()))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_alike, one, other))
    if isinstance(one, set | frozenset):
        return is_alike(sorted(one, key=repr), sorted(other, key=repr))
    return repr(one) == repr(other)


def outcome(way: Callable[[bytes, Any], Any], data: bytes, kind: Any) -> Any:
    try:
        return tuple(way(data, kind))
    except NotJSON as error:
        return str(error)


def check(data: bytes, kind: Any) -> None:
    short = outcome(read, data, kind)
    long = outcome(lambda data, kind: structure(loads(data), kind), data, kind)
    assert is_alike(short, long), f"{short} is not {long}"


@given(types, st.data())
def test_what_fits_is_read_as_the_converter_reads_it(built: Built, data: st.DataObject) -> None:
    """Any value of any type, sent and read by the short way, is what the long way makes of it."""
    kind, values = built
    check(dumps(data.draw(values)), kind)


@given(types, st.data())
def test_what_nearly_fits_is_told_as_the_converter_tells_it(built: Built, data: st.DataObject) -> None:
    """A document that something is wrong with gives the same value, the same problems, or the same error."""
    kind, values = built
    check(msgspec.json.encode(data.draw(near(loads(dumps(data.draw(values)))))), kind)


@pytest.mark.parametrize("kind", [kind for kind, _ in SCALARS], ids=str)
def test_every_scalar_takes_the_same(kind: Any) -> None:
    """Whatever stands near to the form of a value is read, or refused, as the converter does; nothing is coerced."""
    model = attrs.make_class("Model", {"it": attrs.field(type=kind)})
    optional = attrs.make_class("Model", {"it": attrs.field(type=Annotated[Any, ""] if kind is None else kind | None)})
    for token in map(raw, NEAR):
        for whole, form in [(kind, b"%s"), (list[kind], b"[%s, %s]"), (set[kind], b"[%s]"), (tuple[kind], b"[%s]")]:
            check(form.replace(b"%s", token), whole)
        for whole in (model, optional, dict[str, kind]):
            check(b'{"it": %s}' % token, whole)


@given(keys)
def test_texts_are_read_as_the_converter_reads_them(text: str) -> None:
    """Text that is an UUID, a number, a moment or bytes by accident only."""
    for kind in (str, UUID, Decimal, datetime, bytes):
        check(dumps([text]), list[kind])


def test_a_mark_of_the_byte_order_is_passed_over() -> None:
    """On the short way as on the long one."""
    check(b"\xef\xbb\xbf" + dumps(Cat()), Cat)


@pytest.mark.parametrize(
    "document",
    [rb'{"kind": "cat", "x": "%s"}', b'{"kind": "cat", "%s": 1}', b'{"kind": "cat", "x": [{"y": "%s"}]}'],
)
def test_text_that_nobody_asks_for_is_in_utf_8_too(document: bytes) -> None:
    """A body is JSON or none, whatever of it a model names."""
    check(document.replace(b"%s", b"\xff"), Cat)
    check(document.replace(b"%s", "é".encode()), Cat)


def test_a_number_that_nobody_asks_for_may_be_of_any_size() -> None:
    """The one thing in which the ways differ: the short one passes over a number that no float holds."""
    assert read(b'{"kind": "cat", "x": 1e999}', Cat) == Structured(Cat())
    with pytest.raises(NotJSON, match="out of range"):
        loads(b'{"kind": "cat", "x": 1e999}')


@attrs.define
class Picture:
    width: int


@attrs.define
class Gallery(Generic[T]):
    best: T
    all: list[T]
    taken: datetime | None = None
    by_day: dict[date, T] = attrs.field(factory=dict)


@attrs.define
class Answer:
    pictures: list[Picture] = wire_from("place")  # noqa: RUF009 - an attrs field
    page: int = 1
    place: ClassVar[Any] = None


@attrs.define
class Nested(Answer):
    place: ClassVar[Any] = ("result", "pictures")


@attrs.define
class More(Answer):
    more: Extras = attrs.field(factory=Extras)


@attrs.define
class Needy(Answer):
    needed: int = attrs.field(kw_only=True)


@attrs.define
class Finished(Answer):
    def __attrs_post_init__(self) -> None:
        self.page = 7


class Shade(enum.Enum):
    DARK = "dark"

    @classmethod
    def _missing_(cls, value: object) -> Shade:
        return cls.DARK


class Point(NamedTuple):
    x: int


class Movie(TypedDict):
    title: str


@dataclasses.dataclass
class Plain:
    x: int


PICTURE = b'{"width": 1}'


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (Picture, PICTURE),
        (Picture | None, b"null"),
        (Annotated[Picture, []], PICTURE),
        (list[Annotated[Picture, []]], b"[%s]" % PICTURE),
        (Gallery[Picture], b'{"best": %s, "all": [%s], "by_day": {"2026-05-01": %s}}' % (PICTURE, PICTURE, PICTURE)),
        (Gallery[Picture], b'{"best": %s, "all": [], "taken": "2026-05-01T10:00:00.1234567Z"}' % PICTURE),
        (Gallery, b'{"best": 1, "all": ["x"]}'),
        (Gallery[Cat | Dog], b'{"best": {"kind": "dog"}, "all": [{"kind": "cat"}]}'),
        (Node[int], b'{"nodeValue": 1, "allChildren": [{"nodeValue": 2}]}'),
        (Answer, b"[%s]" % PICTURE),
        (AsyncCursorPage[Picture], b'{"data": [%s], "has_more": true}' % PICTURE),
        (SyncLinkPage[Picture], b"[%s]" % PICTURE),
        (tuple[int, str], b'[1, "a"]'),
        (tuple[()], b"[]"),
        (dict[str, Any], b'{"a": [1.5, null]}'),
        (int | str | list[int] | Picture | None, b"[1]"),
        (frozenset[Literal["a", 1]], b'["a", 1, "a"]'),
    ],
    ids=str,
)
def test_these_go_the_short_way(kind: Any, document: bytes) -> None:
    """Attrs classes, generic ones too, pages, containers, and unions: the value is the same."""
    shortcut = converter.get_shortcut(kind)
    assert shortcut is not None
    assert is_alike(shortcut(document), structure(loads(document), kind).value)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (datetime, b'"2026-05-01"'),
        (Cat | Dog, b'{"kind": "dog"}'),
        (dict[int, str], b'{"1": "a"}'),
        (Literal[True], b"true"),
        (Shade, b'"light"'),
        (list[Shade], b'["light"]'),
        (Point, b"[1]"),
        (Movie, b'{"title": "x"}'),
        (Plain, b'{"x": 1}'),
        (Nested, b'{"result": {"pictures": [%s]}}' % PICTURE),
        (More, b"[%s]" % PICTURE),
        (Needy, b"[%s]" % PICTURE),
        (Finished, b"[%s]" % PICTURE),
        (list[More], b"[[%s]]" % PICTURE),
    ],
    ids=str,
)
def test_these_go_the_long_way(kind: Any, document: bytes) -> None:
    """What a hook reads anyway, what msgspec has no equal for, and whatever runs code of the application."""
    assert converter.get_shortcut(kind) is None
    check(document, kind)


@pytest.mark.parametrize(
    ("kind", "document"),
    [(Answer, b"{}"), (Answer, b"null"), (Answer, b'[{"width": "1"}]'), (SyncLinkPage[Picture], b'{"data": []}')],
    ids=str,
)
def test_an_array_that_is_none_is_told(kind: Any, document: bytes) -> None:
    """A class that is read from an array says so."""
    assert converter.get_shortcut(kind) is not None
    assert read(document, kind).problems
    check(document, kind)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the statement is as young as that")
def test_an_alias_that_refers_to_itself_goes_the_long_way() -> None:
    """There is no end to it."""
    names: dict[str, Any] = {}
    exec("type Tree = list[Tree]", names)  # older Pythons cannot parse it
    assert converter.get_shortcut(names["Tree"]) is None
    check(b"[[], [[]]]", names["Tree"])


def test_types_that_are_no_models_are_refused_as_ever() -> None:
    """The error is the converter's."""
    with pytest.raises(TypeError, match="cannot be built from JSON"):
        read(b"1", list[complex])


def test_a_hook_of_the_application_counts_from_when_it_is_registered() -> None:
    """A shortcut that was found before is not gone any more."""

    @attrs.define
    class Money:
        cents: int

    @attrs.define
    class Bill:
        total: Money

    attrs.resolve_types(Bill, globals(), locals())
    document = b'{"total": {"cents": 5}}'
    assert read(document, Bill).value == Bill(Money(5))
    assert converter.get_shortcut(Bill) is not None
    converter.register_structure_hook(Money, lambda value, _: Money(value["cents"] * 2))
    assert converter.get_shortcut(Bill) is None
    assert read(document, Bill).value == Bill(Money(10))


def test_many_threads_read_at_once() -> None:
    """A type is made ready once or more, and each thread gets its own objects."""
    kind: Any = list[attrs.make_class("Made", {"x": attrs.field(type=int), "at": attrs.field(type=datetime)})]
    document = b"[%s]" % b", ".join(b'{"x": %d, "at": "2026-05-01T10:00:00Z"}' % n for n in range(200))
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(read(document, kind))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [structure(loads(document), kind)] * 8
