"""Flows: what waits before an attempt, between attempts, or for another one."""

from __future__ import annotations

from pathlib import Path

from torture.flow import flow, item, side_by_side
from torture.service import CONTENT, ITEM
from trio_api import (
    AdaptiveConcurrency,
    AsyncAPIClient,
    CoolDown,
    Hedge,
    PollPolicy,
    RateLimit,
    Revalidation,
    Throttling,
)


@flow(needs_retries=True, cool_down=None)
async def backoff(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/busy", cast_to=object) == ITEM


@flow(needs_retries=True, cool_down=CoolDown())
async def cooling_down(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client, "/limited")] * 2)


@flow(max_concurrency=1)
async def in_the_permits_queue(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client)] * 4)


@flow(max_concurrency=AdaptiveConcurrency(start=2, maximum=2))
async def adaptive_permits(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client)] * 3)


@flow(rate_limit=RateLimit(requests=2, per=1))
async def pacing(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client)] * 4)


@flow(throttling=Throttling())
async def throttled(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/item", cast_to=object) == ITEM


@flow(hedge=Hedge(after=0.02, budget=1.0))
async def hedging(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/slow", cast_to=object) == ITEM


@flow(single_flight=True)
async def single_flight(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client, "/slow")] * 3)


@flow(revalidation=Revalidation())
async def revalidation(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/file", cast_to=bytes) == CONTENT
    assert await client.get("/file", cast_to=bytes) == CONTENT


@flow(
    needs_retries=True,
    max_concurrency=2,
    rate_limit=RateLimit(requests=3, per=1),
    single_flight=True,
    hedge=Hedge(after=0.05, budget=1.0),
)
async def all_at_once(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client, path) for path in ("/slow", "/item", "/limited", "/slow")])


# -- operations ----------------------------------------------------------------------------------------------


@flow()
async def polling(client: AsyncAPIClient, folder: Path) -> None:
    operation = client.poll("/job", cast_to=str, until=lambda state: "done" in state, policy=PollPolicy(interval=0.5))
    assert "done" in await operation


@flow()
async def polling_for_states(client: AsyncAPIClient, folder: Path) -> None:
    operation = client.poll("/job", cast_to=str, until=lambda state: "done" in state, policy=PollPolicy(interval=0.5))
    states = [state async for state in operation]
    assert "done" in states[-1]
