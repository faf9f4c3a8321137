"""What the harness finds out: a row for each claim, and the speed of each client at each number of tasks."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from statistics import median
from typing import Literal

import attrs

__all__ = ["Row", "Speed", "Verdict"]


def _figures(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(values)


class Verdict(enum.Enum):
    """What became of a claim."""

    HOLDS = "holds"
    FALLS_SHORT = "falls short"
    NOT_INSTALLED = "not installed"


@attrs.frozen(kw_only=True)
class Row:
    """One claim, what was measured for it, and whether it holds."""

    name: str
    what: str
    peer: str
    """Who or what it is compared with."""
    unit: str
    """Of the figures: ``"requests/s"``."""
    goal: float
    """What the ratio of ours to the peer's must reach, or keep within."""
    sense: Literal["at least", "at most"]
    ours: tuple[float, ...] = attrs.field(default=(), converter=_figures)
    """One figure for each round."""
    peers: tuple[float, ...] = attrs.field(default=(), converter=_figures)
    """The peer's figures of the same rounds; of a fixed limit, the limit each time."""
    our_cpu: tuple[float, ...] = attrs.field(default=(), converter=_figures)
    """Microseconds of CPU time a request, where *ours* is a rate of requests."""
    peer_cpu: tuple[float, ...] = attrs.field(default=(), converter=_figures)

    @property
    def ratios(self) -> list[float]:
        """Ours to the peer's, round by round: what slowed a round down slowed both."""
        return [ours / peer for ours, peer in zip(self.ours, self.peers, strict=True)]

    @property
    def ratio(self) -> float | None:
        """The median of the rounds."""
        return median(self.ratios) if self.ratios else None

    @property
    def verdict(self) -> Verdict:
        """Whether the median ratio is as the goal has it."""
        if self.ratio is None:
            return Verdict.NOT_INSTALLED
        holds = self.ratio >= self.goal if self.sense == "at least" else self.ratio <= self.goal
        return Verdict.HOLDS if holds else Verdict.FALLS_SHORT


@attrs.frozen
class Speed:
    """How fast one client makes calls, at one number of tasks."""

    client: str
    label: str
    tasks: int
    rates: tuple[float, ...] = attrs.field(converter=_figures)
    """Requests a second, one figure for each round."""
    cpu: tuple[float, ...] = attrs.field(converter=_figures)
    """Microseconds of CPU time a request, likewise."""
