"""Streams that break off and go on over another connection, in both colours: nothing lost, nothing doubled by us."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from support.colours import Colour
from support.open_streams import StepwiseBody, raw, to_the_end, with_stream
from support.scripted import reply
from trio_api import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStreamTruncatedError,
    APITimeoutError,
    AttemptRecord,
    InternalServerError,
    NotFoundError,
    RetryPolicy,
    StreamDialect,
)

DONE = StreamDialect.sse(done_data="[DONE]")
BROKEN = httpx.ReadError("reset")
END = b"data: [DONE]\n\n"
RESUMED = with_stream(to_the_end, dialect=DONE, reconnect=True)


def event(number: int) -> bytes:
    return f"id: {number}\ndata: {number}\n\n".encode()


def answer(*steps: Any) -> Any:
    return StepwiseBody(*steps).answer()


@pytest.mark.parametrize("broken_off", [[BROKEN], [], [b"id: 2\ndata: 2\n", BROKEN], [b"id: 2\ndata: 2\n"]])
def test_a_stream_goes_on_after_the_last_event(colour: Colour, broken_off: list[Any]) -> None:
    """Whether the connection broke or just ended, and in the middle of an event too."""
    first, second = StepwiseBody(event(1), *broken_off), StepwiseBody(event(2), END)
    values, script = colour.play(first.answer(), second.answer(), body=RESUMED)
    assert values == [1, 2]
    assert [sent.headers.get("last-event-id") for sent in script.sent] == [None, "1"]
    assert script.sent[1].headers["x-trio-api-retry-count"] == "1"
    assert script.waits == [0.5]
    assert first.closed
    assert second.closed


def test_a_stream_may_break_off_many_times(colour: Colour) -> None:
    """Each event starts the count of fruitless reconnections anew."""
    answers = [answer(event(number), BROKEN) for number in range(1, 9)]
    values, script = colour.play(*answers, answer(END), body=RESUMED)
    assert values == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [sent.headers.get("last-event-id") for sent in script.sent[1:]] == list("12345678")
    assert script.waits == [0.5] * 8


@pytest.mark.parametrize(
    ("retry", "wait"),
    [(b"3000", 3.0), (b"10", 0.01), (b"0", 0.5), (b"x", 0.5), (b"120000", 120.0)],
)
def test_the_server_says_when_to_come_back(colour: Colour, retry: bytes, wait: float) -> None:
    """Its ``retry:``, in milliseconds, else the policy's backoff."""
    first = answer(b"retry: " + retry + b"\n\n", event(1), BROKEN)
    _, script = colour.play(first, answer(END), body=RESUMED)
    assert script.waits == [wait]


def test_the_reconnection_time_lasts(colour: Colour) -> None:
    """Over connections that say nothing of it."""
    _, script = colour.play(
        answer(b"retry: 3000\n", event(1), BROKEN), answer(event(2), BROKEN), answer(END), body=RESUMED
    )
    assert script.waits == [3.0, 3.0]


@pytest.mark.parametrize(
    ("retry", "settings"),
    [(b"120001", {}), (b"1000", {"max_retries": 0}), (b"9000", {"total_timeout": 5.0})],
)
def test_a_stream_that_can_not_come_back_in_time_is_broken(colour: Colour, retry: bytes, settings: Any) -> None:
    """A wait beyond the policy's longest, no retries, or the end of the call's time: the error is raised at once."""
    first = answer(b"retry: " + retry + b"\n", event(1), BROKEN)
    error, script = colour.fail(APIConnectionError, first, body=RESUMED, **settings)
    assert (error.received, len(script.sent)) == ((1,), 1)
    assert not isinstance(error, APITimeoutError)


@pytest.mark.parametrize(
    ("answers", "kind", "waits"),
    [
        ([httpx.ConnectError("no")] * 2, APIConnectionError, [0.5, 1.0]),
        ([lambda _: reply({}, 503)] * 2, InternalServerError, [0.5, 1.0]),
        ([[BROKEN], [b": beat\n\n"]], APIStreamTruncatedError, [0.5, 1.0]),
        ([lambda _: reply({}, 404)], NotFoundError, [0.5]),
        ([lambda _: reply({}, 200)], APIResponseValidationError, [0.5]),
    ],
)
def test_fruitless_reconnections_are_counted(
    colour: Colour, answers: list[Any], kind: type[APIError], waits: list[float]
) -> None:
    """The policy's ``max_retries`` of them, with its backoff; what can't be retried is raised at once."""
    answers = [answer(*each) if isinstance(each, list) else each for each in answers]
    error, script = colour.fail(kind, answer(event(1), BROKEN), *answers, body=RESUMED)
    assert script.waits == waits
    assert (error.received, error.events_received) == ((1,), 1)
    assert [record.number for record in error.attempts] == list(range(len(waits) + 1))
    assert type(error.attempts[0].error) is APIConnectionError
    assert [record.waited for record in error.attempts] == [*waits, 0.0]


def test_a_connection_without_events_is_fruitless_once(colour: Colour) -> None:
    """The next one may succeed, and goes on where the first broke off."""
    values, script = colour.play(
        answer(event(1), BROKEN), answer(b": beat\n\n", BROKEN), answer(event(2), END), body=RESUMED
    )
    assert values == [1, 2]
    assert [sent.headers.get("last-event-id") for sent in script.sent] == [None, "1", "1"]


