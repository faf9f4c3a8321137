"""What a response is built into, in both colours: every kind, tolerant and strict, raw and parsed once."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Generic, TypeVar

import attrs
import httpx
import pytest

from support.bombs import gzip_bomb
from support.colours import Colour
from support.scripted import reply
from trio_api import (
    MISSING,
    APIResponseValidationError,
    Extras,
    ResponseTooLargeError,
    ValidationProblem,
)

T = TypeVar("T")


@attrs.define
class Item:
    id: int
    name: str
    more: Extras = attrs.field(factory=Extras)


@attrs.define
class Envelope(Generic[T]):
    data: list[T]


def get(cast_to: Any) -> Any:
    return lambda client: client.get("/items", cast_to=cast_to)


STRICT = {"_strict_response_validation": True}


@pytest.mark.parametrize(
    ("body", "cast_to", "value"),
    [
        ({"id": 1, "name": "a", "x": 2}, Item, Item(1, "a", Extras({"x": 2}))),
        ({"data": [{"id": 1, "name": "a"}]}, Envelope[Item], Envelope([Item(1, "a")])),
        ([1, 2], list[int], [1, 2]),
        ("2026-05-01T00:00:00", datetime, datetime(2026, 5, 1)),
        ({"a": None}, object, {"a": None}),
        ([1], str, "[1]"),
        ([1], bytes, b"[1]"),
        (1, int, 1),
        (None, int | None, None),
        (True, bool, True),
    ],
)
@pytest.mark.parametrize("settings", [{}, STRICT], ids=["tolerant", "strict"])
def test_a_value_of_every_kind(colour: Colour, body: Any, cast_to: Any, value: Any, settings: Any) -> None:
    """What is asked for comes, of its own type."""
    got, _ = colour.play(httpx.Response(200, json=body), body=get(cast_to), **settings)
    assert got == value
    assert type(got) is type(value)


def test_tolerant_keeps_goes_on_and_tells(colour: Colour, caplog: pytest.LogCaptureFixture) -> None:
    """What does not fit is kept, what is missing is `MISSING`, and both are problems, known once parsed."""

    def body(client: Any) -> Any:
        response = yield client.with_raw_response.get("/items", cast_to=Item)
        before = response.problems
        item = yield response.parse()
        return before, item, response.problems

    (before, item, problems), _ = colour.play(reply({"id": "x"}), body=body)
    assert before == ()
    assert (item.id, item.name) == ("x", MISSING)
    assert problems == (ValidationProblem("$.id", "int", "str"), ValidationProblem("$.name", "str", "nothing"))
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "A response does not fit Item: $.id: expected int, got str",
        "A response does not fit Item: $.name: expected str, got nothing",
    ]


def test_each_place_is_warned_of_once(colour: Colour, caplog: pytest.LogCaptureFixture) -> None:
    """A thousand calls of a client and its copies with the same problem are one line."""

    def body(client: Any) -> Any:
        for _ in range(5):
            yield client.get("/items", cast_to=Item)
            yield client.with_options(timeout=1).get("/items", cast_to=Item)

    colour.play(*[reply({"id": "x", "name": "a"})] * 10, body=body)
    assert len([record for record in caplog.records if record.name == "trio_api"]) == 1


def test_strict_raises(colour: Colour) -> None:
    """Any mismatch is an error with every problem, and is not retried."""
    error, script = colour.fail(APIResponseValidationError, reply({"id": "x"}), body=get(Item), **STRICT)
    assert [str(problem) for problem in error.problems] == [
        "$.id: expected int, got str",
        "$.name: expected str, got nothing",
    ]
    assert "$.id: expected int, got str" in str(error)
    assert error.response.status_code == 200
    assert error.request.method == "GET"
    assert len(script.sent) == 1


@pytest.mark.parametrize("settings", [{}, STRICT], ids=["tolerant", "strict"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"),
        (b"", None),
        (b"{", "application/json"),
        (b"<html>Welcome</html>", "text/html"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json"),
    ],
    ids=["empty", "nothing", "broken", "html", "deep"],
)
def test_a_success_that_is_no_json_is_a_validation_error(
    colour: Colour, content: bytes, kind: str | None, settings: Any
) -> None:
    """Never a bare ``JSONDecodeError`` or ``RecursionError``, never a `str` where a model was asked for."""
    headers = {} if kind is None else {"Content-Type": kind}
    error, _ = colour.fail(
        APIResponseValidationError,
        httpx.Response(200, content=content, headers=headers),
        body=get(Item),
        **settings,
    )
    assert error.response.content == content
    assert len(error.attempts) == 1


def test_strict_asks_for_the_content_type(colour: Colour) -> None:
    """JSON that calls itself HTML is good enough unless it is strict."""

    def answer() -> httpx.Response:
        return httpx.Response(200, content=b'{"id":1,"name":"a"}', headers={"Content-Type": "text/html"})

    assert colour.play(answer(), body=get(Item))[0] == Item(1, "a")
    colour.fail(APIResponseValidationError, answer(), body=get(Item), **STRICT)


def test_a_root_of_the_wrong_kind_is_an_error(colour: Colour) -> None:
    """Also where it is tolerant: there is nothing to give back."""
    error, _ = colour.fail(APIResponseValidationError, reply([1]), body=get(Item))
    assert "$: expected Item, got list" in str(error)


def test_unknown_keys_come_and_go(colour: Colour) -> None:
    """What an Extras field received is sent back as it came."""

    def body(client: Any) -> Any:
        item = yield client.get("/items/1", cast_to=Item)
        yield client.put("/items/1", cast_to=object, body=item)

    sent = {"id": 1, "name": "a", "unknown": {"deep": [1]}}
    _, script = colour.play(reply(sent), reply(), body=body)
    assert script.sent[1].json == sent


# -- the raw response ----------------------------------------------------------------------------------------


def raw(cast_to: Any = object) -> Any:
    return lambda client: client.with_raw_response.get("/items", cast_to=cast_to)


def test_the_response_has_every_fact(colour: Colour) -> None:
    """Status, headers, URL, method, request, request id, retries, seconds."""
    response, _ = colour.play(reply({"a": 1}, 201, {"X-Request-ID": "r1", "X-Other": "o"}), body=raw())
    assert (response.status_code, response.method, str(response.url)) == (
        201,
        "GET",
        "https://api.example.com/v1/items",
    )
    assert (response.request_id, response.headers["x-other"]) == ("r1", "o")
    assert (response.retries_taken, response.elapsed) == (0, 0.0)
    assert isinstance(response.http_response, httpx.Response)
    assert isinstance(response.http_request, httpx.Request)
    assert "api.example.com" in repr(response)


def test_the_body_can_be_read_in_every_way(colour: Colour) -> None:
    """``read``, ``text``, ``json`` and ``parse``, in any order, any number of times."""

    def body(client: Any) -> Any:
        response = yield client.with_raw_response.get("/items", cast_to=Item)
        results = []
        for _ in range(2):
            results += [
                (yield response.parse()),
                (yield response.json()),
                (yield response.text()),
                (yield response.read()),
                (yield response.parse(dict[str, object])),
                (yield response.parse(to=str)),
            ]
        return results

    answer = httpx.Response(200, content=b'{"id":1,"name":"a"}')
    plain = {"id": 1, "name": "a"}
    once = [Item(1, "a"), plain, '{"id":1,"name":"a"}', b'{"id":1,"name":"a"}', plain, '{"id":1,"name":"a"}']
    assert colour.play(answer, body=body)[0] == once * 2


def test_a_type_is_parsed_once(colour: Colour) -> None:
    """The same object comes again, so that what was changed in it stays changed."""

    def body(client: Any) -> Any:
        response = yield client.with_raw_response.get("/items", cast_to=Item)
        first = yield response.parse()
        first.name = "changed"
        return first, (yield response.parse()), (yield response.parse(Item))

    first, second, third = colour.play(reply({"id": 1, "name": "a"}), body=body)[0]
    assert first is second is third


def test_nothing_is_parsed_before_it_is_asked_for(colour: Colour) -> None:
    """A raw response of rubbish is no error until it is parsed."""

    def body(client: Any) -> Any:
        response = yield client.with_raw_response.get("/items", cast_to=Item)
        with pytest.raises(APIResponseValidationError):
            yield response.parse()
        with pytest.raises(APIResponseValidationError):
            yield response.json()
        return (yield response.text())

    # In the blocking colour the error is raised by `parse()` itself, in the Trio one by awaiting it.
    assert colour.play(httpx.Response(200, content=b"rubbish"), body=body)[0] == "rubbish"


def test_the_response_of_httpx_is_whole(colour: Colour) -> None:
    """Code that was written for httpx finds what it looks for."""
    stream = httpx.ByteStream(b'{"a": 1}')
    answer = httpx.Response(200, stream=stream, headers={"X-A": "1", "Set-Cookie": "a=1; Path=/"})
    response, _ = colour.play(answer, body=lambda client: client.get("/x", cast_to=httpx.Response))
    assert response.json() == {"a": 1}
    assert response.elapsed.total_seconds() >= 0
    assert response.is_success
    assert response.cookies["a"] == "1"
    assert response.http_version == "HTTP/1.1"
    assert response.reason_phrase == "OK"
    assert response.raise_for_status() is response


# -- too large -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["client", "copy"])
def test_a_body_may_decode_to_so_much(colour: Colour, how: str) -> None:
    """``max_response_bytes`` bounds it, on the client and on a copy; more is an error, unretried."""

    def body(client: Any) -> Any:
        client = client.with_options(max_response_bytes=10) if how == "copy" else client
        return client.get("/x", cast_to=bytes)

    settings = {"max_response_bytes": 10} if how == "client" else {}
    assert colour.play(httpx.Response(200, content=bytes(10)), body=body, **settings)[0] == bytes(10)
    error, script = colour.fail(ResponseTooLargeError, httpx.Response(200, content=bytes(11)), body=body, **settings)
    assert len(script.sent) == 1
    assert error.response.status_code == 200
    assert len(error.attempts) == 1


def test_the_limit_is_of_the_decoded_body(colour: Colour) -> None:
    """200 KB of gzip that would become 200 MiB are refused, though they came in small."""
    assert len(gzip_bomb()) < 250_000
    answer = httpx.Response(200, stream=httpx.ByteStream(gzip_bomb()), headers={"Content-Encoding": "gzip"})
    error, _ = colour.fail(ResponseTooLargeError, answer, body=lambda client: client.get("/x", cast_to=bytes))
    assert "max_response_bytes=67108864" in str(error)


def test_64_mib_are_the_default(colour: Colour) -> None:
    """A body of that size passes, one byte more does not."""
    size = 64 * 1024 * 1024
    answer = httpx.Response(200, stream=httpx.ByteStream(bytes(size)))
    assert len(colour.play(answer, body=lambda client: client.get("/x", cast_to=bytes))[0]) == size
    answer = httpx.Response(200, stream=httpx.ByteStream(bytes(size + 1)))
    colour.fail(ResponseTooLargeError, answer, body=lambda client: client.get("/x", cast_to=bytes))
