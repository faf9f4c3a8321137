"""What is Trio's own about event streams: checkpoints, cancellation, and the client's end."""

from __future__ import annotations

import contextlib
import gc
import math
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import trio
import trio.testing
from trio.testing import MockClock

from support.asking import events
from support.cancelling import cancel_everywhere
from support.colours import BASE_URL
from support.open_streams import StepwiseBody
from support.scripted import Script
from trio_api import (
    APIConnectionError,
    APIStreamTruncatedError,
    AsyncAPIClient,
    AsyncStream,
    ClientStateError,
    Limits,
    StreamDialect,
)
from trio_api.testing import FaultServer, ServedRequest

DONE = StreamDialect.sse(done_data="[DONE]")
ONE, TWO = b"id: 1\ndata: 1\n\n", b"id: 2\ndata: 2\n\n"
SENTINEL = b"data: [DONE]\n\n"


async def play(body: StepwiseBody, use: Callable[[AsyncStream[Any]], Awaitable[Any]], **how: Any) -> Any:
    """What *use* makes of a stream whose body comes in steps."""
    async with (
        httpx.AsyncClient(transport=Script(body.answer()), timeout=None) as http_client,
        AsyncAPIClient(base_url=BASE_URL, http_client=http_client) as client,
        client.stream("GET", "/events", **{"cast_to": object, **how}) as stream,
    ):
        return await use(stream)


async def test_every_step_is_a_checkpoint() -> None:
    """Those that need not wait too, and the one at the end."""

    async def use(stream: AsyncStream[Any]) -> None:
        raw = stream.raw_events()
        for _ in range(2):
            with trio.testing.assert_checkpoints():
                await anext(stream)
            with trio.testing.assert_checkpoints():
                await anext(raw)
        for iterator in (stream, raw):
            with trio.testing.assert_checkpoints(), pytest.raises(StopAsyncIteration):
                await anext(iterator)
        with trio.testing.assert_checkpoints():
            assert await stream.until_done() == []

    await play(StepwiseBody((ONE + TWO) * 2, SENTINEL), use, dialect=DONE)


async def test_no_event_is_lost_to_a_cancellation(autojump_clock: MockClock) -> None:
    """What has come is given out by the next call."""

    async def use(stream: AsyncStream[Any]) -> None:
        assert await anext(stream) == 1
        with trio.CancelScope() as scope:
            scope.cancel()
            await anext(stream)
        assert scope.cancelled_caught
        assert await anext(stream) == 2

    await play(StepwiseBody(ONE + TWO), use)


async def test_after_a_cancelled_read_there_is_no_gap(autojump_clock: MockClock) -> None:
    """The bytes that a read was cancelled in may be gone, so the stream can't go on as if nothing were."""
    body = StepwiseBody(ONE, 10.0, TWO)

    async def use(stream: AsyncStream[Any]) -> None:
        assert await anext(stream) == 1
        with trio.move_on_after(5):
            await anext(stream)
        with pytest.raises(ClientStateError, match="broke off"):
            await anext(stream)

    await play(body, use)
    assert body.closed


@pytest.mark.parametrize("kind", [ValueError, trio.TooSlowError, APIStreamTruncatedError])
async def test_exceptions_of_the_block_come_out_as_they_are(kind: type[Exception]) -> None:
    """Single, and the connection is closed."""
    body = StepwiseBody(ONE, 60.0, TWO)

    async def use(stream: AsyncStream[Any]) -> None:
        await anext(stream)
        raise kind("of the caller")

    with pytest.raises(kind, match="of the caller"):
        await play(body, use)
    assert body.closed


async def test_a_deadline_of_the_caller_holds(autojump_clock: MockClock) -> None:
    """Whatever the stream waits for, and its connection is closed."""
    body = StepwiseBody(ONE, *[9.0, b": beat\n\n"] * 100)
    with trio.move_on_after(50) as scope:
        await play(body, lambda stream: stream.until_done())
    assert scope.cancelled_caught
    assert trio.current_time() == pytest.approx(50)
    assert body.closed


