"""Which rows there are, by the room that measures them, and how some of them are measured."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from . import calls, decoding, imports, paging
from .rounds import Effort
from .row import Row

__all__ = ["SPEEDS", "all_rows", "chosen", "measure"]


class Group(Protocol):
    """A room that measures rows."""

    ROWS: list[Row]

    def measure(self, rows: Iterable[Row], effort: Effort) -> Iterator[Row]:
        """Fill in *rows*, some of its own."""


GROUPS: list[Group] = [calls, decoding, paging, imports]
SPEEDS = "speeds"
"""No row: every client at every number of tasks, for the plot."""


def all_rows() -> list[Row]:
    """Every row, not yet measured."""
    return [row for group in GROUPS for row in group.ROWS]


def chosen(wanted: Collection[str] | None) -> set[str]:
    """The names that are, or begin with, one of *wanted*: ``get-50`` is ``get-50-aiohttp`` too. None is all.

    Raises:
        ValueError: No name is, or begins so.
    """
    names = {*(row.name for row in all_rows()), SPEEDS}
    found = set()
    for start in names if wanted is None else wanted:
        begun = {name for name in names if f"{name}-".startswith(f"{start}-")}
        if not begun:
            raise ValueError(f"there is no row {start!r}; there are {', '.join(sorted(names))}")
        found |= begun
    return found


def measure(names: Collection[str], effort: Effort) -> Iterator[Row]:
    """Measure the rows *names*, group by group."""
    for group in GROUPS:
        rows = [row for row in group.ROWS if row.name in names]
        if rows:
            yield from group.measure(rows, effort)
