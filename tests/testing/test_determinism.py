"""The private hooks of Trio that `simulate` seeds its scheduler by: what they do, and that they are missed if gone."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
import trio

from trio_api.testing import Chaos, Simulation, simulate
from trio_api.testing.simulation import _determinism

SCHEDULER: Any = sys.modules["trio._core._run"]


def orders(seed: int) -> list[list[int]]:
    """The orders in which eight tasks go on that can do so at once, ten times."""
    seen: list[list[int]] = []

    async def fn(sim: Simulation) -> None:
        async with trio.open_nursery() as nursery:

            async def task(number: int) -> None:
                for turn in seen:
                    turn.append(number)
                    await trio.sleep(1)

            seen.extend([] for _ in range(10))
            for number in range(8):
                nursery.start_soon(task, number)

    simulate(fn, seed=seed, runs=1, chaos=Chaos.none())
    return seen


def test_this_release_of_trio_has_the_hooks() -> None:
    """If this fails, Trio changed them: see `trio_api.testing.simulation._determinism`."""
    _determinism.check_hooks()


def test_the_hooks_seed_the_scheduler() -> None:
    """If this fails, this release of Trio has the hooks, but they don't do what they did."""
    assert orders(1) == orders(1), f"the scheduler of Trio {trio.__version__} can't be seeded as it could"
    assert orders(1) != orders(2), f"the scheduler of Trio {trio.__version__} draws from elsewhere"
    assert {tuple(sorted(turn)) for turn in orders(1)} == {tuple(range(8))}


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (SCHEDULER, "_ALLOW_DETERMINISTIC_SCHEDULING"),
        (SCHEDULER, "_r"),
        (SCHEDULER, "CancelStatus"),
        (SCHEDULER.Task, "_cancel_status"),
        (SCHEDULER.CancelStatus, "_parent"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hook_that_is_gone_is_missed(owner: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sentence that names it, and Trio's version."""
    monkeypatch.delattr(owner, name)
    with pytest.raises(RuntimeError, match=f"Trio {re.escape(trio.__version__)}: .*{name}"):
        orders(1)
