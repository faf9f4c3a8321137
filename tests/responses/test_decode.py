"""The one decode path: from a response that was read to the value that the call asked for."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

import attrs
import httpx
import pytest

from trio_api import MISSING, APIResponseValidationError, ValidationProblem
from trio_api.responses import decode

T = TypeVar("T")


@attrs.define
class Item:
    id: int
    name: str


@attrs.define
class Envelope(Generic[T]):
    data: list[T]


@attrs.define
class Cat:
    kind: Literal["cat"]
    lives: int


@attrs.define
class Dog:
    kind: Literal["dog"]
    tricks: list[str]


class Colour(enum.Enum):
    RED = "red"


def response(body: bytes, content_type: str | None = "application/json", status: int = 200) -> httpx.Response:
    headers = {} if content_type is None else {"content-type": content_type}
    return httpx.Response(status, content=body, headers=headers)


def value_of(body: bytes, cast_to: Any, content_type: str | None = "application/json", *, strict: bool = False) -> Any:
    return decode(response(body, content_type), cast_to, strict=strict).value


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("body", "cast_to", "value"),
    [
        (b'{"id":1,"name":"a"}', Item, Item(1, "a")),
        (b'{"data":[{"id":1,"name":"a"}]}', Envelope[Item], Envelope([Item(1, "a")])),
        (b'[{"id":1,"name":"a"}]', list[Item], [Item(1, "a")]),
        (b'{"a":1}', dict[str, int], {"a": 1}),
        (b'{"kind":"dog","tricks":[]}', Cat | Dog, Dog("dog", [])),
        (b"1", Annotated[int, "any note"], 1),
        (b"1", Annotated[int, ["unhashable"]], 1),
        (b"[1]", list[Annotated[int, ["unhashable"]]], [1]),
        (b'"red"', Colour, Colour.RED),
        (b'"2026-05-01T10:00:00Z"', datetime, datetime(2026, 5, 1, 10, tzinfo=UTC)),
        (b'"2026-05-01"', date, date(2026, 5, 1)),
        (b'"12345678-1234-5678-1234-567812345678"', UUID, UUID("12345678-1234-5678-1234-567812345678")),
        (b'"1.10"', Decimal, Decimal("1.10")),
        (b"9007199254740993", int, 9007199254740993),
        (b"1.5", float, 1.5),
        (b"true", bool, True),
        (b"null", Item | None, None),
        (b'{"a":[1,null]}', object, {"a": [1, None]}),
        (b'{"a":[1,null]}', Any, {"a": [1, None]}),
        (b'"text"', str, '"text"'),
        (b'"text"', Annotated[str, "raw"], '"text"'),
        (b"\x00\xff", bytes, b"\x00\xff"),
        (b"anything", None, None),
        (b"", type(None), None),
    ],
)
def test_every_kind_of_value_is_built(body: bytes, cast_to: Any, value: Any, strict: bool) -> None:
    """What the contract lists can be asked for, in both modes; at the root text and bytes are the body itself."""
    built = value_of(body, cast_to, strict=strict)
    assert built == value
    assert type(built) is type(value)


def test_the_response_itself_can_be_asked_for() -> None:
    """``httpx.Response``, or a subclass of it, is the response as it came."""
    raw = response(b"\x00", "image/png")
    assert decode(raw, httpx.Response, strict=True).value is raw


@pytest.mark.parametrize("content_type", ["text/html", "image/png", None])
def test_text_and_bytes_are_the_body_whatever_the_content_type(content_type: str | None) -> None:
    """Also where it is strict: a file is no JSON and need not be."""
    assert value_of("grün".encode(), str, content_type, strict=True) == "grün"
    assert value_of("grün".encode(), bytes, content_type, strict=True) == "grün".encode()


def test_text_goes_by_its_charset() -> None:
    """The charset of the Content-Type counts."""
    assert value_of("grün".encode("latin-1"), str, "text/plain; charset=latin-1") == "grün"


@pytest.mark.parametrize("content_type", ["text/plain", "text/html", "application/octet-stream", None])
def test_tolerant_goes_by_the_body(content_type: str | None) -> None:
    """JSON is JSON whatever its content type says."""
    assert value_of(b'{"id":1,"name":"a"}', Item, content_type) == Item(1, "a")


@pytest.mark.parametrize(("content_type", "got"), [("text/html", "'text/html'"), (None, "none")])
def test_strict_asks_for_a_json_content_type(content_type: str | None, got: str) -> None:
    """Where it is strict, JSON that does not say so is an error, which shows what it says."""
    with pytest.raises(APIResponseValidationError, match=f"^expected a JSON content type, got {got}$"):
        value_of(b'{"id":1,"name":"a"}', Item, content_type, strict=True)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("body", [b"", b"{", b"<html></html>", b'{"id":1}trailing', b"\xff", b"nul"])
@pytest.mark.parametrize("cast_to", [Item, list[Item], dict[str, int], int, datetime, Envelope[Item]])
def test_a_body_that_is_no_json_is_one_clear_error(body: bytes, cast_to: Any, strict: bool) -> None:
    """A 200 with an empty, broken or HTML body is a validation error: no ``JSONDecodeError``, no ``str``."""
    with pytest.raises(APIResponseValidationError, match=r"^expected a JSON body for .+, got ") as caught:
        value_of(body, cast_to, strict=strict)
    assert caught.value.response.content == body
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert ("an empty body" in str(caught.value)) is (body == b"")


def test_the_error_names_what_was_asked_for() -> None:
    """A class by its name, a generic or a union as it is written."""
    for cast_to, name in [(Item, "Item"), (list[int], "list"), (Item | None, "Item | None"), (Any, "Any")]:
        with pytest.raises(APIResponseValidationError, match="expected a JSON body for") as caught:
            value_of(b"{", cast_to)
        assert name in str(caught.value)


@pytest.mark.parametrize("cast_to", [object, Any, Item | None, list[Item] | None])
def test_an_empty_body_is_none_where_none_is_asked_for(cast_to: Any) -> None:
    """A 204 for ``Item | None`` or `object` is None, with or without a content type."""
    assert value_of(b"", cast_to, None, strict=True) is None


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("body", "cast_to", "problem"),
    [
        (b"[]", Item, "$: expected Item, got list"),
        (b"{}", list[Item], "$: expected list, got dict"),
        (b'"1"', int, "$: expected int, got str"),
        (b"true", int, "$: expected int, got bool"),
        (b"null", Item, "$: expected Item, got null"),
    ],
)
def test_a_root_of_the_wrong_kind_is_an_error_in_both_modes(
    body: bytes, cast_to: Any, problem: str, strict: bool
) -> None:
    """There is nothing to give back where not even the root fits."""
    with pytest.raises(APIResponseValidationError) as caught:
        value_of(body, cast_to, strict=strict)
    assert [str(each) for each in caught.value.problems] == [problem]
    assert str(caught.value) == f"The response does not fit its model: {problem}"


def test_tolerant_keeps_what_does_not_fit() -> None:
    """A value that does not fit stays as it came, a missing one is `MISSING`, and each is a problem."""
    decoded = decode(response(b'{"id":"x"}'), Item, strict=False)
    assert decoded.value.id == "x"
    assert decoded.value.name is MISSING
    assert decoded.problems == (
        ValidationProblem("$.id", "int", "str"),
        ValidationProblem("$.name", "str", "nothing"),
    )


def test_strict_raises_with_every_problem() -> None:
    """The error has all of them, with their paths, and the body as far as it was decoded."""
    with pytest.raises(APIResponseValidationError) as caught:
        value_of(b'{"data":[{"id":1,"name":"a"},{"id":"2","name":null}]}', Envelope[Item], strict=True)
    assert [problem.path for problem in caught.value.problems] == ["$.data[1].id", "$.data[1].name"]
    assert "$.data[1].id: expected int, got str" in str(caught.value)
    assert caught.value.body == {"data": [{"id": 1, "name": "a"}, {"id": "2", "name": None}]}


@pytest.mark.parametrize("cast_to", [Item, object, list[object], Any])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_json_that_is_nested_without_end_is_a_clear_error(cast_to: Any, opening: bytes) -> None:
    """100,000 levels are a validation error in the library's own tree, not a `RecursionError`."""
    closing = b"]" if opening == b"[" else b"}"
    with pytest.raises(APIResponseValidationError, match=r"nested too deeply|expected"):
        value_of(opening * 100_000 + b"1" + closing * 100_000, cast_to)
