"""From a base URL and a path to the URL of a request."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api.request import prepare_base_url, resolve_url

BASE, _ = prepare_base_url("https://api.example.com/v1")


@pytest.mark.parametrize(
    ("given_url", "prepared"),
    [
        ("https://api.example.com", "https://api.example.com/"),
        ("https://api.example.com/v1", "https://api.example.com/v1/"),
        ("https://api.example.com/v1/", "https://api.example.com/v1/"),
        ("https://api.example.com/v1?key=a/b", "https://api.example.com/v1/?key=a/b"),
        ("https://api.example.com/v1#top", "https://api.example.com/v1/"),
        ("https://user:secret@api.example.com", "https://api.example.com/"),
        ("HTTPS://API.example.com:443/V1", "https://api.example.com/V1/"),
        ("http://[::1]:8080/a%2Fb", "http://[::1]:8080/a%2Fb/"),
        ("https://bücher.example", "https://xn--bcher-kva.example/"),
    ],
)
def test_a_base_url_is_made_fit_for_appending(given_url: str, prepared: str) -> None:
    """It gains a slash before any query, and loses userinfo and fragment; text and `httpx.URL` are the same."""
    assert prepare_base_url(given_url)[0] == httpx.URL(prepared)
    assert prepare_base_url(httpx.URL(given_url))[0] == httpx.URL(prepared)


@pytest.mark.parametrize(
    ("userinfo", "credentials"),
    [("user:secret", "user:secret"), ("user", "user:"), ("us%40er:s%3Aec%20ret", "us@er:s:ec ret"), ("é:ß", "é:ß")],
)
def test_userinfo_becomes_a_basic_credential(userinfo: str, credentials: str) -> None:
    """The userinfo of a base URL and of an absolute URL is decoded and encoded as RFC 7617 has it."""
    expected = f"Basic {base64.b64encode(credentials.encode()).decode()}"
    url = f"https://{userinfo}@api.example.com/v1"
    assert prepare_base_url(url)[1] == expected
    resolved = resolve_url(BASE, url)
    assert (str(resolved.url), resolved.authorization) == ("https://api.example.com/v1", expected)


def test_no_userinfo_is_no_credential() -> None:
    """Without userinfo there is nothing to send."""
    assert prepare_base_url("https://api.example.com")[1] is None
    assert resolve_url(BASE, "https://api.example.com").authorization is None


@pytest.mark.parametrize("base_url", [None, b"https://api.example.com", 3])
def test_a_base_url_is_text_or_a_url(base_url: Any) -> None:
    """Anything else is a TypeError that names the argument."""
    with pytest.raises(TypeError, match=f"^base_url must be .* got {type(base_url).__name__}$"):
        prepare_base_url(base_url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com",
        "/v1",
        "//api.example.com",
        "ftp://api.example.com",
        "https:///v1",
        "https://?x=1",
        "https:api.example.com",
        "https://@/v1",
        "https://user:secret@api.example.com/../v1",
        "https://user:secret@api.example.com/a\\b",
        "https://user:sec\nret@api.example.com",
        "https://user:secret/x@api.example.com",
        "https:user:secret@api.example.com",
        "https:///user:secret@api.example.com",
        "https://user:1/secret@api.example.com/..",
        "https://user:secret@api.example.com:99999",
        "https://user:secret@api.example.com:0",
        "https://user:secret@[::g]",
        "https://user:secret@999.1.1.1",
        "https://user:secret@exa mple.com",
        "https://user:secret@xn--\u2603\u00a0.com",
        "https://api.example.com/" + 70_000 * "a",
    ],
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    """A ValueError names the argument, before any IO, and shows no password."""
    with pytest.raises(ValueError, match=r"^base_url ") as caught:
        prepare_base_url(url)
    assert "sec" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/items", "/v1/items"),
        ("items", "/v1/items"),
        ("items/", "/v1/items/"),
        ("", "/v1/"),
        ("/", "/v1/"),
        ("?a=1", "/v1/?a=1"),
        ("items?tag=a&tag=b", "/v1/items?tag=a&tag=b"),
        ("items?", "/v1/items?"),
        ("a//b", "/v1/a//b"),
        ("a%2Fb%2f", "/v1/a%2Fb%2f"),
        ("/a:b", "/v1/a:b"),
        ("a/b:c", "/v1/a/b:c"),
        ("a b/é", "/v1/a%20b/%C3%A9"),
        ("a?q=é ", "/v1/a?q=%C3%A9%20"),
        ("...", "/v1/..."),
        (".a/b./..c", "/v1/.a/b./..c"),
        ("a?next=../b&x=\\", "/v1/a?next=../b&x=\\"),
        ("user@host", "/v1/user@host"),
    ],
)
def test_a_path_is_appended(path: str, target: str) -> None:
    """A path is appended to the base URL's, its own query and its encoded slashes as they stand."""
    url = resolve_url(BASE, path).url
    assert (url.host, url.raw_path.decode()) == ("api.example.com", target)


def test_a_path_leaves_the_query_of_the_base_url_out() -> None:
    """The base URL's query is a layer of its own; it is not a part of the path's."""
    resolved = resolve_url(prepare_base_url("https://api.example.com/v1?key=1")[0], "items")
    assert (resolved.location, resolved.query) == ("https://api.example.com/v1/items", None)


