"""What a user imports: the names of the contract, each with its docstring and its place in the reference."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import trio_api

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"

SHAPES = ["Page", "CursorPage", "TokenPage", "PageNumberPage", "OffsetPage", "LinkPage", "NextURLPage"]
CONTRACT = f"""
BaseClient AsyncAPIClient SyncAPIClient
DefaultAsyncHttpxClient DefaultHttpxClient DefaultTrioHttpxClient
PageInfo BasePage BaseAsyncPage BaseSyncPage AsyncPaginator SyncPaginator fan_out
{" ".join(f"Async{shape} Sync{shape}" for shape in SHAPES)}
RequestOptions FinalRequestOptions make_request_options Timeout Limits URL NotGiven not_given Omit omit
Querystring path_template
APIResponse AsyncAPIResponse
Stream AsyncStream StreamDialect ServerSentEvent SSEDecoder JSONLDecoder
RetryPolicy RetryBudget CoolDown QuotaHeaders RateLimit RateLimitStore RateClaim RedisRateLimitStore
Revalidation AttemptRecord ClientStatistics OriginStatistics
PollPolicy AsyncOperation SyncOperation
wire Extras MISSING ValidationProblem
TrioAPIError ClientStateError CrossOriginError PaginationLoopError
APIError APIConnectionError APITimeoutError APIThrottledError APIResponseValidationError ResponseTooLargeError
APIStreamError APIStreamDecodeError APIStreamTruncatedError
OperationError OperationFailedError OperationTimeoutError
APIStatusError BadRequestError AuthenticationError PermissionDeniedError NotFoundError RequestTimeoutError
ConflictError UnprocessableEntityError RateLimitError InternalServerError
DEFAULT_MAX_RETRIES DEFAULT_TIMEOUT DEFAULT_CONNECTION_LIMITS INITIAL_RETRY_DELAY MAX_RETRY_DELAY MAX_RETRY_AFTER_DELAY
""".split()
PUBLIC = sorted(
    name
    for name, value in vars(trio_api).items()
    if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
)
OF_THIS_PACKAGE = [name for name in PUBLIC if getattr(vars(trio_api)[name], "__module__", "").startswith("trio_api")]


@pytest.mark.parametrize("name", CONTRACT)
def test_a_name_of_the_contract_imports_from_the_package(name: str) -> None:
    """Programs are written against these names."""
    assert name in PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_stands_in_the_reference(name: str) -> None:
    """``docs/reference`` has a directive for it, exactly one."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in REFERENCE.glob("*.rst"))
    assert len(re.findall(rf"^\.\. \w+:: {name}(\(\))?$", pages, re.MULTILINE)) == 1


def test_the_reference_has_no_name_that_is_gone() -> None:
    """Whatever ``docs/reference`` documents can be imported."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in REFERENCE.glob("*.rst"))
    documented = re.findall(r"^\.\. (?:auto)?(?:class|exception|function|data):: (\w+)(?:\(\))?$", pages, re.MULTILINE)
    assert sorted(set(documented) - set(PUBLIC)) == []


@pytest.mark.parametrize("name", OF_THIS_PACKAGE)
def test_a_public_name_has_a_docstring(name: str) -> None:
    """Classes, functions, and the public methods and properties that they define say what they are."""
    value = vars(trio_api)[name]
    missing = [] if inspect.getdoc(value) else [name]
    if inspect.isclass(value):
        missing += [
            f"{name}.{member}"
            for member, attribute in vars(value).items()
            if not member.startswith("_")
            and (inspect.isroutine(attribute) or isinstance(attribute, (property, classmethod, staticmethod)))
            and not inspect.getdoc(getattr(value, member))
        ]
    assert missing == []
