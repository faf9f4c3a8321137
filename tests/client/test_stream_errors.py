"""What goes wrong in a stream, in both colours: each in the library's own hierarchy, after the events before it."""

from __future__ import annotations

import pickle
from collections.abc import Generator
from typing import Any

import attrs
import httpx
import pytest

from support.colours import Colour
from support.leaks import everything_shown
from support.open_streams import Step, StepwiseBody, following, one_by_one, raw, to_the_end, with_stream
from trio_api import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStreamDecodeError,
    APIStreamError,
    APIStreamTruncatedError,
    APITimeoutError,
    StreamDialect,
)

DONE = StreamDialect.sse(done_data="[DONE]")
ONE = b"id: 1\ndata: 1\n\n"
PING = b"event: ping\ndata: {}\n\n"
BEAT = b": beat\n\n"
BROKEN = httpx.ReadError("reset")


@attrs.define
class Item:
    n: int


@attrs.define
class Node:
    child: Node | None = None


FAILURES: dict[str, tuple[list[Step], type[APIError], dict[str, Any]]] = {
    "error event": ([ONE, b'event: error\ndata: {"error": {"message": "no", "code": 7}}\n\n'], APIStreamError, {}),
    "no JSON": ([ONE, b"data: <html>\n\n"], APIStreamDecodeError, {}),
    "too large": ([ONE, b"data: " + b"x" * 2**20], APIStreamDecodeError, {}),
    "too deep": ([ONE, b"data: " + b"[" * 100_000 + b"\n\n"], APIStreamDecodeError, {}),
    "truncated": ([ONE], APIStreamTruncatedError, {"dialect": DONE}),
    "reset": ([ONE, BROKEN], APIConnectionError, {}),
    "broken coding": ([ONE, httpx.DecodingError("bad")], APIConnectionError, {}),
    "silence": ([ONE, 60.0, ONE], APITimeoutError, {"idle_timeout": 30}),
    "pings alone": ([ONE, *[9.0, PING, 9.0, BEAT] * 5], APITimeoutError, {"idle_timeout": 30}),
    "total_timeout": ([ONE, *[9.0, ONE] * 9], APITimeoutError, {"options": {"total_timeout": 20}}),
    "read timeout": ([ONE, 60.0], APITimeoutError, {"options": {"timeout": 5}}),
}


@pytest.mark.parametrize(("steps", "kind", "how"), FAILURES.values(), ids=FAILURES)
def test_each_failure_has_its_error(colour: Colour, steps: list[Step], kind: type[APIError], how: Any) -> None:
    """With the request, the attempts, and what was received so far; its connection is closed at once."""
    source = StepwiseBody(*steps, time=colour.time)
    closed: list[bool] = []

    def use(stream: Any) -> Generator[Any, Any, Any]:
        try:
            return (yield stream.until_done())
        except APIError:
            closed.append(source.closed)
            raise

    error, script = colour.fail(kind, source.answer(), body=with_stream(use, **how), timeout=None)
    assert type(error) is kind
    assert set(error.received) == {1}
    assert error.events_received == len(error.received)
    assert error.request is not None
    assert [attempt.status_code for attempt in error.attempts] == [200]
    assert len(script.sent) == 1
    assert source.closed
    assert closed == [kind is not APIStreamDecodeError or "larger" in str(error)]
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.received) == (str(error), error.received)


def test_an_error_event_shows_what_the_server_said(colour: Colour) -> None:
    """Its body is unwrapped, as that of an error response is."""
    steps, _, _ = FAILURES["error event"]
    error, _ = colour.fail(APIStreamError, StepwiseBody(*steps).answer(), body=with_stream(to_the_end))
    assert str(error) == "the stream sent an event 'error': no"
    assert (error.body, error.code) == ({"message": "no", "code": 7}, "7")


@pytest.mark.parametrize(("steps", "kind", "how"), FAILURES.values(), ids=FAILURES)
def test_no_failure_shows_a_secret(colour: Colour, steps: list[Step], kind: type[APIError], how: Any) -> None:
    """Neither its text nor its traceback, its attempts and its pickle."""
    options = {**how.get("options", {}), "headers": {"X-API-Key": "c4nary"}, "params": {"key": "c4nary"}}
    error, _ = colour.fail(
        kind,
        StepwiseBody(*steps, time=colour.time).answer(),
        body=with_stream(to_the_end, **{**how, "options": options}),
        timeout=None,
        custom_headers={"Authorization": "c4nary"},
    )
    assert "c4nary" not in everything_shown(error)


@pytest.mark.parametrize("use", [one_by_one, raw])
def test_iteration_counts_what_it_gave(colour: Colour, use: Any) -> None:
    """The events themselves are the caller's already."""
    source = StepwiseBody(ONE, ONE, BROKEN)
    error, _ = colour.fail(APIConnectionError, source.answer(), body=with_stream(use))
    assert (error.events_received, error.received) == (2, ())