@pytest.mark.parametrize(
    ("given_url", "used"),
    [
        ("https://cdn.example.com/x?y=1", "https://cdn.example.com/x?y=1"),
        ("http://cdn.example.com.:1/", "http://cdn.example.com.:1/"),
        ("http://cdn.example.com:65535/", "http://cdn.example.com:65535/"),
        ("https://cdn.example.com/x?next=/../y", "https://cdn.example.com/x?next=/../y"),
        ("http://cdn.example.com:8080", "http://cdn.example.com:8080"),
        ("https://cdn.example.com/a%2Fb?#top", "https://cdn.example.com/a%2Fb?"),
        ("HTTPS://cdn.example.com/x#top", "https://cdn.example.com/x"),
    ],
)
def test_an_absolute_url_is_used_as_it_is(given_url: str, used: str) -> None:
    """An absolute URL replaces the base URL; only its fragment stays here."""
    resolved = resolve_url(BASE, given_url)
    assert (str(resolved.url), resolved.is_relative) == (used, False)


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "a/../b",
        "a/./b",
        "a/..",
        "%2e%2e/b",
        "a/%2E./b",
        "a/.%2e",
        "a/%252e%252E/b",
        "https://api.example.com/../b",
        "https://api.example.com/../b://c",
        "https://api.example.com/%2e%2e",
        "a\\b",
        "/\\evil.example",
        "https://api.example.com\\@evil.example",
        "//evil.example/x",
        "///evil.example/x",
        "a\r\nb",
        "a?q=\r\n",
        "a\x00",
        "a\x7f",
        "\thttps://evil.example",
        "a\ud800",
        "https://api.example.com/\x01",
        "a#b",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://api.example.com/x",
        "http:items",
        "items:batch",
    ],
)
def test_what_could_be_taken_for_another_place_is_refused(path: str) -> None:
    """Dot segments in any spelling, backslashes, control characters, other schemes and hosts are a ValueError."""
    with pytest.raises(ValueError, match=r"^(path|url) "):
        resolve_url(BASE, path)


def test_an_error_shows_neither_query_nor_userinfo() -> None:
    """What is refused is named, but for what may be secret."""
    for path in ("a/../b?token=secret", "https://u:secret@h/../b", "https://u:secret@h/x\n", "a?token=secret\n"):
        with pytest.raises(ValueError, match="has the") as caught:
            resolve_url(BASE, path)
        assert "secret" not in str(caught.value)
    assert "secret" not in repr(resolve_url(BASE, "a?token=secret"))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a@b/../c", "a@b/../c' has the segment '..',"),
        ("https://h.example/%2e/c", "https://h.example/%2e/c' has the segment '%2e',"),
        ("https:user:secret@h.example", "https://[redacted]' must be"),
        ("https://user:secret@h.example/../c", "https://[redacted]' has the segment '..',"),
    ],
)
def test_an_error_shows_as_much_as_it_may(path: str, shown: str) -> None:
    """All of a path or URL, but where an ``@`` behind a scheme might have a password before it, the scheme alone."""
    with pytest.raises(ValueError, match=f"^(path|url) '{re.escape(shown)}"):
        resolve_url(BASE, path)


def test_a_path_that_looks_like_a_url_is_told_how_to_be_one() -> None:
    """``items:batch`` has a scheme, as RFC 3986 reads it; a base URL that has none is given no such hint."""
    with pytest.raises(
        ValueError, match=r"; a path that begins with a name and a colon is written with a '/' before it$"
    ):
        resolve_url(BASE, "items:batch")
    with pytest.raises(ValueError, match=r"such as 'https://example\.com'$"):
        prepare_base_url("api.example.com")


def test_what_was_resolved_is_shown_without_its_query() -> None:
    """A query may hold a secret."""
    assert repr(resolve_url(BASE, "a?b=c")) == "ResolvedURL('https://api.example.com/v1/a')"


def test_a_url_that_is_too_long_is_refused() -> None:
    """The limit of 65,536 characters is httpx's, the error is ours."""
    with pytest.raises(ValueError, match=r"^url .* longer than 65,536"):
        resolve_url(BASE, 70_000 * "a").url  # noqa: B018  # it is parsed when it is asked for


@given(st.text(), st.text())
def test_any_path_arrives_or_is_refused(path: str, query: str) -> None:
    """A server that parses the URL finds the path and the query that were given, below the base URL's path."""
    text = f"/{path}?{query}" if query else f"/{path}"
    try:
        url = resolve_url(BASE, text).url
    except ValueError:
        return
    sent = urlsplit(f"https://{url.netloc.decode('ascii')}{url.raw_path.decode('ascii')}")
    expected_path, _, expected_query = text.partition("?")
    assert sent.netloc == "api.example.com"
    assert unquote(sent.path) == unquote(f"/v1{expected_path}")
    assert unquote(sent.query) == unquote(expected_query)


@given(st.lists(st.sampled_from([".", "%2e", "%2E", "%252e", "/", "a", "\\", ":", "//", "@", "?", "#"])))
def test_no_spelling_leaves_the_base_url(parts: list[str]) -> None:
    """However a path is put together, it is refused or stays on the base URL's host and below its path."""
    try:
        resolved = resolve_url(BASE, "".join(parts))
    except ValueError:
        return
    assert resolved.is_relative
    decoded = unquote(unquote(resolved.url.raw_path.partition(b"?")[0].decode()))
    assert not {".", ".."} & set(decoded.split("/"))
    assert httpx.URL("https://api.example.com").join(decoded.replace("?", "")).path.startswith("/v1/")
    assert resolved.url.host == "api.example.com"


@pytest.mark.parametrize("host", ["a..b", ".a", "a" * 64, "a." + "b" * 64 + ".c"])
def test_a_host_that_no_resolver_takes_is_refused(host: str) -> None:
    """An empty label or one of more than 63 bytes is an error here, not a UnicodeError of the resolver."""
    with pytest.raises(ValueError, match="no valid host"):
        resolve_url(httpx.URL("https://api.example.com/"), f"http://{host}/x")
