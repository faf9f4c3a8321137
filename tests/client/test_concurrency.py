"""Permits in both colours of client: how long a call holds one, and what those who wait for one may count on."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from support.cancelling import cancel_everywhere
from support.colours import BASE_URL, Colour
from support.files import ServedFile
from support.live import Live, LiveBlocking, LiveTrio, opened, settle
from support.open_streams import StepwiseBody, following, to_the_end, with_stream
from support.raw_server import RawServer, answer
from support.scripted import Script, Slow, reply
from trio_api import (
    AdaptiveConcurrency,
    APIError,
    APITimeoutError,
    AsyncAPIClient,
    AsyncPageNumberPage,
    ClientStateError,
    OriginStatistics,
    RateLimit,
    RetryPolicy,
    StreamDialect,
    SyncAPIClient,
    make_request_options,
)
from trio_api.client._admission_blocking import _QUEUES
from trio_api.resilience import Permit
from trio_api.testing import SimulatedServer

DONE = StreamDialect.sse(done_data="[DONE]")
both = pytest.mark.parametrize("live", [LiveTrio(), LiveBlocking()], ids=lambda live: live.name)


def state_of(client: Any) -> OriginStatistics:
    [origin] = client.statistics().origins
    return origin


# -- how long a permit is held -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([reply()], None),
        ([reply(status=404)], APIError),
        ([httpx.ReadTimeout("slow"), reply()], None),
        ([httpx.ConnectError("refused")] * 3, APIError),
        ([httpx.Response(302, headers={"Location": "/v1/b"}), reply()], None),
        ([ValueError("a bug")], ValueError),
    ],
    ids=["answered", "refused", "retried", "unreachable", "redirected", "broken"],
)
def test_a_call_holds_a_permit_until_it_is_over(colour: Colour, answers: list[Any], error: Any) -> None:
    """However it ends, and however many attempts it takes."""
    held: list[int] = []

    def watched(answer: Any) -> Callable[[httpx.Request], httpx.Response]:
        def give(request: httpx.Request) -> httpx.Response:
            held.append(state_of(clients[0]).in_flight)
            if isinstance(answer, Exception):
                raise answer
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

        return give

    clients: list[Any] = []

    def body(client: Any) -> Any:
        clients.append(client)
        with contextlib.nullcontext() if error is None else pytest.raises(error):
            yield client.get("/items", cast_to=object)
        if client.statistics().origins:
            assert (state_of(client).in_flight, state_of(client).waiting) == (0, 0)

    colour.play(*[watched(answer) for answer in answers], body=body, max_concurrency=1)
    assert held == [1] * len(answers)


def test_an_open_stream_holds_its_permit_until_it_is_closed(colour: Colour) -> None:
    """Through its events, and until its block is left."""
    held = []

    def use(stream: Any) -> Any:
        client = stream._client
        held.append(state_of(client).in_flight)
        yield following(stream)
        held.append(state_of(client).in_flight)

    def body(client: Any) -> Any:
        yield from with_stream(use, dialect=DONE)(client)
        held.append(state_of(client).in_flight)

    colour.play(StepwiseBody(b"data: 1\n\n", b"data: 2\n\n").answer(), body=body, max_concurrency=1)
    assert held == [1, 1, 0]


def test_a_stream_that_is_opened_again_gives_its_permit_back_first(colour: Colour) -> None:
    """One permit is enough for a stream that breaks off."""
    first, second = StepwiseBody(b"id: 1\ndata: 1\n\n", httpx.ReadError("reset")), StepwiseBody(b"data: [DONE]\n\n")
    body = with_stream(to_the_end, dialect=DONE, reconnect=True)
    values, _ = colour.play(first.answer(), second.answer(), body=body, max_concurrency=1)
    assert values == [1]


@both
def test_a_download_that_goes_on_gives_its_permit_back_first(live: Live, tmp_path: Path) -> None:
    """One permit is enough for a file that comes in two parts; and is there again."""
    file = ServedFile(b"x" * 1000)

    async def body(client: Any) -> OriginStatistics:
        async with opened(client.with_streaming_response.get("/f", cast_to=bytes)) as response:
            assert state_of(client).in_flight == 1
            await settle(response.stream_to_file(tmp_path / "f", resume=True))
        return state_of(client)

    with RawServer(file.whole(cut=400), file.whole()) as server:
        state = live.call(server.url, body, max_concurrency=1, retry=RetryPolicy(initial=0.001))
    assert (tmp_path / "f").read_bytes() == file.content
    assert state.in_flight == 0


def test_an_answer_left_open_may_raise_the_limit(colour: Colour) -> None:
    """It counts as soon as it is there, not only when it is closed."""

    def use(stream: Any) -> Any:
        yield following(stream)
        return state_of(stream._client).concurrency_limit

    answer = StepwiseBody(b"data: 1\n\n").answer()
    how = {"body": with_stream(use), "max_concurrency": AdaptiveConcurrency(start=1)}
    assert colour.play(answer, **how)[0] == 2


# -- settings ------------------------------------------------------------------------------------------------


def test_there_is_no_limit_by_default(colour: Colour) -> None:
    """Nor are there numbers of it."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        return state_of(client)

    state, _ = colour.play(reply(), body=body)
    assert (state.in_flight, state.waiting, state.concurrency_limit) == (0, 0, None)


