"""The pace of one origin: what was sent lately, and the line of those who wait for their turn.

Nothing here locks: the threads of a blocking client come in one at a time (``client/_pacing_blocking.py``).
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, final
from uuid import uuid4

import httpx

from ..request import FinalRequestOptions
from ._rate_limit import RateLimit, thousandths
from ._rate_store import RateClaim, RateLimitStore

__all__ = ["Pace", "Place", "Window"]

_EXACT: Final = 1024  # entries; a log that is longer joins what lies closer together than a 1024th of its window


@final
class Entry:
    """What was sent at a time, or at several that lie close together and count as the last of them."""

    __slots__ = ("began", "is_over", "time", "units")

    def __init__(self, now: float, units: int) -> None:
        self.began: Final = now
        self.time: float = now
        self.units: int = units
        self.is_over: bool = False
        """Whether it is out of the window."""


@final
class Window:
    """What was sent in the last seconds of one limit: a sliding-window log, and a virtual schedule for its burst.

    Its memory is bounded whatever the quota: at most about 2,000 entries. Amounts are in thousandths.

    Args:
        limit: What it goes by.
    """

    __slots__ = ("_arrival", "_burst", "_entries", "_interval", "_per", "_quota", "_used")

    def __init__(self, limit: RateLimit) -> None:
        self._quota: Final = thousandths(limit.quota)
        self._per: Final = limit.per
        self._burst: Final = None if limit.burst is None else thousandths(limit.burst)
        self._interval: Final = limit.per / self._quota  # seconds for a thousandth, where they are spread evenly
        self._entries: Final[deque[Entry]] = deque()
        self._used = 0
        self._arrival = -math.inf  # the theoretical arrival time of I.371

    def due(self, now: float, units: int, ahead: int = 0) -> float:
        """When *units* may be sent.

        Args:
            now: When it is asked.
            units: How much.
            ahead: What others are to send before.

        Returns:
            *now*, or a later time: the earliest by what is known. With units of one size it is exact.
        """
        self._drop_old(now)
        # The last of all that is to be sent comes a window after what is a quota before it.
        windows, last = divmod(ahead + units - 1, self._quota)
        due = self._free_at(now, last + 1) + windows * self._per if ahead + units else now
        if self._burst is not None:
            due = max(due, self._evenly_at(now, units, ahead))
        return due

    def take(self, now: float, units: int) -> Entry:
        """Count *units* as sent *now*; `due` said so."""
        entries = self._entries
        if len(entries) >= _EXACT and now - entries[-1].began < self._per / _EXACT:
            entry = entries[-1]  # it will be over a little later than it need be, never earlier
            entry.time = now
            entry.units += units
        else:
            entry = Entry(now, units)
            entries.append(entry)
        self._used += units
        self._arrival = max(self._arrival, now) + units * self._interval
        return entry

    def correct(self, entry: Entry, change: int) -> None:
        """Count *change* more units for what was sent; nothing where its window is over."""
        if not entry.is_over:
            entry.units += change
            self._used += change
            self._arrival += change * self._interval

    def __len__(self) -> int:
        return len(self._entries)

    def _drop_old(self, now: float) -> None:
        entries = self._entries
        while entries and entries[0].time + self._per <= now:
            entry = entries.popleft()
            entry.is_over = True
            self._used -= entry.units

    def _free_at(self, now: float, units: int) -> float:
        """When the log has room for *units*, which are no more than the quota."""
        missing = self._used + units - self._quota
        due = now
        for entry in self._entries:
            if missing <= 0:
                break
            missing -= entry.units
            due = entry.time + self._per
        return due

    def _evenly_at(self, now: float, units: int, ahead: int) -> float:
        assert self._burst is not None
        return max(self._arrival, now) + (ahead + units - self._burst) * self._interval


@final
class Place:
    """An attempt's place in the line, and what it took."""

    __slots__ = ("ahead", "claim", "entries", "has_waited", "units", "wake")

    def __init__(self, claim: RateClaim, ahead: tuple[int, ...]) -> None:
        self.claim: Final = claim
        self.units: Final = tuple(thousandths(cost) for cost in claim.costs)
        """What it takes, or took, of each limit."""
        self.ahead: Final = ahead
        """What those take who were before it when it came."""
        self.entries: tuple[Entry, ...] = ()
        """What it took."""
        self.has_waited: bool = False
        self.wake: Callable[[], object] | None = None
        """Wakes it when there may be something new: it has come to the head of the line, or there is more room."""


