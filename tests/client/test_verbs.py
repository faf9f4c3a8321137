"""The verbs, in both colours: what each sends and what each gives."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import pytest

from support.colours import Colour, get_items
from support.scripted import reply
from trio_api import (
    APIResponse,
    AsyncAPIResponse,
    FinalRequestOptions,
    RequestOptions,
    make_request_options,
    not_given,
    omit,
    wire,
)


@attrs.define
class Item:
    id: int
    full_name: str = wire("fullName")


ITEM = {"id": 1, "fullName": "one"}
VERBS = ["get", "post", "put", "patch", "delete"]
WITH_BODY = ["post", "put", "patch", "delete"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_sends_its_method_and_gives_the_value(colour: Colour, verb: str) -> None:
    """``client.put("/items/1", cast_to=Item)`` sends PUT and gives an Item."""
    value, script = colour.play(reply(ITEM), body=lambda client: getattr(client, verb)("/items/1", cast_to=Item))
    assert value == Item(1, "one")
    [sent] = script.sent
    assert (sent.method, str(sent.url)) == (verb.upper(), "https://api.example.com/v1/items/1")


@pytest.mark.parametrize("verb", WITH_BODY)
def test_a_body_is_sent_as_json(colour: Colour, verb: str) -> None:
    """An attrs instance goes with its wire names, with length and content type."""
    _, script = colour.play(
        reply(), body=lambda client: getattr(client, verb)("/items", cast_to=object, body=Item(1, "one"))
    )
    [sent] = script.sent
    assert sent.json == ITEM
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["content-length"] == str(len(sent.body))


@pytest.mark.parametrize("verb", WITH_BODY)
@pytest.mark.parametrize("body", [None, [], {}, 0, False, "", [1, {"a": None}]])
def test_any_json_value_is_a_body(colour: Colour, verb: str, body: Any) -> None:
    """Empty and false values, and None, are bodies: only leaving it out is none."""
    _, script = colour.play(reply(), body=lambda client: getattr(client, verb)("/items", cast_to=object, body=body))
    assert script.sent[0].json == body


@pytest.mark.parametrize("verb", VERBS)
def test_without_a_body_there_is_no_content_type(colour: Colour, verb: str) -> None:
    """A body-less DELETE does not say that it has JSON."""
    _, script = colour.play(reply(), body=lambda client: getattr(client, verb)("/items", cast_to=object))
    [sent] = script.sent
    assert "content-type" not in sent.headers
    assert sent.body == b""


def test_omit_and_not_given_leave_a_body(colour: Colour) -> None:
    """Keys whose value is `omit` or `not_given` are not sent; None is."""
    body = {"a": 1, "b": omit, "c": not_given, "d": None, "e": {"f": omit}}
    _, script = colour.play(reply(), body=lambda client: client.post("/items", cast_to=object, body=body))
    assert script.sent[0].json == {"a": 1, "d": None, "e": {}}


@pytest.mark.parametrize("verb", WITH_BODY)
@pytest.mark.parametrize(("content", "kind"), [(b"\x00\xff", None), ("grün", "text/plain; charset=utf-8")])
def test_content_is_sent_as_it_is(colour: Colour, verb: str, content: Any, kind: str | None) -> None:
    """Bytes have no content type of their own, text is UTF-8; a header of the call says otherwise."""

    def body(client: Any) -> Any:
        yield getattr(client, verb)("/items", cast_to=object, content=content)
        typed = {"headers": {"Content-Type": "image/png"}}
        yield getattr(client, verb)("/items", cast_to=object, content=content, options=typed)

    _, script = colour.play(reply(), reply(), body=body)
    plain, typed = script.sent
    assert plain.body == typed.body == (content if isinstance(content, bytes) else content.encode())
    assert plain.headers.get("content-type") == kind
    assert typed.headers["content-type"] == "image/png"


def test_extra_json_wins_over_the_body(colour: Colour) -> None:
    """It merges shallowly, also over an attrs instance, and is a body by itself."""

    def body(client: Any) -> Any:
        options = RequestOptions(extra_json={"fullName": "other", "more": {"a": 1}})
        yield client.post("/items", cast_to=object, body=Item(1, "one"), options=options)
        yield client.post("/items", cast_to=object, options=options)

    _, script = colour.play(reply(), reply(), body=body)
    assert script.sent[0].json == {"id": 1, "fullName": "other", "more": {"a": 1}}
    assert script.sent[1].json == {"fullName": "other", "more": {"a": 1}}


@pytest.mark.parametrize(
    "options",
    [
        RequestOptions(headers={"X-A": "1"}, params={"b": 2}),
        {"headers": {"X-A": "1"}, "params": {"b": 2}},
        make_request_options(extra_headers={"X-A": "1"}, query={"b": 1}, extra_query={"b": 2}),
    ],
    ids=["RequestOptions", "mapping", "make_request_options"],
)
@pytest.mark.parametrize("verb", VERBS)
def test_options_come_in_either_form(colour: Colour, verb: str, options: Any) -> None:
    """A `RequestOptions`, or a mapping with its field names."""
    _, script = colour.play(
        reply(), body=lambda client: getattr(client, verb)("/items", cast_to=object, options=options)
    )
    [sent] = script.sent
    assert (sent.headers["x-a"], sent.path) == ("1", "/v1/items?b=2")


@pytest.mark.parametrize(
    "options",
    [
        FinalRequestOptions(method="options", url="/items", json_data={"a": 1}, headers={"X-A": "1"}),
        {"method": "options", "url": "/items", "json_data": {"a": 1}, "headers": {"X-A": "1"}},
    ],
    ids=["FinalRequestOptions", "mapping"],
)
def test_request_takes_the_whole_call(colour: Colour, options: Any) -> None:
    """Any method, in any case, with a body or without."""
    value, script = colour.play(reply(ITEM), body=lambda client: client.request(Item, options))
    assert value == Item(1, "one")
    [sent] = script.sent
    assert (sent.method, sent.headers["x-a"], sent.json) == ("OPTIONS", "1", {"a": 1})


def test_post_parser_makes_the_result(colour: Colour) -> None:
    """It gets the parsed value, once, and what it returns is the call's."""
    got: list[Any] = []

    def parser(value: Any) -> str:
        got.append(value)
        return "mine"

    options = RequestOptions(post_parser=parser)
    value, _ = colour.play(reply(ITEM), body=lambda client: client.get("/items/1", cast_to=Item, options=options))
    assert (value, got) == ("mine", [Item(1, "one")])


