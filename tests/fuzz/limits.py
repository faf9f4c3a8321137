"""What one input may cost: more is a finding."""

from __future__ import annotations

import time
from typing import Final

from .target import Target

__all__ = ["HANG", "MEMORY", "check_within_limits"]

SLOW: Final = 10  # seconds of CPU for one input; each is a matter of milliseconds
HANG: Final = 300  # seconds for one input, however busy the machine is with something else
MEMORY: Final = 1024  # MiB of the whole process


def check_within_limits(target: Target, data: bytes) -> None:
    """Check *data*, and that this took no long time of the processor."""
    began = time.process_time()
    target.check(data)
    took = time.process_time() - began
    assert took < SLOW, f"{took:.1f} seconds for one input"
