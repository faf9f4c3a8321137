"""URLs and queries, in both colours: where a request goes, and which parameters win."""

from __future__ import annotations

from typing import Any

import pytest

from support.colours import Colour
from support.scripted import reply
from trio_api import URL, Querystring, omit, path_template


def sent_to(colour: Colour, path: str, *, options: Any = None, **how: Any) -> str:
    """The URL that one GET goes to."""
    _, script = colour.play(reply(), body=lambda client: client.get(path, cast_to=object, options=options), **how)
    return str(script.sent[0].url)


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("https://api.example.com", "/items", "https://api.example.com/items"),
        ("https://api.example.com/v1", "items", "https://api.example.com/v1/items"),
        ("https://api.example.com/v1/", "/items", "https://api.example.com/v1/items"),
        ("https://api.example.com/v1", "/items/", "https://api.example.com/v1/items/"),
        ("https://api.example.com/v1", "", "https://api.example.com/v1/"),
        ("https://api.example.com/v1?key=k", "/items", "https://api.example.com/v1/items?key=k"),
        ("https://api.example.com/v1", "/items?a=1&a=2", "https://api.example.com/v1/items?a=1&a=2"),
        ("https://api.example.com/v1", "/a%2Fb", "https://api.example.com/v1/a%2Fb"),
        (URL("https://api.example.com/v1"), "/items", "https://api.example.com/v1/items"),
    ],
)
def test_a_path_is_appended_to_the_base_url(colour: Colour, base: Any, path: str, url: str) -> None:
    """With or without slashes; queries of both stay."""
    assert sent_to(colour, path, base_url=base) == url


def test_the_base_url_has_its_slash(colour: Colour) -> None:
    """``client.base_url`` ends in a slash, before any query, and has no userinfo."""
    base, _ = colour.play(body=lambda client: str(client.base_url), base_url="https://u:p@api.example.com/v1?a=1")
    assert base == "https://api.example.com/v1/?a=1"


def test_an_absolute_url_is_used_as_it_is(colour: Colour) -> None:
    """Neither the base URL's path nor its query is added to it."""
    url = "https://api.example.com/elsewhere?tag=a&tag=b"
    assert sent_to(colour, url, base_url="https://api.example.com/v1") == url


@pytest.mark.parametrize(
    "path",
    [
        "/../admin",
        "/a/../b",
        "/%2e%2E/admin",
        "/a/.%2e/b",
        "/%252e%252e/x",
        "/./a",
        "/a\\b",
        "/a\r\nb",
        "/a\0b",
        "//other.example/x",
        "ftp://api.example.com/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://[broken/",
        "https://api.example.com/../x",
    ],
)
def test_a_path_that_leads_astray_is_refused(colour: Colour, path: str) -> None:
    """Dot segments, plain or encoded, backslashes, control characters, other schemes: ValueError before any IO."""
    _, script = colour.fail(ValueError, body=lambda client: client.get(path, cast_to=object))
    assert script.sent == []


@pytest.mark.parametrize(
    "base", ["", "api.example.com", "/v1", "ftp://x", "https://", "https://x/\n", "https://x/../y"]
)
def test_a_bad_base_url_is_refused_when_the_client_is_made(colour: Colour, base: str) -> None:
    """The error names the argument and comes from the constructor."""
    with pytest.raises(ValueError, match="base_url"):
        colour.client_class(base_url=base)
    with pytest.raises(TypeError, match=r"base_url must be a str or an httpx\.URL"):
        colour.client_class(base_url=b"https://api.example.com")


def test_a_path_template_quotes_its_values(colour: Colour) -> None:
    """A value with a slash or a question mark stays one component."""
    assert sent_to(colour, path_template("/items/{id}", id="a/b?c")) == "https://api.example.com/v1/items/a%2Fb%3Fc"


def test_queries_from_low_to_high(colour: Colour) -> None:
    """Client defaults, then the URL's own query, then the call's params; the HTTP client's lie lowest."""
    url = sent_to(
        colour,
        "/items?b=url&c=url",
        http={"params": {"z": "http", "a": "http"}},
        custom_query={"a": "client", "b": "client", "c": "client"},
        options={"params": {"c": "call"}},
    )
    assert URL(url).params.multi_items() == [("z", "http"), ("a", "client"), ("b", "url"), ("c", "call")]


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ({"a": None, "b": ""}, "b="),
        ({"a": True, "b": False}, "a=true&b=false"),
        ({"a": [1, 2]}, "a=1&a=2"),
        ({"a": {"b": {"c": 1}}}, "a%5Bb%5D%5Bc%5D=1"),
        ({"a": omit}, ""),
        ({"a": "ü&="}, "a=%C3%BC%26%3D"),
    ],
)
def test_parameters_are_written(colour: Colour, params: Any, query: str) -> None:
    """None is dropped, "" is kept, True is ``true``, arrays repeat, mappings nest."""
    assert URL(sent_to(colour, "/items", options={"params": params})).query.decode() == query


def test_repeated_keys_in_a_url_survive(colour: Colour) -> None:
    """``?tag=a&tag=b`` keeps both when other parameters are added, by the client and by the call."""
    url = sent_to(colour, "/items?tag=a&tag=b", custom_query={"k": 1}, options={"params": {"page": 2}})
    assert URL(url).params.get_list("tag") == ["a", "b"]
    assert (URL(url).params["k"], URL(url).params["page"]) == ("1", "2")


def test_a_call_takes_a_default_away(colour: Colour) -> None:
    """`omit` removes what the client, or the URL, would send."""
    assert sent_to(colour, "/items?a=1", custom_query={"b": 2}, options={"params": {"a": omit, "b": omit}}) == (
        "https://api.example.com/v1/items"
    )


def test_the_style_is_a_hook(colour: Colour) -> None:
    """``qs`` says how arrays and mappings are written, for the client's parameters and the call's."""
    styled = colour.make_class(qs=property(lambda self: Querystring(array_format="brackets", nested_format="dots")))
    url = sent_to(
        colour, "/items", client_class=styled, custom_query={"a": [1, 2]}, options={"params": {"f": {"g": 3}}}
    )
    assert URL(url).params.multi_items() == [("a[]", "1"), ("a[]", "2"), ("f.g", "3")]


def test_default_query_is_a_hook(colour: Colour) -> None:
    """A subclass adds parameters of its own to every request."""
    cls = colour.make_class(default_query=property(lambda self: {"api-version": "2026-05-01"}))
    assert sent_to(colour, "/items", client_class=cls) == "https://api.example.com/v1/items?api-version=2026-05-01"


def test_a_foreign_url_gets_no_default_parameters(colour: Colour) -> None:
    """A key in the client's query is a credential: to another origin it does not go."""
    url = sent_to(
        colour, "https://other.example/x?a=1", custom_query={"key": "canary"}, http={"params": {"k": "canary"}}
    )
    assert url == "https://other.example/x?a=1"
