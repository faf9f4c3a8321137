"""Bytes to JSON values and back."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from trio_api.models import NotJSON, dumps, loads, structure


@attrs.define
class Chain:
    next: Any


@attrs.define
class Links:
    next: list[Links] = attrs.field(factory=list)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"null", None),
        (b' {"a": [1, 1.0, true, "\\u00e9"]}\n', {"a": [1, 1.0, True, "é"]}),
        (b"9007199254740993", 2**53 + 1),
        (b"-18446744073709551617", -(2**64) - 1),
        (b"\xef\xbb\xbf[]", []),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_json_is_decoded(data: bytes, value: object) -> None:
    """Integers stay exact, a byte order mark is passed over, the last of equal keys counts."""
    found = loads(data)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "^not JSON: empty$"),
        (b" \r\n", "^not JSON: empty$"),
        (b"<html>", r"^not JSON: JSON is malformed: invalid character \(byte 0\)$"),
        (b'{"a": 1', "^not JSON: Input data was truncated$"),
        (b"{} {}", "^not JSON: JSON is malformed: trailing characters"),
        (b"NaN", "^not JSON: "),
        (b"1e999", "^not JSON: Number out of range$"),
        (b'"\xff"', "^not JSON: not in UTF-8$"),
        (b"[" * 100_000 + b"]" * 100_000, "^nested too deeply$"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "^nested too deeply$"),
    ],
)
def test_what_is_no_json_says_so(data: bytes, message: str) -> None:
    """Every failure to decode is a NotJSON in one clear line, without anything of the body."""
    with pytest.raises(NotJSON, match=message):
        loads(data)


def test_a_model_that_is_nested_too_deeply_says_so() -> None:
    """A value that the parser could read, but that is too deep for its model, is a clear error too."""
    deep: Any = {}
    for _ in range(100_000):
        deep = {"next": [deep]}
    with pytest.raises(NotJSON, match=r"^nested too deeply$"):
        structure(deep, Links)
    assert structure(deep, Chain).problems == ()


def test_json_is_encoded() -> None:
    """A body is compact UTF-8 with exact integers."""
    assert (
        dumps({"a": [1, 2**70, "é", None, Chain(1.5)]})
        == '{"a":[1,1180591620717411303424,"é",null,{"next":1.5}]}'.encode()
    )


def test_half_a_character_cannot_be_sent() -> None:
    """Text that UTF-8 cannot hold is a ValueError that does not show it."""
    with pytest.raises(ValueError, match="half of a surrogate pair") as caught:
        dumps({"a": "secret\ud800"})
    assert "secret" not in str(caught.value)
