"""What came of the runs of a simulation."""

from __future__ import annotations

from typing import final

import attrs

__all__ = ["Run", "SimulationReport"]


@final
@attrs.frozen
class Run:
    """One run that went well: what a `SimulationReport` is put together from."""

    digest: str
    trace: tuple[str, ...] = attrs.field(repr=False)
    requests: int
    faults: int
    seconds: float


@final
@attrs.frozen
class SimulationReport:
    """What came of the runs: all of them went well."""

    digests: tuple[str, ...] = attrs.field(repr=False)
    """For each run, in the order of the seeds, what is the same only where all that happened was: each step of each
    task too."""
    trace: tuple[str, ...] = attrs.field(repr=False)
    """What happened in the last run, line by line, with the seconds of its clock."""
    requests: int
    """How many requests came to the servers as a whole."""
    faults: int
    """How many things went wrong by chance."""
    seconds: float
    """The virtual seconds that the runs took together."""

    def __str__(self) -> str:
        return (
            f"{len(self.digests)} runs of {self.seconds:.0f} virtual seconds together: "
            f"{self.requests} requests, {self.faults} faults, and nothing was left"
        )
