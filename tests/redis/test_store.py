"""Rate limits over a real Redis: what many clients and processes share, and what happens when it is away."""

from __future__ import annotations

import contextlib
import gc
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import coredis
import httpx
import pytest
import trio
import trio.testing

from support.redis_server import REDIS, RedisServer
from trio_api import (
    APIConnectionError,
    AsyncAPIClient,
    ClientStateError,
    RateClaim,
    RateLimit,
    RateLimitStore,
    RedisRateLimitStore,
)

pytestmark = [
    pytest.mark.skipif(REDIS is None, reason="neither redis-server nor valkey-server is installed"),
    # a connection of coredis 6 that could not be made leaves its memory streams to the garbage collector
    pytest.mark.filterwarnings("ignore:Unclosed <MemoryObject:ResourceWarning"),
]

HOUR = RateLimit(requests=3, per=3600)
WEIGHTED = RateLimit(tokens=100, per=3600, cost=lambda options: 1, spent=lambda response: None)


@pytest.fixture(scope="module")
def running() -> Iterator[RedisServer]:
    """One server for all tests that leave it as it was."""
    with tempfile.TemporaryDirectory(prefix="redis") as folder, RedisServer(Path(folder)) as server:
        yield server


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    """A server that knows nothing."""
    running.ask("FLUSHALL")
    running.ask("SCRIPT FLUSH")
    return running


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What coredis leaves to the garbage collector goes while its warnings are let pass."""
    yield
    gc.collect()


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[RedisRateLimitStore]:
    """A store on it, open."""
    async with RedisRateLimitStore(server.url, timeout=20) as store:
        yield store


def claim(*costs: float, limits: tuple[RateLimit, ...] = (HOUR,), origin: str = "https://a.example:443") -> RateClaim:
    return RateClaim(uuid4().hex, origin, limits, costs or (1,))


def keys(server: RedisServer) -> int:
    return int(server.ask("DBSIZE")[1:])


async def test_it_is_a_store(store: RedisRateLimitStore) -> None:
    """By the protocol."""
    assert isinstance(store, RateLimitStore)


async def test_what_is_taken_is_gone_for_all(server: RedisServer, store: RedisRateLimitStore) -> None:
    """Up to the quota; then it says how long to wait. Another origin, name or prefix has a quota of its own."""
    assert [await store.take(claim()) for _ in range(3)] == [0, 0, 0]
    async with RedisRateLimitStore(server.url) as other, RedisRateLimitStore(server.url, prefix="x:") as elsewhere:
        assert 3590 < await other.take(claim()) <= 3600
        assert await elsewhere.take(claim()) == 0
    assert await store.take(claim(origin="https://b.example:443")) == 0
    assert await store.take(claim(limits=(RateLimit(requests=3, per=3600, name="other"),))) == 0


async def test_all_limits_are_taken_or_none(store: RedisRateLimitStore) -> None:
    """What one has no room for is not taken of the other either."""
    both = (HOUR, WEIGHTED)
    assert await store.take(claim(1, 60, limits=both)) == 0
    for _ in range(5):
        assert await store.take(claim(1, 60, limits=both)) > 3590
    assert await store.take(claim(1, 40, limits=both)) == 0
    assert await store.take(claim(1, 0, limits=both)) == 0
    assert await store.take(claim(1, 0, limits=both)) > 3590


async def test_the_wait_is_until_enough_is_over(store: RedisRateLimitStore) -> None:
    """Not only until the oldest is; the log is looked through in pieces."""
    short = RateLimit(tokens=450, per=100, cost=lambda options: 1)
    times = []
    for _ in range(450):
        times.append(time.monotonic())
        assert await store.take(claim(limits=(short,))) == 0
    for cost in (1, 150, 450):
        now = time.monotonic()
        assert await store.take(claim(cost, limits=(short,))) == pytest.approx(times[cost - 1] + 100 - now, abs=0.3)


async def test_a_burst_is_spread(store: RedisRateLimitStore) -> None:
    """As the state machine has it: two at once, then one each 36 seconds."""
    even = (RateLimit(requests=100, per=3600, burst=2),)
    assert [await store.take(claim(limits=even)) for _ in range(2)] == [0, 0]
    assert await store.take(claim(limits=even)) == pytest.approx(36, abs=1)


async def test_a_window_slides(server: RedisServer, store: RedisRateLimitStore) -> None:
    """What is over makes room, and leaves nothing behind."""
    brief = (RateLimit(requests=2, per=0.2),)
    assert [await store.take(claim(limits=brief)) for _ in range(2)] == [0, 0]
    wait = await store.take(claim(limits=brief))
    assert 0 < wait <= 0.2
    await trio.sleep(wait)
    assert await store.take(claim(limits=brief)) == 0
    await trio.sleep(1.5)
    assert keys(server) == 0


async def test_a_claim_is_taken_once(store: RedisRateLimitStore) -> None:
    """Whoever repeats it since the answer was lost gets the same answer."""
    one = claim()
    assert [await store.take(one) for _ in range(5)] == [0] * 5
    assert [await store.take(claim()) for _ in range(2)] == [0, 0]
    assert await store.take(claim()) > 0


async def test_what_it_did_cost_is_corrected(store: RedisRateLimitStore) -> None:
    """Up or down; nothing at all is as if it never was. A claim that is not known any more changes nothing."""
    first, limits = claim(60, limits=(WEIGHTED,)), (WEIGHTED,)
    assert await store.take(first) == 0
    await store.correct(first, (90,))
    assert await store.take(claim(20, limits=limits)) > 0
    await store.correct(first, (80,))
    second = claim(20, limits=limits)
    assert await store.take(second) == 0
    assert await store.take(claim(1, limits=limits)) > 0
    await store.correct(claim(50, limits=limits), (0,))
    assert await store.take(claim(1, limits=limits)) > 0
    await store.correct(second, (0,))
    assert await store.take(claim(20, limits=limits)) == 0


async def test_who_is_cancelled_takes_nothing(server: RedisServer, store: RedisRateLimitStore) -> None:
    """Promptly, also while the server has the script: it is given back behind the scenes."""
    for _ in range(20):
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(store.take, claim())
                for _ in range(3):
                    await trio.lowlevel.checkpoint()
                scope.cancel()
    assert store._nursery is not None  # pyright: ignore[reportPrivateUsage]
    with trio.fail_after(20):
        while len(store._nursery.child_tasks) > 1:  # noqa: ASYNC110  # pyright: ignore[reportPrivateUsage]
            await trio.sleep(0.01)
    assert [await store.take(claim()) for _ in range(3)] == [0, 0, 0]


async def test_who_stops_waiting_for_a_slow_server_takes_nothing(server: RedisServer) -> None:
    """Where nothing may be sent uncounted: the claim that was given up is given back once the answer comes."""
    async with RedisRateLimitStore(server.url, on_failure="closed", timeout=0.5) as store:
        await store.take(claim(limits=(WEIGHTED,)))
        server.ask("CLIENT PAUSE 1000 ALL")
        with pytest.raises(APIConnectionError):
            await store.take(claim())
        await trio.sleep(1.1)
        assert [await store.take(claim()) for _ in range(3)] == [0, 0, 0]


async def test_a_restart_of_the_server_is_survived(
    server: RedisServer, store: RedisRateLimitStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Scripts are loaded again; without its data the server begins to count anew."""
    assert [await store.take(claim()) for _ in range(3)] == [0, 0, 0]
    server.stop()
    server.start()
    assert [await store.take(claim()) for _ in range(3)] == [0, 0, 0]
    server.ask("SCRIPT FLUSH")
    assert await store.take(claim()) > 0
    assert [record for record in caplog.records if record.name == "trio_api"] == []


