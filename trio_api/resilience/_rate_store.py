"""Where a quota is kept that several processes share: the protocol, and what is asked for by it."""

from __future__ import annotations

from typing import Any, Protocol, final, runtime_checkable

import attrs

from ._rate_limit import RateLimit

__all__ = ["RateClaim", "RateLimitStore", "check_store"]


@final
@attrs.frozen
class RateClaim:
    """What one attempt takes of each limit."""

    id: str
    """Its own: no other claim has it."""
    origin: str
    """Where it goes: scheme, host and port."""
    limits: tuple[RateLimit, ...]
    """All limits that it has to keep to."""
    costs: tuple[float, ...]
    """What it takes of each, in requests or tokens."""


@runtime_checkable
class RateLimitStore(Protocol):
    """Keeps the count of several processes; for the Trio client.

    A client asks it only for what its own count allows. So of one client no more gets through than the limits say,
    whatever its store answers.
    """

    async def take(self, claim: RateClaim) -> float:
        """Take what *claim* costs out of all its limits, or out of none.

        Cancelled, it takes nothing.

        Returns:
            0 if it was taken; else the seconds after which to ask again.

        Raises:
            APIError: It can't be known, and the attempt shall not be made.
        """
        ...

    async def correct(self, claim: RateClaim, costs: tuple[float, ...]) -> None:
        """Count *costs* for a claim that was taken, in place of its own. It raises nothing where that fails."""
        ...


def check_store(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no store, as a validator of attrs.

    Raises:
        TypeError: It is none.
    """
    if value is not None and not isinstance(value, RateLimitStore):
        raise TypeError(f"{attribute.name} must be a RateLimitStore, or None for none, got {value!r}")
