"""Event streams in both colours, against scripts: what is asked for, what is delivered, and where it ends."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal

import attrs
import httpx
import pytest

from support.colours import Colour
from support.open_streams import StepwiseBody, following, one_by_one, raw, to_the_end, with_stream
from support.scripted import reply
from trio_api import (
    MISSING,
    APIResponseValidationError,
    ClientStateError,
    ServerSentEvent,
    StreamDialect,
    ValidationProblem,
    omit,
)

DONE = StreamDialect.sse(done_data="[DONE]")
NAMED = StreamDialect.sse(done_events=("stop",))


@attrs.define
class Chunk:
    n: int


@attrs.define
class Start:
    kind: Literal["start"]
    id: str


@attrs.define
class Stop:
    kind: Literal["stop"]


def sse(*data: object, event: str = "message") -> bytes:
    return "".join(f"event: {event}\ndata: {item}\n\n" for item in data).encode()


def answer(*steps: Any, **how: Any) -> Any:
    return StepwiseBody(*steps).answer(**how)


@pytest.mark.parametrize("use", [to_the_end, one_by_one])
@pytest.mark.parametrize(
    ("dialect", "steps", "content_type"),
    [
        (None, [sse('{"n": 1}', '{"n": 2}')], "text/event-stream"),
        (None, [b'{"n": 1}\n', b'{"n"', b": 2}"], "application/x-ndjson"),
        (StreamDialect.json_lines(), [b'{"n": 1}\n{"n": 2}\n'], "application/json"),
        (DONE, [sse('{"n": 1}'), b": beat\n\n", sse("{}", event="ping"), sse('{"n": 2}', "[DONE]", "x")], "text/plain"),
        (NAMED, [sse('{"n": 1}'), sse('{"n": 2}', event="stop"), sse('{"n": 3}')], "text/event-stream"),
    ],
)
def test_events_are_built(colour: Colour, use: Any, dialect: Any, steps: list[bytes], content_type: str) -> None:
    """The JSON of each event of content, up to where the dialect says that the stream ends."""
    body = with_stream(use, cast_to=Chunk, dialect=dialect)
    values, _ = colour.play(answer(*steps, content_type=content_type), body=body)
    assert values == [Chunk(1), Chunk(2)]


@pytest.mark.parametrize(
    ("cast_to", "expected"),
    [
        (object, {"n": 1}),
        (dict[str, int], {"n": 1}),
        (str, '{"n": 1}'),
        (bytes, b'{"n": 1}'),
        (ServerSentEvent, ServerSentEvent("add", '{"n": 1}', "7", 5)),
    ],
)
def test_what_an_event_is_built_into(colour: Colour, cast_to: Any, expected: object) -> None:
    """Anything that a response can be built into; text and bytes are the data, an event is itself."""
    stream = b'id: 7\nretry: 5\nevent: add\ndata: {"n": 1}\n\n'
    values, _ = colour.play(answer(stream), body=with_stream(to_the_end, cast_to=cast_to))
    assert values == [expected]


def test_a_cast_to_of_none_counts_events(colour: Colour) -> None:
    """There is one None for each, whatever its data."""
    values, _ = colour.play(answer(sse("x", "y")), body=with_stream(to_the_end, cast_to=None))
    assert values == [None, None]


def test_variants_of_events(colour: Colour) -> None:
    """A discriminated union, as the large APIs stream them."""
    stream = sse('{"kind": "start", "id": "a"}', '{"kind": "stop"}')
    values, _ = colour.play(answer(stream), body=with_stream(to_the_end, cast_to=Start | Stop))
    assert values == [Start("start", "a"), Stop("stop")]


def test_raw_events_go_on_where_iteration_is(colour: Colour) -> None:
    """They are another view of the same stream; a JSON line is an event whose data it is."""

    def use(stream: Any) -> Generator[Any, Any, Any]:
        first = yield following(stream)
        rest = yield from raw(stream)
        return first, rest

    stream = answer(b'{"n": 1}\n{"n": 2}\n', content_type="application/jsonl")
    values, _ = colour.play(stream, body=with_stream(use, cast_to=Chunk))
    assert values == (Chunk(1), [ServerSentEvent(data='{"n": 2}')])


def test_a_post_parser_is_applied_to_each_event(colour: Colour) -> None:
    """Its result is what is given."""
    body = with_stream(to_the_end, cast_to=Chunk, options={"post_parser": lambda chunk: chunk.n * 10})
    assert colour.play(answer(sse('{"n": 1}', '{"n": 2}')), body=body)[0] == [10, 20]


@pytest.mark.parametrize(
    ("dialect", "accept"),
    [
        (None, "text/event-stream, application/jsonl"),
        (DONE, "text/event-stream"),
        (StreamDialect.json_lines(), "application/jsonl"),
    ],
)
def test_a_stream_is_asked_for(colour: Colour, dialect: StreamDialect | None, accept: str) -> None:
    """The Accept header names the formats that the dialect leaves open; the rest is as in any call."""
    body = with_stream(to_the_end, "POST", cast_to=str, dialect=dialect, body={"q": 1}, options={"params": {"a": 1}})
    _, script = colour.play(answer(sse("1", "[DONE]")), body=body)
    (sent,) = script.sent
    assert (sent.method, sent.path, sent.json) == ("POST", "/v1/events?a=1", {"q": 1})
    assert sent.headers["accept"] == accept
    assert "idempotency-key" in sent.headers


@pytest.mark.parametrize(
    ("settings", "options", "accept"),
    [
        ({}, {"headers": {"accept": "text/x"}}, "text/x"),
        ({}, {"headers": {"Accept": omit}}, None),
        ({"custom_headers": {"ACCEPT": "text/y"}}, {}, "text/y"),
    ],
)
def test_an_accept_of_the_callers_own_stays(colour: Colour, settings: Any, options: Any, accept: str | None) -> None:
    """Whether it was given to the call or to the client."""
    body = with_stream(to_the_end, options=options)
    _, script = colour.play(answer(sse("1")), body=body, **settings)
    assert script.sent[0].headers.get("accept") == accept


def test_raw_content_is_sent(colour: Colour) -> None:
    """In place of a JSON body."""
    _, script = colour.play(answer(sse("1")), body=with_stream(to_the_end, "POST", content=b"abc"))
    assert script.sent[0].body == b"abc"


def test_the_response_is_at_hand(colour: Colour) -> None:
    """With its facts and the problems of the events so far; its body is the stream's to read."""

    def use(stream: Any) -> Generator[Any, Any, Any]:
        values = yield stream.until_done()
        with pytest.raises(ClientStateError, match="stream"):
            yield stream.response.read()
        return values, stream.response

    (values, response), _ = colour.play(answer(sse("{}", '{"n": "x"}', "{}")), body=with_stream(use, cast_to=Chunk))
    assert values == [Chunk(MISSING), Chunk("x"), Chunk(MISSING)]  # type: ignore[arg-type]
    assert response.problems == (ValidationProblem("$.n", "int", "nothing"), ValidationProblem("$.n", "int", "str"))
    assert (response.status_code, response.retries_taken, response.method) == (200, 0, "GET")


