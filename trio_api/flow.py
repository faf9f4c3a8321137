"""The protocol of one call, sans-IO: send, follow, wait, send again, or give up.

A call is a generator. It yields an `Attempt` (what to send, and when) and is sent the `Outcome` (what came of
it); it returns the `Reply`, or raises the error of the call. Failures come in as values, so that cancellation and
the application's own exceptions never pass through here. The drivers of both colours (`trio_api.client`) do the
waiting and sending; everything that decides stands here, in `trio_api.retry`, `trio_api.resilience` and
`trio_api.request`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from typing import Final, NamedTuple, TypeAlias

import attrs
import httpx

from ._errors import APIConnectionError, APIError, APITimeoutError
from ._logging import log_exchange, log_pause, log_refusal, log_retry
from ._records import AttemptRecord, Reply
from ._redact import redacted_request
from .request import LazyRequest, Origin, Origins, RedirectProblem, origin_of, redirect_request
from .resilience import Load, OriginBook, OriginBooks, Refusal, Seen, load_of_status
from .responses import duplicate_response, header_of, raw_headers_of
from .retry import (
    IDEMPOTENT_METHODS,
    Failure,
    FailureKind,
    RetryPolicy,
    failure_is_retryable,
    is_throttling,
    parse_retry_after,
    status_is_retryable,
)

__all__ = ["FIRST_ATTEMPT", "Attempt", "CallFlow", "CallRules", "Outcome", "call_flow", "take_note"]


class Attempt(NamedTuple):
    """Send once, *after* seconds from now: the call's request built anew, or the *redirect* as it stands."""

    retries_taken: int = 0
    after: float = 0.0
    redirect: httpx.Request | None = None
    is_fresh: bool = False
    """Whether a connection that is open already won't do: the last one was dead."""
    cost: int = 0
    """What the last retry cost the budget, in tokens."""
    in_order: bool = False
    """Whether the wait is the origin's, which all its attempts wait out in order: so it lasts about as long."""


FIRST_ATTEMPT: Final = Attempt()
"""How a call begins: at once."""


class Outcome(NamedTuple):
    """What came of an attempt."""

    request: httpx.Request
    """What was sent."""
    result: httpx.Response | Failure
    """The response, read as far as the call needs it, or why there is none."""
    elapsed: float
    """Seconds that it took."""
    time_left: float = math.inf
    """Seconds to the nearest deadline that the driver knows."""
    replayable: bool = True
    """Whether the body can be sent (again)."""
    ended: float = 0.0
    """When it ended, in seconds of the driver's clock."""
    told: httpx.Response | None = None
    """What the server said; None where that is the result. Of an answer that was kept the headers are old in part."""
    elsewhere: bool = False
    """Whether a redirect led to another origin, whose answer it is."""


class CallRules(NamedTuple):
    """What the flow of one call goes by."""

    policy: RetryPolicy
    origins: Origins
    follow_redirects: bool
    idempotency_header: str | None
    should_retry: Callable[[httpx.Response], bool | None]
    """The hook of the client: None leaves the decision to the policy."""
    status_error: Callable[[httpx.Response], APIError]
    """Makes the error of a status of 400 or more."""
    books: OriginBooks
    """What is remembered of each origin: what retries are paid from, and what it asked for."""


CallFlow: TypeAlias = Generator[Attempt, Outcome | Refusal, Reply]
_ExchangeFlow: TypeAlias = Generator[Attempt, Outcome | Refusal, Outcome]


