"""A run: some activities side by side, in a weather of chance, and what must hold of each."""

from __future__ import annotations

import functools
import random
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import trio

from simulation import bounds, effects, flows, lists
from simulation.play import Breach, Play
from trio_api.testing import Chaos, Simulation

__all__ = ["ACTIVITIES", "only", "scenario"]

Activity = Callable[[Play], Awaitable[object]]

ACTIVITIES: dict[str, Activity] = {
    activity.__name__: activity
    for activity in (
        lists.crawl,
        effects.unkeyed,
        effects.keyed,
        effects.reads,
        effects.uploads,
        effects.closing,
        flows.events,
        flows.downloads,
        flows.operations,
        bounds.budget,
        bounds.rate,
        bounds.concurrency,
        bounds.single_flight,
        bounds.cool_down,
    )
}


def weather(chance: random.Random) -> Chaos:
    """What goes wrong in a run: nothing; only what the server says; some of everything; much of it."""
    match chance.choice(["calm", "errors", "rough", "rough", "storm"]):
        case "calm":
            return attrs.evolve(Chaos.none(), latency=0.02, split=0.5)
        case "errors":
            return Chaos(refused=0.0, unreachable=0.0, broken=0.0, silent=0.0, unavailable=0.1, failed=0.1, lost=0.1)
        case "rough":
            return Chaos()
        case _:
            latency, buffer = chance.choice([0.01, 0.3]), chance.choice([500, 65_536])
            return Chaos(
                latency=latency, buffer=buffer, split=0.5, refused=0.1, broken=0.08, silent=0.02, closed=0.3, lost=0.1
            )


async def scenario(sim: Simulation) -> None:
    """One or two activities of chance."""
    sim.chaos = weather(sim.random)
    names = sim.random.sample(sorted(ACTIVITIES), sim.random.randint(1, 2))
    await perform(sim, [(name, {}) for name in names])


def only(name: str, chaos: Chaos | None = None, **planted: Any) -> Callable[[Simulation], Awaitable[None]]:
    """A run of one activity, with a bug planted."""

    async def run(sim: Simulation) -> None:
        sim.chaos = chaos or weather(sim.random)
        await perform(sim, [(name, planted)])

    return run


async def perform(sim: Simulation, activities: list[tuple[str, dict[str, Any]]]) -> None:
    """Do them side by side.

    Raises:
        AssertionError: An invariant does not hold; all that don't are named.
    """
    breaches: list[Breach] = []
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        async with trio.open_nursery() as nursery:
            for name, planted in activities:
                play = Play(sim, name, breaches, Path(folder), planted)
                nursery.start_soon(ACTIVITIES[name], play)
    if breaches:
        raise AssertionError("\n".join(f"{breach.invariant}: {breach.what}" for breach in breaches))


@functools.cache
def _memory() -> str | None:
    """A folder in memory, where the system has one: a download waits for the disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
