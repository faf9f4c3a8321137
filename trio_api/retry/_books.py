"""What a client remembers of each origin between calls: its retry account, and the numbers of its statistics.

Shared by the copies of a client, and by the threads of a blocking one: nothing here locks, nothing waits. Numbers that
two threads raise at the same moment may come out one too low.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, final

from ._budget import RetryAccount, RetryBudget
from ._statistics import ClientStatistics, OriginStatistics

__all__ = ["OriginBook", "OriginBooks"]

_MOST_KEPT: Final = 1000  # origins; a client that follows links anywhere must not grow for ever


@final
class OriginBook:
    """What is remembered of one origin.

    Args:
        budget: What its retries are paid from; None for retries without bound.
    """

    __slots__ = ("_account", "attempts", "failed", "retries", "retries_refused", "succeeded")

    def __init__(self, budget: RetryBudget | None) -> None:
        self._account: Final = None if budget is None else RetryAccount(budget)
        self.attempts: int = 0
        self.failed: int = 0
        self.succeeded: int = 0
        self.retries: int = 0
        self.retries_refused: int = 0

    def pay_retry(self, *, throttled: bool) -> int | None:
        """Pay for a retry that is due.

        Args:
            throttled: Whether the server asked for patience, in place of failing.

        Returns:
            The tokens that it cost, 0 where there is no budget; None if the retry must not be made.
        """
        cost = 0 if self._account is None else self._account.spend(throttled=throttled)
        if cost is None:
            self.retries_refused += 1
        else:
            self.retries += 1
        return cost

    def succeed(self, last_cost: int | None) -> None:
        """Take note of a call that succeeded.

        Args:
            last_cost: The tokens that its last retry cost; None if it had none.
        """
        self.succeeded += 1
        account = self._account
        if account is not None and account.left < account.capacity:  # nearly always it is full
            account.succeeded(last_cost)

    def statistics(self, origin: str) -> OriginStatistics:
        """The numbers as they stand."""
        return OriginStatistics(
            origin=origin,
            calls=self.succeeded + self.failed,
            failed=self.failed,
            attempts=self.attempts,
            retries=self.retries,
            retries_refused=self.retries_refused,
            budget_left=None if self._account is None else self._account.left,
        )


@final
class OriginBooks:
    """The books of all origins that a client was lately used with.

    Args:
        budget: What the retries of each origin are paid from; None for retries without bound.
    """

    def __init__(self, budget: RetryBudget | None) -> None:
        self._budget: Final = budget
        self._books: Final[OrderedDict[Hashable, OriginBook]] = OrderedDict()
        self._latest: tuple[Hashable, OriginBook] | None = None

    def of(self, origin: Hashable) -> OriginBook:
        """The book of *origin*, whose ``str()`` is its name in the statistics."""
        latest = self._latest
        if latest is not None and latest[0] is origin:
            return latest[1]  # nearly always: a client has one base URL, taken apart once
        book = self._books.get(origin)
        if book is None:
            book = self._books.setdefault(origin, OriginBook(self._budget))
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
        return ClientStatistics(
            origins=tuple(book.statistics(str(origin)) for origin, book in list(self._books.items()))
        )