def test_no_content_ends_the_stream(colour: Colour) -> None:
    """WHATWG HTML, 9.2.3: the server asks the client not to come back."""
    assert colour.play(answer(event(1), BROKEN), httpx.Response(204), body=RESUMED)[0] == [1]


@pytest.mark.parametrize(
    "events", [b"data: 1\n\n", b"id: 1\ndata: 1\n\nid\n\n", b"id:  \ndata: 1\n\n", b"id: \x01\ndata: 1\n\n"]
)
def test_without_an_id_there_is_no_way_back(colour: Colour, events: bytes) -> None:
    """Where none came, the last was empty, or no header can hold it; the error says so."""
    error, script = colour.fail(APIConnectionError, answer(events, BROKEN), body=RESUMED)
    assert error.__notes__ == ["The stream can't be resumed: it gave no event id that a header can hold."]
    assert len(script.sent) == 1


@pytest.mark.parametrize(("given", "sent"), [("caf\u00e9 \u20ac", "caf\u00e9 \u20ac"), (" a ", "a")])
def test_an_id_is_sent_as_utf_8(colour: Colour, given: str, sent: str) -> None:
    """As the standard has it."""
    first = answer(f"id: {given}\ndata: 1\n\n".encode(), BROKEN)
    _, script = colour.play(first, answer(END), body=RESUMED)
    assert dict(script.sent[1].headers.raw)[b"Last-Event-ID"].decode() == sent


def test_a_post_goes_on_as_the_same_call(colour: Colour) -> None:
    """With its body and its idempotency key, so that a server acts on it once."""
    body = with_stream(to_the_end, "POST", dialect=DONE, reconnect=True, body={"q": 1})
    _, script = colour.play(answer(event(1), BROKEN), answer(END), body=body)
    one, two = script.sent
    assert one.json == two.json == {"q": 1}
    assert one.headers["idempotency-key"] == two.headers["idempotency-key"]


def test_a_body_that_is_spent_is_not_sent_again(colour: Colour) -> None:
    """A one-shot iterator can't be gone on with."""
    body = with_stream(to_the_end, "POST", dialect=DONE, reconnect=True, content=iter([b"a"]))
    _, script = colour.fail(APIConnectionError, answer(event(1), BROKEN), body=body)
    assert len(script.sent) == 1


def test_a_timeout_is_no_break(colour: Colour) -> None:
    """The caller's own bound is raised, not reconnected."""
    source = StepwiseBody(event(1), 60.0, time=colour.time)
    body = with_stream(to_the_end, dialect=DONE, reconnect=True, idle_timeout=30)
    _, script = colour.fail(APITimeoutError, source.answer(), body=body)
    assert len(script.sent) == 1


def test_without_a_declared_end_an_end_is_the_end(colour: Colour) -> None:
    """Only a connection that breaks is gone on with then."""
    body = with_stream(to_the_end, reconnect=True)
    values, script = colour.play(answer(event(1), BROKEN), answer(event(2)), body=body)
    assert (values, len(script.sent)) == ([1, 2], 2)


def test_json_lines_by_their_content_type_can_not_resume(colour: Colour) -> None:
    """Where no dialect was given, that comes to light with the response."""
    first = StepwiseBody(b"1\n", BROKEN).answer("application/jsonl")
    error, _ = colour.fail(APIConnectionError, first, body=with_stream(to_the_end, reconnect=True))
    assert error.received == (1,)


def test_not_asked_for_there_is_no_reconnection(colour: Colour) -> None:
    """Though the server gives ids."""
    _, script = colour.fail(APIConnectionError, answer(event(1), BROKEN), body=with_stream(to_the_end))
    assert len(script.sent) == 1


def test_a_reconnection_is_told_and_logged(colour: Colour, caplog: pytest.LogCaptureFixture) -> None:
    """As a retry is; the records hold no chain of old errors."""
    caplog.set_level(logging.INFO, "trio_api")
    told: list[AttemptRecord] = []
    answers = [answer(event(1), BROKEN), answer(event(2), BROKEN), answer(END)]
    colour.play(*answers, body=RESUMED, retry=RetryPolicy(on_retry=told.append))
    assert [(record.number, record.status_code, record.waited) for record in told] == [(0, 200, 0.5)] * 2
    errors = [record.error for record in told]
    assert all(isinstance(error, APIConnectionError) and error.attempts == () for error in errors)
    lines = [record.getMessage() for record in caplog.records if record.name == "trio_api"]
    assert [line.partition(":")[2].partition(" in ")[0] for line in lines] == [
        "//api.example.com/v1/events: retry 1 of 2"
    ] * 2


def test_the_response_is_the_latest(colour: Colour) -> None:
    """With all problems of the stream."""

    def use(stream: Any) -> Any:
        before = stream.response
        events = yield from raw(stream)
        return len(events), stream.response is before, stream.response.retries_taken

    body = with_stream(use, dialect=DONE, reconnect=True)
    assert colour.play(answer(event(1), BROKEN), answer(event(2), END), body=body)[0] == (2, False, 1)
