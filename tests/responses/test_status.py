"""From an error response to its error."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api import APIStatusError, NotFoundError
from trio_api._errors import status_error_class
from trio_api.responses import make_status_error

JSON = {"content-type": "application/json"}


def factory(message: str, *, body: object, response: httpx.Response) -> APIStatusError:
    return status_error_class(response.status_code)(message, body=body, response=response)


def error_of(body: Any, status: int = 404, **arguments: Any) -> APIStatusError:
    arguments |= {"content": body} if isinstance(body, bytes) else {"json": body}
    return make_status_error(httpx.Response(status, **arguments), factory)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "no such item"}, "no such item"),
        ({"error": {"message": "no such item"}}, "no such item"),
        ({"error": "no such item"}, "no such item"),
        ({"detail": "no such item"}, "no such item"),
        ({"error": "invalid_grant", "error_description": "no such item"}, "no such item"),
        ({"title": "no such item", "type": "about:blank"}, "no such item"),
        ({"error": {"code": 5}, "message": "no such item"}, "no such item"),
        ({"message": "", "detail": "no such item"}, "no such item"),
        ({"message": None, "error": "no such item"}, "no such item"),
        ({"error": {"message": "inner"}, "message": "outer"}, "inner"),
    ],
)
def test_the_message_is_the_bodys_own(body: Any, message: str) -> None:
    """Wherever the API puts its message, the error's begins with the status and ends with it."""
    error = error_of(body)
    assert str(error) == error.message == f"Error code: 404 - {message}"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"", JSON),
        (b"<html><body>Bad gateway</body></html>", {"content-type": "text/html"}),
        (b"  \n<!DOCTYPE html><h1>nginx</h1>", {"content-type": "application/json"}),
        (b"Bad gateway", {"content-type": "TEXT/HTML; charset=utf-8"}),
        (b"{}", JSON),
        (b"null", JSON),
        (b"   ", {"content-type": "text/plain"}),
    ],
)
def test_a_body_without_a_word_gives_the_status_alone(body: bytes, headers: dict[str, str]) -> None:
    """For HTML or an empty body the message is just the status."""
    assert str(error_of(body, 502, headers=headers)) == "Error code: 502"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"upstream is\n  away", "upstream is away"),
        (b'{"errors":["a","b"]}', '{"errors":["a","b"]}'),
        (b"[1,2]", "[1,2]"),
        (b"x" * 600, "x" * 500 + "..."),
        (b'["' + b"y" * 600 + b'"]', '["' + "y" * 498 + "..."),
        (b"{broken", "{broken"),
    ],
)
def test_a_body_without_a_message_is_shown_itself(body: bytes, shown: str) -> None:
    """Text in one line, JSON as it is, neither without end."""
    assert str(error_of(body)) == f"Error code: 404 - {shown}"


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        ({"error": {"message": "no", "code": "c"}}, {"message": "no", "code": "c"}),
        ({"error": "no"}, {"error": "no"}),
        ({"error": ["no"]}, {"error": ["no"]}),
        ({"message": "no"}, {"message": "no"}),
        ([1], [1]),
        (b"plain", "plain"),
        (b"", None),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_the_body_is_unwrapped_where_error_is_an_object(sent: Any, body: Any) -> None:
    """``body`` is the JSON, or the inside of ``{"error": {...}}``; text where it is no JSON; None where it is empty."""
    assert error_of(sent).body == body


@pytest.mark.parametrize(
    ("body", "code", "param", "kind"),
    [
        ({"code": "c", "param": "p", "type": "t"}, "c", "p", "t"),
        ({"error": {"code": 17, "param": None, "type": "t"}}, "17", None, "t"),
        ({"error": {"message": "no"}, "code": 17, "type": "t"}, "17", None, "t"),
        ({"error": {"code": "inner"}, "code": "outer"}, "inner", None, None),
        ({"error": {}, "code": {"nested": 1}}, None, None, None),
        (b"plain", None, None, None),
    ],
)
def test_the_code_comes_from_whichever_object_has_it(body: Any, code: Any, param: Any, kind: Any) -> None:
    """``code``, ``param`` and ``type`` stand inside ``error`` or beside it, and are text."""
    error = error_of(body)
    assert (error.code, error.param, error.type) == (code, param, kind)


def test_the_factory_makes_the_error() -> None:
    """The hook of the client gets the message, the unwrapped body and the response."""
    got: dict[str, Any] = {}
    response = httpx.Response(404, json={"error": {"message": "no"}})

    def mine(message: str, **arguments: Any) -> APIStatusError:
        got.update(arguments, message=message)
        return NotFoundError(message, **arguments)

    error = make_status_error(response, mine)
    assert isinstance(error, NotFoundError)
    assert got == {"message": "Error code: 404 - no", "body": {"message": "no"}, "response": response}


def test_a_message_is_cut_where_it_is_shown() -> None:
    """A server does not fill a log with one error; its body is whole."""
    error = error_of({"message": "x" * 20_000})
    assert str(error) == "Error code: 404 - " + "x" * 10_000 + "..."
    assert error.body == {"message": "x" * 20_000}


def test_a_body_that_is_nested_deeply_is_an_error_like_others() -> None:
    """It can be read, but not be written again to be shown."""
    error = error_of(b'{"a":' * 900 + b"1" + b"}" * 900)
    assert str(error) == "Error code: 404"
    assert isinstance(error.body, dict)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
KEYS = st.sampled_from(["error", "message", "code", "x"])
FLAT = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(KEYS, SCALARS, max_size=3)
JSON_VALUES = FLAT | st.lists(FLAT, max_size=3) | st.dictionaries(KEYS, FLAT, max_size=3)


@given(body=JSON_VALUES)
def test_any_json_makes_an_error(body: Any) -> None:
    """Whatever a failing server says, it does not make the client fail otherwise."""
    error = error_of(body)
    assert str(error).startswith("Error code: 404")
    assert len(str(error)) < 600 or isinstance(body, dict)


@given(body=st.binary(max_size=40))
def test_any_bytes_make_an_error(body: bytes) -> None:
    """Not even bytes that are no text at all."""
    assert str(error_of(body, headers={"content-type": "application/json; charset=rubbish"})).startswith(
        "Error code: 404"
    )
