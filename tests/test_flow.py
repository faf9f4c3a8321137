"""The protocol of one call, without any event loop: what came of each attempt goes in, what to do next comes out."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterable
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api import (
    AdaptiveConcurrency,
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AttemptRecord,
    InternalServerError,
    OriginStatistics,
    RateLimitError,
    RetryBudget,
    RetryPolicy,
    Throttling,
)
from trio_api._errors import status_error_class
from trio_api._records import Reply
from trio_api.flow import Attempt, CallRules, Outcome, call_flow
from trio_api.request import Origins
from trio_api.resilience import OriginBooks, OriginRules
from trio_api.responses import LazyResponse
from trio_api.retry import Failure, FailureKind

URL = "https://api.example.com/v1/items"
KEY = {"Idempotency-Key": "k"}


@pytest.fixture(autouse=True)
def no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pin chance to 0, so that every wait is as long as it can be by backoff, and exactly what was asked for."""
    monkeypatch.setattr(random, "random", lambda: 0.0)


def network(sent: bool | None = True) -> Failure:
    return Failure(APIConnectionError("broken", sent=sent), FailureKind.NETWORK)


def stale() -> Failure:
    return Failure(APIConnectionError("the server closed an idle connection", sent=True), FailureKind.STALE)


def final() -> Failure:
    return Failure(APIConnectionError("the certificate is not trusted", sent=False), FailureKind.FINAL)


def expired() -> Failure:
    return Failure(APITimeoutError("the call is out of time"), FailureKind.EXPIRED)


def status_error(response: httpx.Response) -> APIError:
    return status_error_class(response.status_code)(f"status {response.status_code}", response=response)


def rules(
    policy: RetryPolicy | None = None,
    *,
    follow_redirects: bool = True,
    header: str | None = "Idempotency-Key",
    books: OriginBooks | None = None,
    **hooks: Any,
) -> CallRules:
    return CallRules(
        policy=policy or RetryPolicy(),
        origins=Origins(httpx.URL(URL)),
        follow_redirects=follow_redirects,
        idempotency_header=header,
        should_retry=hooks.get("should_retry", lambda response: None),
        status_error=hooks.get("status_error", status_error),
        books=books or OriginBooks(OriginRules(retry_budget=None)),
    )


@attrs.frozen
class Played:
    """What the flow asked for, and what it came to."""

    attempts: list[Attempt]
    end: Reply | APIError

    @property
    def waits(self) -> list[float]:
        """Seconds before each attempt but the first."""
        return [attempt.after for attempt in self.attempts[1:]]

    @property
    def counts(self) -> list[int]:
        """What each attempt's retry-count header says."""
        return [attempt.retries_taken for attempt in self.attempts]

    @property
    def records(self) -> tuple[AttemptRecord, ...]:
        return self.end.attempts


def play(
    *results: int | httpx.Response | Failure,
    under: CallRules | None = None,
    method: str = "GET",
    headers: Any = None,
    content: bytes | None = None,
    **facts: Any,
) -> Played:
    """Answer the attempts of a call with *results* in turn; *facts* are those of every `Outcome`."""
    flow = call_flow(under or rules())
    attempts = [next(flow)]
    for result in results:
        request = attempts[-1].redirect or httpx.Request(method, URL, headers=headers, content=content)
        answer = httpx.Response(result) if isinstance(result, int) else result
        try:
            attempts.append(flow.send(Outcome(request, answer, **{"elapsed": 1.0, **facts})))
        except StopIteration as stop:
            return Played(attempts, stop.value)
        except APIError as error:
            return Played(attempts, error)
    raise AssertionError(f"the flow wants another attempt: {attempts[-1]}")


# -- how a call ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 204, 304, 399])
def test_what_is_no_error_is_the_reply(status: int) -> None:
    """One attempt, at once, and the response is the call's."""
    played = play(status)
    assert played.attempts == [Attempt()]
    assert isinstance(played.end, Reply)
    assert played.end.response.status_code == status
    assert played.end.retries_taken == 0
    assert played.records == (AttemptRecord(0, status_code=status, elapsed=1.0),)


