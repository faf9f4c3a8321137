"""Runs that a seed repeats, one after the other, each a run of Trio of its own: `simulate`."""

from __future__ import annotations

import trio

from ..._checks import check_count, check_kind, check_seconds
from ._chaos import Chaos
from ._one_run import OneRun, Simulated
from ._report import SimulationReport

__all__ = ["simulate"]


def simulate(
    fn: Simulated, *, seed: int = 0, runs: int = 100, chaos: Chaos | None = None, within: float = 3600.0
) -> SimulationReport:
    """Run *fn* again and again, on a virtual clock, over a network and to a server that fail by chance.

    Each run is a ``trio.run`` of its own, so this is called outside of Trio. All chance of a run comes from its seed:
    the order in which tasks go on, latencies, faults, the draws of the library and those of *fn*. So the same seed
    gives the same run, step by step, in another process too.

    A run fails by what *fn* raises, which is how it says that something is not as it should be; if it doesn't end; if a
    request came that had no route; and if afterwards a task, a connection, a permit, a file or a thread is left.

    Args:
        fn: An async function that is given a `Simulation`. It may not use real sockets, processes or threads of its
            own: what it does by `trio.to_thread.run_sync` is done in place.
        seed: That of the first run; those that follow count on from it.
        runs: How many.
        chaos: What goes wrong, and how often. Default: ``Chaos()``, some of everything.
        within: The most seconds that a run may take, of its clock.

    Returns:
        What happened.

    Raises:
        AssertionError: A run did not end, or left something.
        Exception: What *fn* raised. Either has notes that tell the seed, how to have this run alone, and what happened
            last. The seed is printed too.
        RuntimeError: It was called inside a run of Trio; or Trio changed the private hooks that seed its scheduler.
        TypeError, ValueError: An argument can't be what it is meant to be.
    """
    if isinstance(seed, bool) or not isinstance(seed, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"seed must be an int, got {seed!r}")
    check_count("runs", runs)
    check_seconds("within", within)
    check_kind("chaos", chaos, Chaos, or_none=True)
    if trio.lowlevel.in_trio_run():
        raise RuntimeError("simulate runs Trio itself: call it from a plain function, as simulate(fn, seed=1)")
    done = [OneRun(fn, number, chaos or Chaos(), within).run() for number in range(seed, seed + runs)]
    return SimulationReport(
        tuple(run.digest for run in done),
        done[-1].trace,
        sum(run.requests for run in done),
        sum(run.faults for run in done),
        sum(run.seconds for run in done),
    )
