"""Tokens of operations: there and back, and what is refused. Responses are asked by `tests/client`."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api import CrossOriginError
from trio_api.operations import Start, encode_token, start_of_token
from trio_api.request import Origins

BASE = httpx.URL("https://api.example.com/v1/")
ORIGINS = Origins(BASE, ["https://jobs.example.com"])
TOKEN = {"version": 1, "url": "/jobs/17?sig=a", "polls": 3}

segments = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)
paths = st.builds(
    lambda parts, query: "/".join(parts) + query, st.lists(segments, min_size=1), st.just("?a=b") | st.just("")
)
urls = st.builds(
    lambda begin, path: begin + path, st.sampled_from(["", "/", str(BASE), "https://jobs.example.com/"]), paths
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


@given(urls, st.integers(0, 10**9))
def test_what_is_written_is_read(url: str, polls: int) -> None:
    """Any place comes back through JSON as it was."""
    token = json.loads(json.dumps(encode_token(url, polls)))
    assert start_of_token(token, ORIGINS, BASE) == Start(url, polls)


@given(st.dictionaries(st.sampled_from(["version", "url", "polls", "else"]), json_values))
def test_whatever_is_no_token_is_refused(token: dict[str, Any]) -> None:
    """By a ValueError, or by the one about origins; nothing else comes out."""
    try:
        start_of_token(token, ORIGINS, BASE)
    except (ValueError, CrossOriginError):
        pass


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({}, "broken token of an operation, or one of another kind: it has no 'version'"),
        ({"version": 1, "url": "/jobs"}, "it has no 'polls'"),
        ({**TOKEN, "method": "POST"}, "it has the unknown key 'method'"),
        ({**TOKEN, "version": 2}, "its version must be 1, got 2"),
        ({**TOKEN, "polls": -1}, "its polls must be a whole number, got -1"),
        ({**TOKEN, "polls": True}, "its polls must be a whole number, got True"),
        ({**TOKEN, "polls": 1.5}, "its polls must be a whole number, got 1.5"),
        ({**TOKEN, "url": None}, "its url must be text, got None"),
        ({**TOKEN, "url": "//evil.example.com/"}, "its url can't be asked: .* would name another host"),
        ({**TOKEN, "url": "/jobs/../admin"}, "its url can't be asked: .* leads out of its place"),
        ({**TOKEN, "url": "file:///etc/passwd"}, "its url can't be asked: "),
    ],
)
def test_a_broken_token_is_refused(broken: dict[str, Any], message: str) -> None:
    """The message names what is wrong with it."""
    with pytest.raises(ValueError, match=message):
        start_of_token(broken, ORIGINS, BASE)


@pytest.mark.parametrize(
    "url", ["https://evil.example.com/", "http://api.example.com/v1/", "https://api.example.com:8443/"]
)
def test_a_token_may_not_lead_elsewhere(url: str) -> None:
    """Who can change a token does not get the credentials."""
    with pytest.raises(CrossOriginError, match="the token names an operation at another origin"):
        start_of_token({**TOKEN, "url": url}, ORIGINS, BASE)


def test_userinfo_is_not_written() -> None:
    """A token has no credentials of ours."""
    assert encode_token("https://user:canary@api.example.com/1?a=b", 0)["url"] == "https://api.example.com/1?a=b"
