"""Where credentials may go."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from trio_api.request import Origin, Origins, filter_for_origin, named_origin, origin_of

BASE = httpx.URL("https://api.example.com/v1/")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.example.com/v1?x=1", "https://api.example.com:443"),
        ("HTTPS://API.Example.Com:443", "https://api.example.com:443"),
        ("http://api.example.com", "http://api.example.com:80"),
        ("http://api.example.com:8080", "http://api.example.com:8080"),
        ("https://user:pw@bücher.example", "https://xn--bcher-kva.example:443"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    """In lower case, with the host as it is looked up and the port as it is connected to."""
    assert str(origin_of(url)) == str(origin_of(httpx.URL(url))) == origin


def test_text_that_is_no_url_has_no_origin() -> None:
    """The error says what is no URL."""
    with pytest.raises(ValueError, match=r"^url 'api.example.com' must be"):
        origin_of("api.example.com")


def test_a_scheme_without_a_port_has_an_origin_too() -> None:
    """A page may name any URL; asking for its origin is safe."""
    assert origin_of(httpx.URL("ftp2://h/x")) == Origin("ftp2", "h", 0)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://api.example.com/other", True),
        ("https://api.example.com:443/", True),
        ("https://cdn.example.com/x", True),
        ("http://localhost:8080/x", True),
        ("http://api.example.com/", False),
        ("https://api.example.com:8443/", False),
        ("https://evil.example/", False),
        ("https://sub.api.example.com/", False),
        ("https://api.example.com.evil.example/", False),
        ("https://api.example.com@evil.example/", False),
        ("https://cdn.example.com:444/x", False),
        ("http://localhost/x", False),
    ],
)
def test_the_base_url_and_the_named_origins_are_trusted(url: str, trusted: bool) -> None:
    """Nothing else is, however alike it looks."""
    origins = Origins(BASE, ["https://cdn.example.com", "http://LOCALHOST:8080/"])
    assert origins.trusts(httpx.URL(url)) is trusted


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/items", "https://api.example.com:443"),
        ("/items:batch?at=12:30", "https://api.example.com:443"),
        ("items:batch", "https://api.example.com:443"),
        ("https://", "https://api.example.com:443"),
        ("https://cdn.example.com/x", "https://cdn.example.com:443"),
        ("http://api.example.com", "http://api.example.com:80"),
    ],
)
def test_a_path_names_the_origin_that_it_leads_to(path: str, origin: str) -> None:
    """The base URL's, unless it is another whole URL; what will be refused is the base URL's too."""
    assert str(named_origin(path, Origins(BASE))) == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cdn.example.com",
        "https://cdn.example.com/path",
        "https://cdn.example.com/?",
        "https://cdn.example.com/#top",
        "https://user:secret@cdn.example.com",
        "ftp://cdn.example.com",
        "https://*.example.com/..",
        "https://*.example.com",
        "https://*",
        "https://cdn.example.com\n",
        "https://cdn.example.com:x",
        "null",
        "*",
    ],
)
def test_a_trusted_origin_is_bare(text: str) -> None:
    """Anything but scheme, host and port is a ValueError that names the argument, and shows no password."""
    with pytest.raises(ValueError, match=r"^trusted_origins ") as caught:
        Origins(BASE, [text])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 1, BASE])
def test_a_trusted_origin_is_text(value: Any) -> None:
    """Anything else is a TypeError that names the argument."""
    with pytest.raises(TypeError, match=f"^trusted_origins must be text .* got {type(value).__name__}$"):
        Origins(BASE, [value])


def test_what_a_trusted_origin_may_have_is_told() -> None:
    """The message gives a right one, and names all that is too much."""
    with pytest.raises(ValueError, match=r"'https://cdn.example.com': scheme, .* without userinfo, path, .* wildcard$"):
        Origins(BASE, ["https://cdn.example.com/path"])


def test_origins_are_a_value() -> None:
    """Equal by what they trust, and shown by it."""
    one, other = Origins(BASE, ["https://a.example"]), Origins(BASE, ["https://A.example:443"])
    assert one == other
    assert hash(one) == hash(other) != hash(Origins(BASE))
    assert one != Origins(BASE)
    assert one != "https://a.example"
    assert repr(one) == "Origins(['https://a.example:443', 'https://api.example.com:443'])"


HEADERS = {
    "Host": "virtual.example",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": "Test/1",
    "Content-Type": "application/json",
    "Content-Length": "2",
    "Authorization": "secret",
    "Proxy-Authorization": "secret",
    "Cookie": "secret",
    "X-API-Key": "secret",
    "Idempotency-Key": "secret",
    "Content-Security-Token": "secret",
}


def test_a_foreign_origin_gets_what_any_server_needs() -> None:
    """What is on no list is taken away, whatever its name; Host names the server that is asked."""
    request = httpx.Request("POST", "https://evil.example:8443/x", headers=HEADERS, content=b"{}")
    filter_for_origin(request, Origins(BASE))
    assert dict(request.headers) == {
        "host": "evil.example:8443",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "Test/1",
        "content-type": "application/json",
        "content-length": "2",
    }


def test_a_trusted_origin_gets_everything() -> None:
    """At home nothing is taken away."""
    request = httpx.Request("POST", "https://api.example.com/x", headers=HEADERS, content=b"{}")
    filter_for_origin(request, Origins(BASE))
    assert request.headers == httpx.Headers(HEADERS)
