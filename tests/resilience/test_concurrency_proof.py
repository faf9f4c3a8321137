"""Concurrency limits through the real client: what a server sees of them, on a clock that jumps."""

from __future__ import annotations

import contextlib
import random
import statistics
from collections.abc import AsyncIterator, Sequence
from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from trio_api import AdaptiveConcurrency, APIError, APITimeoutError, AsyncAPIClient, OriginStatistics
from trio_api.testing import SimulatedServer

ORIGIN = "https://api.example.com"


@pytest.fixture(autouse=True)
def _same_chance() -> None:
    """Retries wait by the same chance in each run."""
    random.seed(1)


@contextlib.asynccontextmanager
async def client_of(server: SimulatedServer, **how: Any) -> AsyncIterator[AsyncAPIClient]:
    async with (
        httpx.AsyncClient(transport=server) as http_client,
        AsyncAPIClient(base_url=ORIGIN, http_client=http_client, **how) as client,
    ):
        yield client


def state_of(client: AsyncAPIClient) -> OriginStatistics:
    [origin] = client.statistics().origins
    return origin


# -- a fixed limit -------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(0, 2**32), st.sampled_from([0.0, 0.3]))
def test_never_more_are_in_flight_than_allowed(limit: int, seed: int, faults: float) -> None:
    """Whatever is cancelled, fails, is retried or comes when; and afterwards every permit is there again."""
    chance = random.Random(seed)
    server = SimulatedServer(latency=lambda own: own.choice([0.0, 0.1, 1.0]), faults=faults, seed=seed)

    async def call(client: AsyncAPIClient, at: float, patience: float) -> None:
        await trio.sleep(at)
        with trio.move_on_after(patience), contextlib.suppress(APIError):
            await client.get("/", cast_to=object, options={"priority": chance.randrange(3)})

    async def main() -> None:
        async with client_of(server, max_concurrency=limit) as client:
            async with trio.open_nursery() as nursery:
                for _ in range(40):
                    patience = chance.choice([0.0, 0.1, 0.25, 1.0, 2.0, 60.0])
                    nursery.start_soon(call, client, chance.choice([0.0, 0.1, 0.5, 1.0]), patience)
            await client.get("/", cast_to=object, options={"max_retries": 40})
            state = state_of(client)
            assert (state.in_flight, state.waiting) == (0, 0)

    trio.run(main, clock=MockClock(autojump_threshold=0))
    assert 1 <= server.busiest <= limit


async def test_a_full_limit_is_used_in_full(autojump_clock: MockClock) -> None:
    """A hundred calls of a second, ten at a time: ten seconds."""
    server = SimulatedServer(latency=1.0)
    began = trio.current_time()
    async with client_of(server, max_concurrency=10) as client, trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(get, client)
    assert trio.current_time() - began == pytest.approx(10)
    assert server.busiest == 10


async def get(client: AsyncAPIClient, path: str = "/", **options: Any) -> None:
    await client.get(path, cast_to=object, options=options)


async def in_order(client: AsyncAPIClient, nursery: trio.Nursery, calls: Sequence[tuple[str, int]]) -> None:
    """Start calls of these paths and priorities, one surely after the other."""
    for path, priority in calls:
        nursery.start_soon(lambda path, priority: get(client, path, priority=priority), path, priority)
        await trio.testing.wait_all_tasks_blocked()


async def test_calls_go_by_priority_and_then_in_the_order_of_coming() -> None:
    """A server that takes one at a time sees them so."""
    server = SimulatedServer(latency=0.01)
    async with client_of(server, max_concurrency=1) as client, trio.open_nursery() as nursery:
        await in_order(client, nursery, [("/1", 0), ("/4", 0), ("/2", 7), ("/6", -1), ("/3", 7), ("/5", 0)])
    assert [entry.path for entry in server.journal] == ["/1", "/2", "/3", "/4", "/5", "/6"]


# -- an adaptive limit ---------------------------------------------------------------------------------------