async def test_open_goes_on_without_the_server(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """At once, with one warning, by the client's own count; and with the server when that is back."""
    sent: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(trio.current_time())
        return httpx.Response(200, json={})

    server.stop()
    try:
        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http_client,
            RedisRateLimitStore(server.url, timeout=1) as store,
            AsyncAPIClient(
                base_url="https://a.example",
                http_client=http_client,
                rate_limit=RateLimit(requests=2, per=0.5),
                rate_limit_store=store,
            ) as client,
        ):
            began = trio.current_time()
            for _ in range(3):
                await client.get("/items", cast_to=object)
            assert 0.5 <= sent[2] - began < 5
            assert keys_or_none(server) is None
            server.start()
            await trio.sleep(1)
            await client.get("/items", cast_to=object)
            assert keys(server) == 2
    finally:
        server.stop()
        server.start()
    [warning] = [record for record in caplog.records if record.name == "trio_api"]
    assert warning.levelno == logging.WARNING
    assert warning.getMessage().endswith("): calls go on by this process's own count")


def keys_or_none(server: RedisServer) -> int | None:
    try:
        return keys(server)
    except OSError:
        return None


async def test_closed_sends_nothing_without_the_server(server: RedisServer) -> None:
    """The error is one of the tree, says that nothing was sent, and has the reason as its cause."""
    server.stop()
    try:
        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(lambda request: pytest.fail("sent"))) as http_client,
            RedisRateLimitStore(server.url, on_failure="closed", timeout=1) as store,
            AsyncAPIClient(
                base_url="https://a.example", http_client=http_client, rate_limit=HOUR, rate_limit_store=store
            ) as client,
        ):
            for _ in range(2):
                with pytest.raises(APIConnectionError, match="Not sent: the store of the rate limits") as caught:
                    await client.get("/items", cast_to=object)
                assert caught.value.sent is False
                await store.correct(claim(), (0,))  # raises nothing
            await trio.sleep(1)
            server.start()
            assert await store.take(claim()) == 0
    finally:
        server.stop()
        server.start()


