"""The wrapper of a response, as far as both colours share it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import attrs
import httpx
import pytest

from trio_api import APIResponseValidationError, AttemptRecord, BasePage, FinalRequestOptions, ValidationProblem
from trio_api._records import Reply
from trio_api.responses import BaseAPIResponse, Decoded

REQUEST = httpx.Request("PUT", "https://user:canary@api.example.com/items?key=canary")
RECORDS = (AttemptRecord(0, status_code=503, elapsed=9.0, waited=0.5), AttemptRecord(1, status_code=201, elapsed=0.25))


@attrs.define
class Owner:
    """Stands in for the client: decodes by calling the type, and counts."""

    decoded: list[Any] = attrs.field(factory=list)
    problems: tuple[ValidationProblem, ...] = ()

    def _decode(self, response: httpx.Response, cast_to: Any) -> Decoded:
        self.decoded.append(cast_to)
        return Decoded([cast_to], self.problems)


def wrapper(
    owner: Owner | None = None,
    cast_to: Any = int,
    adopt: Callable[..., Any] = lambda value, response, target, is_default: value,
) -> BaseAPIResponse[Any]:
    response = httpx.Response(201, headers={"X-Request-ID": "r1"}, request=REQUEST)
    options = FinalRequestOptions(method="PUT", url="/items")
    return BaseAPIResponse(
        Reply(response, RECORDS, 1), owner=owner or Owner(), options=options, cast_to=cast_to, adopt=adopt
    )


def test_the_facts_of_http_are_there() -> None:
    """Status, headers, URL, method, request and response are httpx's own."""
    response = wrapper()
    assert response.status_code == 201
    assert response.headers["x-request-id"] == response.request_id == "r1"
    assert response.url == REQUEST.url
    assert response.method == "PUT"
    assert response.http_request is REQUEST
    assert response.http_response.request is REQUEST


def test_what_the_call_took_is_there() -> None:
    """The attempts, the number of retries, and the seconds of the last attempt."""
    response = wrapper()
    assert response.attempts == RECORDS
    assert response.retries_taken == 1
    assert response.elapsed == 0.25


def test_the_repr_shows_no_secret() -> None:
    """Neither userinfo nor query stands in it."""
    assert repr(wrapper()) == "<BaseAPIResponse [201] PUT https://api.example.com/items>"


def test_the_body_is_parsed_once_per_type() -> None:
    """Asking again gives the very same value; another type is parsed for itself."""
    owner = Owner()
    response = wrapper(owner)
    assert response._parse() is response._parse()
    assert response._parse(int) is response._parse()
    assert response._parse(str) is response._parse(str)
    assert owner.decoded == [int, str]


def test_a_page_is_built_again_only_once_it_is_gone() -> None:
    """A page has its response, so the response doesn't keep the page: whoever has it gets the very same one."""
    built: list[BasePage[int]] = []

    def adopt(value: Any, response: BaseAPIResponse[Any], target: Any, is_default: bool) -> BasePage[int]:
        built.append(BasePage())
        return built[-1]

    response = wrapper(adopt=adopt)
    assert response._parse() is response._parse() is built[0]
    built.clear()
    response._parse()
    assert len(built) == 1


def test_a_type_that_cant_be_hashed_is_parsed_each_time() -> None:
    """Unhashable metadata of an Annotated type is no error."""
    owner = Owner()
    response = wrapper(owner, Annotated[int, ["unhashable"]])
    assert response._parse() == response._parse()
    assert len(owner.decoded) == 2


def test_problems_are_known_once_parsed() -> None:
    """Before that there are none; each is listed once, however many types are tried."""
    problem, other = ValidationProblem("$.a", "int", "str"), ValidationProblem("$.b", "int", "str")
    owner = Owner(problems=(problem,))
    response = wrapper(owner)
    assert response.problems == ()
    response._parse()
    owner.problems = (problem, other)
    response._parse(str)
    assert response.problems == (problem, other)


def test_the_client_adopts_what_was_built() -> None:
    """It is told which type was built, and whether that is the call's own: only then does a post_parser apply."""
    told: list[tuple[Any, Any, bool]] = []

    def adopt(value: Any, response: BaseAPIResponse[Any], target: Any, is_default: bool) -> str:
        told.append((value, target, is_default))
        return "adopted"

    response = wrapper(adopt=adopt)
    assert response._parse() == response._parse(str) == "adopted"
    assert told == [([int], int, True), ([str], str, False)]


def test_a_failed_parse_tells_of_the_attempts() -> None:
    """Its error is an error of the call, with all that it took."""

    class Failing(Owner):
        def _decode(self, response: httpx.Response, cast_to: Any) -> Decoded:
            raise APIResponseValidationError("no", response=response)

    with pytest.raises(APIResponseValidationError) as caught:
        wrapper(Failing())._parse()
    assert caught.value.attempts == RECORDS


def test_a_failed_parse_is_not_remembered() -> None:
    """The next call tries again and fails alike."""

    class Failing(Owner):
        def _decode(self, response: httpx.Response, cast_to: Any) -> Decoded:
            self.decoded.append(cast_to)
            raise ValueError("no")

    owner = Failing()
    response = wrapper(owner)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            response._parse()
    assert len(owner.decoded) == 2
