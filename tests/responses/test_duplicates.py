"""Responses and exceptions once more: all that they say, and nothing that one of two could change for the other."""

from __future__ import annotations

import datetime
from typing import Any

import attrs
import httpx
import pytest

from trio_api import APIConnectionError, APIError, AttemptRecord, ClientStateError, NotFoundError
from trio_api.responses import duplicate_error, duplicate_response

REQUEST = httpx.Request("GET", "https://api.example.com/items?a=1", headers={"Authorization": "Bearer s"})


def response(status: int = 200, **how: Any) -> httpx.Response:
    made = httpx.Response(status, json={"code": "e1"}, request=REQUEST, headers={"X-Request-Id": "r"}, **how)
    made.elapsed = datetime.timedelta(seconds=2)
    return made


# -- responses -----------------------------------------------------------------------------------------------


def test_a_response_says_the_same() -> None:
    """Status, headers, body, request, time, and how its text is decoded."""
    made = response(extensions={"http_version": b"HTTP/2"}, default_encoding="latin-1")
    twin = duplicate_response(made)
    for name in ("status_code", "content", "text", "elapsed", "http_version", "default_encoding", "headers"):
        assert getattr(twin, name) == getattr(made, name)
    assert (twin.request.method, twin.request.url, twin.request.headers) == ("GET", REQUEST.url, REQUEST.headers)


def test_responses_share_nothing_that_changes() -> None:
    """Headers and extensions, of the request too."""
    made = response()
    twin = duplicate_response(made)
    twin.headers["X"] = twin.request.headers["X"] = "changed"
    twin.extensions["x"] = twin.request.extensions["x"] = 1
    assert "X" not in made.headers
    assert "X" not in REQUEST.headers
    assert not {"x"} & (made.extensions.keys() | REQUEST.extensions.keys())


def test_a_decoded_body_is_not_decoded_again() -> None:
    """The headers may still name a coding that was undone."""
    made = response()
    made.headers["Content-Encoding"] = "gzip"
    assert duplicate_response(made).json() == {"code": "e1"}


def test_a_response_made_by_hand_has_less_to_say() -> None:
    """No request, and no time that it took."""
    twin = duplicate_response(httpx.Response(204))
    assert twin.status_code == 204
    for name in ("request", "elapsed"):
        with pytest.raises(RuntimeError):
            getattr(twin, name)


# -- exceptions of this library ------------------------------------------------------------------------------


def failed() -> NotFoundError:
    """An error as a call raises it: with its attempts, the last of which names it."""
    error = NotFoundError("gone", response=response(404), body={"code": "e1", "list": [1]})
    error.attempts = (AttemptRecord(0, error=ValueError()), AttemptRecord(1, 404, error=error))
    error.retry_after = 3.0
    error.add_note("a note")
    try:
        raise error from KeyError("cause")
    except NotFoundError:
        return error


def test_an_error_says_the_same() -> None:
    """Class, text, attributes, notes, cause and traceback; the request with what a pickle would not have."""
    error = failed()
    twin = duplicate_error(error)
    assert isinstance(twin, NotFoundError)
    for name in ("args", "message", "body", "code", "retry_after", "status_code", "request_id", "__notes__"):
        assert getattr(twin, name) == getattr(error, name)
    assert (twin.__cause__, twin.__suppress_context__) == (error.__cause__, True)
    assert twin.__traceback__ is error.__traceback__
    assert twin.request is not None
    assert twin.request.headers["Authorization"] == twin.response.request.headers["Authorization"] == "Bearer s"


def test_errors_share_nothing_that_changes() -> None:
    """Body, headers, notes; and the attempt that names the error names its own."""
    error = failed()
    twin = duplicate_error(error)
    assert isinstance(twin, NotFoundError)
    assert twin is not error
    assert [record.error for record in twin.attempts] == [error.attempts[0].error, twin]
    twin.add_note("more")
    twin.body["list"].append(2)  # type: ignore[index]
    twin.response.headers["X"] = "changed"
    assert error.__notes__ == ["a note"]
    assert error.body == {"code": "e1", "list": [1]}
    assert "X" not in error.response.headers


@pytest.mark.parametrize("request_of", [None, REQUEST])
def test_an_error_without_a_response_says_the_same(request_of: httpx.Request | None) -> None:
    """No response came."""
    error = APIConnectionError("down", sent=True, request=request_of)
    twin = duplicate_error(error)
    assert isinstance(twin, APIConnectionError)
    assert (str(twin), twin.sent, twin.request is None) == ("down", True, request_of is None)


def test_a_subclass_with_a_constructor_of_its_own_is_no_matter() -> None:
    """Its constructor is not run again."""

    class Odd(APIError):
        def __init__(self) -> None:
            super().__init__("odd")
            self.extra = 7

    twin = duplicate_error(Odd())
    assert isinstance(twin, Odd)
    assert (str(twin), twin.extra) == ("odd", 7)


# -- exceptions of others ------------------------------------------------------------------------------------


class Keyword(Exception):
    """Can't be made of its arguments alone."""

    def __init__(self, text: str, *, size: int) -> None:
        super().__init__(text)
        self.size = size


class Single(Exception):
    """There is only one of it, and whoever makes another gets something else."""

    def __new__(cls, *args: Any) -> Any:
        return super().__new__(cls) if args == ("first",) else ValueError()

    def __init__(self, *args: Any) -> None:
        super().__init__("second")


@attrs.define
class Slotted(Exception):
    size: int


@pytest.mark.parametrize(
    "error",
    [
        ClientStateError("closed"),
        KeyError("k"),
        OSError(2, "no such file", "name"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        ExceptionGroup("several", [ValueError("a")]),
        Keyword("short", size=3),
        Slotted(4),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_applications_own_says_the_same(error: Exception) -> None:
    """Whatever its class keeps, and wherever."""
    twin = duplicate_error(error)
    assert twin is not error
    assert type(twin) is type(error)
    assert (str(twin), repr(twin), twin.args) == (str(error), repr(error), error.args)
    for name in ("errno", "filename", "start", "exceptions", "size"):
        assert getattr(twin, name, None) == getattr(error, name, None)


def test_what_cannot_be_made_again_is_shared() -> None:
    """Rather than lost."""
    error = Single("first")
    assert duplicate_error(error) is error
