"""One for all: what a server asks of one task, all tasks of its origin heed.

A policy as an immutable value, and the pause of one origin.
"""

from __future__ import annotations

import math
import random
from typing import Any, Final, NamedTuple, final

import attrs
import httpx

from .._checks import check_fraction, check_seconds
from .._constants import MAX_RETRY_AFTER_DELAY
from ._quota_headers import STANDARD_QUOTA_HEADERS, QuotaHeaders

__all__ = ["CoolDown", "Pause", "Ticket"]


def _seconds(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    check_seconds(attribute.name, value)


def _fraction(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    check_fraction(attribute.name, value)


def _quota_headers(value: Any) -> tuple[QuotaHeaders, ...]:
    if isinstance(value, (str, bytes, QuotaHeaders)) or not hasattr(value, "__iter__"):
        raise TypeError(f"quota_headers must be an iterable of QuotaHeaders, got {value!r}")
    whole = tuple(value)
    for one in whole:
        if not isinstance(one, QuotaHeaders):
            raise TypeError(f"quota_headers must be an iterable of QuotaHeaders, got {one!r} in it")
    return whole


@final
@attrs.frozen(kw_only=True)
class CoolDown:
    """How the tasks of a client heed what a server asked of one of them.

    A 429 or 503 that says how long to wait makes every attempt at that origin wait so long, in place of each finding
    out for itself; so does a response whose rate-limit headers say that nothing is left. Who waits is then let go in
    the order of coming, spread by chance over a short time, so that the server does not meet all at once. Who can't
    wait so long fails at once with the server's own error.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    max_wait: float = attrs.field(default=MAX_RETRY_AFTER_DELAY, validator=_seconds)
    """The longest wait, in seconds, that is shared; a longer one is only for the call that was told. Default: 120."""
    spread: float = attrs.field(default=0.1, validator=_fraction)
    """The time over which those who waited are let go, as a part of the wait, 0 to 1. Default: 0.1."""
    quota_headers: tuple[QuotaHeaders, ...] = attrs.field(default=STANDARD_QUOTA_HEADERS, converter=_quota_headers)
    """Where responses say what is left of a quota. Default: the IETF's ``RateLimit`` forms and ``X-RateLimit-*``."""


class Ticket(NamedTuple):
    """A place in the order of those who wait."""

    number: int
    chance: float
    """0 to 1: where in its part of the spread it is let go."""


@final
class Pause:
    """What one origin asked for: until when nothing is sent, and who may go when it is over.

    Times are seconds of the driver's clock. Threads may share it with a blocking client: what they race for is a
    place in the order.

    Args:
        rules: What it goes by.
    """

    __slots__ = ("_crowd", "_next", "_spread", "_unserved", "_waiting", "reason", "rules", "until")

    def __init__(self, rules: CoolDown) -> None:
        self.rules: Final = rules
        self.until: float = -math.inf
        """Nothing is sent before."""
        self.reason: httpx.Response | None = None
        """The response that asked for it; None where it was a success that said that nothing is left."""
        self._spread = 0.0  # seconds over which those who waited are let go
        self._next = 0  # number of the next ticket
        self._unserved = 0  # number of the first ticket that was not let go yet
        self._crowd: range | None = None  # numbers of the tickets among which the spread is shared out
        self._waiting = 0

    def begin(self, now: float, seconds: float, reason: httpx.Response | None) -> None:
        """Take note of what a response asked for; what would end before what is known already changes nothing.

        Args:
            now: When it came.
            seconds: How long it asked to wait.
            reason: The response, where it is an error.
        """
        until = now + seconds
        if 0 < seconds <= self.rules.max_wait and until > self.until:
            self.until = until
            self.reason = reason
            self._spread = seconds * self.rules.spread
            self._crowd = None

    def is_on(self, now: float) -> bool:
        """Whether who comes *now* has to take a ticket."""
        if now < self.until or self._waiting:
            return True
        self.reason = None
        return False

    def arrive(self) -> Ticket:
        """Take a place at the end of the order; whoever has one gives it back by `leave`."""
        ticket = Ticket(self._next, random.random())
        self._next += 1
        self._waiting += 1
        return ticket

    def due(self, ticket: Ticket, now: float) -> float:
        """When *ticket* may go: a time that has come, or one at which to ask again."""
        if now < self.until:
            return self.until
        crowd = self._crowd
        if crowd is None:
            self._crowd = crowd = range(self._unserved, self._next)
        if ticket.number >= crowd.stop:
            due = self.until + self._spread  # it came when the others were being let go
        else:
            due = self.until + self._spread * (ticket.number - crowd.start + ticket.chance) / len(crowd)
        if due <= now:
            self._unserved = max(self._unserved, ticket.number + 1)
        return due

    def leave(self, ticket: Ticket) -> None:
        """*ticket* goes, or gave up."""
        self._waiting -= 1
        if not self._waiting:
            self._unserved = self._next
