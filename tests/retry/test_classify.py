"""What may be tried again, by status and by failure."""

from __future__ import annotations

import httpx
import pytest

from trio_api._errors import APIConnectionError
from trio_api.retry import (
    IDEMPOTENT_METHODS,
    Failure,
    FailureKind,
    failure_is_retryable,
    is_throttling,
    status_is_retryable,
)

NEVER = (400, 401, 403, 404, 422)
WHEN_SAFE = (408, 425, 500, 501, 502, 503, 504, 507, 529, 599)
UNSAFE_METHODS = ("POST", "PATCH", "CONNECT", "PURGE")


def by_status(status: int, method: str, *, keyed: bool = False, should_retry: str | None = None) -> bool:
    headers = httpx.Headers() if should_retry is None else httpx.Headers({"X-Should-Retry": should_retry})
    return status_is_retryable(status, headers, method=method, keyed=keyed)


def by_failure(kind: FailureKind, method: str, *, sent: bool | None, keyed: bool = False) -> bool:
    return failure_is_retryable(Failure(APIConnectionError(sent=sent), kind), method=method, keyed=keyed)


def test_the_idempotent_methods() -> None:
    """Idempotent are the methods that RFC 9110 calls so, and no other."""
    assert sorted(IDEMPOTENT_METHODS) == ["DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"]


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_429_is_always_retried(method: str, keyed: bool) -> None:
    """A request that was refused before it was acted on is sent again, whatever it is."""
    assert by_status(429, method, keyed=keyed)


@pytest.mark.parametrize("status", WHEN_SAFE)
@pytest.mark.parametrize("method", [*sorted(IDEMPOTENT_METHODS), "get", "Put"])
def test_server_errors_are_retried_for_idempotent_methods(status: int, method: str) -> None:
    """408, 425 and 5xx are tried again where twice has the effect of once."""
    assert by_status(status, method)


@pytest.mark.parametrize("status", WHEN_SAFE)
@pytest.mark.parametrize("method", UNSAFE_METHODS)
def test_server_errors_are_retried_for_others_only_with_a_key(status: int, method: str) -> None:
    """408, 425 and 5xx may have been acted on: a POST is tried again only where a key makes that harmless."""
    assert not by_status(status, method)
    assert by_status(status, method, keyed=True)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_409_is_retried_only_with_a_key(method: str) -> None:
    """A conflict is tried again only where it may be with an earlier attempt of the same key."""
    assert not by_status(409, method)
    assert by_status(409, method, keyed=True)


@pytest.mark.parametrize("should_retry", [None, "true", "false"])
@pytest.mark.parametrize("status", NEVER)
def test_the_requests_own_fault_is_never_retried(status: int, should_retry: str | None) -> None:
    """400, 401, 403, 404 and 422 are final, even where the server says otherwise."""
    assert not by_status(status, "GET", keyed=True, should_retry=should_retry)


@pytest.mark.parametrize("status", [402, 405, 410, 413, 418, 451, 499])
def test_other_client_errors_are_not_retried(status: int) -> None:
    """A status below 500 that no rule names is final, unless the server says otherwise."""
    assert not by_status(status, "GET", keyed=True)
    assert by_status(status, "GET", should_retry="true")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_x_should_retry_overrides_the_rules(status: int) -> None:
    """``x-should-retry`` wins over method and status in both directions."""
    assert by_status(status, "POST", should_retry="true")
    assert not by_status(status, "GET", keyed=True, should_retry="false")


@pytest.mark.parametrize("text", ["", "yes", "1", "maybe"])
def test_another_x_should_retry_says_nothing(text: str) -> None:
    """Only true and false count; with any other text the rules decide."""
    assert by_status(503, "GET", should_retry=text)
    assert not by_status(503, "POST", should_retry=text)


@pytest.mark.parametrize(("text", "retried"), [("TRUE", True), ("False", False)])
def test_x_should_retry_in_any_case(text: str, retried: bool) -> None:
    """The case of true and false does not matter."""
    assert by_status(500, "GET", should_retry=text) is retried


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_what_was_not_sent_is_retried(method: str) -> None:
    """Where nothing reached the wire every method is tried again."""
    assert by_failure(FailureKind.NETWORK, method, sent=False)


@pytest.mark.parametrize("kind", [FailureKind.NETWORK, FailureKind.STALE])
@pytest.mark.parametrize("sent", [True, None])
def test_what_may_have_been_sent_is_retried_where_that_is_harmless(kind: FailureKind, sent: bool | None) -> None:
    """Where the server may have acted, idempotent methods are tried again and the others only with a key."""
    assert all(by_failure(kind, method, sent=sent) for method in IDEMPOTENT_METHODS)
    assert not any(by_failure(kind, method, sent=sent) for method in UNSAFE_METHODS)
    assert all(by_failure(kind, method, sent=sent, keyed=True) for method in UNSAFE_METHODS)


@pytest.mark.parametrize("kind", [FailureKind.FINAL, FailureKind.EXPIRED])
@pytest.mark.parametrize("sent", [True, False, None])
def test_final_failures_are_not_retried(kind: FailureKind, sent: bool | None) -> None:
    """A certificate failure, a bad URL and the end of the call's time are final, sent or not."""
    assert not by_failure(kind, "GET", sent=sent, keyed=True)


@pytest.mark.parametrize(
    ("status", "retry_after", "throttling"),
    [(429, None, True), (429, 3.0, True), (503, 3.0, True), (503, None, False), (502, 3.0, False), (500, None, False)],
)
def test_what_asks_for_patience(status: int, retry_after: float | None, throttling: bool) -> None:
    """429 does, and 503 where it says how long to wait; other errors are failures, whatever they say."""
    assert is_throttling(status, retry_after) is throttling
