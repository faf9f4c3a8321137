"""How much is measured, and in which order: all in turns, so that each meets the same moods of the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import attrs

__all__ = ["FULL", "QUICK", "Effort", "race"]

T = TypeVar("T")


@attrs.frozen
class Effort:
    """How much is measured."""

    rounds: int
    """How often each is measured for a row; the figures are the medians."""
    few_rounds: int
    """The same for what no row needs: the other points of the plot."""
    seconds: float
    """For how long one measurement repeats what is short."""
    calls: int
    """Of a lap."""
    tasks: tuple[int, ...]
    """The points of the plot."""
    scale: float = 1.0
    """The part of a long list or stream that is measured."""

    def size(self, whole: int) -> int:
        """So much of *whole* is measured."""
        return max(1, int(whole * self.scale))


FULL = Effort(rounds=7, few_rounds=3, seconds=1.0, calls=1000, tasks=(1, 10, 50, 100, 200, 500, 1000))
QUICK = Effort(rounds=2, few_rounds=1, seconds=0.2, calls=200, tasks=(1, 10, 100), scale=0.02)


def race(contenders: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Let each contender run once a round, each round beginning with another; gives what they returned, by round."""
    results: dict[str, list[T]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds):
        start = number % max(1, len(names))
        for name in names[start:] + names[:start]:
            results[name].append(contenders[name]())
    return results
