"""What the end of an attempt says of the load of the server."""

from __future__ import annotations

import enum
from typing import NamedTuple

__all__ = ["Load", "Seen"]


class Load(enum.Enum):
    """What the end of an attempt says of the load of the server."""

    FINE = "fine"
    """It answered, and not that it has too much to do."""
    PUSHED_BACK = "pushed back"
    """It answered that it has too much to do: 429 or 503."""
    TIMED_OUT = "timed out"
    """It took longer to connect, read or write than the timeout."""
    LOST = "lost"
    """No whole response came, for another reason."""


class Seen(NamedTuple):
    """The end of an attempt, as the books take note of it."""

    load: Load
    started: float
    """When it was sent, in seconds of the driver's clock."""
    ended: float
    """When its response was read, or it failed."""
