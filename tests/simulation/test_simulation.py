"""Whatever chance does to the network and the server: nothing lost, nothing twice, no bound broken, no hang."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from simulation.scenario import scenario
from trio_api.testing import simulate

SAMPLE = 100
"""Runs of the ordinary size."""
RUNS, PART = 10_000, 250
"""Runs of the full size, and how many of them are one test."""

full = pytest.mark.simulation


@pytest.mark.parametrize(
    ("seed", "runs"),
    [
        pytest.param(0, SAMPLE, id="sample"),
        *[pytest.param(seed, PART, marks=full, id=f"{seed}") for seed in range(0, RUNS, PART)],
    ],
)
def test_the_invariants_hold(seed: int, runs: int, record_property: Any) -> None:
    """All that `simulation.scenario` checks, in every run; nothing is left after any."""
    report = simulate(scenario, seed=seed, runs=runs)
    record_property("simulation", (runs, report.requests, report.faults, report.seconds))


@pytest.mark.parametrize(("seed", "runs"), [(0, 3), pytest.param(0, 200, marks=full)])
def test_the_same_seed_gives_the_same_trace(seed: int, runs: int) -> None:
    """Step by step, in another process, whose hashes are salted with something else."""
    source = (
        "from simulation.scenario import scenario; from trio_api.testing import simulate;"
        f"print(*simulate(scenario, seed={seed}, runs={runs}).digests)"
    )
    there = subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert tuple(there.stdout.split()) == simulate(scenario, seed=seed, runs=runs).digests
