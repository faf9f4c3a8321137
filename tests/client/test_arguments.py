"""Bad arguments, in both colours: a clear error that names the argument, before anything is sent."""

from __future__ import annotations

import math
from typing import Any

import httpx
import pytest

from support.colours import BASE_URL, Colour
from trio_api import FinalRequestOptions, Limits, RequestOptions, Timeout


@pytest.mark.parametrize(
    ("settings", "error", "name"),
    [
        ({"max_retries": None}, TypeError, "max_retries"),
        ({"max_retries": 2.0}, TypeError, "max_retries"),
        ({"max_retries": "2"}, TypeError, "max_retries"),
        ({"max_retries": True}, TypeError, "max_retries"),
        ({"max_retries": -1}, ValueError, "max_retries"),
        ({"timeout": "5"}, TypeError, "timeout"),
        ({"timeout": -1}, ValueError, "timeout"),
        ({"timeout": math.nan}, ValueError, "timeout"),
        ({"timeout": (1, 2)}, TypeError, "timeout"),
        ({"total_timeout": "5"}, TypeError, "total_timeout"),
        ({"total_timeout": -0.1}, ValueError, "total_timeout"),
        ({"version": 1}, TypeError, "version"),
        ({"custom_headers": "a: b"}, TypeError, "custom_headers"),
        ({"custom_headers": {1: "b"}}, TypeError, "custom_headers"),
        ({"custom_headers": {"a": b"b"}}, TypeError, "'a'"),
        ({"custom_headers": {"a": None}}, TypeError, "'a'.*omit"),
        ({"custom_headers": {"a b": "c"}}, ValueError, "a b"),
        ({"custom_query": [("a", 1)]}, TypeError, "custom_query"),
        ({"custom_query": {1: 1}}, TypeError, "custom_query"),
        ({"retry": 3}, TypeError, "retry"),
        ({"max_response_bytes": 0}, ValueError, "max_response_bytes"),
        ({"max_response_bytes": 1e6}, TypeError, "max_response_bytes"),
        ({"max_response_bytes": True}, TypeError, "max_response_bytes"),
        ({"max_response_bytes": None}, TypeError, "max_response_bytes"),
        ({"follow_redirects": 1}, TypeError, "follow_redirects"),
        ({"_strict_response_validation": "yes"}, TypeError, "strict"),
        ({"http_client": object()}, TypeError, "http_client"),
        ({"unheard_of": 1}, TypeError, "unheard_of"),
    ],
)
def test_a_client_is_checked_when_it_is_made(colour: Colour, settings: Any, error: type[Exception], name: str) -> None:
    """The constructor raises, and the message names the argument."""
    with pytest.raises(error, match=name):
        colour.client(**settings)


def test_the_shutdown_grace_is_checked(colour: Colour) -> None:
    """It is seconds, and of the Trio client alone."""
    error = TypeError if colour.name == "blocking" else ValueError
    with pytest.raises(error, match="shutdown_grace"):
        colour.client(shutdown_grace=-1)


def test_an_http_client_of_the_other_colour_is_refused(colour: Colour) -> None:
    """The error says which it has to be."""
    other: Any = object.__new__(httpx.Client if colour.name == "trio" else httpx.AsyncClient)
    with pytest.raises(TypeError, match=f"http_client must be an httpx.{colour.http_client_class.__name__}"):
        colour.client(http_client=other)


@pytest.mark.parametrize(
    "settings",
    [
        {"limits": Limits(max_connections=1)},
        {"verify": False},
        {"cert": "x"},
        {"proxy": "http://localhost:1"},
        {"proxy": None},
        {"trust_env": False},
        {"http2": False},
    ],
    ids=str,
)
def test_what_configures_the_default_http_client_is_refused_beside_another(colour: Colour, settings: Any) -> None:
    """It would have no effect: TypeError, naming it."""
    with pytest.raises(TypeError, match=f"{next(iter(settings))} configure the default HTTP client"):
        colour.client(**settings)


def test_what_configures_the_default_http_client_does(colour: Colour) -> None:
    """``trust_env`` reaches it; so do the others, by the same way."""
    client = colour.client_class(base_url=BASE_URL, trust_env=False, limits=Limits(max_connections=3), verify=False)
    assert client._client.trust_env is False
    http: Any = client._client
    most = http.direct.native._pool.most if colour.name == "trio" else http._transport._pool._max_connections
    assert most == 3