async def test_a_server_that_stands_still_is_not_waited_for(server: RedisServer) -> None:
    """Longer than the timeout, once; then it is left alone for that long."""
    async with RedisRateLimitStore(server.url, timeout=0.5) as store:
        assert await store.take(claim()) == 0
        server.ask("CLIENT PAUSE 2000 ALL")
        began = trio.current_time()
        assert await store.take(claim()) == 0
        assert 0.5 <= trio.current_time() - began < 1.5
        again = trio.current_time()
        assert [await store.take(claim()) for _ in range(100)] == [0] * 100
        assert trio.current_time() - again < 0.4
        await trio.sleep(2)
        assert await store.take(claim()) == 0


async def test_a_client_of_the_users_own_is_taken(server: RedisServer) -> None:
    """Open already, and it stays open; or not, and then it is open as long as the store."""
    redis = coredis.Redis.from_url(server.url)
    async with redis:
        async with RedisRateLimitStore(redis) as store:
            assert await store.take(claim()) == 0
        assert await redis.ping()
    async with RedisRateLimitStore(coredis.Redis.from_url(server.url)) as store:
        assert await store.take(claim()) == 0


async def test_who_is_cancelled_on_opening_has_opened_nothing(server: RedisServer) -> None:
    """It can be opened later."""
    store = RedisRateLimitStore(server.url)
    with trio.CancelScope() as scope:
        scope.cancel()
        async with store:
            pytest.fail("it was opened")
    async with store:
        assert await store.take(claim()) == 0


async def test_what_the_block_raises_comes_out_single(server: RedisServer) -> None:
    """And nothing of coredis's is left running."""
    with pytest.raises(KeyError):
        async with RedisRateLimitStore(server.url) as store:
            await store.take(claim())
            raise KeyError("mine")
    with trio.move_on_after(0.05) as scope:
        async with RedisRateLimitStore(server.url) as store:
            await store.take(claim())
            await trio.sleep_forever()
    assert scope.cancelled_caught


async def test_it_is_used_inside_its_block(server: RedisServer) -> None:
    """Else the error shows the right form."""
    store = RedisRateLimitStore(server.url)
    with pytest.raises(ClientStateError, match=r"(?s)is not open.*async with"):
        await store.take(claim())
    async with store:
        with pytest.raises(ClientStateError, match="is open already"):
            await store.__aenter__()
        assert await store.take(claim()) == 0
    with pytest.raises(ClientStateError):
        await store.take(claim())
    await store.correct(claim(), (1,))