def test_what_a_post_parser_raises_is_the_applications(colour: Colour) -> None:
    """It passes through as it is, and nothing is sent again."""

    def parser(value: Any) -> Any:
        raise LookupError("mine")

    error, script = colour.fail(
        LookupError, reply(), body=lambda client: client.get("/", cast_to=object, options={"post_parser": parser})
    )
    assert str(error) == "mine"
    assert len(script.sent) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_the_raw_view_has_the_same_verbs(colour: Colour, verb: str) -> None:
    """``with_raw_response`` sends the same and gives the response, whose ``parse()`` is the value."""

    def body(client: Any) -> Any:
        response = yield getattr(client.with_raw_response, verb)("/items/1", cast_to=Item)
        return response, (yield response.parse())

    (response, value), script = colour.play(reply(ITEM, 201, {"X-Request-ID": "r1"}), body=body)
    assert isinstance(response, AsyncAPIResponse if colour.name == "trio" else APIResponse)
    assert (response.status_code, response.request_id, response.method) == (201, "r1", verb.upper())
    assert value == Item(1, "one")
    assert script.sent[0].method == verb.upper()


@pytest.mark.parametrize("verb", WITH_BODY)
def test_the_raw_view_takes_bodies_too(colour: Colour, verb: str) -> None:
    """JSON, content and options go the same way as through the plain verbs."""

    def body(client: Any) -> Any:
        send = getattr(client.with_raw_response, verb)
        yield send("/items", cast_to=object, body={"a": 1}, options={"params": {"b": 2}})
        yield send("/items", cast_to=object, content=b"raw")

    _, script = colour.play(reply(), reply(), body=body)
    assert (script.sent[0].json, script.sent[0].path) == ({"a": 1}, "/v1/items?b=2")
    assert script.sent[1].body == b"raw"


def test_the_raw_view_takes_a_whole_call(colour: Colour) -> None:
    """``with_raw_response.request`` is the client's `request`, giving the response."""

    def body(client: Any) -> Any:
        response = yield client.with_raw_response.request(Item, {"method": "GET", "url": "/items/1"})
        return (yield response.parse())

    assert colour.play(reply(ITEM), body=body)[0] == Item(1, "one")


def test_a_wrapper_can_be_asked_for_as_a_type(colour: Colour) -> None:
    """``cast_to=APIResponse[Item]`` gives the wrapper of that colour, parsed on demand; bare it parses anything."""
    wrapper: Any = AsyncAPIResponse if colour.name == "trio" else APIResponse

    def body(client: Any) -> Any:
        typed = yield client.get("/items/1", cast_to=wrapper[Item])
        bare = yield client.get("/items/1", cast_to=wrapper)
        return typed, (yield typed.parse()), (yield bare.parse())

    (typed, item, plain), _ = colour.play(reply(ITEM), reply(ITEM), body=body)
    assert isinstance(typed, wrapper)
    assert item == Item(1, "one")
    assert plain == ITEM


def test_httpx_responses_can_be_asked_for(colour: Colour) -> None:
    """``cast_to=httpx.Response`` is the response, read, whatever is in it."""
    answer = httpx.Response(200, content=b"\x00", headers={"Content-Type": "image/png"})
    value, _ = colour.play(answer, body=lambda client: client.get("/logo", cast_to=httpx.Response))
    assert isinstance(value, httpx.Response)
    assert value.content == b"\x00"
    assert value.request.method == "GET"


def test_a_204_for_nothing_is_none(colour: Colour) -> None:
    """``delete(..., cast_to=None)`` gives None and looks at no body."""
    value, _ = colour.play(httpx.Response(204), body=lambda client: client.delete("/items/1", cast_to=type(None)))
    assert value is None


def test_a_call_is_sent_once(colour: Colour) -> None:
    """One call that succeeds is one request."""
    value, script = colour.play(reply({"a": 1}), body=get_items)
    assert value == {"a": 1}
    assert len(script.sent) == 1