BAD_OPTIONS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"max_retries": None}, TypeError, "max_retries"),
    ({"max_retries": 1.5}, TypeError, "max_retries"),
    ({"max_retries": "1"}, TypeError, "max_retries"),
    ({"max_retries": -1}, ValueError, "max_retries"),
    ({"timeout": "1"}, TypeError, "timeout"),
    ({"timeout": -1}, ValueError, "timeout"),
    ({"total_timeout": "1"}, TypeError, "total_timeout"),
    ({"total_timeout": -1}, ValueError, "total_timeout"),
    ({"headers": [("a", "b")]}, TypeError, "headers"),
    ({"headers": {"a": 1}}, TypeError, "'a'"),
    ({"headers": {"a": "b\r\nc: d"}}, ValueError, "'a'"),
    ({"params": "a=1"}, TypeError, "params"),
    ({"params": {"a": object()}}, TypeError, "'a'"),
    ({"params": {"a": {1: 2}}}, TypeError, "'a'"),
    ({"extra_json": [1]}, TypeError, "extra_json"),
    ({"idempotency_key": 7}, TypeError, "idempotency_key"),
    ({"follow_redirects": "yes"}, TypeError, "follow_redirects"),
    ({"post_parser": "int"}, TypeError, "post_parser"),
    ({"unheard_of": 1}, TypeError, "unheard_of"),
]


@pytest.mark.parametrize(("options", "error", "name"), BAD_OPTIONS)
@pytest.mark.parametrize("raw", [False, True])
def test_options_are_checked_before_anything_is_sent(
    colour: Colour, options: dict[str, Any], error: type[Exception], name: str, raw: bool
) -> None:
    """Every field, of every call."""

    def body(client: Any) -> Any:
        view = client.with_raw_response if raw else client
        return view.post("/items", cast_to=object, options=options)

    caught, script = colour.fail(error, body=body)
    assert name.strip("'") in str(caught)
    assert script.sent == []


@pytest.mark.parametrize("options", [7, "x", [("timeout", 1)], Timeout(1)])
def test_options_have_to_be_options(colour: Colour, options: Any) -> None:
    """A `RequestOptions` or a mapping; the error says so."""
    for body in (
        lambda client: client.get("/items", cast_to=object, options=options),
        lambda client: client.request(object, options),
    ):
        error, script = colour.fail(TypeError, body=body)
        assert "options must be a RequestOptions or a mapping" in str(error)
        assert script.sent == []


def test_a_whole_call_needs_method_and_url(colour: Colour) -> None:
    """`request` with half a call says what is missing, or of the wrong type."""
    for call, name in (
        ({"url": "/x"}, "method"),
        ({"method": "GET"}, "url"),
        ({"method": 1, "url": "/x"}, "method"),
        ({"method": "GET", "url": b"/x"}, "url"),
        (RequestOptions(), "method|url"),
    ):
        with pytest.raises(TypeError, match=name):
            colour.play(body=lambda client, call=call: client.request(object, call))


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        ({"json_data": 1, "content": b"x"}, TypeError, "content and body"),
        ({"content": b"x", "extra_json": {"a": 1}}, TypeError, "content and extra_json"),
        ({"content": b"x", "files": {"a": b"x"}}, TypeError, "content and files"),
        ({"content": 7}, TypeError, "content"),
        ({"content": {"a": 1}}, TypeError, "content.*body"),
        ({"content": ["text"]}, TypeError, "content"),
        ({"json_data": object()}, TypeError, r"\$"),
        ({"json_data": {"a": [1, object()]}}, TypeError, r"\$\.a\[1\]"),
        ({"json_data": {"a": math.nan}}, ValueError, r"\$\.a"),
        ({"json_data": {"a": [math.inf]}}, ValueError, r"\$\.a\[0\]"),
        ({"json_data": [1], "extra_json": {"a": 1}}, TypeError, "extra_json"),
        ({"method": ""}, ValueError, "method"),
        ({"method": "GE T"}, ValueError, "method"),
    ],
)
def test_a_call_that_cant_be_made_is_refused(colour: Colour, call: Any, error: type[Exception], name: str) -> None:
    """Bodies that exclude each other, or have no JSON: the message names the argument or the JSON path."""
    with pytest.raises(error, match=name):
        colour.play(body=lambda client: client.request(object, {"method": "POST", "url": "/x", **call}))


def test_an_asynchronous_body_is_not_for_the_blocking_client(colour: Colour) -> None:
    """It says which client can read it."""

    async def pieces() -> Any:
        yield b"x"

    body = lambda client: client.put("/x", cast_to=object, content=pieces())  # noqa: E731
    if colour.name == "blocking":
        error, script = colour.fail(TypeError, body=body)
        assert "AsyncAPIClient" in str(error)
        assert script.sent == []


def test_the_repr_of_a_call_shows_no_secret(colour: Colour) -> None:
    """Neither options nor clients print what they send."""
    options = FinalRequestOptions(
        method="POST",
        url="/items?key=canary",
        headers={"Authorization": "canary", "Accept": "a/b"},
        params={"token": "canary"},
        json_data={"password": "canary"},
        idempotency_key="canary",
    )
    client = colour.client(
        base_url="https://user:canary@api.example.com?key=canary",
        custom_headers={"X-Key": "canary"},
        custom_query={"key": "canary"},
    )
    shown = repr([options, client, client._config])
    assert "canary" not in shown
    assert "a/b" in shown
