"""Digests of requests: equal where nothing differs that counts."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api.request import fingerprint, url_fingerprint

URL = "https://api.example.com/items?a=1"


def request(method: str = "GET", url: str = URL, headers: Any = ()) -> httpx.Request:
    return httpx.Request(method, url, headers=headers)


def test_the_same_request_has_the_same_digest() -> None:
    """Names of headers in any case."""
    assert fingerprint(request(headers={"X-A": "1"})) == fingerprint(request(headers={"x-a": "1"}))


@pytest.mark.parametrize(
    "other",
    [
        request("HEAD"),
        request(url="https://api.example.com/items?a=2"),
        request(url="http://api.example.com/items?a=1"),
        request(url="https://api.example.com:8443/items?a=1"),
        request(headers={"Authorization": "Bearer s"}),
        request(headers=[("A", "1"), ("A", "2")]),
    ],
    ids="method query scheme port header repeated".split(),
)
def test_another_request_has_another_digest(other: httpx.Request) -> None:
    """Whatever it differs in."""
    assert fingerprint(other) != fingerprint(request(headers={"A": "1"}))
    assert fingerprint(other) != fingerprint(request())


def test_headers_may_be_left_out() -> None:
    """By their names in lower case."""
    assert fingerprint(request(headers={"X-A": "1"}), without={b"x-a"}) == fingerprint(request())


def test_the_url_has_a_digest_of_its_own() -> None:
    """Whatever the method and the headers."""
    assert url_fingerprint(request("POST", headers={"X-A": "1"})) == url_fingerprint(request())
    assert url_fingerprint(request(url=f"{URL}&b=1")) != url_fingerprint(request())


TEXT = st.text("ab:;1 ", max_size=4).map(str.strip)
FIELDS = st.lists(st.tuples(st.text("ab", min_size=1, max_size=3), TEXT), max_size=4)


@given(FIELDS, FIELDS)
def test_no_two_lists_of_headers_are_taken_for_one(some: list[tuple[str, str]], others: list[tuple[str, str]]) -> None:
    """However they are cut: ``a: bc`` is not ``ab: c``."""
    one, other = (request(headers=fields) for fields in (some, others))
    assert (fingerprint(one) == fingerprint(other)) == (one.headers.raw == other.headers.raw)
