"""What a soak came to, as a table of what is claimed and what was reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import attrs

__all__ = ["Figures", "render"]

MEGABYTE = 1_000_000
GROWTH = 5 * MEGABYTE  # bytes that the process may grow by after its warm-up


class Row(NamedTuple):
    """A line of the table."""

    claim: str
    goal: str
    reached: str
    is_met: bool


@attrs.frozen
class Figures:
    """What a soak came to."""

    by: str
    requests: int
    """How many were sent."""
    asked: int
    """How many were to be sent."""
    is_alive: bool
    """Whether there was progress at all times, and the last request succeeded."""
    held: Mapping[str, int]
    """What was held at the end, while it was open: permits, slots, places in queues."""
    sockets_left: int
    tasks_left: int
    memory_growth: int | None
    """Bytes since the warm-up; None where there were too few requests for one."""
    seconds: float
    cpu_seconds: float
    outcomes: Mapping[str, int]
    cancelled_while: Mapping[str, int]

    def rows(self) -> Iterator[Row]:
        """What is claimed, one by one."""
        growth = self.memory_growth
        held = ", ".join(f"{count} x {name}" for name, count in self.held.items())
        yield Row("requests sent", f"{self.asked:,}", f"{self.requests:,}", self.requests >= self.asked)
        yield Row("progress at all times, and the last succeeds", "yes", str(self.is_alive), self.is_alive)
        yield Row("permits, slots and places in queues held", "0", held or "0", not self.held)
        yield Row("sockets left", "0", str(self.sockets_left), self.sockets_left == 0)
        yield Row("tasks left", "0", str(self.tasks_left), self.tasks_left == 0)
        if growth is not None:
            reached = f"{growth / MEGABYTE:+.1f} MB"
            yield Row("growth of memory after the warm-up", f"< {GROWTH / MEGABYTE:.0f} MB", reached, growth < GROWTH)

    @property
    def are_met(self) -> bool:
        """Whether all of it was reached."""
        return all(row.is_met for row in self.rows())

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {**attrs.asdict(self), "are_met": self.are_met}


def render(figures: Figures) -> str:
    """The table for people."""
    rows = [("claim", "goal", "reached", "")]
    rows += [(row.claim, row.goal, row.reached, "" if row.is_met else "MISSED") for row in figures.rows()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    rate = figures.requests / figures.seconds
    lines.append(f"by {figures.by}: {rate:,.0f} requests a second; CPU: {figures.cpu_seconds:,.0f} seconds")
    for title in ("outcomes", "cancelled_while"):
        counts = ", ".join(f"{name} {count:,}" for name, count in getattr(figures, title).items())
        lines.append(f"{title.replace('_', ' ')}: {counts}")
    return "\n".join(lines)
