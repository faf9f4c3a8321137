"""Checkpoint tokens: there and back, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from support.paged import BASE, listed
from trio_api import CrossOriginError
from trio_api.pages import decode_positions, decode_tokens
from trio_api.pages._steps import Position, Step
from trio_api.pages._tokens import encode_positions, encode_tokens

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=3
)
mappings = st.dictionaries(st.text(max_size=5), values, max_size=3)
positions = st.builds(
    Position,
    st.builds(Step, st.none() | st.just(BASE + "items?page=2"), mappings, mappings),
    st.integers(0, 10**6),
    st.booleans(),
)


@given(st.lists(positions, max_size=4))
def test_what_is_written_is_read(written: list[Position]) -> None:
    """Any positions come back through JSON as they were."""
    token = json.loads(json.dumps(encode_positions(listed(), written)))
    assert decode_positions(listed(), token).positions == tuple(written)


def test_a_token_is_small_and_plain() -> None:
    """What is as in the list's own request does not stand in it."""
    token = encode_positions(listed("/items?tag=a", method="post"), [Position(), Position(Step(params={"page": 2}), 3)])
    assert token == {
        "version": 1,
        "method": "POST",
        "url": "/items",
        "positions": [{}, {"params": {"page": 2}, "skip": 3}],
    }


def test_values_that_json_has_not_are_written_as_they_are_sent() -> None:
    """A cursor may be a datetime."""
    at = datetime(2026, 1, 2, tzinfo=UTC)
    token = encode_positions(listed(), [Position(Step(params={"since": at}))])
    assert json.loads(json.dumps(token))["positions"] == [{"params": {"since": at.isoformat()}}]


def token(**changes: Any) -> dict[str, Any]:
    return {"version": 1, "method": "GET", "url": "/items", "positions": [], **changes}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({}, r"\$ has no 'method'"),
        ({"version": 1, "lists": []}, r"\$ has no 'method'"),
        (token(version=2), r"\$\.version must be 1, got 2"),
        (token(positions={}), r"\$\.positions must be a list, got {}"),
        (token(positions=[1]), r"\$\.positions\[0\] must be an object, got 1"),
        (token(positions=[{}, {"page": 1}]), r"\$\.positions\[1\] has the unknown key 'page'"),
        (token(positions=[{"url": 1}]), r"\$\.positions\[0\]\.url must be text, got 1"),
        (token(positions=[{"params": []}]), r"\$\.positions\[0\]\.params must be an object, got \[\]"),
        (token(positions=[{"json": "x"}]), r"\$\.positions\[0\]\.json must be an object, got 'x'"),
        (token(positions=[{"skip": -1}]), r"\$\.positions\[0\]\.skip must be a whole number, got -1"),
        (token(positions=[{"skip": True}]), r"\$\.positions\[0\]\.skip must be a whole number, got True"),
        (token(positions=[{"follow": 1}]), r"\$\.positions\[0\]\.follow must be true or false, got 1"),
        (token(positions=[{"url": "https://x:port/"}]), "is no valid URL"),
        (token(positions=[{"url": "items?page=2"}]), "is no absolute URL"),
        (token(url="/other"), "another list: .* is of GET /other, this list is GET /items"),
        (token(method="POST"), "another list: .* is of POST /items, this list is GET /items"),
    ],
)
def test_a_broken_token_is_a_value_error_that_names_the_place(broken: dict[str, Any], message: str) -> None:
    """Nothing is fetched with a token that can't be right."""
    with pytest.raises(ValueError, match=message):
        decode_positions(listed(), broken)


@pytest.mark.parametrize("wrong", [None, "token", 5, []])
def test_what_is_no_dict_is_a_type_error(wrong: object) -> None:
    """The error says where tokens come from."""
    with pytest.raises(TypeError, match=rf"a dict, as checkpoint\(\) gives it; \$ is {type(wrong).__name__}$"):
        decode_positions(listed(), wrong)


def test_a_token_leads_to_no_foreign_origin() -> None:
    """A token may have been tampered with: its links are checked as a page's are."""
    with pytest.raises(CrossOriginError, match=r"the checkpoint names .* https://evil.example:443"):
        decode_positions(listed(), token(positions=[{"url": "https://evil.example/items"}]))


def test_a_token_with_body_keys_needs_a_list_with_a_body() -> None:
    """The call has changed since: that is said before anything is sent."""
    with pytest.raises(TypeError, match="body of the list must be a mapping"):
        decode_positions(listed(content=b"x"), token(positions=[{"json": {"a": 1}}]))


def test_tokens_of_many_lists_stand_side_by_side() -> None:
    """One for each, in order."""
    requests = [listed("/a"), listed("/b")]
    single = [encode_positions(request, [Position(skip=number)]) for number, request in enumerate(requests)]
    found = decode_tokens(requests, json.loads(json.dumps(encode_tokens(single))))
    assert [request.positions for request in found] == [(Position(skip=0),), (Position(skip=1),)]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (token(), r"\$ has no 'lists'"),
        ({"version": 1, "lists": 5}, r"\$\.lists must be a list, got 5"),
        ({"version": 1, "lists": [token()]}, "of other lists: it has 1 of them, and 2 are given"),
        ({"version": 1, "lists": [token(), token(url="/b")]}, r"\$\.lists\[1\] is of GET /b, this list is GET /items"),
    ],
)
def test_a_broken_token_of_many_lists_is_refused(broken: dict[str, Any], message: str) -> None:
    """The error names the list."""
    with pytest.raises(ValueError, match=message):
        decode_tokens([listed(), listed()], broken)