def test_problems_are_errors_where_strict(colour: Colour) -> None:
    """An event that does not fit is raised after those that do."""
    error, _ = colour.fail(
        APIResponseValidationError,
        answer(sse('{"n": 1}', '{"n": "x"}')),
        body=with_stream(to_the_end, cast_to=Chunk),
        _strict_response_validation=True,
    )
    assert [str(problem) for problem in error.problems] == ["$.n: expected int, got str"]
    assert (error.received, error.events_received, error.body) == ((Chunk(1),), 1, {"n": "x"})


@pytest.mark.parametrize(
    ("content_type", "body", "parsed"),
    [("application/json", b'{"error": "no"}', {"error": "no"}), ("text/html", b"<html>", None)],
)
def test_a_body_that_is_no_stream(colour: Colour, content_type: str, body: bytes, parsed: object) -> None:
    """A page with status 200 is an error that names its type, not a stream without events."""
    source = StepwiseBody(body)
    error, _ = colour.fail(
        APIResponseValidationError, source.answer(content_type), body=with_stream(to_the_end), max_retries=0
    )
    assert str(error) == f"expected an event stream, got content type {content_type!r}"
    assert (error.body, error.response.content, len(error.attempts)) == (parsed, body, 1)
    assert source.closed


def test_a_wrong_label_is_an_error_where_strict(colour: Colour) -> None:
    """As it is for any response."""
    error, _ = colour.fail(
        APIResponseValidationError,
        answer(sse("1"), content_type="text/plain"),
        body=with_stream(to_the_end),
        _strict_response_validation=True,
    )
    assert "'text/plain'" in str(error)


