"""Which pages of a list were seen: a set of digests, small enough for a crawl of any length."""

from __future__ import annotations

from array import array
from typing import Final

__all__ = ["LoopDetector"]

_FIRST_SIZE: Final = 16  # cells; a power of two


class LoopDetector:
    """A set of 64-bit digests by open addressing, at 8 bytes a cell.

    A Python set of ints takes some 70 bytes an entry; here it is 12 to 24. Two digests out of 100,000 pages
    are the same by chance once in four billion crawls.
    """

    __slots__ = ("_cells", "_count")

    def __init__(self) -> None:
        self._cells = array("Q", bytes(8 * _FIRST_SIZE))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, digest: int) -> bool:
        return self._cells[self._cell_of(digest or 1)] != 0

    def add(self, digest: int) -> None:
        """Remember a digest, an int from 0 to 2**64 - 1 (0 is taken for 1, since 0 marks a free cell)."""
        digest = digest or 1
        cell = self._cell_of(digest)
        if self._cells[cell] == digest:
            return
        self._cells[cell] = digest
        self._count += 1
        if self._count * 3 >= len(self._cells) * 2:
            self._grow()

    def _cell_of(self, digest: int) -> int:
        cells, mask = self._cells, len(self._cells) - 1
        cell = digest & mask
        while cells[cell] not in (0, digest):
            cell = (cell + 1) & mask
        return cell

    def _grow(self) -> None:
        old = self._cells
        self._cells = array("Q", bytes(16 * len(old)))
        for digest in old:
            if digest:
                self._cells[self._cell_of(digest)] = digest