def test_copies_share_the_permits_unless_they_are_given_some(colour: Colour) -> None:
    """None turns the limit off for the copy alone."""

    def use(stream: Any) -> Any:
        client = stream._client
        copies = [client.copy(), client.copy(max_concurrency=5), client.copy(max_concurrency=None)]
        for copy in copies[1:]:
            yield copy.get("/items", cast_to=object)
        states = [state_of(copy) for copy in copies]
        return [(state.in_flight, state.concurrency_limit) for state in states]

    states, _ = colour.play(
        StepwiseBody(b"data: 1\n\n").answer(), reply(), reply(), body=with_stream(use), max_concurrency=1
    )
    assert states == [(1, 1), (0, 5), (0, None)]


def test_a_wrong_limit_is_refused(colour: Colour) -> None:
    """By the client and by its copies, before anything is sent."""
    with pytest.raises(TypeError, match="max_concurrency must be an int, an AdaptiveConcurrency, or None"):
        colour.client(max_concurrency="5")
    with pytest.raises(ValueError, match="max_concurrency must be at least 1, got 0"):
        colour.client().copy(max_concurrency=0)


@pytest.mark.parametrize("priority", [1.5, "1", True, None])
def test_a_priority_is_an_int(colour: Colour, priority: Any) -> None:
    """The message names it."""
    with pytest.raises(TypeError, match="priority must be an int"):
        make_request_options(priority=priority)


# -- those who wait, on Trio ---------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def client_of(transport: httpx.AsyncBaseTransport, **how: Any) -> AsyncIterator[AsyncAPIClient]:
    async with (
        httpx.AsyncClient(transport=transport) as http_client,
        AsyncAPIClient(
            base_url=BASE_URL, http_client=http_client, **{"max_concurrency": 1, "timeout": None, **how}
        ) as client,
    ):
        yield client


async def get(client: AsyncAPIClient, path: str = "/items", **options: Any) -> object:
    return await client.get(path, cast_to=object, options=options)


async def test_a_retry_is_waited_for_without_a_permit(autojump_clock: MockClock) -> None:
    """Another call is made in the meantime."""
    script = Script(reply(status=503, headers={"Retry-After": "5"}), reply(), reply())
    async with client_of(script, cool_down=None) as client, trio.open_nursery() as nursery:
        nursery.start_soon(get, client, "/first")
        await trio.sleep(1)
        await get(client, "/second")
    assert [sent.path for sent in script.sent] == ["/v1/first", "/v1/second", "/v1/first"]


async def test_a_redirect_is_followed_with_the_same_permit(autojump_clock: MockClock) -> None:
    """Whoever waits comes after its last hop."""
    hop = Slow(1, httpx.Response(302, headers={"Location": "/v1/hop"}))
    script = Script(hop, reply(), reply())
    async with client_of(script) as client, trio.open_nursery() as nursery:
        nursery.start_soon(get, client, "/first")
        await trio.sleep(0.5)
        await get(client, "/second")
    assert [sent.path for sent in script.sent] == ["/v1/first", "/v1/hop", "/v1/second"]


