"""What the end of an attempt says of the load of the server."""

from __future__ import annotations

import enum
from typing import NamedTuple

__all__ = ["Load", "Seen", "load_of_status"]


class Load(enum.Enum):
    """What the end of an attempt says of the load of the server."""

    FINE = "fine"
    """It answered, and not that it has too much to do."""
    PUSHED_BACK = "pushed back"
    """It answered that it has too much to do, or that this client asks too much: `load_of_status`."""
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


def load_of_status(status_code: int, asked: float | None) -> Load:
    """What an answer says.

    429 (RFC 6585, section 4) and 503 push back. So does a 403 that says how long to wait: GitHub's REST API has rate
    limits that it tells of by either status.

    Args:
        status_code: The status.
        asked: Seconds that the answer asked to wait, or None.
    """
    pushed_back = status_code in (429, 503) or (status_code == 403 and asked is not None)
    return Load.PUSHED_BACK if pushed_back else Load.FINE