def call_flow(rules: CallRules, first: Attempt = FIRST_ATTEMPT, earlier: Sequence[AttemptRecord] = ()) -> CallFlow:
    """The protocol of one call.

    Args:
        rules: What it goes by.
        first: How it begins: a stream that is gone on with begins with a retry.
        earlier: The attempts before that one.

    Yields:
        What to do next.

    Returns:
        The final response and how it was come by.

    Raises:
        APIStatusError: The server said no, and no retry was due.
        APIConnectionError: No response came, and no retry was due.
        APIError: The client held an attempt back.
    """
    records = list(earlier)
    attempt, retries = first, first.retries_taken
    replaced = False  # whether a dead kept-alive connection was replaced for this attempt
    book: OriginBook | None = None
    while True:
        outcome = yield attempt
        if book is None:
            book = rules.books.of(_origin_of(outcome.request, rules))
        if isinstance(outcome, Refusal):
            raise _refused(outcome, rules, records, book)
        result = outcome.result
        book.tally.attempts += 1
        if rules.follow_redirects and isinstance(result, httpx.Response) and 300 <= result.status_code < 400:
            outcome = yield from _redirected_flow(rules, attempt, outcome)
            result = outcome.result
        record = _record(len(records), outcome)
        log_exchange(outcome.request, record)
        if isinstance(result, httpx.Response) and result.status_code < 400:
            take_note(book, outcome)
            records.append(record)
            book.succeed(attempt.cost if retries else None)
            return Reply(result, tuple(records), retries)
        if not replaced and _died_idle(outcome, rules):
            replaced, attempt = True, Attempt(retries, is_fresh=True, cost=attempt.cost)
            records.append(record)
            continue
        retry_after = take_note(book, outcome)
        retry = _due_retry(outcome, rules, retries, retry_after, book)
        record = attrs.evolve(record, waited=0.0 if retry is None else retry.after)
        records.append(record)
        if retry is None:
            book.tally.failed += 1
            raise _final_error(outcome, rules, records, retry_after)
        attempt, retries, replaced = retry, retry.retries_taken, False
        log_retry(outcome.request, record, retries, rules.policy.max_retries)
        if rules.policy.on_retry is not None:
            rules.policy.on_retry(record)


def _redirected_flow(rules: CallRules, attempt: Attempt, outcome: Outcome) -> _ExchangeFlow:
    """The redirects that an attempt meets; what comes of them names the request that it began with."""
    first, elapsed, hops = outcome.request, outcome.elapsed, 0
    while isinstance(outcome.result, httpx.Response):
        try:
            redirect = redirect_request(
                outcome.request,
                outcome.result,
                rules.origins,
                hops=hops,
                replayable=outcome.replayable,
                idempotency_header=rules.idempotency_header,
            )
        except RedirectProblem as problem:
            error = APIConnectionError(str(problem), sent=True, request=outcome.request)
            outcome = outcome._replace(result=Failure(error, FailureKind.FINAL))
            break
        if redirect is None:
            break
        answer = yield attempt._replace(after=0.0, redirect=redirect)
        assert not isinstance(answer, Refusal)  # what an attempt leads to goes with it
        outcome = answer
        elapsed += outcome.elapsed
        hops += 1
    elsewhere = hops > 0 and _origin_of(outcome.request, rules) != _origin_of(first, rules)
    return outcome._replace(request=first, elapsed=elapsed, elsewhere=elsewhere)


def _asked_wait(result: httpx.Response, book: OriginBook) -> float | None:
    """Seconds that a response asked to wait: by ``Retry-After``, or by saying that its quota is used up."""
    if result.status_code < 400:
        return _quota_wait(result, book)
    asked = parse_retry_after(result.headers)
    if asked is None and result.status_code in (403, 429, 503):
        asked = _quota_wait(result, book)
    return asked


def _quota_wait(response: httpx.Response, book: OriginBook) -> float | None:
    """Seconds for which *response* says that nothing is left of a quota."""
    if book.pause is None:
        return None
    return book.pause.quota.wait(raw_headers_of(response), is_error=response.status_code >= 400)


def take_note(book: OriginBook, outcome: Outcome) -> float | None:
    """Take note of how an attempt ended.

    Returns:
        Seconds that the server asked to wait.
    """
    result, ended = outcome.result, outcome.ended
    asked: float | None = None
    reason: httpx.Response | None = None
    if isinstance(result, httpx.Response):
        asked = _asked_wait(result if outcome.told is None else outcome.told, book)
        if asked is None and not book.minds_load:
            return None  # nearly always: there is nothing to take note of
        load = load_of_status(result.status_code, asked)
        if asked is not None and result.status_code >= 400:
            # Kept as long as the pause, it must not keep what was sent: a body may be large.
            reason = duplicate_response(result, redacted_request(outcome.request))
    elif result.kind is FailureKind.QUEUED or (result.kind is FailureKind.EXPIRED and not outcome.elapsed):
        return None  # the server saw nothing of it
    else:
        load = Load.TIMED_OUT if isinstance(result.error, APITimeoutError) else Load.LOST
    of_this = None if outcome.elsewhere else asked  # no other origin asks for this one
    paused = book.observe(Seen(load, ended - outcome.elapsed, ended), asked=of_this, reason=reason)
    if paused and asked is not None:
        log_pause(outcome.request, asked)
    return asked


