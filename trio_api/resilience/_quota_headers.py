"""What responses say of a quota, read without trust: ``RateLimit`` and ``X-RateLimit-*``."""

from __future__ import annotations

from typing import Final, final

import attrs
import httpx

__all__ = ["STANDARD_QUOTA_HEADERS", "QuotaHeaders", "quota_wait"]


@final
@attrs.frozen
class QuotaHeaders:
    """Two headers that say what is left of a quota and when it is whole again."""

    remaining: str
    """The header that says how many requests are left."""
    reset: str
    """The header that says when the quota is whole again."""


STANDARD_QUOTA_HEADERS: Final = (QuotaHeaders("RateLimit-Remaining", "RateLimit-Reset"),)


def quota_wait(
    response: httpx.Response, sources: tuple[QuotaHeaders, ...], *, now: float | None = None
) -> float | None:
    """How long a response says that nothing is left of a quota.

    Returns:
        Seconds, more than 0; None where something is left, or nothing is said that can be read.
    """
    return None
