"""Error statuses, in both colours: the class, the message, the body, and that it pickles."""

from __future__ import annotations

import pickle
from typing import Any

import httpx
import pytest

import trio_api
from support.colours import Colour
from support.scripted import reply
from trio_api import APIStatusError, NotFoundError, RateLimitError


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (402, "APIStatusError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (408, "RequestTimeoutError"),
        (409, "ConflictError"),
        (418, "APIStatusError"),
        (422, "UnprocessableEntityError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (503, "InternalServerError"),
        (599, "InternalServerError"),
    ],
)
def test_each_status_raises_its_class(colour: Colour, status: int, name: str) -> None:
    """And says which it was."""
    error, _ = colour.fail(APIStatusError, reply({"message": "no"}, status=status), max_retries=0)
    assert type(error) is getattr(trio_api, name)
    assert error.status_code == error.response.status_code == status
    assert str(error) == f"Error code: {status} - no"


@pytest.mark.parametrize(
    ("answer", "message", "body"),
    [
        ({"html": "<h1>Bad gateway</h1>"}, "Error code: 502", "<h1>Bad gateway</h1>"),
        ({}, "Error code: 502", None),
        ({"text": "upstream gone"}, "Error code: 502 - upstream gone", "upstream gone"),
        ({"json": {"error": {"message": "m", "code": 7}}}, "Error code: 502 - m", {"message": "m", "code": 7}),
        ({"json": {"detail": "d"}}, "Error code: 502 - d", {"detail": "d"}),
        ({"content": b"\xff\xfe"}, None, "��"),
        ({"content": b"{" * 100_000}, None, "{" * 100_000),
    ],
    ids=["html", "empty", "text", "json", "detail", "bytes", "deep"],
)
def test_the_error_says_what_the_server_said(colour: Colour, answer: Any, message: str | None, body: Any) -> None:
    """The body's own message; for HTML or an empty body just the status."""
    error, _ = colour.fail(APIStatusError, httpx.Response(502, **answer), max_retries=0)
    assert message is None or str(error) == error.message == message
    assert error.body == body


def test_the_error_has_the_facts(colour: Colour) -> None:
    """Code, request id, response, request, what the server asked to wait."""
    answer = reply({"error": {"code": 17, "param": "p", "type": "t"}}, 429, {"X-Request-ID": "r1", "Retry-After": "7"})
    error, _ = colour.fail(RateLimitError, answer, max_retries=0)
    assert (error.code, error.param, error.type) == ("17", "p", "t")
    assert (error.request_id, error.retry_after) == ("r1", 7.0)
    assert error.response.headers["x-request-id"] == "r1"
    assert error.request.url.path == "/v1/items"


def test_a_raw_call_raises_too(colour: Colour) -> None:
    """``with_raw_response`` gives responses, not errors to be checked for."""
    colour.fail(
        NotFoundError, reply(status=404), body=lambda client: client.with_raw_response.get("/x", cast_to=object)
    )
    colour.fail(NotFoundError, reply(status=404), body=lambda client: client.get("/x", cast_to=httpx.Response))


def test_a_large_error_page_is_still_that_error(colour: Colour) -> None:
    """Cut at the limit: the status says more than the size."""
    error, _ = colour.fail(
        NotFoundError, httpx.Response(404, content=b"x" * 1000), max_response_bytes=100, max_retries=0
    )
    assert error.body == "x" * 100


def test_an_error_from_a_call_pickles(colour: Colour) -> None:
    """With its attempts, without its secrets."""
    error, _ = colour.fail(
        NotFoundError,
        httpx.ReadError("reset"),
        reply({"message": "no"}, 404, {"Set-Cookie": "s=canary"}),
        body=lambda client: client.get("/items?key=canary", cast_to=object, options={"headers": {"X-Key": "canary"}}),
        custom_headers={"Authorization": "canary"},
    )
    pickled = pickle.dumps(error)
    assert b"canary" not in pickled
    again = pickle.loads(pickled)
    assert str(again) == str(error)
    assert [record.status_code for record in again.attempts] == [None, 404]
    assert str(again.attempts[0].error) == str(error.attempts[0].error)
    assert again.response.json() == {"message": "no"}