@pytest.mark.parametrize(
    "redis",
    [
        b"redis://:hunter2@localhost",
        "redis://user:hunter2/@localhost",
        "redis://user:hunter2#@localhost",
        "http://:hunter2@localhost",
        "redis://localhost/0?stream_timeout=hunter2",
    ],
)
def test_a_redis_that_cannot_be_is_refused_without_its_password(redis: Any) -> None:
    """Neither the error nor one behind it quotes it."""
    with pytest.raises((TypeError, ValueError), match=r"^redis ") as caught:
        RedisRateLimitStore(redis)
    assert caught.value.__context__ is None
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "error", "named"),
    [
        ({"redis": 5}, TypeError, "redis must be a URL"),
        ({"on_failure": "maybe"}, ValueError, "on_failure"),
        ({"timeout": 0}, ValueError, "timeout"),
        ({"timeout": "1"}, TypeError, "timeout"),
    ],
)
def test_an_argument_that_cannot_be_is_named(settings: dict[str, Any], error: type[Exception], named: str) -> None:
    """Before anything is opened."""
    with pytest.raises(error, match=named):
        RedisRateLimitStore(**{"redis": "redis://localhost", **settings})


def test_coredis_is_imported_by_those_who_use_it() -> None:
    """And not by the package; without it the error says how to come by it."""
    program = (
        "import sys, trio_api; assert 'coredis' not in sys.modules; sys.modules['coredis'] = None\n"
        "try:\n    trio_api.RedisRateLimitStore('redis://localhost')\n"
        "except ImportError as error:\n    print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "RedisRateLimitStore needs coredis: pip install 'trio-api[redis]'"


PROCESS = """
import sys, time
import httpx, trio
from trio_api import AsyncAPIClient, RateLimit, RedisRateLimitStore

import coredis

async def main(url):
    print("ready", flush=True)
    until = float(sys.stdin.readline())

    def answer(request):
        print(time.monotonic(), flush=True)  # one clock for all processes of a machine
        return httpx.Response(200, json={})

    limits = [RateLimit(requests=40, per=0.5), RateLimit(tokens=300, per=1, cost=lambda options: 5)]
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http_client,
        RedisRateLimitStore(url, on_failure="closed", timeout=30) as store,
        AsyncAPIClient(
            base_url="https://a.example", http_client=http_client, rate_limit=limits, rate_limit_store=store
        ) as client,
        trio.open_nursery() as nursery,
    ):
        async def call():
            while time.monotonic() < until:
                await client.get("/items", cast_to=object)

        for _ in range(10):
            nursery.start_soon(call)

trio.run(main, sys.argv[1])
"""


def test_four_processes_keep_to_one_quota(server: RedisServer) -> None:
    """In any window, by the server's own journal of what it let through; and none of them is left out.

    What is sent is journalled too, by the clock that the processes share. There each process may be late with what it
    was allowed last, and with what it sends just then: two for each, however busy the machine is.
    """
    command = [sys.executable, "-c", PROCESS, server.url]
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        until = f"{time.monotonic() + 5}\n"
        with server.monitored() as lines, ThreadPoolExecutor(4) as threads:
            told = [threads.submit(process.communicate, until, timeout=60) for process in processes]
            sent = [[float(line) for line in future.result()[0].split()] for future in told]
    assert [process.returncode for process in processes] == [0] * 4
    taken: dict[str, list[int]] = {"requests/0.5s": [], "tokens/1s": []}
    for line in lines:
        words = line.split()
        if '"ZADD"' in words:
            name = words[4].strip('"').partition("}:")[2].removesuffix(":log")
            taken[name].append(int(words[5].strip('"')))
    assert len(taken["requests/0.5s"]) == len(taken["tokens/1s"]) == sum(map(len, sent))
    for name, most, per in (("requests/0.5s", 40, 500_000), ("tokens/1s", 60, 1_000_000)):
        times = taken[name]
        assert times == sorted(times)
        assert all(later - now >= per for now, later in zip(times, times[most:], strict=False))
    assert all(len(times) > 5 for times in sent)
    everything = sorted(moment for times in sent for moment in times)
    assert all(later - now >= 1 for now, later in zip(everything, everything[60 + 2 * 4 :], strict=False))
    began, ended = everything[0], everything[-1]
    assert len(everything) > 0.8 * 60 * int(ended - began)