def test_a_root_of_the_wrong_kind(colour: Colour) -> None:
    """As in any response: `APIResponseValidationError`, in both modes."""
    error, _ = colour.fail(
        APIResponseValidationError, StepwiseBody(ONE).answer(), body=with_stream(to_the_end, cast_to=Item)
    )
    assert str(error) == "The response does not fit its model: $: expected Item, got int"


def test_a_model_that_is_nested_too_deeply(colour: Colour) -> None:
    """It is an error of the library, not a `RecursionError`, also where the JSON itself could be read."""
    data = b'{"child":' * 900 + b"[]" + b"}" * 900
    body = with_stream(to_the_end, cast_to=Node)
    error, _ = colour.fail(APIStreamDecodeError, StepwiseBody(b"data: " + data + b"\n\n").answer(), body=body)
    assert "nested too deeply" in str(error)


def test_an_event_that_is_no_json_does_not_end_the_stream(colour: Colour) -> None:
    """The caller may go on with the next."""

    def use(stream: Any) -> Generator[Any, Any, Any]:
        with pytest.raises(APIStreamDecodeError) as caught:
            yield following(stream)
        assert caught.value.body == "<"
        return (yield following(stream))

    assert colour.play(StepwiseBody(b"data: <\n\n", ONE).answer(), body=with_stream(use))[0] == 1


def test_waiting_between_pulls_is_not_idleness(colour: Colour) -> None:
    """Only the wait for an event counts, not the time that the caller takes with one; and content resets it."""
    source = StepwiseBody(ONE, 20.0, ONE, 20.0, PING, 5.0, ONE, time=colour.time)
    values, _ = colour.play(source.answer(), body=with_stream(to_the_end, idle_timeout=30), timeout=None)
    assert values == [1, 1, 1]


# -- before the first event ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "how"),
    [
        ([BROKEN], {}),
        ([BEAT, PING, b"data: 1\n", BROKEN], {}),
        ([PING], {"dialect": DONE}),
        ([60.0], {"idle_timeout": 30}),
        ([*[9.0, PING, 9.0, BEAT] * 5], {"idle_timeout": 30}),
    ],
)
def test_up_to_the_first_event_a_failure_is_retried(colour: Colour, steps: list[Step], how: Any) -> None:
    """A connection that is lost, cut off or silent after the headers is that of any failed attempt."""
    lost, whole = StepwiseBody(*steps, time=colour.time), StepwiseBody(ONE, b"data: [DONE]\n\n")
    body = with_stream(lambda stream: raw(stream), **how)
    events, script = colour.play(lost.answer(), whole.answer(), body=body, timeout=None)
    assert [event.data for event in events][:1] == ["1"]
    assert len(script.sent) == 2
    assert script.sent[1].headers["x-trio-api-retry-count"] == "1"
    assert lost.closed
    assert whole.closed


@pytest.mark.parametrize(
    ("steps", "how", "kind"),
    [
        ([BROKEN], {}, APIConnectionError),
        ([PING], {"dialect": DONE}, APIStreamTruncatedError),
        ([PING, 60.0], {"idle_timeout": 30}, APITimeoutError),
    ],
)
def test_retries_before_the_first_event_run_out(colour: Colour, steps: list[Step], how: Any, kind: Any) -> None:
    """The last failure is raised, with a record of each attempt."""
    sources = [StepwiseBody(*steps, time=colour.time) for _ in range(3)]
    error, _ = colour.fail(
        kind, *(source.answer() for source in sources), body=with_stream(to_the_end, **how), timeout=None
    )
    assert [type(attempt.error) for attempt in error.attempts] == [kind] * 3
    assert (error.events_received, error.request is not None) == (0, True)
    assert all(source.closed for source in sources)


def test_an_unkeyed_post_is_not_repeated(colour: Colour) -> None:
    """It reached the server, which may have begun to act on it."""
    client_class = colour.make_class(idempotency_header=None)
    _, script = colour.fail(
        APIStreamTruncatedError,
        StepwiseBody(PING).answer(),
        body=with_stream(to_the_end, "POST", dialect=DONE),
        client_class=client_class,
    )
    assert len(script.sent) == 1


def test_what_the_server_says_first_is_not_retried(colour: Colour) -> None:
    """An error event and a broken one are answers."""
    for steps, kind in ((b"event: error\ndata: no\n\n", APIStreamError), (b"data: <\n\n", APIStreamDecodeError)):
        _, script = colour.fail(kind, StepwiseBody(steps).answer(), body=with_stream(to_the_end))
        assert len(script.sent) == 1


def test_the_total_timeout_covers_the_wait_for_the_first_event(colour: Colour) -> None:
    """With all attempts."""
    source = StepwiseBody(*[9.0, PING] * 10, time=colour.time)
    error, _ = colour.fail(
        APITimeoutError, source.answer(), body=with_stream(to_the_end, options={"total_timeout": 20}), timeout=None
    )
    assert "total_timeout" in str(error)
    assert source.closed


def test_after_an_event_nothing_is_retried(colour: Colour) -> None:
    """The caller has seen it, and would see it twice."""
    _, script = colour.fail(APIConnectionError, StepwiseBody(ONE, BROKEN).answer(), body=with_stream(to_the_end))
    assert len(script.sent) == 1
