"""Where the items of a response are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

from ._json_paths import Path, as_object
from ._vocabulary import ITEMS, NOT_ITEMS

__all__ = ["find_items"]

MAX_DEPTH: Final = 3  # keys: hits.hits and data.page.items are met, deeper arrays belong to the items


def find_items(body: object) -> Path | None:
    """The path of the array of items, or None where there is no array.

    The body itself; else an array of a well-known name; else an array of objects; else any array. Among equals
    the one nearest to the root, then the longest.
    """
    if isinstance(body, list):
        return ()
    found = list(_arrays(body, ()))
    return min(found, key=lambda each: _rank(*each))[0] if found else None


def _arrays(value: object, path: Path) -> Iterator[tuple[Path, list[object]]]:
    for key, child in as_object(value).items():
        if isinstance(child, list):
            if key not in NOT_ITEMS:
                yield (*path, key), cast("list[object]", child)
        elif len(path) + 1 < MAX_DEPTH:
            yield from _arrays(child, (*path, key))


def _rank(path: Path, array: list[object]) -> tuple[object, ...]:
    well_known = path[-1] in ITEMS
    of_objects = bool(array) and all(isinstance(item, dict) for item in array)
    preference = ITEMS.index(path[-1]) if well_known else len(ITEMS)
    return (not well_known, well_known or not of_objects, len(path), preference, -len(array))