def test_no_content_is_a_complete_stream(colour: Colour) -> None:
    """Status 204 says that there is nothing more to come, whatever the dialect declares."""
    assert colour.play(httpx.Response(204), body=with_stream(to_the_end, dialect=DONE))[0] == []


def test_a_finished_stream_lets_go_of_its_connection(colour: Colour) -> None:
    """At its end, not only at the end of the block."""
    source = StepwiseBody(sse("1", "[DONE]"), b": bye\n\n")

    def use(stream: Any) -> Generator[Any, Any, Any]:
        yield stream.until_done()
        return source.closed, (yield following(stream))

    assert colour.play(source.answer(), body=with_stream(use, dialect=DONE))[0] == (True, None)


@pytest.mark.parametrize("rest", [[b": x\n\n" * 2000] * 3, [60.0, b": x\n\n"], [httpx.ReadError("broken")]])
def test_what_follows_the_terminal_event_is_not_waited_for(colour: Colour, rest: list[Any]) -> None:
    """A long, a slow and a broken rest are closed, and no error."""
    source = StepwiseBody(sse("1", "[DONE]"), *rest)
    values, _ = colour.play(source.answer(), body=with_stream(to_the_end, dialect=DONE))
    assert (values, source.closed) == ([1], True)


def test_leaving_early_closes_the_stream(colour: Colour) -> None:
    """After one of many events."""
    source = StepwiseBody(sse("1", "2"), 60.0, sse("3"))
    kept: list[Any] = []

    def use(stream: Any) -> Generator[Any, Any, Any]:
        kept.append(stream)
        return (yield following(stream))

    def body(client: Any) -> Generator[Any, Any, Any]:
        first = yield from with_stream(use)(client)
        with pytest.raises(ClientStateError, match="inside its block"):
            yield following(kept[0])
        return first

    assert colour.play(source.answer(), body=body)[0] == 1
    assert source.closed


def test_a_block_is_entered_once(colour: Colour) -> None:
    """The call is made by entering; again it would be another."""

    def body(client: Any) -> Generator[Any, Any, Any]:
        block = client.stream("GET", "/events", cast_to=object)
        for _ in range(2):
            yield block.__aenter__() if hasattr(block, "__aenter__") else block.__enter__()

    colour.fail(ClientStateError, answer(sse("1")), body=body)


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ({"dialect": "sse"}, TypeError, "StreamDialect"),
        ({"idle_timeout": -1}, ValueError, "idle_timeout"),
        ({"idle_timeout": "1"}, TypeError, "idle_timeout"),
        ({"reconnect": True, "dialect": StreamDialect.json_lines()}, ValueError, "reconnect"),
        ({"body": {}, "content": b""}, TypeError, "content"),
        ({"options": {"nonsense": 1}}, TypeError, "nonsense"),
    ],
)
def test_arguments_are_checked_before_anything_is_sent(colour: Colour, how: Any, kind: Any, message: str) -> None:
    """When the stream is described, by name."""
    with pytest.raises(kind, match=message):
        colour.client().stream("POST", "/events", cast_to=object, **how)


def test_an_error_status_is_raised_as_of_any_call(colour: Colour) -> None:
    """And retried, with its body read."""
    values, script = colour.play(reply({"error": "busy"}, 503), answer(sse("1")), body=with_stream(to_the_end))
    assert (values, script.waits) == ([1], [0.5])
