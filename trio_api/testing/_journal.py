"""What a simulated server writes down of each request."""

from __future__ import annotations

import attrs

__all__ = ["JournalEntry"]


@attrs.frozen
class JournalEntry:
    """One request, and what came of it."""

    came: float
    """When it came, in seconds since the server's first request."""
    ended: float
    """When it was answered or given up, in seconds since the server's first request."""
    method: str
    """The method, in upper case."""
    path: str
    """The path with the query, as it was sent."""
    status: int | None
    """The status of the answer; None where the client gave up before: cancelled, or out of time."""
