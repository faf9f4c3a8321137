"""The error tree: its shape, what an error carries, and that all of it pickles."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import httpx
import pytest

from trio_api import _errors
from trio_api._errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APIStreamError,
    APITimeoutError,
    BadRequestError,
    ClientStateError,
    InternalServerError,
    NotFoundError,
    OperationError,
    RateLimitError,
    ResponseTooLargeError,
    TrioAPIError,
    status_error_class,
)
from trio_api._records import AttemptRecord, ValidationProblem

PARENTS = {
    "TrioAPIError": "Exception",
    "ClientStateError": "TrioAPIError",
    "CrossOriginError": "TrioAPIError",
    "PaginationLoopError": "TrioAPIError",
    "APIError": "TrioAPIError",
    "APIConnectionError": "APIError",
    "APITimeoutError": "APIConnectionError",
    "APIThrottledError": "APIConnectionError",
    "APIResponseValidationError": "APIError",
    "ResponseTooLargeError": "APIResponseValidationError",
    "APIStreamError": "APIError",
    "APIStreamDecodeError": "APIStreamError",
    "APIStreamTruncatedError": "APIStreamError",
    "TokenError": "APIError",
    "OperationError": "APIError",
    "OperationFailedError": "OperationError",
    "OperationTimeoutError": "OperationError",
    "APIStatusError": "APIError",
    "BadRequestError": "APIStatusError",
    "AuthenticationError": "APIStatusError",
    "PermissionDeniedError": "APIStatusError",
    "NotFoundError": "APIStatusError",
    "RequestTimeoutError": "APIStatusError",
    "ConflictError": "APIStatusError",
    "UnprocessableEntityError": "APIStatusError",
    "RateLimitError": "APIStatusError",
    "InternalServerError": "APIStatusError",
}
CLASSES = [getattr(_errors, name) for name in PARENTS]
REQUEST = httpx.Request(
    "POST",
    "https://user:canary@api.example.com/v1/items?key=canary",
    headers={"Authorization": "Bearer canary", "X-Secret": "canary", "Accept": "application/json"},
    json={"password": "canary"},
)


def response(status: int = 404, body: Any = None) -> httpx.Response:
    return httpx.Response(
        status,
        json={"a": 1} if body is None else body,
        headers={"Set-Cookie": "session=canary", "X-Request-ID": "req_1"},
        request=REQUEST,
    )


def make(cls: type[TrioAPIError]) -> TrioAPIError:
    """An error of the class, with everything in it that its constructor takes."""
    arguments: dict[str, Any] = {}
    if issubclass(cls, APIConnectionError):
        arguments = {"sent": True, "request": REQUEST}
    elif issubclass(cls, APIResponseValidationError):
        arguments = {"response": response(200), "problems": [ValidationProblem("$.a", "str", "int")], "body": {"a": 1}}
    elif issubclass(cls, APIStatusError):
        arguments = {"response": response(), "body": {"code": "no_such_item", "param": "id", "type": "lookup"}}
    elif issubclass(cls, OperationError):
        token = {"version": 1, "url": "/jobs/1?signature=canary", "polls": 2}
        arguments = {"request": REQUEST, "value": {"status": "running"}, "token": token, "retry_after": 3.0}
    elif issubclass(cls, APIError):
        arguments = {"request": REQUEST, "body": {"code": 7}, "retry_after": 3.0}
    return cls("it failed", **arguments)


def test_the_tree_is_the_documented_one() -> None:
    """Every error stands where the contract draws it, and there is no other."""
    found = {name: value for name, value in vars(_errors).items() if inspect.isclass(value) and name in PARENTS}
    assert {name: cls.__bases__[0].__name__ for name, cls in found.items()} == PARENTS
    others = [
        name
        for name, value in vars(_errors).items()
        if inspect.isclass(value) and issubclass(value, BaseException) and name not in PARENTS
    ]
    assert others == []


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (408, "RequestTimeoutError"),
        (409, "ConflictError"),
        (422, "UnprocessableEntityError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (503, "InternalServerError"),
        (599, "InternalServerError"),
        (402, "APIStatusError"),
        (418, "APIStatusError"),
        (451, "APIStatusError"),
    ],
)
def test_each_status_has_its_class(status: int, name: str) -> None:
    """A status with a class of its own raises that, 500 and above one class, any other the base."""
    assert status_error_class(status).__name__ == name


def test_an_error_carries_what_the_body_says() -> None:
    """``code``, ``param`` and ``type`` come from the body, as text."""
    error = APIError("no", body={"code": 42, "param": "name", "type": "invalid"})
    assert (error.message, str(error)) == ("no", "no")
    assert (error.code, error.param, error.type) == ("42", "name", "invalid")


@pytest.mark.parametrize("body", [None, "text", ["list"], {"code": None}, {"code": {"nested": 1}}, {"code": [1]}])
def test_an_odd_body_gives_no_code(body: object) -> None:
    """A body that is no object, or whose code is no scalar, is no reason to fail while failing."""
    assert APIError("no", body=body).code is None


def test_an_error_is_bare_by_default() -> None:
    """What is not known is None or empty."""
    error = APIError("no")
    assert (error.request, error.body, error.attempts, error.retry_after) == (None, None, (), None)


def test_a_connection_error_says_whether_the_request_was_sent() -> None:
    """``sent`` is False, True, or None where that is not known."""
    assert APIConnectionError().sent is None
    assert APIConnectionError("refused", sent=False).sent is False
    assert str(APIConnectionError()) == "Connection error."


def test_a_status_error_names_its_response() -> None:
    """The response, its status, its request id and its request are on the error."""
    reply = response(404)
    error = NotFoundError("no", response=reply)
    assert error.response is reply
    assert (error.status_code, error.request_id) == (404, "req_1")
    assert error.request is REQUEST


@pytest.mark.parametrize("cls", [APIStatusError, APIResponseValidationError])
def test_a_response_made_by_hand_has_no_request(cls: Any) -> None:
    """Tests of an SDK make responses without a request; the error is made all the same."""
    assert cls("no", response=httpx.Response(404)).request is None


def test_a_validation_error_shows_its_first_problems() -> None:
    """The message has the first five problems and counts the others; all are on the error."""
    problems = [ValidationProblem(f"$[{index}]", "int", "str") for index in range(7)]
    error = APIResponseValidationError(response=response(200), problems=problems)
    assert str(error) == (
        "The response does not fit its model: $[0]: expected int, got str; $[1]: expected int, got str; "
        "$[2]: expected int, got str; $[3]: expected int, got str; $[4]: expected int, got str; and 2 more"
    )
    assert error.problems == tuple(problems)
    assert error.status_code == 200
    assert str(APIResponseValidationError(response=response(200), problems=problems[:1])) == (
        "The response does not fit its model: $[0]: expected int, got str"
    )


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_pickles(cls: type[TrioAPIError]) -> None:
    """An error comes out of another process as it went in: class, message and every plain attribute."""
    error = make(cls)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is cls
    assert again.args == error.args
    for name, value in vars(error).items():
        if name not in {"request", "response", "token"}:
            assert getattr(again, name) == value, name


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if issubclass(cls, APIError)])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_error_holds_no_secret(cls: type[APIError], protocol: int) -> None:
    """What is stored or sent to another process has no credential, cookie, query value or request body in it."""
    pickled = pickle.dumps(make(cls), protocol)
    assert b"canary" not in pickled
    again = pickle.loads(pickled)
    assert again.request.method == "POST"
    assert str(again.request.url) == "https://api.example.com/v1/items"
    assert again.request.headers["accept"] == "application/json"


def test_an_error_without_a_request_pickles() -> None:
    """One that an SDK raises by itself has none."""
    again = pickle.loads(pickle.dumps(APIError("no", body={"code": 1})))
    assert (str(again), again.code, again.request) == ("no", "1", None)


def test_a_pickled_status_error_keeps_status_and_body() -> None:
    """The redacted response still says what the server said."""
    again = pickle.loads(pickle.dumps(RateLimitError("slow", response=response(429, {"message": "slow"}))))
    assert again.response.status_code == 429
    assert again.response.json() == {"message": "slow"}
    assert again.response.request.method == "POST"


def test_an_error_whose_attempts_name_it_pickles() -> None:
    """The last record of a call's attempts holds the very error: the circle survives pickling."""
    error = APITimeoutError("slow", request=REQUEST)
    error.attempts = (
        AttemptRecord(0, error=BadRequestError("bad", response=response(400))),
        AttemptRecord(1, error=error),
    )
    again = pickle.loads(pickle.dumps(error))
    assert again.attempts[1].error is again
    assert str(again.attempts[0].error) == "bad"


class Teapot(APIStatusError):
    """An SDK's own error, with a constructor of its own."""

    def __init__(self, pot: str, *, response: httpx.Response) -> None:
        super().__init__(f"the {pot} is a teapot", response=response)
        self.pot = pot


def test_an_sdks_own_error_pickles() -> None:
    """A subclass with another constructor pickles too: it is not called again."""
    again = pickle.loads(pickle.dumps(Teapot("blue one", response=response(418))))
    assert isinstance(again, Teapot)
    assert (str(again), again.pot, again.status_code) == ("the blue one is a teapot", "blue one", 418)


def test_one_root_catches_all() -> None:
    """``except TrioAPIError`` is enough."""
    for cls in (ClientStateError, APIStreamError, InternalServerError, ResponseTooLargeError):
        with pytest.raises(TrioAPIError):
            raise make(cls)
