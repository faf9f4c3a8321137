"""The life of the token in use: whether it is good, when the next is due, and how long to leave off after a failure.

Time comes in as an argument, in seconds of the caller's clock. Threads may share a life, as long as one at a time
changes it: what `look` reads was written at once.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from typing import Final, NamedTuple, final

from ._token import Token

__all__ = ["Look", "Standing", "TokenLife"]

_LEAST_WAIT: Final = 0.1  # seconds between two fetches that nobody waits for, whatever the provider and the policy say
_FORGET_REJECTIONS: Final = 600.0  # seconds without one, after which the next is as the first


class Standing(enum.Enum):
    """How it stands with the token in use."""

    GOOD = "good"
    """It is to be used."""
    DUE = "due"
    """It is still to be used, and another is to be fetched."""
    GONE = "gone"
    """There is none that could be used."""


class Look(NamedTuple):
    """What a caller goes by."""

    standing: Standing
    token: Token | None
    """The token to use; None where it is gone."""


class _Held(NamedTuple):
    token: Token
    due: float
    ends: float


_GONE: Final = Look(Standing.GONE, None)


@final
class TokenLife:
    """The life of one provider's tokens, one after the other.

    Args:
        refresh_at: The part of a token's life, 0 to 1, after which the next is due.
        leeway: The last seconds of a token's life, in which it is not used any more: what is sent takes its time, and
            clocks differ. Of a short life it is at most half of what `refresh_at` leaves.
        backoff: Gives the seconds to leave off after the n-th failure in a row, from 0.
    """

    def __init__(self, *, refresh_at: float, leeway: float, backoff: Callable[[int], float]) -> None:
        self._refresh_at: Final = refresh_at
        self._leeway: Final = leeway
        self._backoff: Final = backoff
        self._held: _Held | None = None
        self._is_wanted = False
        self._retry_at = -math.inf
        self._failures = 0
        self._may_force = -math.inf
        self._forced = 0
        self.error: Exception | None = None
        """Why the last fetch failed; None where it did not."""

    def look(self, now: float) -> Look:
        """How it stands."""
        held = self._held
        if held is None or now >= held.ends:
            return _GONE
        if now >= held.due and now >= self._retry_at:
            return Look(Standing.DUE, held.token)
        return Look(Standing.GOOD, held.token)

    def is_left_off(self, now: float) -> bool:
        """Whether the last fetch failed so lately that none is to be made now."""
        return self.error is not None and now < self._retry_at

    @property
    def next_fetch(self) -> float:
        """When to fetch ahead of need; infinite as long as there was no token, or where its end is not known."""
        if not self._is_wanted:
            return math.inf
        held = self._held
        return max(-math.inf if held is None else held.due, self._retry_at)

    def fetched(self, token: Token, began: float, now: float, wall: float) -> None:
        """Take note of another token.

        Args:
            token: The token.
            began: When it was asked for.
            now: When it came.
            wall: The same moment in seconds since the epoch.
        """
        left = token.seconds_left(now - began, wall)
        whole = left + now - began
        spare = min(self._leeway, whole * (1 - self._refresh_at) / 2)
        due = max(now + left - whole * (1 - self._refresh_at), now + _LEAST_WAIT)
        self._held = _Held(token, math.inf, math.inf) if left == math.inf else _Held(token, due, now + left - spare)
        self._is_wanted = 0 < left < math.inf
        self._failures, self._retry_at, self.error = 0, -math.inf, None

    def failed(self, error: Exception, now: float) -> float:
        """Take note of a fetch that gave none.

        Returns:
            Seconds to leave off.
        """
        wait = max(self._backoff(self._failures), _LEAST_WAIT)
        self._failures += 1
        self._retry_at, self.error = now + wait, error
        return wait

    def rejected(self, token: Token, now: float) -> bool:
        """Take note of a token that a server did not accept before its time.

        The first time another is due at once. A server that accepts none must not make every call fetch one: so the
        next time it is due only after a backoff that grows, and until then the token stays in use.

        Returns:
            Whether the request may be sent again with another token, which is there or to be fetched.
        """
        held = self._held
        if held is None or held.token is not token:
            return True  # somebody else was faster
        if now < self._may_force:
            return False
        if now - self._may_force > _FORGET_REJECTIONS:
            self._forced = 0
        self._may_force = now + max(self._backoff(self._forced), _LEAST_WAIT)
        self._forced += 1
        self._held, self._is_wanted = None, True
        return True
