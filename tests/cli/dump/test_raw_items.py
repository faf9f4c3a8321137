"""Items as the server wrote them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from trio_api.cli.dump._raw_items import json_lines


def test_numbers_and_escapes_stay_as_they_are() -> None:
    """Only white space is lost: no digit, no exponent, no escape, no order of keys."""
    body = rb'{"data": [ {"b": 1.10, "a": 1e400}, 123456789012345678901234567890, "\u00e9\/" , -0.0 ]}'
    assert json_lines(body, ("data",)) == [
        rb'{"b":1.10,"a":1e400}',
        b"123456789012345678901234567890",
        rb'"\u00e9\/"',
        b"-0.0",
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=10,
)


@given(st.lists(json_values), st.sampled_from([None, 2]), st.booleans())
def test_every_item_is_one_line_that_reads_back(items: list[object], indent: int | None, ascii_only: bool) -> None:
    """Whatever the items hold and however the server lays them out, a line is an item."""
    body = json.dumps({"a": {"b": items}}, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return
    lines = json_lines(body, ("a", "b"))
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert [json.loads(line) for line in lines] == items


@pytest.mark.parametrize("body", [b'{"kind": "list"}', b'{"items": null}', b'{"items": []}', b"\xef\xbb\xbf{}"])
def test_an_absent_array_is_an_empty_page(body: bytes) -> None:
    """APIs leave out what is empty."""
    assert json_lines(body, ("items",)) == []


def test_the_body_itself_may_be_the_array() -> None:
    """The empty path is the body."""
    assert json_lines(b"[1, 2]", ()) == [b"1", b"2"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "no array of items at items"),
        (b"[1]", "no array of items at items"),
        (b'{"items": {"a": 1}}', "no array of items at items"),
        (b'{"error": "too late"}', "the body is an error"),
        (b'{"items": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "no array of items at items"),
    ],
    ids=["no JSON", "another root", "no array", "an error", "too deep"],
)
def test_a_body_without_an_array_is_an_error(body: bytes, message: str) -> None:
    """What is no page is not taken for an empty one."""
    with pytest.raises(ValueError, match=message):
        json_lines(body, ("items",))
