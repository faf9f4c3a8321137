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


def chosen(prefixes: Collection[str] | None) -> set[str]:
    """The names that begin with one of *prefixes*; None is all.

    Raises:
        ValueError: No name begins with one of them.
    """
    names = [*(row.name for row in all_rows()), SPEEDS]
    if prefixes is None:
        return set(names)
    for prefix in prefixes:
        if not any(name.startswith(prefix) for name in names):
            raise ValueError(f"no row's name begins with {prefix!r}; there are {', '.join(names)}")
    return {name for name in names if name.startswith(tuple(prefixes))}


def measure(names: Collection[str], effort: Effort) -> Iterator[Row]:
    """Measure the rows *names*, group by group."""
    for group in GROUPS:
        rows = [row for row in group.ROWS if row.name in names]
        if rows:
            yield from group.measure(rows, effort)
