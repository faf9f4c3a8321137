"""What a client goes by towards each origin: its policies, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from .._checks import kind_field
from .._types import NotGiven
from ._budget import RetryBudget
from ._concurrency import AdaptiveConcurrency, check_max_concurrency
from ._cool_down import CoolDown
from ._hedging import Hedge
from ._rate_limit import RateLimit, rate_limits
from ._rate_store import RateLimitStore, check_store
from ._throttling import Throttling

__all__ = ["OriginRules", "given_names"]


def _max_concurrency(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_max_concurrency(value)


def given_names(changes: Mapping[str, Any]) -> frozenset[str]:
    """The names of *changes* that are not `not_given`."""
    return frozenset(name for name, value in changes.items() if not isinstance(value, NotGiven))


@attrs.frozen(kw_only=True)
class OriginRules:
    """The policies of which each origin has a state of its own, by the names that a client has for them.

    None: the piece is off.
    """

    retry_budget: RetryBudget | None = attrs.field(factory=RetryBudget, validator=kind_field(RetryBudget, or_none=True))
    cool_down: CoolDown | None = attrs.field(factory=CoolDown, validator=kind_field(CoolDown, or_none=True))
    rate_limit: tuple[RateLimit, ...] | None = attrs.field(default=None, converter=rate_limits)
    rate_limit_store: RateLimitStore | None = attrs.field(default=None, validator=check_store)
    hedge: Hedge | None = attrs.field(default=None, validator=kind_field(Hedge, or_none=True))
    throttling: Throttling | None = attrs.field(default=None, validator=kind_field(Throttling, or_none=True))
    max_concurrency: int | AdaptiveConcurrency | None = attrs.field(default=None, validator=_max_concurrency)

    def __attrs_post_init__(self) -> None:
        if self.hedge is not None and self.rate_limit is not None and self.rate_limit_store is not None:
            raise ValueError(
                "hedge can't go with a rate_limit_store: a hedge never waits, and the store would have to be waited "
                "for, so none would ever be sent; give hedge=None, or count without a store"
            )

    def with_changes(self, changes: Mapping[str, Any]) -> OriginRules:
        """These rules with what is not `not_given` of *changes*.

        Raises:
            TypeError, ValueError: A change is no such rule; the message names it.
        """
        return attrs.evolve(self, **{name: changes[name] for name in given_names(changes)})