@final
class Pace:
    """The pace at which one origin is sent requests: all limits at once, in the order of coming.

    Args:
        limits: What it goes by.
        store: Keeps the count of several processes; None where each keeps its own.
        origin: What the store knows the origin by.
    """

    __slots__ = ("_is_weighted", "_limits", "_line", "_origin", "_waiting", "_windows", "paced", "store")

    def __init__(self, limits: tuple[RateLimit, ...], store: RateLimitStore | None, origin: str) -> None:
        self.store: Final = store
        self.paced: int = 0
        """How many have gone that had to wait."""
        self._limits: Final = limits
        self._origin: Final = origin
        self._windows: Final = tuple(Window(limit) for limit in limits)
        self._is_weighted: Final = any(limit.spent is not None for limit in limits)
        self._line: Final[OrderedDict[Place, None]] = OrderedDict()
        self._waiting = [0] * len(limits)  # what all in the line are to take of each limit

    def claim(self, options: FinalRequestOptions) -> RateClaim:
        """What an attempt of a call takes.

        Raises:
            TypeError, ValueError: Its cost is none that there can be.
        """
        costs = tuple(limit.cost_of(options) for limit in self._limits)
        return RateClaim("" if self.store is None else uuid4().hex, self._origin, self._limits, costs)

    def has_room(self, claim: RateClaim, now: float) -> bool:
        """Whether *claim* could go *now*: nobody waits, no store has to be asked, and the limits allow it."""
        return (
            self.store is None
            and not self._line
            and all(
                window.due(now, thousandths(cost)) <= now
                for window, cost in zip(self._windows, claim.costs, strict=True)
            )
        )

    def arrive(self, claim: RateClaim) -> Place:
        """Take a place at the end of the line; whoever has one gives it back by `leave`."""
        place = Place(claim, tuple(self._waiting))
        self._line[place] = None
        self._waiting = [waiting + units for waiting, units in zip(self._waiting, place.units, strict=True)]
        return place

    def is_first(self, place: Place) -> bool:
        """Whether it is the turn of *place*."""
        return next(iter(self._line)) is place

    def due(self, place: Place, now: float) -> float:
        """When *place* may go: *now*, or the earliest time by what is known."""
        ahead = (0,) * len(place.units) if self.is_first(place) else place.ahead
        return max(map(Window.due, self._windows, (now,) * len(ahead), place.units, ahead))

    def take(self, place: Place, now: float) -> None:
        """*place* goes; it is the first, and `due` said so."""
        self.paced += place.has_waited
        place.entries = tuple(window.take(now, units) for window, units in zip(self._windows, place.units, strict=True))

    def leave(self, place: Place) -> None:
        """*place* has gone, or gives up, and the next may see whether it can go."""
        del self._line[place]
        self._waiting = [waiting - units for waiting, units in zip(self._waiting, place.units, strict=True)]
        self._wake_first()

    def spent(self, place: Place, response: httpx.Response) -> tuple[float, ...] | None:
        """What an attempt did cost of each limit; None where that is what it took.

        Args:
            place: What it took.
            response: A success.

        Raises:
            TypeError, ValueError: A function of the limits gave what can be no cost.
        """
        if not self._is_weighted:
            return None
        told = [limit.spent_by(response) for limit in self._limits]
        costs = tuple(cost if spent is None else spent for cost, spent in zip(place.claim.costs, told, strict=True))
        return None if costs == place.claim.costs else costs

    def correct(self, place: Place, costs: tuple[float, ...]) -> None:
        """Count *costs* for what *place* took, in place of that."""
        for window, entry, before, cost in zip(self._windows, place.entries, place.units, costs, strict=True):
            window.correct(entry, thousandths(cost) - before)
        self._wake_first()

    def _wake_first(self) -> None:
        first = next(iter(self._line), None)
        if first is not None and first.wake is not None:
            first.wake()