async def test_who_is_cancelled_in_the_queue_sends_nothing(autojump_clock: MockClock) -> None:
    """It leaves at once, and those behind it go on."""
    script = Script(Slow(10, reply()), reply())
    async with client_of(script) as client, trio.open_nursery() as nursery:
        nursery.start_soon(get, client, "/first")
        await wait_all_tasks_blocked()
        with trio.move_on_after(2) as scope:
            await get(client, "/second")
        assert scope.cancelled_caught
        assert trio.current_time() == pytest.approx(2)
        await get(client, "/third")
    assert [sent.path for sent in script.sent] == ["/v1/first", "/v1/third"]


async def test_a_permit_that_comes_with_the_cancellation_is_not_lost(autojump_clock: MockClock) -> None:
    """The waiter's time ends in the very moment in which it gets one."""
    script = Script(Slow(10, reply()), *[Slow(1, reply()) for _ in range(3)])
    async with client_of(script) as client:
        async with trio.open_nursery() as nursery:
            for patience in (60, 10, 10, 60):
                nursery.start_soon(patiently, client, patience)
                await wait_all_tasks_blocked()
        assert (state_of(client).in_flight, state_of(client).waiting) == (0, 0)
        assert trio.current_time() <= 13


async def patiently(client: AsyncAPIClient, seconds: float) -> None:
    with trio.move_on_at(trio.current_time() + seconds):
        await get(client)


async def test_no_cancellation_costs_a_permit(autojump_clock: MockClock) -> None:
    """At whichever checkpoint of a call, of an open response and of waiting it comes."""
    server = SimulatedServer(latency=1.0)
    async with client_of(server) as client:

        async def work() -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(get, client)
                await trio.lowlevel.checkpoint()
                async with client.with_streaming_response.get("/items", cast_to=object) as response:
                    await response.read()

        async def after() -> None:
            await trio.lowlevel.checkpoint()
            assert sum(origin.in_flight + origin.waiting for origin in client.statistics().origins) == 0

        assert await cancel_everywhere(work, after) >= 3


async def test_a_deadline_that_ends_in_the_queue_is_a_timeout(autojump_clock: MockClock) -> None:
    """The one of total_timeout; nothing is sent."""
    server = SimulatedServer(latency=10.0)
    async with client_of(server) as client, trio.open_nursery() as nursery:
        nursery.start_soon(get, client)
        await wait_all_tasks_blocked()
        with pytest.raises(APITimeoutError, match=r"longer than its total_timeout of 2\.0 seconds"):
            await get(client, total_timeout=2.0)
        assert trio.current_time() == pytest.approx(2)
        assert state_of(client).waiting == 0
    assert server.requests == 1


async def test_a_limit_that_rises_lets_the_next_go_at_once(autojump_clock: MockClock) -> None:
    """Though what raised it is left open, and gives nothing back."""
    script = Script(Slow(1, reply()), reply())
    adaptive = AdaptiveConcurrency(start=1)
    async with client_of(script, max_concurrency=adaptive) as client, trio.open_nursery() as nursery:
        nursery.start_soon(hold, client)
        await wait_all_tasks_blocked()
        await get(client)
        assert trio.current_time() == pytest.approx(1)
        nursery.cancel_scope.cancel()


async def hold(client: AsyncAPIClient) -> None:
    async with client.with_streaming_response.get("/items", cast_to=object):
        await trio.sleep_forever()


async def test_closing_the_client_cuts_off_those_who_wait(autojump_clock: MockClock) -> None:
    """As it does those who are on their way."""
    ends = []

    async def call(client: AsyncAPIClient) -> None:
        with pytest.raises(ClientStateError, match="is closed"):
            await get(client)
        ends.append(trio.current_time())

    async with trio.open_nursery() as nursery, client_of(SimulatedServer(latency=10.0)) as client:
        for _ in range(3):
            nursery.start_soon(call, client)
        await trio.sleep(1)
    assert ends == pytest.approx([1, 1, 1])


async def test_a_pause_that_begins_while_one_waits_is_heeded(autojump_clock: MockClock) -> None:
    """Who gets a permit from a call that was told to wait, waits too."""
    script = Script(Slow(1, reply(status=429, headers={"Retry-After": "5"})), reply())
    async with client_of(script, max_retries=0) as client, trio.open_nursery() as nursery:
        nursery.start_soon(suppressed, client)
        await wait_all_tasks_blocked()
        await get(client)
    assert script.sent[1].time - script.sent[0].time >= 6


async def suppressed(client: AsyncAPIClient) -> None:
    with contextlib.suppress(APIError):
        await get(client)


