"""The defaults of the public contract, each with its unit."""

from __future__ import annotations

from typing import Final

import httpx

__all__ = [
    "CLEANUP_SECONDS",
    "DEFAULT_CONNECTION_LIMITS",
    "DEFAULT_MAX_RESPONSE_BYTES",
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT",
    "INITIAL_RETRY_DELAY",
    "MAX_REDIRECTS",
    "MAX_RETRY_AFTER_DELAY",
    "MAX_RETRY_DELAY",
]

DEFAULT_MAX_RETRIES: Final = 2  # retries, so three attempts in all
DEFAULT_TIMEOUT: Final = httpx.Timeout(600.0, connect=5.0)  # seconds per operation; as the large vendor SDKs have it
DEFAULT_CONNECTION_LIMITS: Final = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
DEFAULT_MAX_RESPONSE_BYTES: Final = 64 * 1024 * 1024  # bytes that a buffered response may decode to
INITIAL_RETRY_DELAY: Final = 0.5  # seconds before the first retry
MAX_RETRY_DELAY: Final = 8.0  # seconds: the cap of the exponential backoff
MAX_RETRY_AFTER_DELAY: Final = 120.0  # seconds: the longest Retry-After that is waited out
MAX_REDIRECTS: Final = 20  # hops of one attempt, as browsers and httpx have it
CLEANUP_SECONDS: Final = 5.0  # the longest that closing connections may hold up a cancelled task