def test_a_retry_that_succeeds_is_the_reply() -> None:
    """The reply counts the retries, and its records tell of every attempt and of the waits between."""
    played = play(503, network(), httpx.Response(200, headers={"X-Request-ID": "r3"}), elapsed=0.25)
    assert isinstance(played.end, Reply)
    assert played.end.retries_taken == 2
    assert played.waits == [0.5, 1.0]
    assert played.counts == [0, 1, 2]
    assert played.records == (
        AttemptRecord(0, status_code=503, elapsed=0.25, waited=0.5),
        AttemptRecord(1, elapsed=0.25, waited=1.0),
        AttemptRecord(2, status_code=200, elapsed=0.25, request_id="r3"),
    )
    assert str(played.records[1].error) == "broken"


def test_the_last_error_is_raised_with_every_attempt_on_it() -> None:
    """When the retries are used up the final error stands for the call; its last record waited for nothing."""
    played = play(503, 502, 500)
    assert isinstance(played.end, InternalServerError)
    assert played.end.status_code == 500
    assert [(record.number, record.status_code, record.waited) for record in played.records] == [
        (0, 503, 0.5),
        (1, 502, 1.0),
        (2, 500, 0.0),
    ]


def test_a_failure_is_raised_as_it_is() -> None:
    """The error of the last failure is the call's own, and its last record names it."""
    failures = [network(), network(), network()]
    played = play(*failures)
    assert played.end is failures[-1].error
    assert [record.error for record in played.records] == [failure.error for failure in failures]


def test_the_final_error_carries_what_the_server_asked_for() -> None:
    """``retry_after`` is on the error, whether it was obeyed before or not."""
    played = play(httpx.Response(429, headers={"Retry-After": "7"}), under=rules(RetryPolicy(max_retries=0)))
    assert isinstance(played.end, RateLimitError)
    assert played.end.retry_after == 7.0
    assert play(404).end.retry_after is None  # type: ignore[union-attr]


def test_the_hook_makes_the_error() -> None:
    """What ``status_error`` makes of the response is raised, with the records put on it."""
    mine = APIStatusError("mine", response=httpx.Response(418))
    played = play(418, under=rules(status_error=lambda response: mine))
    assert played.end is mine
    assert len(mine.attempts) == 1


# -- what is retried -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "method", "headers", "again"),
    [
        (429, "GET", {}, True),
        (429, "POST", {}, True),
        (503, "GET", {}, True),
        (503, "DELETE", {}, True),
        (503, "POST", {}, False),
        (503, "POST", KEY, True),
        (408, "POST", KEY, True),
        (409, "GET", {}, False),
        (409, "POST", KEY, True),
        (400, "GET", {}, False),
        (404, "GET", {}, False),
        (418, "GET", {}, False),
    ],
)
def test_a_status_is_retried_by_the_rules(status: int, method: str, headers: Any, again: bool) -> None:
    """The flow asks the rules of `trio_api.retry` with the method and the key of what was really sent."""
    played = play(status, *[200] * again, method=method, headers=headers)
    assert len(played.attempts) == 1 + again


@pytest.mark.parametrize(
    ("failure", "method", "headers", "again"),
    [
        (network(sent=False), "POST", {}, True),
        (network(sent=True), "POST", {}, False),
        (network(sent=None), "POST", {}, False),
        (network(sent=True), "POST", KEY, True),
        (network(sent=True), "PUT", {}, True),
        (network(sent=None), "GET", {}, True),
        (final(), "GET", {}, False),
        (expired(), "GET", {}, False),
    ],
)
def test_a_failure_is_retried_by_the_rules(failure: Failure, method: str, headers: Any, again: bool) -> None:
    """What was not sent is sent again by any method; what may have been sent only where that does no harm."""
    played = play(failure, *[200] * again, method=method, headers=headers)
    assert len(played.attempts) == 1 + again


