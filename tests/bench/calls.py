"""Rows of the typed GET: requests a second beside each peer, and how the cost of a request grows with the tasks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from .clients import CLIENTS
from .laps import Lap
from .processes import fast_server, run_json
from .rounds import Effort, race
from .row import Row, Speed

__all__ = ["ROWS", "measure", "measure_speeds"]

OURS = "trio_api"
GOALS = {  # requests a second, times the peer's
    (50, "aiohttp"): 1.0,
    (500, "aiohttp"): 1.0,
    (50, "openai"): 8.0,
    (500, "openai"): 14.0,
    (50, "bare"): 0.35,
    (500, "bare"): 0.35,
}
FEW, MANY = 10, 1000  # tasks, between which the cost of a request grows

ROWS = [
    *(
        Row(
            name=f"get-{tasks}-{peer}",
            what=f"typed GET, {tasks} tasks",
            peer=CLIENTS[peer].label,
            unit="/s",
            goal=goal,
            sense="at least",
        )
        for (tasks, peer), goal in GOALS.items()
    ),
    Row(
        name="growth",
        what=f"growth of CPU a request, {FEW} to {MANY} tasks",
        peer=f"that of {CLIENTS['bare'].label}",
        unit="x",
        goal=1.0,
        sense="at most",
    ),
]

Load = tuple[str, int]
"""A client, and how many tasks use it."""
Laps = Mapping[Load, list[Lap]]
"""What was measured of each, round by round."""


def loads_of(row: Row) -> list[Load]:
    """What must be measured for *row*."""
    if row.name == "growth":
        return [(client, tasks) for client in (OURS, "bare") for tasks in (FEW, MANY)]
    _, tasks, peer = row.name.split("-")
    return [(OURS, int(tasks)), (peer, int(tasks))]


def measure(rows: Iterable[Row], effort: Effort) -> Iterator[Row]:
    """Measure what *rows* need, all clients in turns, and fill them in."""
    rows = list(rows)
    laps = run_laps({load for row in rows for load in loads_of(row)}, effort, effort.rounds)
    for row in rows:
        if not all(load in laps for load in loads_of(row)):
            yield row
        elif row.name == "growth":
            yield _growth(row, laps)
        else:
            ours, peers = (laps[load] for load in loads_of(row))
            yield attrs.evolve(
                row,
                ours=[lap.rate for lap in ours],
                peers=[lap.rate for lap in peers],
                our_cpu=[lap.cpu_per_call for lap in ours],
                peer_cpu=[lap.cpu_per_call for lap in peers],
            )


def _growth(row: Row, laps: Laps) -> Row:
    def growth(client: str) -> list[float]:
        pairs = zip(laps[client, MANY], laps[client, FEW], strict=True)
        return [many.cpu_per_call / few.cpu_per_call for many, few in pairs]

    return attrs.evolve(row, ours=growth(OURS), peers=growth("bare"))


def measure_speeds(effort: Effort) -> Iterator[Speed]:
    """Measure every client at every number of tasks, for the plot."""
    laps = run_laps([(client, tasks) for client in CLIENTS for tasks in effort.tasks], effort, effort.few_rounds)
    for (name, tasks), found in laps.items():
        rates, cpu = [lap.rate for lap in found], [lap.cpu_per_call for lap in found]
        yield Speed(name, CLIENTS[name].label, tasks, rates, cpu)


def run_laps(loads: Iterable[Load], effort: Effort, rounds: int) -> Laps:
    """Measure *loads* in turns, each client in a fresh process each time; those not installed are left out."""
    tasks: dict[str, list[int]] = {name: [] for name, client in CLIENTS.items() if client.missing is None}
    for name, number in sorted(loads):
        if name in tasks:
            tasks[name].append(number)
    with fast_server() as root:
        contenders: dict[str, Callable[[], list[Lap]]] = {
            name: functools.partial(_run_client, name, root, numbers, effort)
            for name, numbers in tasks.items()
            if numbers
        }
        results = race(contenders, rounds)
    return {
        (name, number): [laps[place] for laps in results[name]]
        for name in contenders
        for place, number in enumerate(tasks[name])
    }


def _run_client(name: str, root: str, tasks: list[int], effort: Effort) -> list[Lap]:
    how = ("--calls", effort.calls, "--seconds", effort.seconds)
    return [Lap(**lap) for lap in run_json("-m", "tests.bench.laps", name, root, *tasks, *how)]
