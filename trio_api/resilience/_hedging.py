"""When a request that takes long is sent a second time: a policy as a value, and what is known of one origin.

After J. Dean and L. A. Barroso, "The Tail at Scale", Communications of the ACM 56(2), 2013: hedged requests.
"""

from __future__ import annotations

import bisect
import math
import re
from collections import deque
from typing import Any, Final, final

import attrs

from .._checks import check_count, check_fraction, check_seconds

__all__ = ["HEDGED_METHODS", "Hedge", "Hedging", "is_answer"]

HEDGED_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that are safe (RFC 9110, 9.2.1), but TRACE: to be asked twice does nothing twice."""

_KEPT: Final = 256  # latencies
_ENOUGH: Final = 20  # latencies, before a quantile of them says something
_SAVED: Final = 10.0  # hedges that may be saved up
_CALM: Final = 10.0  # seconds without a 429 or 503, before there are hedges again
_FOR_NONE: Final = "; for no hedging use hedge=None"
_QUANTILE: Final = re.compile(r"p([0-9]{1,2}(?:\.[0-9]+)?)")


def is_answer(status_code: int) -> bool:
    """Whether a response settles what was asked, so that no other is worth waiting for: below 500, and not 429."""
    return status_code < 500 and status_code != 429


def _quantile(text: str) -> float:
    """``"p95"`` as 0.95.

    Raises:
        ValueError: It is none, or 0.
    """
    found = _QUANTILE.fullmatch(text)
    if found is None or not float(found[1]):
        raise ValueError(
            f"after must be a quantile such as 'p95', more than 'p0', or a number of seconds, got {text!r}"
        )
    return float(found[1]) / 100


def _after(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, str):
        _quantile(value)
    else:
        check_seconds(attribute.name, value)


def _most(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    check_count(attribute.name, value, hint=_FOR_NONE)


def _share(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    if not check_fraction(attribute.name, value):
        raise ValueError(f"{attribute.name} must be more than 0, got {value!r}{_FOR_NONE}")


@final
@attrs.frozen(kw_only=True)
class Hedge:
    """When a request that has no answer yet is sent once more, so that the first of two answers counts.

    For safe methods (GET, HEAD, OPTIONS), and for calls whose answer is read as a whole. It makes up for a server of
    which some answers are much later than the others. It makes nothing better where all are late: so there are no
    hedges for 10 seconds after a 429 or 503, while a cool-down or `Throttling` holds attempts back, while less than
    half of the retry budget is left, and where a limit of the client's own would have them wait.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    after: str | float = attrs.field(default="p95", validator=_after)
    """How long an answer is waited for first: seconds, or a quantile of the last 256 latencies of the origin, once 20
    are known. Default: ``"p95"``, longer than 95 of 100 answers took."""
    max_extra: int = attrs.field(default=1, validator=_most)
    """The most that one request is sent once more, each after the same time. Default: 1."""
    budget: float = attrs.field(default=0.05, validator=_share)
    """The most that hedges add to the requests that can have one, as a part of those: more than 0, and at
    most 1. Default: 0.05."""


@final
class Hedging:
    """What is known of one origin's latencies, and how many hedges it may be sent.

    Args:
        rules: What it goes by.
    """

    __slots__ = ("_credit", "_latencies", "_pushed_back", "_quantile", "_seconds", "_sorted", "rules")

    def __init__(self, rules: Hedge) -> None:
        after = rules.after
        self.rules: Final = rules
        self._quantile: Final = _quantile(after) if isinstance(after, str) else 0.0
        self._seconds: Final = None if isinstance(after, str) else float(after)
        self._latencies: Final[deque[float]] = deque()  # seconds, in the order of coming
        self._sorted: Final[list[float]] = []
        self._credit = 0.0  # hedges
        self._pushed_back = -math.inf  # when the server last had too much to do

    def begin(self) -> float | None:
        """Take note of a request that can have hedges.

        Returns:
            Seconds after which it gets one; None where it gets none.
        """
        self._credit = min(self._credit + self.rules.budget, _SAVED)
        if self._credit < 1:
            return None
        if self._seconds is not None:
            return self._seconds
        known = len(self._sorted)
        return None if known < _ENOUGH else self._sorted[math.ceil(self._quantile * known) - 1]

    def answered(self, seconds: float) -> None:
        """Take note of how long an answer took: from the first request, where there were hedges."""
        if self._seconds is not None:
            return
        if len(self._latencies) == _KEPT:
            del self._sorted[bisect.bisect_left(self._sorted, self._latencies.popleft())]
        self._latencies.append(seconds)
        bisect.insort(self._sorted, seconds)

    def pushed_back(self, now: float) -> None:
        """Take note that the server has too much to do."""
        self._pushed_back = now

    def may_send(self, now: float) -> bool:
        """Whether the server had no trouble lately, and a hedge is left."""
        return self._credit >= 1 and now - self._pushed_back >= _CALM

    def send(self) -> None:
        """Take note of a hedge that is sent."""
        self._credit -= 1
