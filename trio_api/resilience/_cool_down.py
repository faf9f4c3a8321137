"""One for all: what a server asks of one task, all tasks of its origin heed.

A policy as an immutable value, and the pause of one origin.
"""

from __future__ import annotations

import itertools
import math
import random
from bisect import bisect_left
from typing import Any, Final, NamedTuple, final

import attrs
import httpx

from .._checks import fraction_field, seconds_field
from .._constants import MAX_RETRY_AFTER_DELAY
from ._quota_headers import STANDARD_QUOTA_HEADERS, QuotaHeaders, QuotaReader

__all__ = ["CoolDown", "Pause", "Ticket"]


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

    A 429, 503 or 403 that says how long to wait makes every attempt at that origin wait so long, in place of each
    finding out for itself; so does a response whose rate-limit headers say that nothing is left. Who waits is then let
    go in the order of coming, spread by chance over a short time, so that the server does not meet all at once. Who
    can't wait so long fails at once with the server's own error.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    max_wait: float = attrs.field(default=MAX_RETRY_AFTER_DELAY, validator=seconds_field)
    """The longest wait, in seconds, that is shared; a longer one is only for the call that was told. Default: 120."""
    spread: float = attrs.field(default=0.1, validator=fraction_field)
    """The time over which those who waited are let go, as a part of the wait, 0 to 1. Default: 0.1."""
    quota_headers: tuple[QuotaHeaders, ...] = attrs.field(default=STANDARD_QUOTA_HEADERS, converter=_quota_headers)
    """Where responses say what is left of a quota. Default: the IETF's ``RateLimit`` forms and ``X-RateLimit-*``."""


class Ticket(NamedTuple):
    """A place in the order of those who wait."""

    number: int
    chance: float
    """0 to 1: where in its part of the spread it is let go."""


class _Release(NamedTuple):
    """How those are let go who wait when a pause is over."""

    begin: float
    seconds: float
    """The time over which they are let go."""
    numbers: list[int]
    """The numbers of their tickets, in order."""

    @property
    def end(self) -> float:
        return self.begin + self.seconds

    def due(self, ticket: Ticket) -> float:
        """When *ticket* is let go: at a time of chance in its part of the spread."""
        if ticket.number < self.numbers[0]:
            return self.begin  # it is of those before
        place = bisect_left(self.numbers, ticket.number)
        return self.begin + self.seconds * (place + ticket.chance) / len(self.numbers)


@final
class Pause:
    """What one origin asked for: until when nothing is sent, and who may go when it is over.

    Times are seconds of the driver's clock. Threads may share it with a blocking client: what they race for is a
    place in the order.

    Args:
        rules: What it goes by.
    """

    __slots__ = (
        "_asleep_until",
        "_max_wait",
        "_numbers",
        "_release",
        "_share",
        "_spread",
        "_waiting",
        "quota",
        "reason",
        "until",
    )

    def __init__(self, rules: CoolDown) -> None:
        self._max_wait: Final = rules.max_wait
        self._share: Final = rules.spread  # of a wait
        self.quota: Final = QuotaReader(rules.quota_headers)
        """Reads what responses say of a quota."""
        self.until: float = -math.inf
        """Nothing is sent before."""
        self.reason: httpx.Response | None = None
        """The response that asked for it; None where it was a success that said that nothing is left."""
        self._spread = 0.0  # seconds over which those who waited are let go
        self._release: _Release | None = None
        self._asleep_until = -math.inf  # when the last of those asks again who were to go, and wait on
        self._numbers: Final = itertools.count()
        self._waiting: Final[set[int]] = set()  # numbers of the tickets that were not given back

    def begin(self, now: float, seconds: float, reason: httpx.Response | None) -> bool:
        """Take note of what a response asked for; what would end before what is known already changes nothing.

        Args:
            now: When it came.
            seconds: How long it asked to wait.
            reason: The response, where it is an error.

        Returns:
            Whether it changed something.
        """
        until = now + seconds
        if not (0 < seconds <= self._max_wait and until > self.until):
            return False
        if reason is not None or now >= self.until:
            self.reason = reason
        self.until = until
        self._spread = seconds * self._share
        if not self._waiting:
            self._asleep_until = -math.inf
        elif self._release is not None:
            self._asleep_until = self._release.end
        self._release = None  # who was not let go yet waits on
        return True

    def is_on(self, now: float) -> bool:
        """Whether who comes *now* has to take a ticket."""
        if now < self.until or self._waiting:
            return True
        self.reason = None
        return False

    def arrive(self) -> Ticket:
        """Take a place at the end of the order; whoever has one gives it back by `leave`."""
        ticket = Ticket(next(self._numbers), random.random())
        self._waiting.add(ticket.number)
        return ticket

    def due(self, ticket: Ticket, now: float, latest: float = math.inf) -> float:
        """When *ticket* may go: a time that has come, or one at which to ask again.

        Args:
            ticket: Whose turn is asked for.
            now: The time.
            latest: The end of its time. Who has too little for the spread, which the server did not ask for, goes now.
        """
        if now < self.until:
            return self.until
        release = self._release
        if release is None:
            begin = max(self.until, self._asleep_until)  # else who came later would go while they sleep
            self._release = release = _Release(begin, self._spread, sorted(self._waiting))
        elif ticket.number > release.numbers[-1]:  # it came when the others were being let go
            if now < release.end:
                return release.end if release.end < latest else now
            # As many a second as before, where they come evenly: fewer by as much as the time is shorter.
            late = [number for number in sorted(self._waiting) if number > release.numbers[-1]]
            self._release = release = _Release(release.end, release.seconds * self._share, late)
        due = release.due(ticket)
        return due if due < latest else now

    def leave(self, ticket: Ticket) -> None:
        """*ticket* goes, or gave up."""
        self._waiting.discard(ticket.number)