def _refused(refusal: Refusal, rules: CallRules, records: list[AttemptRecord], book: OriginBook) -> APIError:
    """The error of a call of which the client held an attempt back: the server's own, where it is the reason."""
    reason = refusal.reason
    if isinstance(reason, httpx.Response):
        # It was the answer to another call, whose request is no business of this one.
        error: APIError = rules.status_error(duplicate_response(reason, refusal.request))
    else:
        error = reason
    error.add_note(refusal.note)
    error.attempts = tuple(records)
    error.retry_after = refusal.retry_after
    book.tally.failed += 1
    book.tally.refused += 1
    return error


def _record(number: int, outcome: Outcome) -> AttemptRecord:
    result = outcome.result
    if isinstance(result, Failure):
        return AttemptRecord(number, error=result.error, elapsed=outcome.elapsed)
    return AttemptRecord(
        number, result.status_code, elapsed=outcome.elapsed, request_id=header_of(result, "x-request-id")
    )


def _origin_of(request: httpx.Request, rules: CallRules) -> Origin:
    """Where *request* goes; one that was never built has the base URL's origin, unless it names another."""
    if isinstance(request, LazyRequest):
        return request.origin
    return origin_of(request.url) if request.url.is_absolute_url else rules.origins.base


def _is_keyed(request: httpx.Request, rules: CallRules) -> bool:
    return rules.idempotency_header is not None and rules.idempotency_header in request.headers


def _died_idle(outcome: Outcome, rules: CallRules) -> bool:
    """Whether a kept-alive connection died before a byte came back, and the request may go over a fresh one."""
    return (
        isinstance(outcome.result, Failure)
        and outcome.result.kind is FailureKind.STALE
        and outcome.replayable
        and (outcome.request.method in IDEMPOTENT_METHODS or _is_keyed(outcome.request, rules))
    )


def _may_retry(outcome: Outcome, rules: CallRules) -> bool:
    if not outcome.replayable:
        return False
    method, keyed = outcome.request.method, _is_keyed(outcome.request, rules)
    if isinstance(outcome.result, Failure):
        return failure_is_retryable(outcome.result, method=method, keyed=keyed)
    decided = rules.should_retry(outcome.result)
    if decided is not None:
        return decided
    return status_is_retryable(outcome.result.status_code, outcome.result.headers, method=method, keyed=keyed)


def _due_retry(
    outcome: Outcome, rules: CallRules, taken: int, retry_after: float | None, book: OriginBook
) -> Attempt | None:
    """The retry that a failure is due, paid for; None if there shall be none, or the budget does not have the means."""
    if taken >= rules.policy.max_retries or not _may_retry(outcome, rules):
        return None
    wait = rules.policy.delay(taken, retry_after=retry_after, time_left=outcome.time_left)
    if wait is None:
        return None
    result = outcome.result
    cost = book.pay_retry(
        throttled=isinstance(result, httpx.Response) and is_throttling(result.status_code, retry_after)
    )
    if cost is None:
        log_refusal(outcome.request, taken, rules.policy.max_retries)
        return None
    in_order = retry_after is not None and book.is_paused(outcome.ended + retry_after)
    return Attempt(taken + 1, wait, cost=cost, in_order=in_order)


def _final_error(
    outcome: Outcome, rules: CallRules, records: list[AttemptRecord], retry_after: float | None
) -> APIError:
    result = outcome.result
    error = result.error if isinstance(result, Failure) else rules.status_error(result)
    error.attempts = tuple(records)
    error.retry_after = retry_after
    return error