def test_a_key_counts_under_the_clients_own_name_for_it() -> None:
    """A client that names the header otherwise, or has none, is not fooled by another's."""
    assert len(play(409, 200, under=rules(header="X-Key"), headers={"x-key": "k"}).attempts) == 2
    assert len(play(409, under=rules(header="X-Key"), headers=KEY).attempts) == 1
    assert len(play(409, under=rules(header=None), headers=KEY).attempts) == 1


@pytest.mark.parametrize("result", [429, 503, network(sent=False), stale()])
def test_a_body_that_cant_be_sent_again_is_not(result: Any) -> None:
    """A spent one-shot body ends the call with the error that came of it, whatever it was."""
    played = play(result, replayable=False)
    assert len(played.attempts) == 1
    assert isinstance(played.end, APIError)


@pytest.mark.parametrize(
    ("status", "hint", "again"),
    [(418, "true", True), (503, "false", False), (429, "false", False), (400, "true", False)],
)
def test_the_server_may_say_whether_to_retry(status: int, hint: str, again: bool) -> None:
    """``x-should-retry`` is obeyed, but a 400 is never retried."""
    played = play(httpx.Response(status, headers={"x-should-retry": hint}), *[200] * again)
    assert len(played.attempts) == 1 + again


@pytest.mark.parametrize(("decided", "status", "again"), [(True, 404, True), (False, 503, False), (None, 503, True)])
def test_the_client_may_say_whether_to_retry(decided: bool | None, status: int, again: bool) -> None:
    """The hook ``_should_retry`` wins over the rules; None leaves it to them."""
    played = play(status, *[200] * again, under=rules(should_retry=lambda response: decided))
    assert len(played.attempts) == 1 + again


def test_the_hook_is_asked_of_error_responses_only() -> None:
    """A success is none of its business, nor is a failure without a response."""
    asked: list[int] = []

    def should_retry(response: httpx.Response) -> None:
        asked.append(response.status_code)

    play(network(), 503, 200, under=rules(should_retry=should_retry))
    assert asked == [503]


def test_max_retries_bounds_the_attempts() -> None:
    """``max_retries=0`` is one attempt, 5 is six."""
    for retries in (0, 1, 5):
        assert len(play(*[503] * (retries + 1), under=rules(RetryPolicy(max_retries=retries))).attempts) == retries + 1


# -- how long it waits ---------------------------------------------------------------------------------------


def test_backoff_doubles_to_its_cap() -> None:
    """Without a word from the server the waits are 0.5, 1, 2, 4, 8, 8 seconds."""
    assert play(*[503] * 7, under=rules(RetryPolicy(max_retries=6))).waits == [0.5, 1, 2, 4, 8, 8]


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry-after": "3"}, [3, 3]),
        ({"retry-after-ms": "1500"}, [1.5, 1.5]),
        ({"retry-after-ms": "1500", "retry-after": "3"}, [1.5, 1.5]),
        ({"retry-after": "0"}, [0.5, 1]),
        ({"retry-after": "-10"}, [0.5, 1]),
        ({"retry-after": "60"}, [60, 60]),
        ({"retry-after": "61"}, [61, 61]),
        ({"retry-after": "120"}, [120, 120]),
        ({"retry-after": "1e2"}, [100, 100]),
        ({"retry-after-ms": "1e5"}, [100, 100]),
        ({"retry-after": "inf"}, [0.5, 1]),
        ({"retry-after": "nan"}, [0.5, 1]),
        ({"retry-after": "Fri, 99 Foo 100000 99:99:99 GMT"}, [0.5, 1]),
        (
            {"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"},
            [30, 30],
        ),
    ],
)
def test_the_server_says_how_long(headers: dict[str, str], waits: list[float]) -> None:
    """A usable Retry-After is waited out to the letter; anything else is ordinary backoff."""
    played = play(*[httpx.Response(429, headers=headers)] * 3)
    assert played.waits == waits
    assert [record.waited for record in played.records] == [*waits, 0.0]


@pytest.mark.parametrize("value", ["121", "1e999", "9" * 400])
def test_too_long_a_wait_ends_the_call_at_once(value: str) -> None:
    """More than 120 seconds, or more than a float holds, is not waited out: the error comes now and says so."""
    played = play(httpx.Response(429, headers={"retry-after": value}))
    assert isinstance(played.end, RateLimitError)
    assert played.end.retry_after == float(value)
    assert played.records == (AttemptRecord(0, status_code=429, elapsed=1.0),)


