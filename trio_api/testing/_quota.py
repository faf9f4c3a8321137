"""How many requests a simulated server takes in a time: a quota as a value, and the window of one server."""

from __future__ import annotations

from collections import deque
from typing import Final, final

import attrs

from .._checks import count_field, period_field

__all__ = ["Quota", "Window"]

_ROUNDING: Final = 1e-9  # seconds: who comes to the nanosecond when it is time is not too early


@final
@attrs.frozen
class Quota:
    """At most so many requests in any window of time.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    requests: int = attrs.field(validator=count_field)
    """The most requests that are taken in a window. Those that are refused do not count."""
    per: float = attrs.field(validator=period_field)
    """The length of the window, in seconds. It slides: it ends at each request that comes."""


@final
class Window:
    """The requests that were taken in the window that ends now.

    Args:
        quota: What it goes by.
    """

    def __init__(self, quota: Quota) -> None:
        self._quota: Final = quota
        self._taken: Final[deque[float]] = deque()

    def take(self, now: float) -> float:
        """Take a request, if there is room for it.

        Args:
            now: When it came, in seconds.

        Returns:
            0 where it was taken, else the seconds until there will be room.
        """
        while self._taken and now - self._taken[0] >= self._quota.per - _ROUNDING:
            self._taken.popleft()
        if len(self._taken) < self._quota.requests:
            self._taken.append(now)
            return 0.0
        return self._taken[0] + self._quota.per - now
