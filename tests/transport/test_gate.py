"""The gate in front of httpx's transport: who comes through when, and that no place is ever lost."""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import attrs
import httpx
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from support.cancelling import CancelAt, cancel_everywhere
from trio_api.transport._gate import WEAR_LIMIT, GatedTransport

REQUEST = httpx.Request("GET", "http://api.example.com/")


@attrs.define
class Body(httpx.AsyncByteStream):
    """Two pieces."""

    closed: int = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{"
        await trio.lowlevel.checkpoint()
        yield b"}"

    async def aclose(self) -> None:
        self.closed += 1
        await trio.lowlevel.checkpoint()


@attrs.define(eq=False)
class Inner(httpx.AsyncBaseTransport):
    """In the place of httpx's transport: answers when it may."""

    limits: httpx.Limits
    answer: Callable[[httpx.Request], httpx.Response]
    may_answer: trio.Event = attrs.field(factory=trio.Event)
    in_flight: int = 0
    most: int = 0
    order: list[Any] = attrs.field(factory=list)
    closed: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        self.order.append(request.extensions.get("number"))
        try:
            await self.may_answer.wait()
            await trio.lowlevel.checkpoint()
            return self.answer(request)
        finally:
            self.in_flight -= 1

    async def aclose(self) -> None:
        self.closed += 1
        await trio.lowlevel.checkpoint()


class Gated:
    """A gate, and the transports that were made behind it."""

    def __init__(
        self, most: int | None = 2, *, answer: Any = lambda request: httpx.Response(200, stream=Body()), **limits: Any
    ) -> None:
        self.made: list[Inner] = []
        self.may_answer = trio.Event()

        def make(limits: httpx.Limits) -> Inner:
            self.made.append(Inner(limits, answer, self.may_answer))
            return self.made[-1]

        self.transport = GatedTransport(make, httpx.Limits(max_connections=most, **limits))
        self.send = self.transport.handle_async_request

    async def fail(self) -> None:
        """A request that is cancelled before its response."""
        with trio.move_on_after(0):
            await self.send(REQUEST)


def numbered(number: int, **timeouts: float | None) -> httpx.Request:
    """A request that `Inner` notes down."""
    return httpx.Request("GET", REQUEST.url, extensions={"number": number, "timeout": timeouts})


async def test_it_is_first_come_first_served(autojump_clock: trio.testing.MockClock) -> None:
    """However many wait, they come through in the order in which they came, and never more than the limit."""
    gated = Gated(3)
    gated.may_answer.set()

    async def use(number: int) -> None:
        response = await gated.send(numbered(number))
        await trio.sleep(random.random())
        await response.aclose()

    async with trio.open_nursery() as nursery:
        for number in range(40):
            nursery.start_soon(use, number)
            await wait_all_tasks_blocked()
    assert gated.made[0].order == list(range(40))
    assert gated.made[0].most <= 3


async def test_a_place_is_held_until_the_response_is_closed() -> None:
    """A response that is read but not closed holds it; closing twice gives it back once."""
    gated = Gated(1)
    gated.may_answer.set()
    first = await gated.send(REQUEST)
    assert b"".join([piece async for piece in first.stream]) == b"{}"  # type: ignore[union-attr]
    with pytest.raises(httpx.PoolTimeout):
        await gated.send(numbered(1, pool=0))
    await first.aclose()
    await first.stream.aclose()  # type: ignore[union-attr]
    second = await gated.send(numbered(2, pool=0))
    with pytest.raises(httpx.PoolTimeout):
        await gated.send(numbered(3, pool=0))
    await second.aclose()


async def test_the_pool_timeout_is_honoured(autojump_clock: trio.testing.MockClock) -> None:
    """Whose turn does not come in time gets httpx's `PoolTimeout`, with the request, and leaves nothing behind."""
    gated = Gated(1)
    gated.may_answer.set()
    held = await gated.send(REQUEST)
    began = trio.current_time()
    request = numbered(1, pool=3.0)
    with pytest.raises(httpx.PoolTimeout) as caught:
        await gated.send(request)
    assert trio.current_time() - began == pytest.approx(3)
    assert caught.value.request is request
    await held.aclose()
    await (await gated.send(numbered(2, pool=0))).aclose()


async def test_without_a_limit_all_come_through() -> None:
    """``max_connections=None`` is no gate."""
    gated = Gated(None)
    gated.may_answer.set()
    responses = [await gated.send(REQUEST) for _ in range(200)]
    assert gated.made[0].limits.max_connections is None
    for response in responses:
        await response.aclose()


async def test_a_response_that_was_made_whole_holds_no_place() -> None:
    """Mocks answer with content: httpx never reads nor closes its stream."""
    gated = Gated(1, answer=lambda request: httpx.Response(200, content=b"{}"))
    gated.may_answer.set()
    for _ in range(3):
        assert (await gated.send(numbered(1, pool=0))).content == b"{}"


async def test_cancellation_anywhere_gives_the_place_back() -> None:
    """In the transport, while reading, while closing: the next request finds its place free."""
    gated = Gated(1)
    gated.may_answer.set()

    async def work() -> None:
        response = await gated.send(REQUEST)
        try:
            await response.aread()
        finally:
            await response.aclose()

    async def after() -> None:
        await (await gated.send(numbered(1, pool=0))).aclose()

    assert await cancel_everywhere(work, after) >= 3


async def test_cancellation_in_the_queue_wakes_nobody_wrongly() -> None:
    """Who gives up waiting takes no place with it, and those behind it still come in their order."""
    gated = Gated(1)
    gated.may_answer.set()
    held = await gated.send(numbered(0))
    scopes: list[trio.CancelScope] = []

    async def use(number: int) -> None:
        with trio.CancelScope() as scope:
            scopes.append(scope)
            await (await gated.send(numbered(number))).aclose()

    async with trio.open_nursery() as nursery:
        for number in (1, 2, 3):
            nursery.start_soon(use, number)
            await wait_all_tasks_blocked()
        scopes[1].cancel()
        await held.aclose()
    assert gated.made[0].order == [0, 1, 3]


async def test_worn_out_it_is_replaced_and_closed_with_its_last_response() -> None:
    """After so many aborted requests a fresh transport takes over; the old one stays for what is open on it."""
    gated = Gated(10)
    gated.may_answer.set()
    held = await gated.send(REQUEST)
    for _ in range(WEAR_LIMIT):
        await gated.fail()
    await (await gated.send(REQUEST)).aclose()
    first, second = gated.made
    assert (first.closed, second.closed) == (0, 0)
    assert b"".join([piece async for piece in held.stream]) == b"{}"  # type: ignore[union-attr]
    await held.aclose()
    assert (first.closed, second.closed) == (1, 0)
    await gated.transport.aclose()
    assert (first.closed, second.closed) == (1, 1)


async def test_requests_that_end_well_wear_nothing() -> None:
    """Without aborted requests one transport serves for ever."""
    gated = Gated(10)
    gated.may_answer.set()
    for _ in range(WEAR_LIMIT * 3):
        response = await gated.send(REQUEST)
        await response.aread()
        await response.aclose()
    assert len(gated.made) == 1


async def test_an_old_transport_is_closed_even_by_a_cancelled_task() -> None:
    """The task that ends last closes it, shielded."""
    gated = Gated(10)
    for _ in range(WEAR_LIMIT - 1):
        await gated.fail()
    await gated.fail()
    assert gated.made[0].closed == 1


async def test_closing_closes_the_old_ones_too() -> None:
    """What still has responses open is closed with the rest."""
    gated = Gated(10)
    gated.may_answer.set()
    held = await gated.send(REQUEST)
    for _ in range(WEAR_LIMIT):
        await gated.fail()
    await (await gated.send(REQUEST)).aclose()
    await gated.transport.aclose()
    assert [inner.closed for inner in gated.made] == [1, 1]
    await held.aclose()


@pytest.mark.parametrize(
    ("most", "idle", "of_pool", "idle_of_pool"),
    [(4, None, 4 + WEAR_LIMIT, 4), (4, 9, 4 + WEAR_LIMIT, 4), (1000, 100, 1000 + WEAR_LIMIT, 100), (None, 7, None, 7)],
)
def test_the_pool_has_room_for_what_it_may_lose(
    most: int | None, idle: int | None, of_pool: int | None, idle_of_pool: int
) -> None:
    """Its own limit is never what a request waits for; what it keeps alive stays within the caller's limit."""
    gated = Gated(most, max_keepalive_connections=idle, keepalive_expiry=7.0)
    gated.transport.prepare()
    limits = gated.made[0].limits
    assert (limits.max_connections, limits.max_keepalive_connections) == (of_pool, idle_of_pool)
    assert limits.keepalive_expiry == 7


# -- against httpx's own transport ---------------------------------------------------------------------------


async def _answer_all(stream: trio.SocketStream) -> None:
    """Answer every request."""
    buffer = b""
    async with stream:
        with contextlib.suppress(trio.BrokenResourceError):
            async for piece in stream:
                *requests, buffer = (buffer + piece).split(b"\r\n\r\n")
                for _ in requests:
                    await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


async def _churn(transport: httpx.AsyncBaseTransport, requests: int) -> int:
    """Send so many requests by 12 tasks, most cancelled at some checkpoint; gives how many were, or -1 for death."""
    chance = random.Random(requests)
    cancelled = 0
    left = requests

    async with (
        trio.open_nursery() as nursery,
        httpx.AsyncClient(transport=transport, timeout=httpx.Timeout(30, pool=20)) as client,
    ):
        (listener,) = await nursery.start(functools.partial(trio.serve_tcp, _answer_all, 0, host="127.0.0.1"))
        url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}/"

        async def work() -> None:
            nonlocal cancelled, left
            while left > 0:
                left -= 1
                with trio.CancelScope() as scope, CancelAt(scope, chance.randint(1, 14)):
                    await client.get(url)
                cancelled += scope.cancelled_caught

        try:
            async with trio.open_nursery() as workers:
                for _ in range(12):
                    workers.start_soon(work)
            assert (await client.get(url)).content == b"{}"
        except* httpx.PoolTimeout:
            cancelled = -1
        nursery.cancel_scope.cancel(reason="the test is over")
    return cancelled