@pytest.mark.parametrize(
    ("time_left", "again"), [(0.4, False), (0.5, False), (0.6, True), (math.inf, True), (-1, False)]
)
def test_a_wait_past_the_deadline_gives_the_real_error_now(time_left: float, again: bool) -> None:
    """Nothing could be sent after such a wait; the error that came says more than a cancellation later."""
    played = play(503, *[503] * 2 * again, time_left=time_left) if not again else play(503, 200, time_left=time_left)
    assert len(played.attempts) == 1 + again
    if not again:
        assert isinstance(played.end, InternalServerError)


# -- a kept-alive connection that the server had closed ------------------------------------------------------


def test_a_dead_kept_alive_connection_is_replaced_at_once() -> None:
    """The retry goes over a new connection, waits for nothing, counts as none, and stands in the records."""
    played = play(stale(), 200)
    assert isinstance(played.end, Reply)
    assert played.end.retries_taken == 0
    assert played.attempts == [Attempt(0, 0.0), Attempt(0, 0.0, is_fresh=True)]
    assert [record.number for record in played.records] == [0, 1]
    assert isinstance(played.records[0].error, APIConnectionError)


def test_it_is_replaced_even_where_no_retries_are_allowed() -> None:
    """``max_retries=0`` is about retries, which this is none of."""
    assert isinstance(play(stale(), 200, under=rules(RetryPolicy(max_retries=0))).end, Reply)


def test_it_is_replaced_once_an_attempt() -> None:
    """A second one in a row is an ordinary failure: it counts and waits. The next attempt may replace one again."""
    played = play(stale(), stale(), stale(), 200)
    assert played.waits == [0.0, 0.5, 0.0]
    assert played.counts == [0, 0, 1, 1]
    assert isinstance(played.end, Reply)
    assert played.end.retries_taken == 1


@pytest.mark.parametrize(("headers", "replaced"), [({}, False), (KEY, True)])
def test_it_is_replaced_where_sending_twice_does_no_harm(headers: Any, replaced: bool) -> None:
    """A POST without a key may have been acted on: it is not sent again."""
    played = play(stale(), *[200] * replaced, method="POST", headers=headers)
    assert len(played.attempts) == 1 + replaced


def test_replacing_calls_no_hook() -> None:
    """``on_retry`` is told of retries alone."""
    told: list[AttemptRecord] = []
    play(stale(), 200, under=rules(RetryPolicy(on_retry=told.append)))
    assert told == []


# -- on_retry ------------------------------------------------------------------------------------------------


def test_on_retry_gets_the_record_before_the_wait() -> None:
    """The function is called with the record of what failed, and of the wait to come, before the next attempt."""
    told: list[AttemptRecord] = []
    flow = call_flow(rules(RetryPolicy(on_retry=told.append)))
    next(flow)
    attempt = flow.send(Outcome(httpx.Request("GET", URL), httpx.Response(503), 1.0))
    assert attempt == Attempt(1, 0.5)
    assert told == [AttemptRecord(0, status_code=503, elapsed=1.0, waited=0.5)]


def test_on_retry_is_not_told_of_the_end() -> None:
    """Neither a success nor the final error is a retry."""
    told: list[AttemptRecord] = []
    play(503, 503, 503, under=rules(RetryPolicy(on_retry=told.append)))
    play(200, under=rules(RetryPolicy(on_retry=told.append)))
    assert [record.number for record in told] == [0, 1]


def test_what_on_retry_raises_is_the_applications() -> None:
    """It passes through as it is, and ends the call."""

    def on_retry(record: AttemptRecord) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        play(503, under=rules(RetryPolicy(on_retry=on_retry)))


# -- the budget ----------------------------------------------------------------------------------------------


def numbers(books: OriginBooks) -> OriginStatistics:
    """The statistics of the one origin that there is."""
    [origin] = books.statistics().origins
    return origin


