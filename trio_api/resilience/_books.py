"""What a client remembers of each origin between calls: the state of its policies, and the numbers of its statistics.

Shared by the copies of a client, and by the threads of a blocking one: nothing here locks, nothing waits. Numbers that
two threads raise at the same moment may come out one too low.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, TypeVar, final

import httpx

from ._budget import RetryAccount
from ._concurrency import Permits
from ._cool_down import Pause
from ._hedging import Hedging
from ._load import Load, Seen
from ._pacing import Pace
from ._refusal import Refusal
from ._rules import OriginRules
from ._statistics import ClientStatistics, OriginStatistics
from ._throttling import Throttle

__all__ = ["OriginBook", "OriginBooks"]

RuleT = TypeVar("RuleT")
StateT = TypeVar("StateT")

_MOST_KEPT: Final = 1000  # origins; a client that follows links anywhere must not grow for ever


@final
class Tally:
    """What is counted for one origin."""

    __slots__ = (
        "attempts",
        "failed",
        "hedges",
        "hedges_won",
        "refused",
        "retries",
        "retries_refused",
        "revalidated",
        "shared",
        "succeeded",
        "throttled",
    )

    def __init__(self) -> None:
        self.attempts: int = 0
        self.failed: int = 0
        self.hedges: int = 0
        self.hedges_won: int = 0
        self.refused: int = 0
        self.succeeded: int = 0
        self.retries: int = 0
        self.retries_refused: int = 0
        self.throttled: int = 0
        self.revalidated: int = 0
        self.shared: int = 0

    @property
    def is_begun(self) -> bool:
        """Whether an attempt was made, or refused."""
        return self.attempts > 0 or self.failed > 0


@final
class OriginBook:
    """What is remembered of one origin: a state for each policy that is not off.

    Args:
        rules: The policies.
        shared: The same origin's book of the client that this one was copied from.
        own: The names of the policies that are not the same: of these it has a state of its own.
        origin: Its name.
    """

    __slots__ = (
        "_is_gated",
        "account",
        "hedging",
        "minds_load",
        "pace",
        "pause",
        "permits",
        "rules",
        "tally",
        "throttle",
    )

    def __init__(
        self,
        rules: OriginRules,
        shared: OriginBook | None = None,
        own: frozenset[str] = frozenset(),
        origin: str = "",
    ) -> None:
        def inherit(name: str) -> OriginBook | None:
            return None if name in own else shared

        self.rules: Final = rules
        was = inherit("retry_budget")
        self.tally: Final[Tally] = was.tally if was else Tally()
        self.account: Final[RetryAccount | None] = was.account if was else _new(RetryAccount, rules.retry_budget)
        """What retries are paid from."""
        was = inherit("cool_down")
        self.pause: Final[Pause | None] = was.pause if was else _new(Pause, rules.cool_down)
        """What the origin asked for."""
        was = inherit("throttling")
        self.throttle: Final[Throttle | None] = was.throttle if was else _new(Throttle, rules.throttling)
        """What became of the last attempts."""
        was, most = inherit("max_concurrency"), rules.max_concurrency
        self.permits: Final[Permits | None] = was.permits if was else None if most is None else Permits(most)
        """How many attempts there may be at a time, and who waits."""
        was = None if "rate_limit_store" in own else inherit("rate_limit")
        self.pace: Final[Pace | None] = was.pace if was else _new_pace(rules, origin)
        """What was sent lately, and who waits for a turn."""

        was = inherit("hedge")
        self.hedging: Final[Hedging | None] = was.hedging if was else _new(Hedging, rules.hedge)
        """How long answers take, and how many requests may be sent once more."""
        # Every call asks for these two.
        heeds_both = self.throttle is not None or self.permits is not None
        self.minds_load: Final[bool] = heeds_both or self.hedging is not None
        """Whether any state takes note of what the end of an attempt says of the load."""
        self._is_gated: Final[bool] = heeds_both or self.pace is not None

    @property
    def is_begun(self) -> bool:
        """Whether an attempt was made, refused, is on its way with a permit, or waits for one."""
        permits = self.permits
        return self.tally.is_begun or (permits is not None and permits.in_flight + permits.waiting > 0)

    def is_guarded(self, now: float) -> bool:
        """Whether an attempt may have to wait, or be refused, before it is made."""
        return self._is_gated or (self.pause is not None and self.pause.is_on(now))

    def is_paused(self, until: float) -> bool:
        """Whether the origin asked for a pause that lasts *until* that time, in seconds of the driver's clock."""
        return self.pause is not None and self.pause.until >= until

    def pay_retry(self, *, throttled: bool) -> int | None:
        """Pay for a retry that is due.

        Args:
            throttled: Whether the server asked for patience, in place of failing.

        Returns:
            The tokens that it cost, 0 where there is no budget; None if the retry must not be made.
        """
        cost = 0 if self.account is None else self.account.spend(throttled=throttled)
        if cost is None:
            self.tally.retries_refused += 1
        else:
            self.tally.retries += 1
        return cost

    def succeed(self, last_cost: int | None) -> None:
        """Take note of a call that succeeded.

        Args:
            last_cost: The tokens that its last retry cost; None if it had none.
        """
        self.tally.succeeded += 1
        account = self.account
        if account is not None and account.left < account.capacity:  # nearly always it is full
            account.succeeded(last_cost)

    def may_hedge(self, now: float) -> bool:
        """Whether a request may be sent once more: a hedge is left, and nothing says that the server has trouble."""
        account = self.account
        return (
            self.hedging is not None
            and self.hedging.may_send(now)
            and not (self.pause is not None and self.pause.is_on(now))
            and not (self.throttle is not None and self.throttle.probability(now))
            and (account is None or (2 * account.left >= account.capacity and account.has_retry))
        )

    def pay_hedge(self) -> int:
        """Pay for a hedge that is sent since it may be: as a retry, and out of what is set apart for hedges.

        Returns:
            The tokens that it cost, 0 where there is no budget.
        """
        cost = 0 if self.account is None else self.account.spend(throttled=False)
        assert cost is not None
        assert self.hedging is not None
        self.hedging.send()
        self.tally.hedges += 1
        self.tally.attempts += 1
        return cost

    def settle_hedges(self, costs: int, *, won: bool) -> None:
        """Take note of an answer that came after hedges: what they cost is put back, as with a retry.

        Args:
            costs: Tokens.
            won: Whether it is the answer to one of them.
        """
        self.tally.hedges_won += won
        if self.account is not None:
            self.account.succeeded(costs)

    def throttled(self, now: float, request: httpx.Request) -> Refusal | None:
        """The refusal of an attempt that is held back since most before it failed; None where it is not."""
        if self.throttle is None or not self.throttle.holds_back(now):
            return None
        self.tally.throttled += 1
        return self.throttle.refusal(request)

    def observe(self, seen: Seen, *, asked: float | None, reason: httpx.Response | None) -> bool:
        """Take note of how an attempt ended.

        Args:
            seen: What it says of the load.
            asked: Seconds that the server asked to wait, or None.
            reason: The response, where it is an error.

        Returns:
            Whether the origin is paused for it, or for longer than before.
        """
        paused = False
        if self.throttle is not None:
            self.throttle.observe(seen)
        if asked is not None and self.pause is not None and (reason is None or seen.load is Load.PUSHED_BACK):
            paused = self.pause.begin(seen.ended, asked, reason)
        if self.permits is not None:
            self.permits.observe(seen)
        if self.hedging is not None and seen.load is Load.PUSHED_BACK:
            self.hedging.pushed_back(seen.ended)
        return paused

    def statistics(self, origin: str) -> OriginStatistics:
        """The numbers as they stand."""
        tally, permits = self.tally, self.permits
        return OriginStatistics(
            origin=origin,
            calls=tally.succeeded + tally.failed,
            failed=tally.failed,
            refused=tally.refused,
            throttled=tally.throttled,
            paced=0 if self.pace is None else self.pace.paced,
            attempts=tally.attempts,
            hedges=tally.hedges,
            hedges_won=tally.hedges_won,
            retries=tally.retries,
            retries_refused=tally.retries_refused,
            shared=tally.shared,
            revalidated=tally.revalidated,
            budget_left=None if self.account is None else self.account.left,
            in_flight=0 if permits is None else permits.in_flight,
            waiting=0 if permits is None else permits.waiting,
            concurrency_limit=None if permits is None else permits.limit,
        )


