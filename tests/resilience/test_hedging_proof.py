"""What hedging does to the latencies of a crowd and to the server behind: real clients, a simulated server, no time.

The server has a heavy tail: 1 answer in 50 takes a hundred times as long as the others. Chance is seeded.
"""

from __future__ import annotations

import random
from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing

from trio_api import APIError, AsyncAPIClient, Hedge, OriginStatistics, RetryBudget
from trio_api.testing import SimulatedServer

CALLS = 1000
HEDGES = {"hedge": Hedge()}


def heavy_tailed(chance: random.Random) -> float:
    """Seconds: 40 to 60 milliseconds, or in 2% of cases 4 to 6 seconds."""
    return chance.uniform(0.04, 0.06) * (100 if chance.random() < 0.02 else 1)


@attrs.frozen
class Crowd:
    """What a crowd of callers met."""

    latencies: list[float]
    """Seconds that each call took, in order of size."""
    server: SimulatedServer
    origin: OriginStatistics

    def quantile(self, part: float) -> float:
        return self.latencies[int(part * len(self.latencies))]

    @property
    def requests_per_call(self) -> float:
        return self.server.requests / len(self.latencies)


async def play(server: SimulatedServer, *, tasks: int = 10, calls: int = CALLS, **settings: Any) -> Crowd:
    """Make *calls*, by as many *tasks* as each make one after the other."""
    latencies: list[float] = []
    to_make = iter(range(calls))
    async with (
        httpx.AsyncClient(transport=server) as http_client,
        AsyncAPIClient(base_url="https://api.example.com", http_client=http_client, timeout=60, **settings) as client,
    ):

        async def work() -> None:
            for _ in to_make:
                began = trio.current_time()
                try:
                    await client.get("/items", cast_to=object)
                except APIError:
                    pass
                latencies.append(trio.current_time() - began)

        async with trio.open_nursery() as nursery:
            for _ in range(tasks):
                nursery.start_soon(work)
        [origin] = client.statistics().origins
    assert server.in_flight == 0
    return Crowd(sorted(latencies), server, origin)


@pytest.mark.parametrize("tasks", [1, 50])
async def test_the_tail_is_cut_for_few_requests_more(autojump_clock: trio.testing.MockClock, tasks: int) -> None:
    """The 99th percentile falls by more than five times, for at most 5% more requests."""
    plain = await play(SimulatedServer(latency=heavy_tailed), tasks=tasks)
    hedged = await play(SimulatedServer(latency=heavy_tailed), tasks=tasks, **HEDGES)
    assert plain.quantile(0.99) > 5 * hedged.quantile(0.99)
    assert hedged.quantile(0.5) == pytest.approx(plain.quantile(0.5), rel=0.05)
    assert 1.02 < hedged.requests_per_call <= 1.05
    assert hedged.origin.attempts == hedged.server.requests == CALLS + hedged.origin.hedges
    assert hedged.origin.budget_left == 500
    assert len(hedged.server.journal) == hedged.server.requests


async def test_without_hedging_one_request_is_sent_for_each_call(autojump_clock: trio.testing.MockClock) -> None:
    """It is off by default."""
    plain = await play(SimulatedServer(latency=heavy_tailed), calls=500)
    assert (plain.requests_per_call, plain.origin.hedges) == (1, 0)


async def test_a_server_that_pushes_back_gets_no_hedges(autojump_clock: trio.testing.MockClock) -> None:
    """One answer in 20 is a 503, which is more than one in 10 seconds; without retries each call is one request."""
    server = SimulatedServer(latency=heavy_tailed, faults=0.05)
    crowd = await play(server, calls=400, max_retries=0, **HEDGES)
    assert (crowd.requests_per_call, crowd.origin.hedges) == (1, 0)


async def test_while_the_budget_is_low_it_is_left_to_the_retries(autojump_clock: trio.testing.MockClock) -> None:
    """Nine attempts of ten fail with a 500, which is no push-back; below half of the tokens none is spent on hedges."""

    async def hedges(budget: RetryBudget | None) -> int:
        server = SimulatedServer(latency=heavy_tailed, faults=0.9, fault_status=500)
        crowd = await play(server, calls=300, retry_budget=budget, hedge=Hedge(after=0.1))
        return crowd.origin.hedges

    with_tokens, without_bound = await hedges(RetryBudget()), await hedges(None)
    assert with_tokens <= 2
    assert without_bound >= 10


async def test_a_server_that_is_slow_as_a_whole_gets_few_hedges(autojump_clock: trio.testing.MockClock) -> None:
    """All answers take ten times as long from some time on: that is no tail, and the budget bounds what is sent."""

    def latency(chance: random.Random) -> float:
        return chance.uniform(0.04, 0.06) * (10 if trio.current_time() - began > 2 else 1)

    began = trio.current_time()
    crowd = await play(SimulatedServer(latency=latency), calls=400, **HEDGES)
    assert crowd.requests_per_call <= 1.05


async def test_cancelled_callers_leave_nothing(autojump_clock: trio.testing.MockClock) -> None:
    """Whenever they give up: no request is in flight afterwards, no permit is held."""
    server = SimulatedServer(latency=heavy_tailed)
    chance = random.Random(3)
    async with (
        httpx.AsyncClient(transport=server) as http_client,
        AsyncAPIClient(
            base_url="https://api.example.com",
            http_client=http_client,
            timeout=60,
            max_concurrency=20,
            hedge=Hedge(after=0.05, budget=1.0),
        ) as client,
    ):
        for _ in range(500):
            with trio.move_on_after(chance.uniform(0, 0.2)):
                await client.get("/items", cast_to=object)
            assert server.in_flight == 0
        [origin] = client.statistics().origins
        assert origin.in_flight == 0
        assert origin.hedges > 100
