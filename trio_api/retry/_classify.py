"""What may be tried again: the rules by status and by failure, one table each.

How often and when is the policy's; whether the body can be sent again is the body's.
"""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

import httpx

from .._errors import APIConnectionError, APIStreamTruncatedError, ResponseTooLargeError

__all__ = [
    "IDEMPOTENT_METHODS",
    "Failure",
    "FailureKind",
    "failure_is_retryable",
    "is_throttling",
    "status_is_retryable",
]

IDEMPOTENT_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods that may reach the server twice with the effect of once (RFC 9110, section 9.2.2)."""

_NEVER: Final = frozenset({400, 401, 403, 404, 422})  # the request itself is at fault: again it fares no better
_ALWAYS: Final = frozenset({429})  # refused before it was acted on, whatever the method
_WHEN_KEYED: Final = frozenset({409})  # a conflict with the same key: the first attempt is still being worked on
_WHEN_SAFE: Final = frozenset({408, 425})  # and 5xx: the request may have been acted on


class FailureKind(enum.Enum):
    """What kind of failure ended an attempt without a response."""

    NETWORK = "network"
    """The connection was not made, broke or was too slow: another attempt may succeed."""
    STALE = "stale"
    """The server had closed a kept-alive connection before it sent a byte: try at once on a fresh one."""
    FINAL = "final"
    """Another attempt would fail alike: a certificate, a URL, a protocol error of our own."""
    QUEUED = "queued"
    """No connection became free in time: nothing was tried, which says nothing of the server. Later one may be."""
    EXPIRED = "expired"
    """The time of the whole call is over."""


class Failure(NamedTuple):
    """An attempt that ended without a whole response."""

    error: APIConnectionError | APIStreamTruncatedError | ResponseTooLargeError
    """The error to raise if there is no further attempt."""
    kind: FailureKind = FailureKind.NETWORK
    """What kind of failure it was."""


def status_is_retryable(status: int, headers: httpx.Headers, *, method: str, keyed: bool) -> bool:
    """Whether a request that was answered with an error status may be sent again.

    Args:
        status: The status code.
        headers: The response's headers: ``x-should-retry`` overrides all but 400, 401, 403, 404 and 422.
        method: The request's method, in any case.
        keyed: Whether the request carries an idempotency key.
    """
    if status in _NEVER:
        return False
    told: str = headers.get("x-should-retry", "").lower()
    if told in ("true", "false"):
        return told == "true"
    if status in _ALWAYS:
        return True
    if status in _WHEN_KEYED:
        return keyed
    return (status in _WHEN_SAFE or status >= 500) and _may_arrive_twice(method, keyed)


def failure_is_retryable(failure: Failure, *, method: str, keyed: bool) -> bool:
    """Whether a request that got no whole response may be sent again.

    Args:
        failure: How the attempt ended.
        method: The request's method, in any case.
        keyed: Whether the request carries an idempotency key.
    """
    if failure.kind in (FailureKind.FINAL, FailureKind.EXPIRED):
        return False
    unsent = isinstance(failure.error, APIConnectionError) and failure.error.sent is False
    return unsent or _may_arrive_twice(method, keyed)


def is_throttling(status: int, retry_after: float | None) -> bool:
    """Whether an answer asks for patience: the server works, and has too much to do.

    429 does (RFC 6585, section 4), and 503 where it says how long (RFC 9110, section 15.6.4). The AWS SDKs tell by the
    error code in the body, under which a 503 may be either: ``SlowDown`` or a plain failure. Where there is no such
    code, the ``Retry-After`` is what tells them apart.

    Args:
        status: The status code.
        retry_after: Seconds that the answer asked to wait, or None.
    """
    return status == 429 or (status == 503 and retry_after is not None)


def _may_arrive_twice(method: str, keyed: bool) -> bool:
    return keyed or method.upper() in IDEMPOTENT_METHODS
