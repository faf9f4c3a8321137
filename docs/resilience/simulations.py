"""Runs of the real client against `trio_api.testing.SimulatedServer`, on Trio's mock clock: the figures of this page.

Hours of server time take seconds. Chance is the machine's, so another run gives other digits, and the same picture.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import attrs
import httpx
import trio
import trio.testing

from trio_api import APIError, AsyncAPIClient, CoolDown, Hedge, RateLimitError, RetryBudget, Throttling
from trio_api.testing import SimulatedServer

__all__ = ["Crowd", "Faults", "Tail", "crowds", "faults", "tails"]

BASE_URL = "https://api.example.com"
RATES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
POLICIES: dict[str, dict[str, Any]] = {
    "no retries": {"max_retries": 0, "retry_budget": None},
    "retries without a budget": {"retry_budget": None},
    "retries on a budget (default)": {"retry_budget": RetryBudget()},
    "and throttling": {"retry_budget": RetryBudget(), "throttling": Throttling()},
}

Run: TypeAlias = Callable[[AsyncAPIClient], Awaitable[object]]


@attrs.frozen
class Faults:
    """What a policy came to at one rate of independent faults."""

    policy: str
    rate: float
    attempts_per_call: float
    success: float
    """The part of the calls that succeeded, 0 to 1."""


@attrs.frozen
class Crowd:
    """What a hundred tasks sent to a server that is closed for the first five seconds."""

    policy: str
    times: list[float]
    """When each request came, in seconds."""


@attrs.frozen
class Tail:
    """How long calls took, to a server of which few answers take long."""

    policy: str
    latencies: list[float]
    """Seconds, sorted."""
    requests_per_call: float


def run(server: SimulatedServer, body: Run, **settings: Any) -> None:
    """Run *body* with a client of *server*, on a clock that jumps where everyone waits."""

    async def main() -> None:
        async with (
            httpx.AsyncClient(transport=server) as http_client,
            AsyncAPIClient(base_url=BASE_URL, http_client=http_client, **settings) as client,
        ):
            await body(client)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


async def work(client: AsyncAPIClient, failures: list[APIError], calls: int) -> None:
    """Make *calls*, one after the other."""
    for _ in range(calls):
        try:
            await client.get("/items", cast_to=object)
        except APIError as error:
            failures.append(error)
        await trio.sleep(0.1)


async def work_side_by_side(client: AsyncAPIClient, failures: list[APIError], tasks: int, calls: int) -> None:
    """Make *calls* by each of *tasks*."""
    async with trio.open_nursery() as nursery:
        for _ in range(tasks):
            nursery.start_soon(work, client, failures, calls)


def faults(tasks: int = 20, calls: int = 150, rates: Sequence[float] = RATES) -> list[Faults]:
    """Each policy at each rate of faults: 503, each on its own."""
    found: list[Faults] = []
    for policy, settings in POLICIES.items():
        for rate in rates:
            server = SimulatedServer(latency=0.05, faults=rate, seed=1)
            failures: list[APIError] = []
            run(server, partial(work_side_by_side, failures=failures, tasks=tasks, calls=calls), **settings)
            total = tasks * calls
            found.append(Faults(policy, rate, len(server.journal) / total, 1 - len(failures) / total))
    return found


async def come_by(client: AsyncAPIClient, tasks: int, gap: float) -> None:
    """Each of *tasks* makes a call, *gap* seconds after the one before."""

    async def call() -> None:
        try:
            await client.get("/items", cast_to=object)
        except RateLimitError:
            pass  # without the cool-down some are told to wait once more than they retry

    async with trio.open_nursery() as nursery:
        for _ in range(tasks):
            nursery.start_soon(call)
            await trio.sleep(gap)


def crowds(tasks: int = 100, gap: float = 0.01) -> list[Crowd]:
    """A hundred tasks at a server that answers 429 with ``Retry-After`` until five seconds have passed."""
    found: list[Crowd] = []
    policies: dict[str, CoolDown | None] = {"each on its own": None, "shared cool-down (default)": CoolDown()}
    for policy, cool_down in policies.items():
        server = SimulatedServer(latency=0.05, closed_until=5.0)
        run(server, partial(come_by, tasks=tasks, gap=gap), cool_down=cool_down)
        begin = server.journal[0].came
        found.append(Crowd(policy, [served.came - begin for served in server.journal]))
    return found


def heavy_tailed(chance: random.Random) -> float:
    """Seconds that an answer takes: 20 ms more or less, and one in fifty a hundred times as long."""
    return chance.uniform(0.015, 0.025) * (100 if chance.random() < 0.02 else 1)


def tails(tasks: int = 20, calls: int = 250) -> list[Tail]:
    """The latencies of calls with and without hedging."""
    found: list[Tail] = []
    for policy, hedge in {"no hedging (default)": None, 'Hedge(after="p95")': Hedge(after="p95")}.items():
        server = SimulatedServer(latency=heavy_tailed, seed=1)
        latencies: list[float] = []

        async def timed(client: AsyncAPIClient, latencies: list[float] = latencies) -> None:
            for _ in range(calls):
                began = trio.current_time()
                await client.get("/items", cast_to=object)
                latencies.append(trio.current_time() - began)

        async def all_timed(client: AsyncAPIClient, timed: Run = timed) -> None:
            async with trio.open_nursery() as nursery:
                for _ in range(tasks):
                    nursery.start_soon(timed, client)

        run(server, all_timed, hedge=hedge)
        found.append(Tail(policy, sorted(latencies), len(server.journal) / len(latencies)))
    return found
