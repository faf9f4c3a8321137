"""Event streams over real sockets, from a server that goes wrong: what is raised, and what becomes of connections."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import pytest

from support.fault_server import Answer, BadChunk, Close, Drip, FaultServer, Raw, Reset, Stall
from support.live import Live, LiveBlocking, LiveTrio, opened, settle, take
from trio_api import APIConnectionError, APIError, APIStreamTruncatedError, APITimeoutError, StreamDialect

DONE = StreamDialect.sse(done_data="[DONE]")
NAMED = StreamDialect.sse(done_events=["stop"])
ONE = b"id: 1\ndata: 1\n\n"
SENTINEL = b"data: [DONE]\n\n"
LAST = b"event: stop\ndata: 2\n\n"


@pytest.fixture(params=[LiveTrio, LiveBlocking], ids=lambda colour: colour.name)
def live(request: pytest.FixtureRequest) -> Live:
    colour: Live = request.param()
    return colour


def until_done(**how: Any) -> Callable[[Any], Any]:
    async def body(client: Any) -> Any:
        async with opened(client.stream("GET", "/events", **{"cast_to": object, "dialect": DONE, **how})) as stream:
            return await settle(stream.until_done())

    return body


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ([Close()], APIConnectionError),
        ([Reset()], APIConnectionError),
        ([BadChunk()], APIConnectionError),
        ([], APIStreamTruncatedError),
        ([Drip(b": beat\n\n", 0.02, size=8, endless=True)], APITimeoutError),
        ([Stall()], APITimeoutError),
    ],
    ids=["close", "reset", "bad chunk", "no sentinel", "drip", "stall"],
)
def test_each_fault_is_an_error_of_the_library(live: Live, fault: list[Any], kind: type[APIError]) -> None:
    """With what came before it; the connection is closed."""
    with FaultServer(Answer([ONE, ONE, *fault])) as server:
        with pytest.raises(kind) as caught:
            live.call(server.url, until_done(idle_timeout=0.3))
        server.wait_until_idle()
    assert type(caught.value) is kind
    assert caught.value.received == (1, 1)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault", [[Close()], [Reset()], [b": beat\n\n", Close()], [BadChunk()], [], [Stall()]], ids=str
)
def test_faults_before_the_first_event_are_retried(live: Live, fault: list[Any]) -> None:
    """The headers came, but no event did."""
    with FaultServer(Answer(fault), Answer([ONE, SENTINEL])) as server:
        assert live.call(server.url, until_done(idle_timeout=0.3)) == [1]
    assert [request.headers["x-trio-api-retry-count"] for request in server.requests] == ["0", "1"]


@pytest.mark.parametrize("fault", [Close(), Reset(), BadChunk()], ids=str)
def test_a_broken_stream_is_resumed(live: Live, fault: Any) -> None:
    """Over another connection, with the last event id."""
    with FaultServer(
        Answer([b"retry: 5\n\n", ONE, b"id: 2\nda", fault]), Answer([b"id: 2\ndata: 2\n\n", SENTINEL])
    ) as server:
        assert live.call(server.url, until_done(reconnect=True)) == [1, 2]
    assert [request.headers.get("last-event-id") for request in server.requests] == [None, "1"]


@pytest.mark.parametrize(
    ("answer", "dialect"),
    [
        (Answer([ONE]), None),
        (Answer([ONE, SENTINEL]), DONE),
        (Answer([ONE + SENTINEL]), DONE),
        (Answer([ONE + SENTINEL + b": bye\n\n"]), DONE),
        (Answer([ONE + LAST]), NAMED),
        (Answer([ONE, Drip(SENTINEL, 0.0)]), DONE),
        (Answer([ONE + SENTINEL], headers=[("Content-Length", f"{len(ONE + SENTINEL)}")]), DONE),
    ],
    ids=str,
)
def test_a_finished_stream_gives_its_connection_back(live: Live, answer: Answer, dialect: Any) -> None:
    """The next call goes over the same one, while the block of the stream is still open."""

    async def body(client: Any) -> None:
        async with opened(client.stream("GET", "/events", cast_to=object, dialect=dialect)) as stream:
            await settle(stream.until_done())
            await settle(client.get("/next", cast_to=bytes))

    with FaultServer(answer) as server:
        live.call(server.url, body)
    assert [request.connection for request in server.requests] == [0, 0]


def test_leaving_after_the_terminal_event_gives_the_connection_back(live: Live) -> None:
    """A named one is delivered, and few ask for what comes after it."""

    async def body(client: Any) -> None:
        async with opened(client.stream("GET", "/events", cast_to=object, dialect=NAMED)) as stream:
            await take(stream, 2)
        await settle(client.get("/next", cast_to=bytes))

    with FaultServer(Answer([ONE, LAST])) as server:
        live.call(server.url, body)
    assert [request.connection for request in server.requests] == [0, 0]


@pytest.mark.parametrize(
    "rest",
    [[Stall()], [Drip(b": x\n\n", 0.02, size=5, endless=True)], [b": x\n\n" * 5000] * 100],
    ids=["stall", "drip", "long"],
)
def test_a_server_that_does_not_end_after_the_terminal_event_is_left(live: Live, rest: list[Any]) -> None:
    """Within a moment, though the read timeout is long; it is no error."""
    with FaultServer(Answer([ONE, SENTINEL, *rest])) as server:
        started = time.monotonic()
        assert live.call(server.url, until_done(), timeout=60) == [1]
        assert time.monotonic() - started < 10
        server.wait_until_idle()


def test_leaving_early_closes_the_connection(live: Live) -> None:
    """With bytes of an event and of a broken chunk in the buffers."""

    async def body(client: Any) -> Any:
        async with opened(client.stream("GET", "/events", cast_to=object)) as stream:
            first = await take(stream, 1)
        server.wait_until_idle()
        return first

    with FaultServer(Answer([ONE + ONE + b"data", Raw(b"not-hex\r\n"), Stall()])) as server:
        assert live.call(server.url, body) == [1]


def test_an_abandoned_stream_is_closed_with_the_client(live: Live) -> None:
    """No block, no end, no warning."""

    async def body(client: Any) -> Any:
        block = client.stream("GET", "/events", cast_to=object)
        stream = await settle(block.__aenter__() if hasattr(block, "__aenter__") else block.__enter__())
        first = await take(stream, 1)
        del stream, block
        gc.collect()
        return first

    with FaultServer(Answer([ONE, Stall()])) as server:
        assert live.call(server.url, body) == [1]
        gc.collect()
        server.wait_until_idle()
