"""Event streams over real sockets, from a server that goes wrong: what is raised, and what becomes of connections."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from typing import Any

import pytest

from support.asking import events
from support.live import Live, LiveBlocking, LiveTrio, opened, settle, take
from trio_api import APIConnectionError, APIError, APIStreamTruncatedError, APITimeoutError, StreamDialect
from trio_api.testing import End, FaultServer, Reply, WireFault

DONE = StreamDialect.sse(done_data="[DONE]")
NAMED = StreamDialect.sse(done_events=["stop"])
ONE = b"id: 1\ndata: 1\n\n"
SENTINEL = b"data: [DONE]\n\n"
LAST = b"event: stop\ndata: 2\n\n"


BEAT = b": beat\n\n"
FOREVER = 500  # times: of beats 0.02 s apart, much longer than any test


@pytest.fixture(params=[LiveTrio, LiveBlocking], ids=lambda colour: colour.name)
def live(request: pytest.FixtureRequest) -> Live:
    colour: Live = request.param()
    return colour


def until_done(**how: Any) -> Callable[[Any], Any]:
    async def body(client: Any) -> Any:
        async with opened(client.stream("GET", "/events", **{"cast_to": object, "dialect": DONE, **how})) as stream:
            return await settle(stream.until_done())

    return body


def reset(*pieces: bytes) -> WireFault:
    """A stream that is reset; a moment later, since a reset may overtake what was sent."""
    return WireFault.answering(events(*pieces).cut(), 0.01, End.RESET)


def bad_chunk(*pieces: bytes) -> WireFault:
    return WireFault.bad_chunk(events(*pieces))


def cut(*pieces: bytes) -> Reply:
    return events(*pieces).cut()


def stall(*pieces: bytes) -> Reply:
    return events(*pieces, math.inf)


def drip(*pieces: bytes) -> Reply:
    return events(*pieces, *[BEAT, 0.02] * FOREVER)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (cut, APIConnectionError),
        (reset, APIConnectionError),
        (bad_chunk, APIConnectionError),
        (events, APIStreamTruncatedError),
        (drip, APITimeoutError),
        (stall, APITimeoutError),
    ],
)
async def test_each_fault_is_an_error_of_the_library(live: Live, fault: Any, kind: type[APIError]) -> None:
    """With what came before it; the connection is closed."""
    async with FaultServer(fault(ONE, ONE)) as server:
        with pytest.raises(kind) as caught:
            await live.meet(server.url, until_done(idle_timeout=0.3))
        await server.wait_until_idle()
    assert type(caught.value) is kind
    assert caught.value.received == (1, 1)
    assert len(server.journal) == 1


@pytest.mark.parametrize(
    "fault",
    [cut(), reset(), cut(BEAT), bad_chunk(), events(), stall()],
    ids=["cut", "reset", "cut behind a comment", "bad chunk", "no sentinel", "stall"],
)
async def test_faults_before_the_first_event_are_retried(live: Live, fault: Any) -> None:
    """The headers came, but no event did."""
    async with FaultServer(fault, events(ONE, SENTINEL)) as server:
        assert await live.meet(server.url, until_done(idle_timeout=0.3)) == [1]
    assert [request.headers["x-trio-api-retry-count"] for request in server.journal] == ["0", "1"]


@pytest.mark.parametrize("fault", [cut, reset, bad_chunk])
async def test_a_broken_stream_is_resumed(live: Live, fault: Any) -> None:
    """Over another connection, with the last event id."""
    broken = fault(b"retry: 5\n\n", ONE, b"id: 2\nda")
    async with FaultServer(broken, events(b"id: 2\ndata: 2\n\n", SENTINEL)) as server:
        assert await live.meet(server.url, until_done(reconnect=True)) == [1, 2]
    assert [request.headers.get("last-event-id") for request in server.journal] == [None, "1"]


@pytest.mark.parametrize(
    ("answer", "dialect"),
    [
        (events(ONE), None),
        (events(ONE, 0.01, SENTINEL), DONE),
        (events(ONE, SENTINEL), DONE),
        (events(ONE + SENTINEL), DONE),
        (events(ONE + SENTINEL + b": bye\n\n"), DONE),
        (events(ONE + LAST), NAMED),
        (events(ONE, *[bytes([byte]) for byte in SENTINEL]), DONE),
        (WireFault.drip(events(ONE, SENTINEL), every=0.001, size=4), DONE),
        (Reply(content=ONE + SENTINEL, headers={"Content-Type": "text/event-stream"}), DONE),
    ],
)
async def test_a_finished_stream_gives_its_connection_back(live: Live, answer: Any, dialect: Any) -> None:
    """The next call goes over the same one, while the block of the stream is still open."""

    async def body(client: Any) -> None:
        async with opened(client.stream("GET", "/events", cast_to=object, dialect=dialect)) as stream:
            await settle(stream.until_done())
            await settle(client.get("/next", cast_to=bytes))

    async with FaultServer(answer) as server:
        await live.meet(server.url, body)
    assert [request.connection for request in server.journal] == [1, 1]


async def test_leaving_after_the_terminal_event_gives_the_connection_back(live: Live) -> None:
    """A named one is delivered, and few ask for what comes after it."""

    async def body(client: Any) -> None:
        async with opened(client.stream("GET", "/events", cast_to=object, dialect=NAMED)) as stream:
            await take(stream, 2)
        await settle(client.get("/next", cast_to=bytes))

    async with FaultServer(events(ONE, LAST)) as server:
        await live.meet(server.url, body)
    assert [request.connection for request in server.journal] == [1, 1]


@pytest.mark.parametrize(
    "answer", [stall(ONE, SENTINEL), drip(ONE, SENTINEL), events(ONE, SENTINEL, *[BEAT * 5000] * 100)]
)
async def test_a_server_that_does_not_end_after_the_terminal_event_is_left(live: Live, answer: Reply) -> None:
    """Within a moment, though the read timeout is long; it is no error."""
    async with FaultServer(answer) as server:
        started = time.monotonic()
        assert await live.meet(server.url, until_done(), timeout=60) == [1]
        assert time.monotonic() - started < 10
        await server.wait_until_idle()


async def test_leaving_early_closes_the_connection(live: Live) -> None:
    """With bytes of an event and of a broken chunk in the buffers."""

    async def body(client: Any) -> Any:
        async with opened(client.stream("GET", "/events", cast_to=object)) as stream:
            first = await take(stream, 1)
        await live.ask(server.wait_until_idle)
        return first

    fault = WireFault.answering(events(ONE + ONE + b"data").cut(), b"not-hex\r\n", End.STALL)
    async with FaultServer(fault) as server:
        assert await live.meet(server.url, body) == [1]


async def test_an_abandoned_stream_is_closed_with_the_client(live: Live) -> None:
    """No block, no end, no warning."""

    async def body(client: Any) -> Any:
        block = client.stream("GET", "/events", cast_to=object)
        stream = await settle(block.__aenter__() if hasattr(block, "__aenter__") else block.__enter__())
        first = await take(stream, 1)
        del stream, block
        gc.collect()
        return first

    async with FaultServer(stall(ONE)) as server:
        assert await live.meet(server.url, body) == [1]
        gc.collect()
        await server.wait_until_idle()
