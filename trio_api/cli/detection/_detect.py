"""From the first response and the user's hints to the shape of the list."""

from __future__ import annotations

from ._items import find_items
from ._json_paths import Path, at, format_path
from ._rules import RULES, count_of
from ._shape import FirstResponse, Hints, Names, Shape
from ._vocabulary import TOTAL_PAGES, TOTALS

__all__ = ["detect"]


def detect(response: FirstResponse, hints: Hints) -> Shape:
    """How the list goes on after *response*.

    Args:
        response: The first response.
        hints: What the user says, which wins; only what is left open is looked for.

    Returns:
        The shape; its style is ``none`` where nothing tells of another page.

    Raises:
        ValueError: There is no array of items, or the style can't be told, or the hints contradict each other.
    """
    items = _items(response, hints)
    style, found = _style(response, hints, items)
    total = count_of(response.body, TOTALS)
    total_pages = count_of(response.body, TOTAL_PAGES)
    return Shape(
        style=style,
        items=items,
        names={**found, **hints.names(style)},
        total=total[1] if total else None,
        total_pages=total_pages[1] if total_pages else None,
    )


def _items(response: FirstResponse, hints: Hints) -> Path:
    found = find_items(response.body) if hints.items is None else hints.items
    if found is None:
        raise ValueError("the response has no array of items; say where they are: --items data.items")
    if not isinstance(at(response.body, found), list):
        raise ValueError(f"there is no array at --items {format_path(found)}")
    return found


def _style(response: FirstResponse, hints: Hints, items: Path) -> tuple[str, Names]:
    possible = hints.styles()
    for style, rule in RULES:
        if style in possible:
            names = rule(response, items)
            if names is not None:
                return style, names
    if len(possible) > 1 and hints.given():
        raise ValueError(f"the response does not tell its style; say it: --style {' or '.join(possible)}")
    return possible[0] if len(possible) == 1 else "none", {}