def test_a_retry_that_the_budget_does_not_pay_for_is_not_made(caplog: pytest.LogCaptureFixture) -> None:
    """The real error comes at once, with every attempt on it, and the log says why at INFO."""
    told: list[AttemptRecord] = []
    books = OriginBooks(OriginRules(retry_budget=RetryBudget(capacity=15)))
    with caplog.at_level(logging.INFO, "trio_api"):
        played = play(503, 502, under=rules(RetryPolicy(on_retry=told.append), books=books))
    assert isinstance(played.end, InternalServerError)
    assert played.end.status_code == 502
    assert played.records == (
        AttemptRecord(0, status_code=503, elapsed=1.0, waited=0.5),
        AttemptRecord(1, status_code=502, elapsed=1.0),
    )
    assert told == [played.records[0]]
    assert [entry.getMessage().partition(": ")[2] for entry in caplog.records] == [
        "retry 1 of 2 in 0.500 s, after attempt 0: 503",
        "no retry 2 of 2, the retry budget of this origin is used up",
    ]


def test_calls_share_the_budget() -> None:
    """What one call spent, another lacks: it makes one attempt."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget(capacity=28)))
    assert len(play(503, 503, 503, under=rules(books=books)).attempts) == 3
    assert len(play(503, under=rules(books=books)).attempts) == 1
    assert numbers(books).retries_refused == 1


@pytest.mark.parametrize(
    ("result", "cost"),
    [
        (429, 5),
        (httpx.Response(503, headers={"Retry-After": "2"}), 5),
        (httpx.Response(503, headers={"Retry-After": "0"}), 14),
        (503, 14),
        (408, 14),
        (network(), 14),
    ],
)
def test_a_retry_after_throttling_is_cheaper(result: Any, cost: int) -> None:
    """The server is there and says when to come back; a Retry-After that says nothing is none."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget()))
    play(result, 404, under=rules(books=books))
    assert numbers(books).budget_left == 500 - cost


@pytest.mark.parametrize("facts", [{"time_left": 0.5}, {"replayable": False}])
def test_a_retry_that_is_not_due_costs_nothing(facts: Any) -> None:
    """The policy is asked first: a wait past the deadline or a spent body is no matter of the budget."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget()))
    play(503, under=rules(books=books), **facts)
    statistics = numbers(books)
    assert (statistics.budget_left, statistics.retries, statistics.retries_refused) == (500, 0, 0)


def test_a_retried_success_gives_its_last_cost_back() -> None:
    """Not those of the retries before, which were of no use."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget()))
    play(503, 429, 200, under=rules(books=books))
    assert numbers(books).budget_left == 500 - 14
    play(503, 200, under=rules(books=books))
    assert numbers(books).budget_left == 500 - 14


def test_a_clean_success_gives_one_token_back() -> None:
    """And an error that is no matter of retries gives nothing."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget()))
    play(503, 404, under=rules(books=books))
    play(404, under=rules(books=books))
    assert numbers(books).budget_left == 486
    play(200, under=rules(books=books))
    assert numbers(books).budget_left == 487


def test_replacing_a_dead_kept_alive_connection_costs_nothing() -> None:
    """It is done even where no token is left, and counts as an attempt of the statistics only."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget(capacity=14)))
    play(503, 404, under=rules(books=books))
    played = play(stale(), 200, under=rules(books=books))
    assert isinstance(played.end, Reply)
    statistics = numbers(books)
    assert (statistics.budget_left, statistics.attempts, statistics.retries) == (1, 4, 1)


def test_a_retry_over_a_dead_connection_still_gets_its_cost_back() -> None:
    """The replacement is a part of the retry."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget()))
    play(503, stale(), 200, under=rules(books=books))
    assert numbers(books).budget_left == 500


def test_a_redirected_call_is_its_first_origins() -> None:
    """That is where its retries go."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget()))
    elsewhere = httpx.Response(302, headers={"Location": "https://other.example/x"})
    play(elsewhere, 503, elsewhere, 200, under=rules(books=books))
    statistics = numbers(books)
    assert (statistics.origin, statistics.calls, statistics.attempts) == ("https://api.example.com:443", 1, 2)


