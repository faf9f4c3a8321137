"""The values of detection: what is known before, the first response, and what follows from both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import attrs

from ._json_paths import Path

__all__ = ["HINTS_OF_STYLE", "STYLE_NAMES", "FirstResponse", "Hints", "Name", "Names", "Shape"]

Name: TypeAlias = "str | int | Path"
Names: TypeAlias = "Mapping[str, Name]"
"""Attributes of a page class: the name of a parameter, a number, or where something is in the body."""

HINTS_OF_STYLE: Final[Mapping[str, Mapping[str, str]]] = {
    "link": {},
    "next": {"next_field": "next_field"},
    "token": {"param": "token_param", "token_field": "token_field"},
    "cursor": {"param": "cursor_param", "id_field": "id_field", "has_more_field": "has_more_field"},
    "page": {"param": "page_param", "page_field": "page_field", "total_field": "total_pages_field"},
    "offset": {"param": "offset_param", "total_field": "total_field"},
    "none": {},
}
"""For each style the hints that it takes, with the attribute of its page class that each of them sets."""

STYLE_NAMES: Final = tuple(HINTS_OF_STYLE)


@attrs.frozen
class FirstResponse:
    """What detection looks at."""

    headers: Mapping[str, str]
    """Its headers, by lower-case name."""
    body: object
    """Its JSON."""
    sent: Mapping[str, object]
    """The parameters of the request: of the query, or the JSON body of a POST."""


@attrs.frozen(kw_only=True)
class Hints:
    """What the user says; None is for what is to be found out."""

    style: str | None = None
    items: Path | None = None
    param: str | None = None
    token_field: Path | None = None
    next_field: Path | None = None
    id_field: Path | None = None
    has_more_field: Path | None = None
    page_field: Path | None = None
    total_field: Path | None = None

    def given(self) -> Names:
        """The hints about names that were given."""
        return {
            name: value
            for name, value in attrs.asdict(self, recurse=False).items()
            if value is not None and name not in ("style", "items")
        }

    def styles(self) -> tuple[str, ...]:
        """The styles that are possible: the one that was given, else those that take every name that was given.

        Raises:
            ValueError: There is none.
        """
        fitting = tuple(each for each, names in HINTS_OF_STYLE.items() if names.keys() >= self.given().keys())
        if not fitting or self.style not in (None, *fitting):
            flags = " and ".join("--" + name.replace("_", "-") for name in self.given())
            raise ValueError(f"{flags}: not with style {self.style}" if self.style else f"{flags}: not in one style")
        return fitting if self.style is None else (self.style,)

    def names(self, style: str) -> Names:
        """The attributes of the page class of *style* that the hints set."""
        return {HINTS_OF_STYLE[style][name]: value for name, value in self.given().items()}

    def shape(self) -> Shape | None:
        """The shape, where nothing is left to be found out, else None."""
        style, *others = self.styles()
        if others or self.items is None or HINTS_OF_STYLE[style].keys() != self.given().keys():
            return None
        return Shape(style, self.items, self.names(style))


@attrs.frozen
class Shape:
    """How a list is paged: a page class, in effect."""

    style: str
    """One of `STYLE_NAMES`."""
    items: Path
    """Where the items are; ``()`` when the body is the array."""
    names: Names = attrs.field(factory=dict[str, "Name"])
    """Attributes of the page class that differ from its defaults."""
    total: int | None = None
    """The number of items in all, where the response says it."""
    total_pages: int | None = None
    """The number of pages in all, where the response says it."""
