"""Whether what a journal shows is how a resilient client behaves: pure, and told in sentences."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

import attrs
import httpx

from .._constants import MAX_RETRY_AFTER_DELAY
from ..request import origin_of
from ..retry import IDEMPOTENT_METHODS, RetryPolicy, status_is_retryable
from ._attempts import ROUNDING, MockAttempt

__all__ = ["breaches"]

_SHARED: Final = frozenset({403, 429, 503})  # statuses whose Retry-After is for the whole origin: see trio_api.CoolDown


def breaches(attempts: Sequence[MockAttempt], policy: RetryPolicy, key_header: str) -> list[str]:
    """What a resilient client would not have done, a sentence each.

    Args:
        attempts: The journal.
        policy: What the retries are measured by.
        key_header: The header of the idempotency key.
    """
    calls = _calls(attempts, key_header)
    by_call = [breach for call in calls for breach in _breaches_of_call(call, policy, key_header)]
    return [*by_call, *_early(attempts, calls), *_misused_keys(attempts, key_header), *_wrong_lengths(attempts)]


def _calls(attempts: Sequence[MockAttempt], key_header: str) -> list[list[MockAttempt]]:
    """The attempts by the calls that they belong to, as far as can be told.

    A retry belongs to the call it is most like: with the same idempotency key, of the same body, that failed; else to
    the one that began first.
    """
    calls: list[list[MockAttempt]] = []
    of_request: dict[tuple[str, str], list[list[MockAttempt]]] = {}
    for attempt in attempts:
        known = of_request.setdefault((attempt.method, str(attempt.url)), [])
        before = [call for call in known if _may_follow(call[-1], attempt)]
        if before:
            likeness = [_likeness(call[-1], attempt, key_header) for call in before]
            before[likeness.index(max(likeness))].append(attempt)
        else:
            known.append(call := [attempt])
            calls.append(call)
    return calls


def _may_follow(last: MockAttempt, attempt: MockAttempt) -> bool:
    """Whether *attempt*, the same request, can be a retry of *last*.

    Where no count is told, a request that failed and comes again is one.
    """
    if last.ended is None or last.ended > attempt.came:
        return False
    if attempt.retry is None or last.retry is None:
        return attempt.retry is last.retry and last.has_failed
    return attempt.retry == last.retry + 1


def _likeness(last: MockAttempt, attempt: MockAttempt, key_header: str) -> tuple[bool, bool, bool]:
    same_key = last.headers.get(key_header) == attempt.headers.get(key_header)
    return same_key, last.body == attempt.body, last.has_failed


def _breaches_of_call(call: list[MockAttempt], policy: RetryPolicy, key_header: str) -> Iterator[str]:
    retries = max(len(call) - 1, call[-1].retry or 0)
    if retries > policy.max_retries:
        yield f"attempt {call[-1].number} is retry {retries} of a call that may be retried {policy.max_retries} times"
    for number, (last, attempt) in enumerate(itertools.pairwise(call)):
        if not last.has_failed:
            continue  # a stream or a download that is gone on with: no retry of what failed
        name = f"attempt {attempt.number}"
        if not _may_be_retried(last, attempt, key_header):
            yield f"{name} retries attempt {last.number}, which is not to be retried: {last.method}, {last.answer}"
        yield from _hasty(last, attempt, policy, attempt.retry - 1 if attempt.retry else number)
        if attempt.is_whole and not _is_same_body(last, attempt):
            yield (
                f"{name} sends {len(attempt.body)} bytes of body, not those of attempt {last.number}: a body that "
                "can be read once was sent twice, or another"
            )
        if key_header in last.headers and last.headers[key_header] != attempt.headers.get(key_header):
            yield f"{name} retries attempt {last.number} without its {key_header}"


def _may_be_retried(last: MockAttempt, attempt: MockAttempt, key_header: str) -> bool:
    keyed = key_header in attempt.headers
    if last.status is not None and last.status >= 400:
        return status_is_retryable(last.status, last.answer_headers, method=last.method, keyed=keyed)
    return keyed or not last.is_sent or last.method in IDEMPOTENT_METHODS


def _hasty(last: MockAttempt, attempt: MockAttempt, policy: RetryPolicy, retry: int) -> Iterator[str]:
    assert last.ended is not None  # else nothing follows it
    waited, asked = attempt.came - last.ended, last.retry_after
    if asked is not None:
        if waited < asked - ROUNDING:
            yield f"attempt {attempt.number} came {waited:.3g} s after an answer that asked to wait {asked:.6g} s"
        return
    least = attrs.evolve(policy, jitter=0).backoff(retry) * (1 - policy.jitter)
    if waited < least - ROUNDING:
        yield f"attempt {attempt.number} came {waited:.3g} s after attempt {last.number}: the backoff is {least:.3g} s"


def _is_same_body(last: MockAttempt, attempt: MockAttempt) -> bool:
    return attempt.body == last.body if last.is_whole else attempt.body.startswith(last.body)


def _early(attempts: Sequence[MockAttempt], calls: list[list[MockAttempt]]) -> Iterator[str]:
    """What other calls sent to an origin that had asked all to wait; redirects go with what led to them."""
    call_of = {attempt.number: index for index, call in enumerate(calls) for attempt in call}
    asking = [
        (told, told.ended, told.retry_after)
        for told in attempts
        if told.status in _SHARED and told.ended is not None and told.retry_after is not None
    ]
    targets = _redirect_targets(attempts)
    for attempt in attempts:
        if attempt.url in targets:
            continue
        for told, ended, asked in asking:
            is_told = asked <= MAX_RETRY_AFTER_DELAY and call_of[told.number] != call_of[attempt.number]
            is_early = ended < attempt.came < ended + asked - ROUNDING
            if is_told and is_early and origin_of(told.url) == origin_of(attempt.url):
                yield (
                    f"attempt {attempt.number} came {attempt.came - ended:.3g} s after the answer to attempt "
                    f"{told.number} had asked to wait {asked:.6g} s"
                )
                break


def _redirect_targets(attempts: Sequence[MockAttempt]) -> set[httpx.URL]:
    return {
        attempt.url.join(attempt.answer_headers["location"])
        for attempt in attempts
        if attempt.status is not None and 300 <= attempt.status < 400 and "location" in attempt.answer_headers
    }


def _misused_keys(attempts: Sequence[MockAttempt], key_header: str) -> Iterator[str]:
    """A key stands for one request: that other ones have it is the end of what it is for."""
    first: dict[str, MockAttempt] = {}
    targets = _redirect_targets(attempts)
    for attempt in attempts:
        key = attempt.headers.get(key_header)
        if key is None or attempt.url in targets:
            continue
        known = first.setdefault(key, attempt)
        if (known.method, known.url) != (attempt.method, attempt.url):
            yield f"attempt {attempt.number} has the {key_header} of attempt {known.number}, another request"


def _wrong_lengths(attempts: Sequence[MockAttempt]) -> Iterator[str]:
    for attempt in attempts:
        said = attempt.headers.get("content-length", "")
        if attempt.is_whole and said.isdecimal() and int(said) != len(attempt.body):
            yield f"attempt {attempt.number} says that its body has {said} bytes, and sent {len(attempt.body)}"