def test_a_call_that_was_never_sent_is_the_base_urls() -> None:
    """Its request names a path, since none was built."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget()))
    flow = call_flow(rules(books=books))
    next(flow)
    with pytest.raises(APITimeoutError):
        flow.send(Outcome(httpx.Request("GET", "/items"), expired(), 1.0))
    assert numbers(books).origin == "https://api.example.com:443"


def test_a_call_that_begins_with_a_retry_gives_back_what_it_cost() -> None:
    """A stream that is gone on with paid nothing for its connection."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget()))
    play(503, 404, under=rules(books=books))
    flow = call_flow(rules(books=books), Attempt(1))
    next(flow)
    with pytest.raises(StopIteration):
        flow.send(Outcome(httpx.Request("GET", URL), httpx.Response(200), 1.0))
    assert numbers(books).budget_left == 486


def test_the_statistics_count_calls_and_attempts() -> None:
    """Calls by how they ended; retries by whether they were made."""
    books = OriginBooks(OriginRules(retry_budget=RetryBudget(capacity=28)))
    for results in ([200], [503, 200], [404], [503, 503, 503], [503]):
        play(*results, under=rules(books=books))
    assert numbers(books) == OriginStatistics(
        origin="https://api.example.com:443",
        calls=5,
        failed=3,
        attempts=8,
        retries=3,
        retries_refused=1,
        budget_left=0,
    )


# -- redirects -----------------------------------------------------------------------------------------------


def to(location: str, status: int = 302) -> httpx.Response:
    return httpx.Response(status, headers={"location": location})


def test_a_redirect_is_a_hop_of_the_same_attempt() -> None:
    """It is followed at once, counts as no retry, and its time belongs to the attempt's record."""
    played = play(to("/elsewhere"), to("https://api.example.com/there"), 200, elapsed=2.0)
    assert [attempt.redirect and str(attempt.redirect.url) for attempt in played.attempts] == [
        None,
        "https://api.example.com/elsewhere",
        "https://api.example.com/there",
    ]
    assert played.waits == [0.0, 0.0]
    assert played.records == (AttemptRecord(0, status_code=200, elapsed=6.0),)


def test_a_failure_behind_a_redirect_retries_from_the_beginning() -> None:
    """The next attempt asks for what the caller asked for, not for where the redirect led."""
    played = play(to("/elsewhere"), 503, 200)
    assert played.attempts[2] == Attempt(1, 0.5)
    assert [record.status_code for record in played.records] == [503, 200]


def test_a_retried_attempts_redirects_count_its_retries() -> None:
    """The redirect of a second attempt is an attempt with one retry taken."""
    assert play(503, to("/elsewhere"), 200).counts == [0, 1, 1]


def test_whether_a_redirected_post_may_be_retried_is_about_the_post() -> None:
    """A POST that was answered 303 and then failed as a GET was acted on: without a key it is not sent again."""
    assert len(play(to("/done", 303), 503, method="POST").attempts) == 2
    assert len(play(to("/done", 303), 503, 200, method="POST", headers=KEY).attempts) == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_left_alone_where_the_caller_says_so(status: int) -> None:
    """With ``follow_redirects=False`` the redirect itself is the reply."""
    played = play(to("/elsewhere", status), under=rules(follow_redirects=False))
    assert isinstance(played.end, Reply)
    assert played.end.response.status_code == status


@pytest.mark.parametrize("location", ["ftp://api.example.com/", "https://[broken", "javascript:alert(1)"])
def test_a_redirect_to_nowhere_is_final(location: str) -> None:
    """Another scheme or a broken URL is an error that is not retried, and names the request that got it."""
    played = play(to(location))
    assert len(played.attempts) == 1
    assert isinstance(played.end, APIConnectionError)
    assert played.end.sent is True
    assert str(played.end.request.url) == URL  # type: ignore[union-attr]


