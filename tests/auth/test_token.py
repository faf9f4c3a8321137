"""A token is a value that does not show itself."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import pytest

from trio_api import Token
from trio_api.auth import as_token


def test_a_token_never_shows() -> None:
    """Neither in a repr or text nor in a pickle; a copy is the token itself."""
    token = Token("c4nary", expires_in=3)
    assert "c4nary" not in f"{token!r} {token!s} {[token]}"
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(token)
    assert copy.copy(token) is token
    assert copy.deepcopy([token]) == [token]


@pytest.mark.parametrize("value", ["", "c4nary\r\n", "c4 nary", "c4näry", "c4nary\x00", " c4nary"])
def test_a_token_that_cannot_be_sent_is_refused(value: str) -> None:
    """What would end the header or is no ASCII, without being shown."""
    with pytest.raises(ValueError, match="visible ASCII") as caught:
        Token(value)
    assert "c4n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": b"t"},
        {"value": None},
        {"expires_in": "60"},
        {"expires_in": True},
        {"expires_in": math.nan},
        {"expires_at": math.inf},
        {"expires_at": []},
        {"expires_in": 1, "expires_at": 1},
    ],
)
def test_wrong_fields_are_named(wrong: dict[str, Any]) -> None:
    """By their names."""
    with pytest.raises((TypeError, ValueError), match=next(iter(wrong)) if "value" not in wrong else "token"):
        Token(**{"value": "t", **wrong})


@pytest.mark.parametrize(
    ("token", "left"),
    [
        (Token("t"), math.inf),
        (Token("t", expires_in=60), 50.0),
        (Token("t", expires_in=5), -5.0),
        (Token("t", expires_at=1030), 30.0),
        (Token("t", expires_at=900), -100.0),
    ],
)
def test_what_is_left_of_a_token(token: Token, left: float) -> None:
    """Ten seconds after it was asked for, at 1000 seconds since the epoch."""
    assert token.seconds_left(since=10, wall=1000) == left


def test_what_a_provider_may_give() -> None:
    """Text or a token; anything else is an error that does not show it."""
    token = Token("t")
    assert as_token(token) is token
    assert as_token("t") == token
    for wrong in (None, b"c4nary", ("c4nary", 60), {"access_token": "c4nary"}):
        with pytest.raises(TypeError, match="provider") as caught:
            as_token(wrong)
        assert "c4nary" not in str(caught.value)
