"""What a call may override, and the call as a whole."""

from __future__ import annotations

import enum
import math
from typing import Any

import attrs
import httpx
import pytest

from trio_api._types import not_given, omit
from trio_api.request import FinalRequestOptions, RequestOptions, check_timeout, make_request_options


def test_options_left_out_are_inherited() -> None:
    """Nothing is overridden unless it is said."""
    options = RequestOptions()
    assert (options.headers, options.params, options.extra_json) == ({}, {}, None)
    assert options.timeout is options.total_timeout is options.max_retries is not_given
    assert options.idempotency_key is options.follow_redirects is options.post_parser is None


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("headers", [("a", "b")], TypeError, "headers must be a mapping, got list"),
        ("headers", {1: "b"}, TypeError, "headers must have str keys, got 1"),
        ("params", "a=1", TypeError, "params must be a mapping, got str"),
        ("params", {b"a": 1}, TypeError, "params must have str keys"),
        ("extra_json", [1], TypeError, "extra_json must be a mapping, got list"),
        ("extra_json", {1: 1}, TypeError, "extra_json must have str keys"),
        ("timeout", "5", TypeError, "timeout must be seconds"),
        ("timeout", True, TypeError, "timeout must be seconds"),
        ("timeout", -1, ValueError, "timeout must be"),
        ("timeout", math.nan, ValueError, "timeout must be"),
        ("total_timeout", "5", TypeError, "total_timeout must be"),
        ("total_timeout", -1, ValueError, "total_timeout must be"),
        ("max_retries", None, TypeError, "max_retries must be an int"),
        ("max_retries", 1.0, TypeError, "max_retries must be an int"),
        ("max_retries", True, TypeError, "max_retries must be an int"),
        ("max_retries", -1, ValueError, "max_retries must not be negative"),
        ("idempotency_key", 5, TypeError, "idempotency_key must be a str"),
        ("follow_redirects", 1, TypeError, "follow_redirects must be a bool"),
        ("post_parser", "str", TypeError, "post_parser must be a function"),
    ],
)
def test_an_option_that_can_not_be_is_refused(name: str, value: Any, error: type[Exception], message: str) -> None:
    """The error names it as soon as the options are made."""
    with pytest.raises(error, match=message):
        RequestOptions(**{name: value})


@pytest.mark.parametrize("timeout", [None, 5, 0.5, httpx.Timeout(5)])
def test_a_timeout_is_seconds_or_none_or_httpxs_own(timeout: Any) -> None:
    """None is a timeout of its own: none."""
    assert check_timeout(timeout) == timeout
    assert RequestOptions(timeout=timeout, total_timeout=None).timeout == timeout


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("method", b"GET", "method must be a str, got bytes"), ("url", httpx.URL("/x"), "url must be a str, got URL")],
)
def test_method_and_url_are_text(name: str, value: Any, message: str) -> None:
    """Anything else is a TypeError that names it."""
    arguments: dict[str, Any] = {"method": "GET", "url": "/x", name: value}
    with pytest.raises(TypeError, match=message):
        FinalRequestOptions(**arguments)


@pytest.mark.parametrize("other", [{"json_data": None}, {"json_data": {}}, {"files": {}}])
def test_content_stands_alone(other: dict[str, Any]) -> None:
    """Beside a JSON body or files it is a TypeError that shows the right forms."""
    with pytest.raises(TypeError, match=r"content and (body|files) exclude each other"):
        FinalRequestOptions(method="POST", url="/x", content=b"", **other)


def test_options_are_values() -> None:
    """They can be shared between calls, and evolved."""
    options = RequestOptions(max_retries=1)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        options.max_retries = 2  # type: ignore[misc]  # that is the point
    assert attrs.evolve(options, max_retries=2).max_retries == 2


def test_the_repr_names_what_is_set_and_shows_no_secret() -> None:
    """Header and query values, bodies, keys and userinfo are hidden."""
    options = FinalRequestOptions(
        method="POST",
        url="https://user:canary@h/x?q=canary",
        headers={"X-Key": "canary", "Accept": "text/html"},
        params={"token": "canary"},
        extra_json={"a": "canary"},
        json_data={"b": "canary"},
        idempotency_key="canary",
        timeout=5,
        max_retries=0,
        post_parser=len,
    )
    shown = repr(options)
    assert "canary" not in shown
    for part in ("POST", "https://h/x", "X-Key", "text/html", "token", "'a'", "json_data=...", "idempotency_key=..."):
        assert part in shown
    assert repr(RequestOptions()) == "RequestOptions()"
    assert repr(RequestOptions(timeout=5, max_retries=0)) == "RequestOptions(timeout=5, max_retries=0)"
    assert repr(RequestOptions(priority=-1)) == "RequestOptions(priority=-1)"


def test_options_of_a_resource_method() -> None:
    """`make_request_options` takes what a method gives and what its caller adds; the caller wins."""
    options = make_request_options(
        query={"a": 1, "b": 1},
        extra_headers={"X": omit},
        extra_query={"b": 2},
        extra_body={"c": 3},
        timeout=None,
        total_timeout=9,
        max_retries=1,
        idempotency_key="k",
        follow_redirects=False,
        post_parser=str,
    )
    assert options == RequestOptions(
        headers={"X": omit},
        params={"a": 1, "b": 2},
        extra_json={"c": 3},
        timeout=None,
        total_timeout=9,
        max_retries=1,
        idempotency_key="k",
        follow_redirects=False,
        post_parser=str,
    )
    assert make_request_options() == RequestOptions()


def test_a_priority_may_have_a_name() -> None:
    """A member of an `enum.IntEnum` is an int."""

    class Priority(enum.IntEnum):
        URGENT = 10

    assert RequestOptions(priority=Priority.URGENT).priority == 10