def test_twenty_redirects_are_the_most() -> None:
    """Twenty are followed, the next one ends the call, unretried."""
    assert isinstance(play(*[to("/again")] * 20, 200).end, Reply)
    played = play(*[to("/again")] * 21)
    assert len(played.attempts) == 21
    assert isinstance(played.end, APIConnectionError)


def test_a_redirect_that_needs_a_spent_body_is_final() -> None:
    """A 307 asks for the body again; one that is gone is an error, never an empty body."""
    played = play(to("/elsewhere", 307), method="PUT", content=b"x", replayable=False)
    assert isinstance(played.end, APIConnectionError)
    assert len(played.attempts) == 1


def test_a_stale_connection_behind_a_redirect_starts_over() -> None:
    """The fresh connection begins with the request that the caller made."""
    played = play(to("/elsewhere"), stale(), to("/elsewhere"), 200)
    assert [attempt.redirect is None for attempt in played.attempts] == [True, False, True, False]
    assert isinstance(played.end, Reply)


# -- any sequence of outcomes --------------------------------------------------------------------------------

RESULTS = st.one_of(
    st.sampled_from([200, 302, 400, 404, 408, 409, 418, 425, 429, 500, 502, 503]),
    st.sampled_from([to("/elsewhere"), to("https://other.example/", 307), to("ftp://nowhere/")]),
    st.sampled_from([network(True), network(False), network(None), stale(), final(), expired()]),
)


@attrs.frozen
class Story:
    """A call under any circumstances."""

    method: str
    keyed: bool
    retries: int
    results: list[Any]


stories = st.builds(
    Story,
    method=st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"]),
    keyed=st.booleans(),
    retries=st.integers(0, 4),
    results=st.lists(RESULTS, max_size=12),
)


def play_story(story: Story) -> Played:
    """Play the results, then successes for as long as the flow asks for more."""
    return play(
        *story.results,
        *[200] * 20,
        under=rules(RetryPolicy(max_retries=story.retries)),
        method=story.method,
        headers=KEY if story.keyed else {},
    )


@given(story=stories)
def test_any_call_ends_within_its_attempts(story: Story) -> None:
    """However the outcomes fall: at most one attempt more than there are retries, each replaced once at most."""
    played = play_story(story)
    firsts = [attempt for attempt in played.attempts if attempt.redirect is None]
    assert len(firsts) <= 2 * (story.retries + 1)
    assert len(played.records) == len(firsts)
    assert [record.number for record in played.records] == list(range(len(firsts)))
    assert sum(attempt.after > 0 for attempt in firsts) <= story.retries
    assert max(played.counts) <= story.retries


@given(story=stories)
def test_an_unkeyed_post_reaches_the_server_once_at_most(story: Story) -> None:
    """After an attempt that may have been acted on, a request that is neither idempotent nor keyed is not resent."""
    played = play_story(story)
    if story.keyed or story.method not in {"POST", "PATCH"}:
        return
    harmless: Iterable[AttemptRecord] = played.records[:-1]
    for record in harmless:
        refused = record.status_code == 429
        unsent = isinstance(record.error, APIConnectionError) and record.error.sent is False
        assert refused or unsent


@given(story=stories)
def test_the_records_add_up(story: Story) -> None:
    """Each wait that was asked for stands in the record of the attempt before it."""
    played = play_story(story)
    waits = [attempt.after for attempt in played.attempts[1:] if attempt.redirect is None]
    assert [record.waited for record in played.records] == [*waits, 0.0]


# -- what is looked at ---------------------------------------------------------------------------------------


def test_an_ordinary_response_is_not_looked_at() -> None:
    """Of a success the status and one header are read, with nothing of httpx's made."""
    response = LazyResponse(
        200, [(b"X-Request-Id", b"r1"), (b"Location", b"/no/redirect")], extensions={}, content=b"{}"
    )
    played = play(response)
    assert isinstance(played.end, Reply)
    assert [record.request_id for record in played.records] == ["r1"]
    assert "headers" not in vars(response)


@pytest.mark.parametrize("status", [600, 799, 999])
def test_a_status_of_no_class_is_an_error(status: int) -> None:
    """Servers send them to say no: 999, for one, to those that they take for robots."""
    played = play(*[status] * 3)
    assert isinstance(played.end, InternalServerError)
    assert len(played.attempts) == 3


