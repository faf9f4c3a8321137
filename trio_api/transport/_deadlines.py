"""The end of a blocking call, for what waits within it and can't be cancelled."""

from __future__ import annotations

from typing import Final

__all__ = ["DEADLINE", "OutOfTime"]

DEADLINE: Final = "trio_api.deadline"
"""An extension of requests: when their call ends, by `time.monotonic`. `BearerAuth` waits no longer for a token."""


class OutOfTime(Exception):  # the drivers make the call's own error of it
    """The time of the call was up before its request was sent, or sent again."""
