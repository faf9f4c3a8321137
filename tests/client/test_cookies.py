"""Cookies, in both colours: the HTTP client's jar serves the origins that may have credentials."""

from __future__ import annotations

from typing import Any

import httpx

from support.colours import Colour
from support.scripted import reply


def calls(*paths: str) -> Any:
    def body(client: Any) -> Any:
        for path in paths:
            yield client.get(path, cast_to=object)

    return body


def test_a_cookie_that_was_set_is_sent_back(colour: Colour) -> None:
    """On the next call, and on the next attempt."""
    _, script = colour.play(
        reply(headers={"Set-Cookie": "session=s1; Path=/"}),
        reply(status=503, headers={"Set-Cookie": "session=s2; Path=/"}),
        reply(),
        body=calls("/a", "/b"),
    )
    assert [sent.headers.get("cookie") for sent in script.sent] == [None, "session=s1", "session=s2"]


def test_a_cookie_of_the_http_client_is_sent(colour: Colour) -> None:
    """``httpx.Client(cookies=...)`` works as it does there."""
    _, script = colour.play(reply(), http={"cookies": {"a": "1"}})
    assert script.sent[0].headers["cookie"] == "a=1"


def test_a_redirect_takes_the_cookie_that_it_set(colour: Colour) -> None:
    """The usual way into a session: set and sent within one attempt."""
    hop = httpx.Response(302, headers={"Location": "/in", "Set-Cookie": "session=s; Path=/"})
    _, script = colour.play(hop, reply())
    assert script.sent[1].headers["cookie"] == "session=s"


def test_another_origin_gets_no_cookie(colour: Colour) -> None:
    """Not even one that it set itself: an origin that is not trusted keeps no session with the client."""
    _, script = colour.play(
        reply(headers={"Set-Cookie": "other=1; Path=/"}),
        reply(),
        reply(),
        body=calls("https://other.example/a", "https://other.example/b", "/home"),
        http={"cookies": {"home": "1"}},
    )
    assert [sent.headers.get("cookie") for sent in script.sent] == [None, None, "home=1"]


def test_another_origin_cant_plant_a_cookie_at_home(colour: Colour) -> None:
    """A Set-Cookie for a domain that is not its own is not kept."""
    _, script = colour.play(
        reply(headers={"Set-Cookie": "session=evil; Domain=example.com; Path=/"}),
        reply(),
        body=calls("https://other.test/a", "/home"),
    )
    assert script.sent[1].headers.get("cookie") is None
