"""The retry budget through the whole client, on a simulated server; `test_simulation` has the larger numbers.

4,000 calls by 50 tasks: at 10% faults the standard deviations are 0.0054 attempts a call and 0.05% success.
"""

from __future__ import annotations

import httpx
import trio

from trio_api import AsyncAPIClient, InternalServerError, OriginStatistics
from trio_api.testing import SimulatedServer

CALLS, TASKS = 4000, 50


async def make_calls(server: SimulatedServer) -> OriginStatistics:
    """Make all the calls, each task one after the other."""

    async def work() -> None:
        for _ in range(CALLS // TASKS):
            try:
                await client.get("/items", cast_to=object)
            except InternalServerError:
                pass

    async with (
        httpx.AsyncClient(transport=server) as http_client,
        AsyncAPIClient(base_url="https://api.example.com", http_client=http_client) as client,
    ):
        async with trio.open_nursery() as nursery:
            for _ in range(TASKS):
                nursery.start_soon(work)
        [origin] = client.statistics().origins
    return origin


async def test_an_outage_gets_one_attempt_a_call(autojump_clock: object) -> None:
    """At most 1.01."""
    server = SimulatedServer(faults=1.0)
    origin = await make_calls(server)
    assert (origin.calls, origin.failed) == (CALLS, CALLS)
    assert server.requests <= 1.01 * CALLS


async def test_independent_faults_lose_nothing(autojump_clock: object) -> None:
    """At 10%, 99.9% success is expected at 1.11 attempts a call, just as without a budget."""
    server = SimulatedServer(faults=0.1)
    origin = await make_calls(server)
    assert origin.failed <= 0.003 * CALLS
    assert server.requests <= 1.14 * CALLS
    assert origin.retries_refused == 0
