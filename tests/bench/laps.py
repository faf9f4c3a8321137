"""One client in a process of its own: ``python -m tests.bench.laps NAME ROOT TASKS...`` prints its laps as JSON.

A lap is the same number of calls for every client, spread over the tasks. Laps are repeated until enough time has
passed, so that the slowest runs one, and the fastest as many as a clock needs.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import sys
import time
from collections.abc import Awaitable, Callable

import attrs
import trio

from .clients import CLIENTS, Client, Get
from .things import EXPECTED

__all__ = ["Lap"]


@attrs.frozen
class Lap:
    """What a number of calls took."""

    tasks: int
    calls: int
    wall: float
    """Seconds on the clock."""
    cpu: float
    """Seconds of CPU time of the process, the kernel's part too."""

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.wall

    @property
    def cpu_per_call(self) -> float:
        """Microseconds."""
        return self.cpu / self.calls * 1e6


RunLap = Callable[[Get, int, int], Awaitable[None]]


async def trio_lap(get: Get, tasks: int, calls: int) -> None:
    turns = iter(range(calls))

    async def work(task: int) -> None:
        for _ in turns:
            await get(task)

    async with trio.open_nursery() as nursery:
        for task in range(tasks):
            nursery.start_soon(work, task)


async def asyncio_lap(get: Get, tasks: int, calls: int) -> None:
    turns = iter(range(calls))

    async def work(task: int) -> None:
        for _ in turns:
            await get(task)

    async with asyncio.TaskGroup() as group:
        for task in range(tasks):
            group.create_task(work(task))


async def measure(client: Client, root: str, loads: list[int], calls: int, seconds: float) -> list[Lap]:
    """Run the laps of each load, one load after the other, each with a fresh client that is warmed up first."""
    run_lap: RunLap = {"trio": trio_lap, "asyncio": asyncio_lap}[client.loop]
    laps = []
    for tasks in loads:
        in_lap = max(calls, 2 * tasks)
        async with client.open(root, tasks) as get:
            check(await get(0))
            await run_lap(get, tasks, max(calls // 3, tasks))
            total, wall, cpu = 0, time.perf_counter(), time.process_time()
            while total == 0 or time.perf_counter() - wall < seconds:
                await run_lap(get, tasks, in_lap)
                total += in_lap
            laps.append(Lap(tasks, total, time.perf_counter() - wall, time.process_time() - cpu))
    return laps


def check(thing: object) -> None:
    """Every client must have built an object, with the types it promised."""
    if any(getattr(thing, name) != value for name, value in EXPECTED.items()):
        raise AssertionError(f"not what the server sent: {thing!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("root", help="the URL of the server")
    parser.add_argument("tasks", type=int, nargs="+", help="how many at a time")
    parser.add_argument("--calls", type=int, default=1000, help="of a lap, but at least two for each task")
    parser.add_argument("--seconds", type=float, default=1.0, help="laps are repeated for so long")
    arguments = parser.parse_args()
    client = CLIENTS[arguments.client]
    work = functools.partial(measure, client, arguments.root, arguments.tasks, arguments.calls, arguments.seconds)
    laps = trio.run(work) if client.loop == "trio" else asyncio.run(work())
    json.dump([attrs.asdict(lap) for lap in laps], sys.stdout)


if __name__ == "__main__":
    main()
