"""Chance: what of a `Chaos` happens to whom. All draws of one run's network and server are made here, in order."""

from __future__ import annotations

import itertools
import random
from typing import Final, final

from ._chaos import Chaos
from ._trace import Trace

__all__ = ["Weather"]

_MOST_PIECES: Final = 4  # of what is sent at once


@final
class Weather:
    """Draws what happens, and takes note of what does.

    Args:
        chaos: How often. It may be replaced in the midst of a run.
        chance: Where it is drawn from.
        trace: The run's.
    """

    def __init__(self, chaos: Chaos, chance: random.Random, trace: Trace) -> None:
        self.chaos = chaos
        self.chance: Final = chance
        self._trace: Final = trace
        self.faults: int = 0
        """How many things happened."""

    def happens(self, probability: float, what: str) -> bool:
        """Whether *what* happens, which is written down."""
        if self.chance.random() >= probability:  # drawn where it is 0 too: so the rest stays as it is without it
            return False
        self._trace.note(what)
        self.faults += 1
        return True

    def latency(self) -> float:
        """Seconds that the next piece is under way."""
        return self.chance.random() * self.chaos.latency

    def pieces(self, data: bytes) -> list[bytes]:
        """*data* as it comes."""
        if self.chance.random() >= self.chaos.split or len(data) < 2:
            return [data]
        count = self.chance.randint(1, min(_MOST_PIECES, len(data)) - 1)
        cuts = [0, *sorted(self.chance.sample(range(1, len(data)), count)), len(data)]
        return [data[start:end] for start, end in itertools.pairwise(cuts)]
