"""How many attempts at an origin there are at a time: a fixed or an adaptive limit, and who waits for a permit."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Final, final

import attrs

from .._checks import check_count, check_fraction, count_field
from ._load import Load, Seen

__all__ = ["AdaptiveConcurrency", "Permit", "Permits", "check_max_concurrency"]


def _check_backoff(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    if not 0 < check_fraction(attribute.name, value) < 1:
        raise ValueError(f"{attribute.name} must be more than 0 and less than 1, got {value!r}")


@final
@attrs.frozen(kw_only=True)
class AdaptiveConcurrency:
    """A limit on the attempts in flight that finds by itself how many the server can bear.

    It rises by one for each limit's worth of attempts that were answered, as long as it is used in full. It falls to
    `backoff` of itself when the server answers 429 or 503 or an attempt times out, once for all the attempts that
    were on their way by then: what they come to says nothing of the lower limit. Clients that share a server this way
    come to equal shares of it.

    The rule is additive increase, multiplicative decrease (D.-M. Chiu and R. Jain, "Analysis of the increase and
    decrease algorithms for congestion avoidance in computer networks", 1989), as TCP has it: one decrease for a
    window of data (RFC 6582, NewReno), no increase while the window is not used (RFC 7661). Netflix's
    concurrency-limits has it for requests (``AIMDLimit``).

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    start: int = attrs.field(default=20, validator=count_field)
    """The limit at first. Default: 20."""
    maximum: int = attrs.field(default=200, validator=count_field)
    """What it never rises above. Default: 200."""
    minimum: int = attrs.field(default=1, validator=count_field)
    """What it never falls below. Default: 1."""
    backoff: float = attrs.field(default=0.8, validator=_check_backoff)
    """What it is multiplied by when it falls, more than 0 and less than 1. Default: 0.8."""

    def __attrs_post_init__(self) -> None:
        if not self.minimum <= self.start <= self.maximum:
            raise ValueError(
                f"start must lie between minimum and maximum, got minimum={self.minimum}, start={self.start} and "
                f"maximum={self.maximum}"
            )


def check_max_concurrency(value: object) -> None:
    """Check that *value* can be a client's ``max_concurrency``.

    Raises:
        TypeError, ValueError: It can't; the message says why.
    """
    if value is not None and not isinstance(value, AdaptiveConcurrency):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(
                f"max_concurrency must be an int, an AdaptiveConcurrency, or None for no limit, got {value!r}"
            )
        check_count("max_concurrency", value)


@final
class Permit:
    """The right to make one attempt: wanted, waited for, held, given back; and then wanted again."""

    __slots__ = ("_wake", "is_held", "place")

    def __init__(self) -> None:
        self.is_held: bool = False
        """Whether the attempt may be made, and counts."""
        self.place: int | None = None
        """Where in the order of coming it is waited for."""
        self._wake: Callable[[], object] | None = None

    def wait_at(self, place: int, wake: Callable[[], object]) -> None:
        """Have *wake* called once it is held."""
        self.place, self._wake = place, wake

    def give_up(self) -> None:
        """Nobody waits for it any more."""
        self.place = self._wake = None

    def grant(self) -> None:
        """Let the attempt be made, and wake who waits for that."""
        wake = self._wake
        self.give_up()
        self.is_held = True
        if wake is not None:
            wake()


@final
class Permits:
    """The permits of one origin: how many there are, who holds one, and who waits.

    A permit that is given back goes to whoever is first in the queue in that very step, so nobody who comes later is
    faster. First is who has the highest priority, and of those who came first. All of it is done in a time that grows
    with the logarithm of the number of those who wait.

    It takes no lock. Whoever shares it among threads calls all but `observe` under one. Of two threads that observe at
    the same moment one may be lost, or both count.

    Args:
        rules: How many there are, or how that is found out.
    """

    __slots__ = ("_cut_at", "_gone", "_limit", "_next", "_queue", "_rules", "in_flight")

    def __init__(self, rules: int | AdaptiveConcurrency) -> None:
        self._rules: Final = rules if isinstance(rules, AdaptiveConcurrency) else None
        self._limit: float = rules.start if isinstance(rules, AdaptiveConcurrency) else rules
        self._cut_at = -math.inf  # when the limit last fell
        self.in_flight: int = 0
        """Permits that are held."""
        self._queue: list[tuple[int, int, Permit]] = []  # a heap: the first is who is next
        self._next = 0
        self._gone = 0  # entries of the queue whose waiter gave up

    @property
    def limit(self) -> int:
        """How many may be held."""
        return int(self._limit)

    @property
    def waiting(self) -> int:
        """How many are in the queue."""
        return len(self._queue) - self._gone

    def try_take(self, permit: Permit) -> bool:
        """Hold *permit* at once, if there is one and nobody waits; whether it is held."""
        if self.waiting or self.in_flight >= self.limit:
            return False
        self.in_flight += 1
        permit.grant()
        return True

    def join(self, permit: Permit, priority: int, wake: Callable[[], object]) -> None:
        """Get in the queue.

        Args:
            permit: What is waited for.
            priority: The higher, the sooner.
            wake: Called once with nothing, when *permit* is held.
        """
        permit.wait_at(self._next, wake)
        heapq.heappush(self._queue, (-priority, self._next, permit))
        self._next += 1

    def leave(self, permit: Permit) -> None:
        """Give *permit* back, or wait for it no longer; nothing happens where neither is the case."""
        if permit.is_held:
            permit.is_held = False
            self.in_flight -= 1
            self.hand_over()
        elif permit.place is not None:
            permit.give_up()
            self._gone += 1
            if self._gone > len(self._queue) // 2:  # the gone shall cost no more than those who are there
                self._queue = [entry for entry in self._queue if entry[2].place == entry[1]]
                heapq.heapify(self._queue)
                self._gone = 0

    def hand_over(self) -> None:
        """Give what is free to those who wait, as after a rise of the limit."""
        while self._queue and self.in_flight < self.limit:
            _, place, permit = heapq.heappop(self._queue)
            if permit.place == place:
                self.in_flight += 1
                permit.grant()
            else:
                self._gone -= 1

    def observe(self, seen: Seen) -> None:
        """Learn from how an attempt ended, of which the permit is still held."""
        rules = self._rules
        if rules is None or seen.started <= self._cut_at:
            return  # what was sent before the limit fell says nothing of the lower one
        if seen.load is Load.PUSHED_BACK or seen.load is Load.TIMED_OUT:
            self._limit = max(self._limit * rules.backoff, rules.minimum)
            self._cut_at = seen.ended
        elif seen.load is Load.FINE and self.in_flight >= self.limit:
            self._limit = min(self._limit + 1 / self._limit, rules.maximum)