def _new(state: Callable[[RuleT], StateT], rule: RuleT | None) -> StateT | None:
    return None if rule is None else state(rule)


def _new_pace(rules: OriginRules, origin: str) -> Pace | None:
    return None if rules.rate_limit is None else Pace(rules.rate_limit, rules.rate_limit_store, origin)


@final
class OriginBooks:
    """The books of all origins that a client was lately used with.

    Args:
        rules: The policies towards each of them.
        shared: The books of the client that this one was copied from.
        own: The names of the policies in which it differs from that.
    """

    def __init__(
        self, rules: OriginRules, shared: OriginBooks | None = None, own: frozenset[str] = frozenset()
    ) -> None:
        self._rules: Final = rules
        self._shared: Final = shared
        self._own: Final = own
        self._books: Final[OrderedDict[Hashable, OriginBook]] = OrderedDict()
        self._latest: tuple[Hashable, OriginBook] | None = None

    def of(self, origin: Hashable) -> OriginBook:
        """The book of *origin*, whose ``str()`` is its name in the statistics."""
        latest = self._latest
        if latest is not None and latest[0] is origin:
            return latest[1]  # nearly always: a client has one base URL, taken apart once
        book = self._books.get(origin)
        if book is None:
            shared = None if self._shared is None else self._shared.of(origin)
            book = self._books.setdefault(origin, OriginBook(self._rules, shared, self._own, str(origin)))
            if len(self._books) > _MOST_KEPT:
                self._books.popitem(last=False)
        else:
            self._touch(origin)
        self._latest = origin, book
        return book

    def _touch(self, origin: Hashable) -> None:
        try:
            self._books.move_to_end(origin)
        except KeyError:
            pass  # another thread has just dropped it

    def statistics(self) -> ClientStatistics:
        """The numbers of all origins as they stand."""
        books = self._books
        # The keys are listed in one step, whatever threads do meanwhile; items() would make tuples, and let others in.
        known = ((origin, books.get(origin)) for origin in list(books))
        return ClientStatistics(
            origins=tuple(book.statistics(str(origin)) for origin, book in known if book is not None and book.is_begun)
        )
