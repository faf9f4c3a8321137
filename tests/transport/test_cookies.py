"""What a server can put into the jar of a default HTTP client: a client that lives long must not grow by it."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookiejar import CookieJar
from typing import Any

import httpx
import pytest

from trio_api import DefaultAsyncHttpxClient, DefaultHttpxClient, DefaultTrioHttpxClient


def client_setting(*cookies: str, **how: Any) -> httpx.Client:
    """A client whose every response sets *cookies*."""
    headers = [("Set-Cookie", each) for each in cookies]
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers))
    return DefaultHttpxClient(transport=transport, **how)


def names(numbers: Iterable[int]) -> list[str]:
    return [f"c{number}=1" for number in numbers]


def test_a_host_has_room_for_so_many() -> None:
    """180; what comes later finds none, however many responses try, and is not sent."""
    client = client_setting(*names(range(1000)))
    for _ in range(2):
        client.get("https://a.example/")
    assert len(client.cookies.jar) == 180
    assert client.build_request("GET", "https://a.example/").headers["cookie"].count("=") == 180


def test_all_hosts_together_have_room_for_so_many() -> None:
    """3,000."""
    client = client_setting(*names(range(180)))
    for number in range(20):
        client.get(f"https://h{number}.example/")
    assert len(client.cookies.jar) == 3000


def test_a_cookie_that_is_known_always_has_room() -> None:
    """A session is renewed, and ended, in a full jar too."""
    values = iter(["c0=new", "c0=; Max-Age=0"])
    client = client_setting(*names(range(180)))
    client.get("https://a.example/")
    client._transport = httpx.MockTransport(
        lambda request: httpx.Response(200, headers=[("Set-Cookie", next(values)), ("Set-Cookie", "other=1")])
    )
    client.get("https://a.example/")
    assert client.cookies["c0"] == "new"
    assert "other" not in client.cookies
    client.get("https://a.example/")
    assert "c0" not in client.cookies


@pytest.mark.parametrize(("length", "is_kept"), [(4095, True), (4096, False)])
def test_a_cookie_has_a_longest(length: int, is_kept: bool) -> None:
    """4,096 bytes of name and value."""
    client = client_setting("a=" + "x" * length)
    client.get("https://a.example/")
    assert ("a" in client.cookies) is is_kept


@pytest.mark.parametrize("kind", [DefaultHttpxClient, DefaultAsyncHttpxClient, DefaultTrioHttpxClient])
def test_what_the_application_gives_is_taken_whole(kind: Any) -> None:
    """Its own cookies have no bound, and its own jar stays its own."""
    client = kind(cookies={f"c{number}": "x" * 5000 for number in range(300)})
    client.cookies.set("mine", "x" * 5000)
    assert len(client.cookies) == 301
    jar = CookieJar()
    assert kind(cookies=jar).cookies.jar is jar
    assert type(kind(cookies=jar).cookies.jar) is CookieJar
