"""What one input may cost: more is a finding."""

from __future__ import annotations

from typing import Final

__all__ = ["MEMORY", "SLOW"]

SLOW: Final = 10  # seconds of one input; each is a matter of milliseconds, on a machine with nothing else to do
MEMORY: Final = 1024  # MiB of the whole process
