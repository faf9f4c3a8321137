"""What is kept between calls is never older than what the hooks and the HTTP client say now."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from support.colours import Colour
from support.scripted import reply
from trio_api.client._defaults import is_overridden
from trio_api.request import FinalRequestOptions


def two_calls(change: Any) -> Any:
    """The body of a test: a call, a change of the client, another call."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        change(client)
        yield client.get("/items", cast_to=object)

    return body


def test_credentials_that_change_in_place_are_sent_as_they_are_now(colour: Colour) -> None:
    """The hook may give the same mapping each time, and change it."""
    headers = {"Authorization": "Bearer 1"}
    _, script = colour.play(
        reply(),
        reply(),
        body=two_calls(lambda client: headers.update(Authorization="Bearer 2")),
        client_class=colour.make_class(auth_headers=property(lambda client: headers)),
    )
    assert [sent.headers["authorization"] for sent in script.sent] == ["Bearer 1", "Bearer 2"]


@pytest.mark.parametrize("hook", ["default_headers", "user_agent", "platform_headers", "default_query"])
def test_every_hook_is_asked_on_every_attempt(colour: Colour, hook: str) -> None:
    """Of a call and of the retries of a call alike."""
    count = iter(range(100))
    gives: dict[str, Any] = {
        "default_headers": lambda client: {"X-N": f"{next(count)}"},
        "user_agent": lambda client: f"{next(count)}",
        "platform_headers": lambda client: {"X-N": f"{next(count)}"},
        "default_query": lambda client: {"n": next(count)},
    }
    give = gives[hook]
    cls = colour.make_class(**{hook: give if hook == "platform_headers" else property(give)})
    _, script = colour.play(reply(status=503), reply(), client_class=cls)
    seen = [
        {"user_agent": sent.headers["user-agent"], "default_query": sent.url.params.get("n")}.get(
            hook, sent.headers.get("x-n")
        )
        for sent in script.sent
    ]
    assert len({*seen}) == 2


def test_a_query_that_changes_within_is_sent_as_it_is_now(colour: Colour) -> None:
    """A list in it may grow."""
    query: dict[str, Any] = {"tag": ["a"]}
    _, script = colour.play(
        reply(),
        reply(),
        body=two_calls(lambda client: query["tag"].append("b")),
        client_class=colour.make_class(default_query=property(lambda client: query)),
    )
    assert [sent.path for sent in script.sent] == ["/v1/items?tag=a", "/v1/items?tag=a&tag=b"]


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ({"a": "1"}, {"a": "2"}, "/v1/items?a=2"),
        ({"a": 1}, {"a": True}, "/v1/items?a=true"),
        ({"a": 1}, {"b": 1}, "/v1/items?b=1"),
        ({"a": 1}, {}, "/v1/items"),
        ({"a": 1}, {"a": 1}, "/v1/items?a=1"),
    ],
)
def test_another_query_is_another(colour: Colour, before: Any, after: Any, path: str) -> None:
    """Even where Python takes the two for equal."""
    given = iter([before, after])
    _, script = colour.play(
        reply(),
        reply(),
        body=two_calls(lambda client: None),
        client_class=colour.make_class(default_query=property(lambda client: next(given))),
    )
    assert script.sent[1].path == path


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        (lambda client: client._client.headers.update({"X-A": "1"}), "x-a", "1"),
        (lambda client: setattr(client, "header_prefix", "X-Acme"), "x-acme-lang", "python"),
        (lambda client: setattr(client, "platform_headers", lambda: {"X-A": "1"}), "x-a", "1"),
        (lambda client: setattr(client._client, "params", {"q": "1"}), "host", "api.example.com"),
    ],
)
def test_what_is_set_between_two_calls_is_sent_by_the_second(
    colour: Colour, change: Any, name: str, value: str
) -> None:
    """On the HTTP client below, on the class, on the client itself."""
    _, script = colour.play(reply(), reply(), body=two_calls(change))
    assert script.sent[0].headers != script.sent[1].headers or script.sent[0].path != script.sent[1].path
    assert script.sent[1].headers[name] == value


def test_a_copy_keeps_its_own(colour: Colour) -> None:
    """Its headers are not those of the client that it was copied from."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        yield client.with_options(custom_headers={"X-A": "2"}).get("/items", cast_to=object)
        yield client.get("/items", cast_to=object)

    _, script = colour.play(reply(), reply(), reply(), body=body, custom_headers={"X-A": "1"})
    assert [sent.headers["x-a"] for sent in script.sent] == ["1", "2", "1"]


def test_default_headers_are_the_callers_to_change(colour: Colour) -> None:
    """What a subclass does with those of its base class does not reach the next call."""
    client = colour.client()
    client.default_headers["X-A"] = "1"
    client.platform_headers()["X-B"] = "1"
    assert not {"X-A", "X-B"} & set(client.default_headers)


def test_an_ordinary_call_makes_nothing_of_httpx(colour: Colour) -> None:
    """With an auth hook, as SDKs have it, the head is there and neither a URL nor headers are made."""
    client = colour.make_class(auth_headers=property(lambda client: {"Authorization": "Bearer k"}))(
        base_url="https://api.example.com/v1", http_client=colour.http_client_class()
    )
    call = client._new_call(FinalRequestOptions(method="POST", url="/items", json_data={"a": 1}))
    request = client._build(call, call.options, call.body, None, 0)
    head = request.wire_head()
    assert head is not None
    assert head.startswith(b"POST /v1/items HTTP/1.1\r\nHost: api.example.com\r\n")
    assert b"\r\nAuthorization: Bearer k\r\n" in head
    assert f"\r\nIdempotency-Key: {call.idempotency_key}\r\n".encode() in head
    assert "headers" not in vars(request)
    call.flow.close()


@pytest.mark.parametrize("where", ["class", "instance"])
def test_verbs_call_the_request_of_the_client(colour: Colour, where: str) -> None:
    """Whoever replaces it replaces what all of them do."""
    seen: list[FinalRequestOptions] = []

    def request(*args: Any) -> Any:
        seen.append(args[-1])
        return colour.hook(lambda: "mine")()

    def body(client: Any) -> Any:
        if where == "instance":
            client.request = request
        return client.post("/x", cast_to=object, body={"a": 1})

    cls = colour.make_class(request=request) if where == "class" else None
    value, _ = colour.play(body=body, client_class=cls)
    assert (value, seen[0].url, seen[0].json_data) == ("mine", "/x", {"a": 1})


def test_a_hook_is_overridden_by_a_class_or_on_a_client(colour: Colour) -> None:
    """Only the method that the base class has is none of anybody's."""
    client = colour.client()
    base = colour.client_class._validate_headers
    assert not is_overridden(client._validate_headers, base)
    assert is_overridden(colour.make_class(_validate_headers=lambda client, headers: None)._validate_headers, base)
    client._validate_headers = lambda headers: None
    assert is_overridden(client._validate_headers, base)


def test_a_validation_of_ones_own_sees_the_headers(colour: Colour) -> None:
    """Of every attempt, whole."""
    seen: list[httpx.Headers] = []
    cls = colour.make_class(_validate_headers=lambda client, headers: seen.append(headers))
    colour.play(reply(status=503), reply(), client_class=cls)
    assert [headers["x-trio-api-retry-count"] for headers in seen] == ["0", "1"]
