"""A client that holds back by itself while most of what it sends to an origin fails.

A policy as an immutable value, and what is remembered of one origin's last minutes.
"""

from __future__ import annotations

import math
import random
from typing import Final, final

import attrs
import httpx

from .._checks import fraction_field, period_field
from .._errors import APIThrottledError
from .._redact import redact_url
from ._load import Load, Seen
from ._refusal import Refusal

__all__ = ["Throttle", "Throttling"]

_BUCKETS: Final = 60  # parts of a window: what happened in one is forgotten together


def _multiplier(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{attribute.name} must be a number, got {value!r}")
    if not 1 <= value < math.inf:  # NaN is not either
        raise ValueError(f"{attribute.name} must be at least 1 and finite, got {value!r}: below 1 the healthy suffer")


@final
@attrs.frozen(kw_only=True)
class Throttling:
    """When a client holds attempts back by itself: a circuit breaker that closes by degrees.

    Of the attempts of the last `window` seconds, *accepts* were answered, and not by 429 or 503; *requests* are all
    whose end is known, those that were held back too. The next one is held back with the probability
    ``max(0, (requests - k * accepts) / (requests + 1))``, but never more than `max_probability`. So nothing is held
    back while at least one of `k` attempts is accepted, and nearly all in an outage.

    The scheme and its figures are those of *Site Reliability Engineering* (Beyer et al., 2016), chapter 21, "Handling
    Overload": client-side throttling. The bound on the probability is not: by the formula alone a client of many
    requests that met an outage longer than the window asks so seldom that it takes long to see the end of it.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    k: float = attrs.field(default=2.0, validator=_multiplier)
    """How many attempts are made for each that is accepted, before any is held back; at least 1. Default: 2."""
    window: float = attrs.field(default=120.0, validator=period_field)
    """How long the end of an attempt is remembered, in seconds. Default: 120."""
    max_probability: float = attrs.field(default=0.9, validator=fraction_field)
    """The highest probability with which an attempt is held back, 0 to 1; 1 for the formula alone. Default: 0.9."""


@final
class Throttle:
    """What became of one origin's attempts lately. Each step takes the same time, however many there were.

    Threads may share it with a blocking client: two that count at the same moment may lose one count of two.

    Args:
        rules: What it goes by.
    """

    __slots__ = ("_accepts", "_counts", "_latest", "_requests", "_rules", "_width")

    def __init__(self, rules: Throttling) -> None:
        self._rules: Final = rules
        self._width: Final = rules.window / _BUCKETS
        self._counts: Final = [(0, 0)] * _BUCKETS  # requests and accepts of each part of the window
        self._latest = 0  # number of the part that is being filled, from the beginning of the clock
        self._requests = 0
        self._accepts = 0

    def probability(self, now: float) -> float:
        """The probability, 0 to 1, with which an attempt is held back that would be made *now*."""
        self._move_on(now)
        requests = self._requests
        return min(max(0.0, (requests - self._rules.k * self._accepts) / (requests + 1)), self._rules.max_probability)

    def holds_back(self, now: float) -> bool:
        """Whether an attempt must not be made; then it is counted."""
        if random.random() >= self.probability(now):
            return False
        self._count(0)
        return True

    def observe(self, seen: Seen) -> None:
        """Take note of how an attempt ended. Before, it counts for nothing: many that begin at once are no outage."""
        self._move_on(seen.ended)
        self._count(1 if seen.load is Load.FINE else 0)

    def refusal(self, request: httpx.Request) -> Refusal:
        """What comes of an attempt that must not be made."""
        message = (
            f"Not sent: most requests of the last {self._rules.window:g} s failed, and the client holds back: "
            f"{request.method} {redact_url(request.url)}"
        )
        note = f"{self._accepts} of {self._requests} requests were accepted, those that were held back counted in."
        return Refusal(request, APIThrottledError(message, sent=False, request=request), note, None)

    def _count(self, accepts: int) -> None:
        part = self._latest % _BUCKETS
        requests, before = self._counts[part]
        self._counts[part] = requests + 1, before + accepts
        self._requests += 1
        self._accepts += accepts

    def _move_on(self, now: float) -> None:
        """Forget what is older than the window."""
        latest = int(now / self._width)
        passed = latest - self._latest
        if passed <= 0:
            return
        for number in range(self._latest + 1, self._latest + 1 + min(passed, _BUCKETS)):
            self._counts[number % _BUCKETS] = 0, 0
        self._latest = latest
        # Added up anew, so that what threads did to one another does not stay for ever.
        self._requests = sum(requests for requests, _ in self._counts)
        self._accepts = sum(accepts for _, accepts in self._counts)