async def test_a_client_that_closes_under_a_stream_ends_it(autojump_clock: MockClock) -> None:
    """Whether another task waits for an event or comes back later; the connection is closed."""
    waiting, later = StepwiseBody(ONE, 60.0), StepwiseBody(ONE, TWO)
    ended: list[str] = []

    async def read(client: AsyncAPIClient, pause: float, opened: trio.Event) -> None:
        async with client.stream("GET", "/events", cast_to=object) as stream:
            await anext(stream)
            opened.set()
            await trio.sleep(pause)
            with pytest.raises(ClientStateError, match="clos"):
                await stream.until_done()
            ended.append("said so")

    async with (
        httpx.AsyncClient(transport=Script(waiting.answer(), later.answer())) as http_client,
        trio.open_nursery() as nursery,
        AsyncAPIClient(base_url=BASE_URL, http_client=http_client) as client,
    ):
        for pause in (0.0, 10.0):
            opened = trio.Event()
            nursery.start_soon(read, client, pause, opened)  # noqa: ASYNC111  # that is the test
            await opened.wait()
        await trio.sleep(1)
    assert ended == ["said so"] * 2
    assert waiting.closed
    assert later.closed


async def test_the_grace_of_a_closing_client_lets_a_stream_finish(autojump_clock: MockClock) -> None:
    """It is a call in flight like any other."""
    body = StepwiseBody(ONE, 5.0, TWO)
    received: list[Any] = []

    async def read(client: AsyncAPIClient, opened: trio.Event) -> None:
        async with client.stream("GET", "/events", cast_to=object) as stream:
            opened.set()
            received.extend(await stream.until_done())

    async with (
        httpx.AsyncClient(transport=Script(body.answer()), timeout=None) as http_client,
        trio.open_nursery() as nursery,
        AsyncAPIClient(base_url=BASE_URL, http_client=http_client, shutdown_grace=30) as client,
    ):
        opened = trio.Event()
        nursery.start_soon(read, client, opened)  # noqa: ASYNC111  # that is the test
        await opened.wait()
    assert received == [1, 2]


@pytest.mark.parametrize("path", ["/whole", "/resumed"])
@pytest.mark.parametrize("leave_early", [False, True])
async def test_cancelled_at_every_step_a_stream_leaves_nothing(path: str, leave_early: bool) -> None:
    """No connection, no task, no slot of the pool, no warning; the next call succeeds, over the only connection."""
    retry = b"retry: 1\n\n"

    def answer(request: ServedRequest) -> Any:
        if request.target == "/next":
            return {}
        if "last-event-id" in request.headers:
            return events(TWO, SENTINEL)
        return events(retry, ONE).cut() if request.target == "/resumed" else events(retry, ONE, TWO, SENTINEL)

    async with FaultServer(answer) as server:
        settings: Any = {"base_url": server.url, "trust_env": False, "limits": Limits(max_connections=1)}
        async with AsyncAPIClient(**settings) as client:

            async def read() -> None:
                async with client.stream("GET", path, cast_to=object, dialect=DONE, reconnect=True) as stream:
                    async for _ in stream:
                        if leave_early:
                            break

            async def work() -> None:
                # A break that came first is raised: under a cancelled scope there is no time to reconnect.
                with contextlib.suppress(APIConnectionError):
                    await read()
                await trio.lowlevel.checkpoint()

            async def after() -> None:
                with trio.fail_after(5):
                    assert await client.get("/next", cast_to=object) == {}

            assert await cancel_everywhere(work, after) > 4
            gc.collect()
        await server.wait_until_idle()


async def test_cancelled_while_it_waits_a_stream_closes_its_connection() -> None:
    """At once, while the client stays open."""
    async with (
        FaultServer(events(ONE, math.inf)) as server,
        AsyncAPIClient(base_url=server.url, trust_env=False) as client,
    ):
        with trio.move_on_after(0.1):
            async with client.stream("GET", "/events", cast_to=object) as stream:
                await stream.until_done()
        await server.wait_until_idle()
