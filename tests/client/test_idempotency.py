"""Idempotency keys, in both colours."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from support.colours import Colour
from support.scripted import Script, reply
from trio_api import InternalServerError


def post(client: Any) -> Any:
    return client.post("/items", cast_to=object, body={})


def keys(script: Script, name: str = "Idempotency-Key") -> list[str | None]:
    return [sent.headers.get(name) for sent in script.sent]


@pytest.mark.parametrize("method", ["POST", "PATCH", "post"])
def test_posts_and_patches_carry_a_key(colour: Colour, method: str) -> None:
    """The key is really sent, and is a UUID of version 4."""
    _, script = colour.play(reply(), body=lambda client: client.request(object, {"method": method, "url": "/items"}))
    [key] = keys(script)
    assert key is not None
    assert uuid.UUID(key).version == 4
    assert str(uuid.UUID(key)) == key


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_carry_none(colour: Colour, method: str) -> None:
    """They are idempotent by themselves."""
    _, script = colour.play(reply(), body=lambda client: client.request(object, {"method": method, "url": "/items"}))
    assert keys(script) == [None]


def test_the_key_is_the_same_on_every_attempt(colour: Colour) -> None:
    """That is what it is for; and another call has another."""

    def body(client: Any) -> Any:
        yield post(client)
        yield post(client)

    _, script = colour.play(reply(status=503), reply(status=409), reply(), reply(), body=body)
    first, second, third, other = keys(script)
    assert first == second == third != other


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_the_callers_key_wins(colour: Colour, method: str) -> None:
    """Whatever the method: who gives a key wants it sent."""
    call = {"method": method, "url": "/items", "idempotency_key": "mine"}
    _, script = colour.play(reply(status=503), reply(), body=lambda client: client.request(object, call))
    assert keys(script) == ["mine", "mine"]


def test_a_key_as_a_header_counts_too(colour: Colour) -> None:
    """A key that the call gives as a plain header is kept, and makes the request safe to repeat."""
    options = {"headers": {"idempotency-key": "mine"}}
    _, script = colour.play(
        reply(status=503), reply(), body=lambda client: client.post("/items", cast_to=object, options=options)
    )
    assert keys(script) == ["mine", "mine"]


def test_the_header_is_a_class_attribute(colour: Colour) -> None:
    """An API that calls it otherwise gets it so."""
    _, script = colour.play(
        reply(status=503), reply(), body=post, client_class=colour.make_class(idempotency_header="X-Request-Key")
    )
    assert keys(script) == [None, None]
    assert len(set(keys(script, "X-Request-Key"))) == 1
    assert None not in keys(script, "X-Request-Key")


def test_none_turns_keys_off(colour: Colour) -> None:
    """Then a POST is not repeated after it may have been acted on."""
    cls = colour.make_class(idempotency_header=None)
    _, script = colour.fail(InternalServerError, reply(status=503), body=post, client_class=cls)
    assert keys(script) == [None]
