"""What goes wrong, and when: a plan that a seed decides, request by request.

The plan is deterministic: the n-th request for a target meets the same fault in every run with the same seed,
in whatever order the targets are asked for. It never fails one target more than `MAX_STREAK` times running, so
a client with the usual two retries always comes through.
"""

from __future__ import annotations

import enum
import random
from collections import Counter
from typing import Final

import attrs

__all__ = ["MAX_STREAK", "NO_FAULTS", "Fault", "FaultKind", "FaultPlan", "FaultRates"]

MAX_STREAK: Final = 2  # faults in a row for one target: as many as DEFAULT_MAX_RETRIES gets over


class FaultKind(enum.Enum):
    """What happens to a request."""

    NONE = "answered"
    RATE_LIMITED = "429"
    UNAVAILABLE = "503"
    DROPPED = "dropped"
    """The connection is closed in place of an answer."""
    CUT = "cut"
    """The connection is closed in the middle of the body."""


@attrs.frozen(kw_only=True)
class FaultRates:
    """How often things go wrong: each rate is the share of requests, from 0 to 1."""

    latency: tuple[float, float] = (0.008, 0.016)
    """The least and the most seconds before an answer."""
    rate_limited: float = 0.02
    unavailable: float = 0.02
    dropped: float = 0.02
    cut: float = 0.02
    retry_after: float = 0.1
    """Seconds for which a target stays closed after a 429."""


NO_FAULTS: Final = FaultRates(latency=(0.0, 0.0), rate_limited=0, unavailable=0, dropped=0, cut=0)
"""Everything is answered at once."""


@attrs.frozen
class Fault:
    """What happens to one request."""

    kind: FaultKind
    delay: float = 0.0
    """Seconds before it happens."""
    retry_after: float = 0.0
    """Of a 429: seconds until the target is open again."""


@attrs.define
class _Target:
    requests: int = 0
    streak: int = 0
    closed_until: float = float("-inf")


class FaultPlan:
    """Decides the fate of each request.

    Args:
        rates: How often things go wrong.
        seed: Decides the rest.
    """

    def __init__(self, rates: FaultRates, seed: int) -> None:
        self._rates = rates
        self._seed = seed
        self._targets: dict[str, _Target] = {}
        self.counts: Counter[FaultKind] = Counter()
        """How many requests met what."""
        self.early: int = 0
        """How many requests came before the Retry-After of their target was over."""

    def next(self, target: str, now: float) -> Fault:
        """What happens to a request for *target* that came at *now* (seconds of any steady clock)."""
        fault = self._decide(self._targets.setdefault(target, _Target()), target, now)
        self.counts[fault.kind] += 1
        return fault

    def _decide(self, state: _Target, target: str, now: float) -> Fault:
        if now < state.closed_until:  # it was told to wait, and a limit that does not hold would be no limit
            self.early += 1
            return Fault(FaultKind.RATE_LIMITED, retry_after=state.closed_until - now)
        draw = random.Random(f"{self._seed} {target} {state.requests}")
        state.requests += 1
        delay = draw.uniform(*self._rates.latency)
        kind = self._kind(draw.random()) if state.streak < MAX_STREAK else FaultKind.NONE
        state.streak = 0 if kind is FaultKind.NONE else state.streak + 1
        if kind is FaultKind.RATE_LIMITED:
            state.closed_until = now + self._rates.retry_after
            return Fault(kind, retry_after=self._rates.retry_after)
        return Fault(kind, delay)

    def _kind(self, drawn: float) -> FaultKind:
        rates = self._rates
        for kind, rate in (
            (FaultKind.RATE_LIMITED, rates.rate_limited),
            (FaultKind.UNAVAILABLE, rates.unavailable),
            (FaultKind.DROPPED, rates.dropped),
            (FaultKind.CUT, rates.cut),
        ):
            if drawn < rate:
                return kind
            drawn -= rate
        return FaultKind.NONE