# -- the cool-down -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "in_order"),
    [
        (httpx.Response(429, headers={"Retry-After": "5"}), True),
        (httpx.Response(503, headers={"Retry-After": "5"}), True),
        (httpx.Response(429, headers={"RateLimit": '"a";r=0;t=5'}), True),
        (httpx.Response(500, headers={"Retry-After": "5"}), False),
        (httpx.Response(429), False),
        (503, False),
    ],
)
def test_a_wait_that_all_attempts_share_is_waited_out_with_them(answer: Any, in_order: bool) -> None:
    """The driver is told so: what only this call waits for it waits for alone."""
    assert play(answer, 200, ended=7.0).attempts[1].in_order is in_order
    alone = rules(books=OriginBooks(OriginRules(cool_down=None)))
    assert play(answer, 200, under=alone, ended=7.0).attempts[1].in_order is False


def test_another_origin_does_not_ask_for_this_one() -> None:
    """A redirect leads away, and it is refused there: this call waits, and nobody else."""
    books = OriginBooks(OriginRules())
    away = httpx.Response(307, headers={"Location": "https://other.example/items"})
    told = httpx.Response(429, headers={"Retry-After": "5"})
    played = play(away, told, 200, under=rules(books=books))
    assert [(attempt.after, attempt.in_order) for attempt in played.attempts] == [(0, False), (0, False), (5, False)]
    assert not books.of(Origins(httpx.URL(URL)).base).is_guarded(0.0)


# -- what an attempt says of the load ------------------------------------------------------------------------


def queued() -> Failure:
    return Failure(APITimeoutError("no connection became free", sent=False), FailureKind.QUEUED)


@pytest.mark.parametrize(
    ("failure", "elapsed", "limit", "counts"),
    [
        (queued(), 5.0, 20, False),
        (expired(), 0.0, 20, False),
        (expired(), 5.0, 16, True),
        (Failure(APITimeoutError("silent", sent=True)), 5.0, 16, True),
        (Failure(APITimeoutError("silent", sent=True)), 0.0, 16, True),
        (network(), 5.0, 20, True),
        (network(sent=False), 5.0, 20, True),
    ],
    ids=["queued", "never made", "out of time", "timed out", "timed out at once", "broken", "refused"],
)
def test_what_the_server_did_not_see_says_nothing_of_its_load(
    failure: Failure, elapsed: float, limit: int, counts: bool
) -> None:
    """An attempt that waited in vain for a connection, or for its turn, is no sign of a slow or a failing server."""
    books = OriginBooks(OriginRules(throttling=Throttling(), max_concurrency=AdaptiveConcurrency(start=20)))
    play(failure, under=rules(RetryPolicy(max_retries=0), books=books), elapsed=elapsed, ended=10.0)
    book = books.of(Origins(httpx.URL(URL)).base)
    assert book.permits is not None
    assert book.permits.limit == limit
    assert book.throttle is not None
    assert (book.throttle.probability(10.0) > 0) is counts


def test_what_waited_for_a_connection_is_tried_again() -> None:
    """Nothing was sent, so any method is."""
    assert len(play(queued(), 200, method="POST").attempts) == 2


@pytest.mark.parametrize(
    ("status", "headers", "limit"),
    [(429, {}, 16), (503, {}, 16), (403, {"Retry-After": "5"}, 16), (403, {}, 20), (500, {"Retry-After": "5"}, 20)],
)
def test_what_pushes_back(status: int, headers: dict[str, str], limit: int) -> None:
    """A 403 does where it says how long to wait; other errors say nothing of the load."""
    books = OriginBooks(OriginRules(max_concurrency=AdaptiveConcurrency(start=20)))
    play(httpx.Response(status, headers=headers), under=rules(RetryPolicy(max_retries=0), books=books), ended=10.0)
    permits = books.of(Origins(httpx.URL(URL)).base).permits
    assert permits is not None
    assert permits.limit == limit
