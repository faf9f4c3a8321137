"""Header fields and methods."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from trio_api._types import Headers, not_given, omit
from trio_api.request import check_method, merge_headers
from trio_api.request._headers import encode_headers, merge_raw_headers

values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1) | st.just(omit)
layers = st.dictionaries(st.text("aAbB-", min_size=1, max_size=2), values, max_size=4)


def folded(headers: Headers) -> dict[str, object]:
    """The headers by lower-case name."""
    return {name.lower(): value for name, value in headers.items()}


@given(layers, layers, layers)
def test_merging_is_associative(one: Headers, two: Headers, three: Headers) -> None:
    """Layers may be merged in any grouping, those that omit among them."""
    assert merge_headers(merge_headers(one, two), three) == merge_headers(one, merge_headers(two, three))


@given(layers, layers)
def test_the_last_layer_wins(one: Headers, two: Headers) -> None:
    """Every header of the higher layer stands as it is there, every other as below; names differ by case no more."""
    merged = folded(merge_headers(one, two))
    assert merged == {**folded(one), **folded(two)}
    assert folded(merge_headers(one)) == folded(one)
    assert merge_headers({}, merge_headers(one), {}) == merge_headers(one)


def test_the_last_spelling_is_kept() -> None:
    """What is sent is spelled as the caller spelled it."""
    assert merge_headers({"x-key": "1", "a": "2"}, {"X-Key": "3"}) == {"X-Key": "3", "a": "2"}


@given(layers, layers)
def test_encoded_layers_merge_as_plain_ones(one: Headers, two: Headers) -> None:
    """``|`` on encoded layers is `merge_headers`."""
    assert encode_headers(merge_headers(one, two)) == encode_headers(one) | encode_headers(two)


def test_values_are_sent_as_latin_1() -> None:
    """An omitted header stays as None, to remove what is below; others are bytes as RFC 9110 has them."""
    assert encode_headers({"X-A": "é", "X-B": omit, "X-C": ""}) == {
        "x-a": (b"X-A", b"\xe9"),
        "x-b": None,
        "x-c": (b"X-C", b""),
    }


def test_repeated_headers_of_the_httpx_client_become_a_list() -> None:
    """Nothing that the httpx client was told is lost."""
    fields = merge_raw_headers([(b"Accept", b"a"), (b"X-A", b"1"), (b"accept", b"b")])
    assert fields == {"accept": (b"Accept", b"a, b"), "x-a": (b"X-A", b"1")}


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("secret\r\nX-Evil: 1", "control character"),
        ("secret\n", "control character"),
        ("secret\x00", "control character"),
        ("secret\x7f", "control character"),
        ("secret\x0b", "control character"),
        ("secret ", "begins or ends with a blank"),
        ("\tsecret", "begins or ends with a blank"),
        (" ", "begins or ends with a blank"),
        ("secret€", "beyond Latin-1"),
        ("secret\ud800", "beyond Latin-1"),
    ],
)
def test_a_value_that_no_header_can_hold_is_refused(value: str, complaint: str) -> None:
    """A ValueError names the header and the reason, and does not show the value."""
    with pytest.raises(ValueError, match=f"header 'X-Key' .*{complaint}") as caught:
        merge_headers({"X-Key": value})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\n", "é", "a\x00", "(a)"])
def test_a_name_is_a_token(name: str) -> None:
    """A name that RFC 9110 does not allow is a ValueError that shows it."""
    with pytest.raises(ValueError, match="header names"):
        merge_headers({name: "x"})
    with pytest.raises(ValueError, match="header names"):
        merge_raw_headers([(name.encode("latin-1"), b"x")])


@pytest.mark.parametrize("value", [1, 1.5, True, None, b"x", ["x"], not_given])
def test_a_value_is_text(value: Any) -> None:
    """Nothing is turned into text silently: a TypeError names the header."""
    with pytest.raises(TypeError, match="header 'X-Key' must be a str"):
        merge_headers({"X-Key": value})


def test_a_name_is_text() -> None:
    """A name of another type is a TypeError."""
    name: Any = b"X-Key"
    with pytest.raises(TypeError, match="header names must be str, got b'X-Key'"):
        merge_headers({name: "x"})


@pytest.mark.parametrize(("method", "sent"), [("get", "GET"), ("Patch", "PATCH"), ("M-SEARCH", "M-SEARCH")])
def test_a_method_is_sent_in_upper_case(method: str, sent: str) -> None:
    """A method may be written in any case."""
    assert check_method(method) == sent


@pytest.mark.parametrize("method", ["", "GE T", "GET\r\nX: 1", "GET\x00", "é"])
def test_a_method_is_a_token(method: str) -> None:
    """Anything else is a ValueError that names it."""
    with pytest.raises(ValueError, match="method must be a token"):
        check_method(method)
