"""How much an origin is sent in a time: a rate limit as an immutable value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, final

import attrs
import httpx

from .._checks import check_period
from ..request import FinalRequestOptions

__all__ = ["RateLimit", "rate_limits", "thousandths"]

_MOST_TOKENS: Final = 1e12  # counted in thousandths they stay exact in a double, which is what a Redis script has


def _checked(name: str, value: object) -> float:
    """Return *value* if it can be a number of tokens; *name* is the argument that the error names.

    Raises:
        TypeError: It is no number.
        ValueError: It is negative, not finite, or more than 10**12.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of tokens, got {value!r}")
    if not 0 <= value <= _MOST_TOKENS:  # NaN is not either
        raise ValueError(f"{name} must be between 0 and 10**12 tokens, got {value!r}")
    return value


def thousandths(amount: float) -> int:
    """An amount in the whole numbers in which it is counted, rounded up: sums of them are exact."""
    return math.ceil(round(amount * 1000, 6))


def _requests(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"requests must be an int, got {value!r}; for a part of one, make per longer")
    if not 1 <= value <= _MOST_TOKENS:
        raise ValueError(f"requests must be between 1 and 10**12, got {value}")


def _tokens(instance: RateLimit, attribute: attrs.Attribute[Any], value: object) -> None:
    if (instance.requests is None) == (value is None):
        raise TypeError(
            "a RateLimit counts either requests or tokens:\n"
            "    RateLimit(requests=600, per=60)\n"
            "    RateLimit(tokens=90_000, per=60, cost=lambda options: ...)"
        )
    if value is not None and _checked("tokens", value) < 0.001:
        raise ValueError(f"tokens must be at least 0.001, got {value!r}")


def _per(value: object) -> float:
    return check_period("per", value)


def _burst(instance: RateLimit, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    least = 0.001 if instance.requests is None else 1
    if not least <= _checked("burst", value) <= instance.quota:
        raise ValueError(f"burst must be between {least} and the quota of {instance.quota:g}, got {value!r}")


def _cost(instance: RateLimit, attribute: attrs.Attribute[Any], value: object) -> None:
    if instance.requests is not None and value is not None:
        raise TypeError("cost is for tokens: a request costs 1 of its own limit")
    if instance.requests is None and not callable(value):
        raise TypeError(f"cost must be a function of the call's FinalRequestOptions beside tokens, got {value!r}")


def _spent(instance: RateLimit, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (instance.requests is not None or not callable(value)):
        raise TypeError(f"spent must be a function of the response, beside tokens, got {value!r}")


def _default_name(limit: RateLimit) -> str:
    return f"{'requests' if limit.tokens is None else 'tokens'}/{limit.per:g}s"


def _name(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value:
        raise TypeError(f"name must be a str that is not empty, got {value!r}")


@final
@attrs.frozen(kw_only=True)
class RateLimit:
    """How much an origin is sent in a time: requests, or tokens of which each call costs some.

    In *any* window of `per` seconds no more is sent than the quota. So what was sent is remembered one by one for that
    long (a sliding-window log), where a token bucket would let twice the quota through around its fullest moment.
    Who has to wait is let go in the order of coming, as early as the windows have room.

    `burst` also bounds how many go at once, and spreads the rest evenly over the time: the generic cell rate
    algorithm (ITU-T Recommendation I.371, as virtual scheduling), with an emission interval of per / quota.

    Every attempt counts, those that fail and retries too; the redirects that an attempt meets do not. It counts from
    when it is sent: a server that counts what arrives sees the quota as exactly as the network's delays are alike.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    requests: int | None = attrs.field(default=None, validator=_requests)
    """The most requests in any window; None where tokens are counted."""
    tokens: float | None = attrs.field(default=None, validator=_tokens)
    """The most tokens in any window, counted in thousandths; None where requests are counted."""
    per: float = attrs.field(converter=_per)
    """The length of the window, in seconds."""
    burst: float | None = attrs.field(default=None, validator=_burst)
    """The most requests or tokens at once; None for all of the quota."""
    cost: Callable[[FinalRequestOptions], float] | None = attrs.field(default=None, validator=_cost)
    """How many tokens an attempt of a call costs, known before it is sent. A plain function, called once an attempt."""
    spent: Callable[[httpx.Response], float | None] | None = attrs.field(default=None, validator=_spent)
    """How many tokens it did cost, for a response with a status of 2xx: counted from then on in place of `cost`, for
    the window in which it was sent. None leaves the cost as it was; so does asking for the body of a response that is
    left open (`httpx.ResponseNotRead`)."""
    name: str = attrs.field(default=attrs.Factory(_default_name, takes_self=True), validator=_name)
    """What a store that is shared by processes knows it by. Default: ``"requests/60s"``, ``"tokens/60s"``."""

    @property
    def quota(self) -> float:
        """The most in any window: of requests or tokens, whichever it counts."""
        quota = self.requests if self.tokens is None else self.tokens
        assert quota is not None
        return quota

    def cost_of(self, options: FinalRequestOptions) -> float:
        """What an attempt of a call costs.

        Raises:
            TypeError, ValueError: `cost` gave what is no number of tokens, or more than there ever can be.
        """
        if self.cost is None:
            return 1
        amount = _checked("what cost gives", self.cost(options))
        most = self.quota if self.burst is None else self.burst
        if amount > most:
            raise ValueError(
                f"the call costs {amount:g} tokens, and the rate limit {self.name!r} never has more than {most:g} at "
                "once: it can't be sent"
            )
        return amount

    def spent_by(self, response: httpx.Response) -> float | None:
        """What an attempt did cost; None where that is not known better than before.

        Raises:
            TypeError, ValueError: `spent` gave what is no number of tokens.
        """
        if self.spent is None:
            return None
        try:
            amount = self.spent(response)
        except httpx.ResponseNotRead:
            return None
        return None if amount is None else _checked("what spent gives", amount)


def rate_limits(value: Any) -> tuple[RateLimit, ...] | None:
    """What a client is given as ``rate_limit``, as a tuple; None for no limit.

    Raises:
        TypeError: It is neither a `RateLimit` nor an iterable of them.
        ValueError: Two have the same name.
    """
    if value is None or isinstance(value, RateLimit):
        return None if value is None else (value,)
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(f"rate_limit must be a RateLimit, an iterable of them or None, got {value!r}")
    limits: tuple[Any, ...] = tuple(value)
    for one in limits:
        if not isinstance(one, RateLimit):
            raise TypeError(f"rate_limit must be a RateLimit, an iterable of them or None, got {one!r} in it")
    names = [one.name for one in limits]
    if len(set(names)) < len(names):
        raise ValueError(f"rate_limit has two limits of one name in {names}: give them names, RateLimit(..., name=...)")
    return limits or None
