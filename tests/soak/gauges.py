"""What the process holds: memory and sockets, as Linux tells them, and tasks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import trio.lowlevel

__all__ = ["Held", "living_tasks", "open_sockets", "resident"]

Held: TypeAlias = Callable[[], Mapping[str, int]]
"""Tells what something holds: how many permits, places in queues, slots."""


def resident() -> int:
    """Bytes of memory in use; 0 where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def open_sockets() -> int:
    """How many sockets are open, those of Trio's own loop included; 0 where the system does not say."""
    folder = Path("/proc/self/fd")
    count = 0
    for entry in folder.iterdir() if folder.exists() else ():
        try:
            count += os.readlink(entry).startswith("socket:")
        except OSError:  # that of the listing itself
            continue
    return count


def living_tasks() -> int:
    """How many tasks this run of Trio has."""
    return trio.lowlevel.current_statistics().tasks_living