async def test_cancellation_costs_no_connection_for_good() -> None:
    """Four connections, twelve tasks, thousands of requests cancelled at random checkpoints: the next one succeeds."""
    limits = httpx.Limits(max_connections=4)
    transport = GatedTransport(lambda limits: httpx.AsyncHTTPTransport(verify=False, limits=limits), limits)
    assert await _churn(transport, 1500) > 500


async def test_streams_that_httpcore_lost_track_of() -> None:
    """A connection that broke, as far as anybody can tell; the next request goes by a fresh transport."""

    def answer(request: httpx.Request) -> httpx.Response:
        if len(gated.made) == 1:
            raise ValueError("semaphore released too many times")  # Trio's, in httpcore
        return httpx.Response(200, stream=Body())

    gated = Gated(answer=answer)
    gated.may_answer.set()
    with pytest.raises(httpx.ReadError, match="lost track"):
        await gated.transport.handle_async_request(REQUEST)
    assert gated.made[0].closed
    await (await gated.transport.handle_async_request(REQUEST)).aclose()


async def test_a_value_error_of_the_application_is_its_own() -> None:
    """One of the body's, for example."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise ValueError("of the body")

    gated = Gated(answer=answer)
    gated.may_answer.set()
    with pytest.raises(ValueError, match="of the body"):
        await gated.transport.handle_async_request(REQUEST)


@pytest.mark.parametrize("place", ["pieces", "end"])
async def test_streams_that_httpcore_lost_track_of_within_an_answer(place: str) -> None:
    """Where it is read it broke; where it is closed nobody is told. Either way the transport is replaced."""

    class Uncounted(Body):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            await trio.lowlevel.checkpoint()
            yield b"{}"
            if place == "pieces":
                raise ValueError("semaphore released too many times")

        async def aclose(self) -> None:
            await trio.lowlevel.checkpoint()
            raise ValueError("semaphore released too many times")

    gated = Gated(
        answer=lambda request: httpx.Response(200, stream=Uncounted(), extensions={"http_version": b"HTTP/2"})
    )
    gated.may_answer.set()
    response = await gated.transport.handle_async_request(REQUEST)
    with pytest.raises(httpx.ReadError, match="lost track") if place == "pieces" else contextlib.nullcontext():
        await response.aread()
    await response.aclose()
    assert gated.made[0].closed
