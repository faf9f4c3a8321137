"""What a client keeps to towards a server, counted at the server: budget, rate, concurrency, cool-down, one flight."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import trio

from simulation.play import Play, keeps_whole
from trio_api import RateLimit, RetryBudget
from trio_api.testing import Reply

__all__ = ["budget", "concurrency", "cool_down", "rate", "single_flight"]


async def budget(play: Play) -> None:
    """An outage: no more retries than the budget pays for, each at the least price, with all that is refunded."""
    capacity, done = 30, 0
    play.sim.get(play.path(), *[500] * play.chance.randint(5, 40), {})

    async with play.client(retry_budget=RetryBudget(capacity=capacity), cool_down=None) as client:

        async def call(number: int) -> None:
            nonlocal done
            done += (await play.outcome(lambda: client.get(play.path(), cast_to=object))).is_done

        await play.side_by_side(12, call)
    least, most = 5, 14  # what a retry costs, and what a call puts back
    retries = sum(bool(attempt.retry) for attempt in play.attempts())
    if retries * least > capacity + done * most:
        play.breach("the retry budget is kept", f"{retries} retries, {done} calls succeeded")


async def rate(play: Play) -> None:
    """No more requests in any window than the limit allows; but for what the way takes, which differs."""
    limit = RateLimit(requests=3, per=2.0)
    play.sim.get(play.path(), {})
    async with play.client(rate_limit=limit, timeout=30) as client:
        await play.side_by_side(8, lambda _: play.outcome(lambda: client.get(play.path(), cast_to=object)), 2.0)
    times = sorted(attempt.came for attempt in play.attempts())
    window = limit.per - way(play)
    for first, beyond in zip(times, times[3:], strict=False):
        if beyond - first < window:
            play.breach("the rate limit is kept", f"4 requests from {first:.3f} to {beyond:.3f} s, of {times}")


def way(play: Play) -> float:
    """The most seconds from when a request may be sent to when it comes: a connect, and a piece of bytes."""
    return 2 * play.sim.chaos.latency + 0.001


async def concurrency(play: Play) -> None:
    """No more requests at a time than allowed."""
    most = play.chance.randint(1, 3)
    seen = await busiest(play, max_concurrency=most, timeout=120)
    if seen > most:
        play.breach("max_concurrency is kept", f"{seen} requests at a time, {most} were allowed")


async def single_flight(play: Play) -> None:
    """One request at a time for what several callers ask."""
    seen = await busiest(play, single_flight=True, timeout=120)
    if seen > 1:
        play.breach("a flight is shared", f"{seen} requests at a time")


async def busiest(play: Play, **settings: Any) -> int:
    """The most requests that the server answered at a time."""
    working = most = 0

    async def answer(request: httpx.Request) -> Any:
        nonlocal working, most
        working += 1
        most = max(most, working)
        await trio.sleep(play.chance.uniform(0, 1))
        working -= 1
        return {}

    play.sim.get(play.path(), answer)
    # a caller who gives up is done with a request that the server still works at
    play.is_patient = True
    async with play.client(**settings) as client:
        await play.side_by_side(8, lambda _: play.outcome(lambda: client.get(play.path(), cast_to=object)), 2.0)
    return most if keeps_whole(play.sim.chaos) else 0


async def cool_down(play: Play) -> None:
    """What the server asked of one call, all heed, but for what is under way."""
    play.sim.get(play.path(), {}, Reply(429, headers={"Retry-After": "3"}), {})
    play.is_patient = True
    async with play.client(max_retries=4, timeout=120) as client:
        await play.side_by_side(8, lambda _: play.outcome(lambda: client.get(play.path(), cast_to=object)), 3.0)
    if not keeps_whole(play.sim.chaos):
        return
    attempts = list(play.attempts())
    for told, other in itertools.product(attempts, attempts):
        if told.retry_after and told.ended is not None and told.status in (429, 503):
            heard = told.ended + play.sim.chaos.latency + way(play)
            if heard < other.came < told.ended + told.retry_after:
                play.breach("a cool-down is shared", f"{other} came after {told}")
