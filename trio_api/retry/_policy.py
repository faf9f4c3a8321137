"""How often a call is tried again and how long it waits: one immutable value."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any, Final

import attrs

from .._checks import check_max_retries, fraction_field, seconds_field
from .._constants import DEFAULT_MAX_RETRIES, INITIAL_RETRY_DELAY, MAX_RETRY_AFTER_DELAY, MAX_RETRY_DELAY
from .._records import AttemptRecord

__all__ = ["RETRY_AFTER_SPREAD", "RetryPolicy"]

_MAX_EXPONENT: Final = 1023  # 2.0 ** 1023 is the largest power of two that a float holds
RETRY_AFTER_SPREAD: Final = 0.1  # of the asked wait, added by chance: clients told the same come back apart


def _retries(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    check_max_retries(value)


def _hook(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not callable(value):
        raise TypeError(f"{attribute.name} must be a function of an AttemptRecord, or None, got {value!r}")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often a call is tried again, and how long it waits before.

    The wait before retry *n*, counted from 0, is exponential backoff with jitter taken off::

        min(initial * 2**n, maximum) * (1 - jitter * random())

    so with the defaults at most 0.5, 1, 2, 4, 8, 8, ... seconds, and at least half of that. Why jitter: AWS
    Architecture Blog, "Exponential Backoff And Jitter" (2015); with ``jitter=1`` this is its "full jitter",
    with 0.5 its "equal jitter". The other defaults are those of the large vendor SDKs.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    max_retries: int = attrs.field(default=DEFAULT_MAX_RETRIES, validator=_retries)
    """How many times a call is tried again. Default: 2."""
    initial: float = attrs.field(default=INITIAL_RETRY_DELAY, validator=seconds_field)
    """The longest wait before the first retry, in seconds. Default: 0.5."""
    maximum: float = attrs.field(default=MAX_RETRY_DELAY, validator=seconds_field)
    """The longest wait before any retry, in seconds. Default: 8."""
    jitter: float = attrs.field(default=0.5, validator=fraction_field)
    """The part of a wait, 0 to 1, that chance may take off. Default: 0.5."""
    max_retry_after: float = attrs.field(default=MAX_RETRY_AFTER_DELAY, validator=seconds_field)
    """The longest ``Retry-After`` that is waited out, in seconds; a longer one ends the call. Default: 120."""
    on_retry: Callable[[AttemptRecord], object] | None = attrs.field(default=None, validator=_hook)
    """A plain function that gets the record of the failed attempt before the wait. Default: None."""

    def backoff(self, retry: int) -> float:
        """The wait before a retry that the server said nothing about.

        Args:
            retry: Which retry it is, from 0.

        Returns:
            Seconds.
        """
        ceiling = min(self.initial * 2.0 ** min(retry, _MAX_EXPONENT), self.maximum)
        return ceiling * (1 - self.jitter * random.random())

    def delay(self, retry: int, *, retry_after: float | None = None, time_left: float = math.inf) -> float | None:
        """The wait before a retry, or None where there shall be none.

        A ``Retry-After`` is never cut short, and up to a tenth of it is added by chance.

        Args:
            retry: Which retry it is, from 0.
            retry_after: Seconds that the server asked to wait; None, or nothing above 0, is ordinary backoff.
            time_left: Seconds until the call's deadline. A wait that lasts as long is of no use: nothing could
                be sent after it. Default: no deadline.

        Returns:
            Seconds; None where the server asked for more than `max_retry_after` or the wait passes the deadline.
        """
        if retry_after is None or not retry_after > 0:  # NaN is not either
            wait = self.backoff(retry)
        elif retry_after > self.max_retry_after:
            return None
        else:
            wait = retry_after * (1 + RETRY_AFTER_SPREAD * random.random())
        return wait if wait < time_left else None
