"""Paths with placeholders."""

from __future__ import annotations

import enum
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from trio_api._types import not_given, omit
from trio_api.request import path_template, prepare_base_url, resolve_url

BASE, _ = prepare_base_url("https://api.example.com/v1")


class Colour(enum.Enum):
    """An enum to be sent by value."""

    RED = "r/ed"


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("plain", "plain"),
        ("a/b c", "a%2Fb%20c"),
        ("a?b#c", "a%3Fb%23c"),
        ("50%", "50%25"),
        ("%2F", "%252F"),
        ("é", "%C3%A9"),
        ("a;b", "a%3Bb"),
        ("user@host:1,2+3", "user@host:1,2+3"),
        ("...", "..."),
        ("..a", "..a"),
        ("a\nb", "a%0Ab"),
        (7, "7"),
        (True, "true"),
        (1.5, "1.5"),
        (Colour.RED, "r%2Fed"),
        (date(2024, 2, 29), "2024-02-29"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    ],
)
def test_a_value_is_quoted_for_its_segment(value: object, segment: str) -> None:
    """Whatever would end the segment or change its meaning is percent-encoded."""
    assert path_template("/items/{id}/parts", id=value) == f"/items/{segment}/parts"


def test_a_value_behind_the_question_mark_is_quoted_for_a_query() -> None:
    """In the query of a template `&`, `=` and `+` are data too, and a value may be empty."""
    path = path_template("/{a}?x={b}&y={c}", a="?", b="1&z=2+3/4", c="")
    assert path == "/%3F?x=1%26z%3D2%2B3%2F4&y="


def test_a_name_may_stand_twice() -> None:
    """A value fills every placeholder of its name."""
    assert path_template("/{a}/copy-of-{a}", a="x") == "/x/copy-of-x"


def test_a_colon_in_a_first_segment_makes_no_scheme() -> None:
    """A template without a leading slash stays a path."""
    path = path_template("{id}", id="https://evil.example")
    assert str(resolve_url(BASE, path).url) == "https://api.example.com/v1/https%3A%2F%2Fevil.example"


def test_an_absolute_template_keeps_its_host() -> None:
    """Values fill the path of an absolute template, never its host."""
    assert path_template("https://h.example/{a}", a="b:c") == "https://h.example/b:c"
    with pytest.raises(ValueError, match="placeholder in its host"):
        path_template("https://{a}.example/", a="b")


@pytest.mark.parametrize("value", [".", "..", "%2e", "%2E%2e", ".%2e", "%252e"])
@pytest.mark.parametrize("template", ["/{a}", "/{a}/b", "{a}", "/b/{a}?x=1"])
def test_a_value_makes_no_dot_segment(template: str, value: str) -> None:
    """A value that is `.` or `..`, or would be one once decoded, is refused."""
    with pytest.raises(ValueError, match=r"path template .* leads out of its place"):
        path_template(template, a=value)


@pytest.mark.parametrize(
    ("template", "values"), [("/.{a}", "."), ("/{a}{b}", ".."), ("/%2e{a}", "."), ("/../{a}", "x")]
)
def test_values_and_literal_text_together_make_no_dot_segment(template: str, values: str) -> None:
    """The finished path is what is looked at."""
    with pytest.raises(ValueError, match="leads out of its place"):
        path_template(template, **dict(zip("ab", values, strict=False)))


@pytest.mark.parametrize(
    ("template", "values", "error", "message"),
    [
        ("/{a}", {"a": None}, TypeError, "'a' must not be None"),
        ("/b?x={a}", {"a": None}, TypeError, "'a' must not be None"),
        ("/{a}", {"a": omit}, TypeError, "'a' must not be <omit>"),
        ("/{a}", {"a": not_given}, TypeError, "'a' must not be <not given>"),
        ("/{a}", {"a": b"x"}, TypeError, "'a' must be text, .* got bytes"),
        ("/{a}", {"a": ["x"]}, TypeError, "'a' must be text, .* got list"),
        ("/{a}", {}, TypeError, r"missing values \['a'\]"),
        ("/{a}", {"a": 1, "b": 2}, TypeError, r"without a placeholder \['b'\]"),
        ("/{}", {}, TypeError, r"missing values \[''\]"),
        ("/{a}", {"a": ""}, ValueError, "'a' is empty"),
        ("/{a}", {"a": "x\\y"}, ValueError, "'a' has a backslash"),
        ("/{a}", {"a": "\ud800"}, ValueError, "'a' has a lone surrogate"),
        ("/{a", {}, ValueError, "stray"),
        ("/a}", {}, ValueError, "stray"),
        ("/a#{b}", {"b": 1}, ValueError, "stray"),
        ("/a\n", {}, ValueError, "^path template '/a.n' has the character .* no URL can hold"),
        ("/a\\{b}", {"b": 1}, ValueError, "backslash"),
    ],
)
def test_what_is_wrong_is_named(template: str, values: dict[str, Any], error: type[Exception], message: str) -> None:
    """A broken template or value is an error that names it."""
    with pytest.raises(error, match=message):
        path_template(template, **values)


@given(st.text(min_size=1), st.text())
def test_any_text_stays_in_its_place(segment: str, parameter: str) -> None:
    """A server that parses the URL finds the same segments as the template has, and the values in them."""
    try:
        url = resolve_url(BASE, path_template("/a/{segment}/b?x={parameter}&y=1", **locals())).url
    except ValueError:
        return
    sent = urlsplit(f"//h{url.raw_path.decode('ascii')}")
    assert [unquote(part) for part in sent.path.split("/")] == ["", "v1", "a", segment, "b"]
    assert parse_qsl(sent.query, keep_blank_values=True) == [("x", parameter), ("y", "1")]