# -- pages ---------------------------------------------------------------------------------------------------


class Pages(SimulatedServer):
    """A list of ten pages of three numbers, by page number."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        number = int(request.url.params.get("page", 1))
        numbers = list(range(3 * number - 3, 3 * number))
        return httpx.Response(response.status_code, json={"data": numbers, "page": number, "total_pages": 10})


async def test_fan_out_respects_the_limit(autojump_clock: MockClock) -> None:
    """Sixteen pages side by side are as many as there are permits."""
    server = Pages(latency=1.0)
    async with client_of(server, max_concurrency=3) as client:
        crawl = client.get_api_list("/items", model=int, page=AsyncPageNumberPage[int])
        async with crawl.fan_out(limit=16) as items:
            assert [item async for item in items] == list(range(30))
    assert server.busiest == 3


async def test_pages_that_wait_for_their_consumer_hold_no_permit(autojump_clock: MockClock) -> None:
    """With one permit in all, a call for each item is made while pages are fetched ahead."""
    server = Pages(latency=0.1)
    async with client_of(server) as client:
        crawl = client.get_api_list("/items", model=int, page=AsyncPageNumberPage[int])
        async with crawl.prefetch(2) as items:
            async for item in items:
                await trio.sleep(5)
                await get(client, f"/items/{item}")
                assert state_of(client).in_flight == 0
    assert server.requests == 10 + 30
    assert server.busiest == 1


# -- those who wait, in threads ------------------------------------------------------------------------------


class Crossing:
    """Answers requests in threads, each when the test lets it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight = 0
        self.most = 0
        self.paths: list[str] = []
        self.gate = threading.Semaphore(0)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self._in_flight += 1
            self.most = max(self.most, self._in_flight)
            self.paths.append(request.url.path)
        self.gate.acquire(timeout=10)
        with self._lock:
            self._in_flight -= 1
        return httpx.Response(200, json={})


@contextlib.contextmanager
def blocking_client_of(server: Crossing, **how: Any) -> Iterator[SyncAPIClient]:
    with (
        httpx.Client(transport=httpx.MockTransport(server)) as http_client,
        SyncAPIClient(base_url="https://api.example.com", http_client=http_client, **how) as client,
    ):
        yield client


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


@contextlib.contextmanager
def in_threads(client: SyncAPIClient, *calls: tuple[str, int]) -> Iterator[None]:
    """Make calls of these paths and priorities, each once the one before it is on its way or in the queue."""
    threads = []
    for number, (path, priority) in enumerate(calls, busy(client) + 1):
        options = {"priority": priority}
        thread = threading.Thread(target=client.get, args=(path,), kwargs={"cast_to": object, "options": options})
        threads.append(thread)
        thread.start()
        until(lambda number=number: busy(client) == number)  # type: ignore[misc]  # mypy has no type for it
    yield
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert busy(client) == 0


def busy(client: SyncAPIClient) -> int:
    return sum(origin.in_flight + origin.waiting for origin in client.statistics().origins)


def test_threads_go_by_priority_and_then_in_the_order_of_coming() -> None:
    """One at a time, as on Trio."""
    server = Crossing()
    calls = [("/1", 0), ("/4", 0), ("/2", 7), ("/6", -1), ("/3", 7), ("/5", 0)]
    with blocking_client_of(server, max_concurrency=1) as client, in_threads(client, *calls):
        server.gate.release(6)
    assert server.paths == ["/1", "/2", "/3", "/4", "/5", "/6"]
    assert server.most == 1


def test_never_more_threads_are_in_flight_than_allowed() -> None:
    """Thirty threads, three permits, and all of them used."""
    server = Crossing()
    with blocking_client_of(server, max_concurrency=3) as client, in_threads(client, *[("/", 0)] * 30):
        until(lambda: len(server.paths) == 3)
        server.gate.release(30)
    assert server.most == 3
    assert len(server.paths) == 30