@attrs.define
class Crowd:
    """Workers of one client, who make calls until it is time; and what was measured in the second half of that."""

    client: AsyncAPIClient
    workers: int
    limits: list[int] = attrs.Factory(list)
    answered: int = 0

    async def work(self, seconds: float) -> None:
        began = trio.current_time()
        with trio.move_on_at(began + seconds):
            async with trio.open_nursery() as nursery:
                for _ in range(self.workers):
                    nursery.start_soon(self._call)
                await trio.sleep(seconds / 2)
                self.answered = 0
                while True:
                    self.limits.append(state_of(self.client).concurrency_limit or 0)
                    await trio.sleep(0.1)

    async def _call(self) -> None:
        while True:
            with contextlib.suppress(APIError):
                await get(self.client)
                self.answered += 1

    @property
    def limit(self) -> float:
        return statistics.mean(self.limits)


@pytest.mark.parametrize(
    ("capacity", "start", "seconds"),
    [(10, 1, 60), (10, 20, 60), (10, 200, 60), (40, 20, 60), (40, 60, 40), (100, 90, 30)],
)
async def test_an_adaptive_limit_finds_the_capacity(
    autojump_clock: MockClock, capacity: int, start: int, seconds: float
) -> None:
    """Within a fifth, from above and from below; and nearly all that the server can do is had of it."""
    server = SimulatedServer(latency=1.0, capacity=capacity)
    async with client_of(server, max_concurrency=AdaptiveConcurrency(start=start)) as client:
        crowd = Crowd(client, workers=2 * capacity)
        await crowd.work(seconds)
    assert crowd.limit == pytest.approx(capacity, rel=0.2)
    assert crowd.answered >= 0.8 * capacity * seconds / 2
    refused = sum(entry.status == 503 for entry in server.journal if entry.came > seconds / 2)
    assert refused <= 0.1 * crowd.answered


async def test_two_clients_share_a_server(autojump_clock: MockClock) -> None:
    """One had all of it when the other came: after a while each has its part, within 40 and 60%."""
    server = SimulatedServer(latency=lambda chance: chance.uniform(0.5, 1.5), capacity=10)
    async with (
        client_of(server, max_concurrency=AdaptiveConcurrency(start=10)) as rich,
        client_of(server, max_concurrency=AdaptiveConcurrency(start=1)) as poor,
    ):
        crowds = [Crowd(rich, workers=20), Crowd(poor, workers=20)]
        async with trio.open_nursery() as nursery:
            for crowd in crowds:
                nursery.start_soon(crowd.work, 300)
    answered = [crowd.answered for crowd in crowds]
    assert 0.4 <= answered[0] / sum(answered) <= 0.6
    assert sum(answered) >= 0.8 * 10 * 150


@pytest.mark.parametrize("how", [{"timeout": 1.0}, {"total_timeout": 1.0}])
async def test_a_server_that_answers_too_late_is_sent_less(autojump_clock: MockClock, how: dict[str, Any]) -> None:
    """A timeout is a sign as good as 503, whoever's it is."""
    limit = AdaptiveConcurrency(start=10)
    async with client_of(SimulatedServer(latency=10.0), max_concurrency=limit, max_retries=0, **how) as client:
        with pytest.raises(APITimeoutError):
            await get(client)
        assert state_of(client).concurrency_limit == 8


async def test_time_in_the_queue_is_no_sign_of_the_server(autojump_clock: MockClock) -> None:
    """A call whose time ends there was never sent."""
    server = SimulatedServer(latency=10.0)
    how: dict[str, Any] = {"max_concurrency": AdaptiveConcurrency(start=2), "timeout": None}
    async with client_of(server, **how) as client, trio.open_nursery() as nursery:
        nursery.start_soon(get, client)
        nursery.start_soon(get, client)
        await trio.sleep(1)
        with pytest.raises(APITimeoutError):
            await get(client, total_timeout=1.0)
        assert state_of(client).concurrency_limit == 2
    assert server.requests == 2
