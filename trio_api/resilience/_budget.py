"""How many retries a server is sent in all: a budget as an immutable value, and the account of one origin."""

from __future__ import annotations

from typing import Final, final

import attrs

from .._checks import count_field

__all__ = ["RetryAccount", "RetryBudget"]


def _affordable(instance: RetryBudget, attribute: attrs.Attribute[int], value: int) -> None:
    if value > instance.capacity:
        raise ValueError(
            f"{attribute.name} must not be more than the capacity of {instance.capacity}, got {value}: no retry could "
            "ever be paid for; for no retries use max_retries=0"
        )


@final
@attrs.frozen(kw_only=True)
class RetryBudget:
    """How many retries an origin is sent, whatever the number of calls: a bucket of tokens, full at first.

    A retry takes its cost out of the bucket; where too little is left, none is made, and the call fails with the
    error that it has. A call that succeeds after retries puts the cost of its last one back, a call that succeeds at
    once `clean_refund`, up to the capacity. So faults that come one at a time are retried for nothing, and an outage
    uses the bucket up: then each call is one attempt, until calls succeed again.

    The scheme and its figures are those of the AWS SDKs' standard retry mode as of 2026 (AWS SDKs and Tools
    Reference Guide, "Retry behavior": retry quota). Simulated, with 3 attempts a call and independent faults: at 10%
    1.11 attempts a call and 99.9% success, both as without a budget; with every call failing, 10,000 calls make
    10,035 attempts in place of 30,000.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    capacity: int = attrs.field(default=500, validator=count_field)
    """The most tokens that there can be, and how many there are at first. Default: 500."""
    retry_cost: int = attrs.field(default=14, validator=[count_field, _affordable])
    """Tokens for a retry after a failure. Default: 14."""
    throttled_cost: int = attrs.field(default=5, validator=[count_field, _affordable])
    """Tokens for a retry after the server asked for patience: 429, or 503 with a ``Retry-After``. Default: 5."""
    clean_refund: int = attrs.field(default=1, validator=count_field)
    """Tokens that a call puts back which succeeds at its first attempt. Default: 1."""


@final
class RetryAccount:
    """What is left of a budget.

    It takes no lock, though threads may share it with a blocking client. Every value that is written was made from
    one that was read, and lies between 0 and the capacity: so does what is left, whatever the threads do. Two that
    write at the same moment may lose one payment of two, which is a retry more or less.

    Args:
        budget: What it begins with and goes by.
    """

    __slots__ = ("_budget", "capacity", "left")

    def __init__(self, budget: RetryBudget) -> None:
        self._budget: Final = budget
        self.capacity: Final[int] = budget.capacity
        """The most tokens that there can be."""
        self.left: int = budget.capacity
        """Tokens."""

    @property
    def has_retry(self) -> bool:
        """Whether there is enough for a retry after a failure."""
        return self.left >= self._budget.retry_cost

    def spend(self, *, throttled: bool) -> int | None:
        """Pay for a retry.

        Args:
            throttled: Whether the server asked for patience, in place of failing.

        Returns:
            The tokens that it cost; None if there are too few, and none were taken.
        """
        cost = self._budget.throttled_cost if throttled else self._budget.retry_cost
        left = self.left
        if left < cost:
            return None
        self.left = left - cost
        return cost

    def succeeded(self, last_cost: int | None = None) -> None:
        """Take note of a call that succeeded.

        Args:
            last_cost: What its last retry cost; None if it had none.
        """
        back = self._budget.clean_refund if last_cost is None else last_cost
        self.left = min(self.left + back, self.capacity)