@pytest.mark.parametrize("how", [{}, {"rate_limit": RateLimit(requests=1, per=1000)}], ids=["alone", "paced"])
def test_a_deadline_that_ends_while_a_thread_waits_is_a_timeout(how: dict[str, Any]) -> None:
    """The one of total_timeout, in time; nothing is sent, and the place in the queue is free."""
    server = Crossing()
    with blocking_client_of(server, max_concurrency=1, **how) as client, in_threads(client, ("/first", 0)):
        began = time.monotonic()
        with pytest.raises(APITimeoutError, match=r"longer than its total_timeout of 0\.05 seconds"):
            client.get("/second", cast_to=object, options={"total_timeout": 0.05})
        assert 0.05 <= time.monotonic() - began < 5
        assert state_of(client).waiting == 0
        server.gate.release(1)
    assert server.paths == ["/first"]


@pytest.mark.parametrize("of", ["the client", "a copy with permits of its own"])
def test_closing_the_client_wakes_the_threads_that_wait(of: str) -> None:
    """At once, though the permit that they wait for is still held."""
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    is_held, may_end, ends = threading.Event(), threading.Event(), list[BaseException]()
    with RawServer(answer(half)) as server:
        client = SyncAPIClient(base_url=server.url, max_concurrency=1, trust_env=False)
        user = client if of == "the client" else client.copy(max_concurrency=1)

        def hold() -> None:
            with contextlib.suppress(APIError), user.with_streaming_response.get("/", cast_to=object):
                is_held.set()
                may_end.wait(10)

        def wait() -> None:
            try:
                user.get("/", cast_to=object)
            except ClientStateError as error:
                ends.append(error)

        holder, waiter = threading.Thread(target=hold), threading.Thread(target=wait)
        holder.start()
        assert is_held.wait(10)
        waiter.start()
        until(lambda: state_of(user).waiting == 1)
        client.close()
        waiter.join(10)
        assert not waiter.is_alive()
        assert "is closed" in str(ends[0])
        assert (state_of(user).waiting, state_of(user).in_flight) == (0, 1)
        may_end.set()
        holder.join(10)


def test_closing_a_client_leaves_those_alone_who_wait_with_another() -> None:
    """They keep their places in the order."""
    server = Crossing()
    with blocking_client_of(server, max_concurrency=1) as client, in_threads(client, ("/1", 0), ("/2", 0), ("/3", 0)):
        SyncAPIClient(base_url=BASE_URL, trust_env=False).close()
        assert state_of(client).waiting == 2
        server.gate.release(3)
    assert server.paths == ["/1", "/2", "/3"]


def test_who_comes_to_wait_as_the_client_closes_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its last look and its place in the queue."""
    client = SyncAPIClient(base_url="https://api.example.com", max_concurrency=1, trust_env=False)
    book = client._books.of(client._config.origins.base)
    assert book.permits is not None
    held, join = Permit(), book.permits.join
    assert book.permits.try_take(held)

    def closing(*args: Any) -> None:
        client._client.close()
        join(*args)

    monkeypatch.setattr(type(book.permits), "join", lambda self, *args: closing(*args))
    with pytest.raises(ClientStateError):
        client.get("/", cast_to=object)
    assert book.permits.waiting == 0


def test_an_answer_that_raises_the_limit_lets_another_thread_go_while_it_is_open() -> None:
    """The permit of the open body is not what the other waits for: there is one more."""
    server, held = Crossing(), list[bool]()
    with blocking_client_of(server, max_concurrency=AdaptiveConcurrency(start=1)) as client:

        def open_and_hold() -> None:
            with client.with_streaming_response.get("/open", cast_to=object):
                until(lambda: len(server.paths) == 2)
                held.append(True)

        holder = threading.Thread(target=open_and_hold)
        holder.start()
        until(lambda: server.paths == ["/open"])
        other = threading.Thread(target=client.get, args=("/other",), kwargs={"cast_to": object})
        other.start()
        until(lambda: state_of(client).waiting == 1)
        server.gate.release(2)
        holder.join(10)
        other.join(10)
        assert server.paths == ["/open", "/other"]
        assert held == [True]


def test_a_response_that_the_garbage_collector_closes_gives_its_permit_back() -> None:
    """Even in a thread that is changing a queue at that moment: its lock is the same thread's."""
    server = Crossing()
    server.gate.release(2)
    with blocking_client_of(server, max_concurrency=1) as client:

        def abandoned() -> Iterator[None]:
            with client.with_streaming_response.get("/", cast_to=object):
                yield

        generator = abandoned()
        next(generator)
        assert state_of(client).in_flight == 1
        with _QUEUES:
            del generator
        client.get("/", cast_to=object, options={"total_timeout": 5})
