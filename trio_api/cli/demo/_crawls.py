"""What the demonstration crawls: each style with its page class, in each mode that makes a difference."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import attrs

from ...client import (
    AsyncCursorPage,
    AsyncLinkPage,
    AsyncNextURLPage,
    AsyncOffsetPage,
    AsyncPageNumberPage,
    AsyncTokenPage,
)
from ._character import Character

__all__ = ["CRAWLS", "Crawl", "Mode"]


class Mode(Enum):
    """How pages are fetched."""

    LAZY = "lazy"
    PREFETCH = "prefetch"
    FAN_OUT = "fan-out"


@attrs.frozen
class Crawl:
    """One line of the table."""

    style: str
    """The first part of the server's path."""
    mode: Mode

    @property
    def title(self) -> str:
        """How a person says it: ``cursor, prefetch``."""
        return f"{self.style}, {self.mode.value}"

    @property
    def path(self) -> str:
        """Where the list is."""
        return f"/{self.style}/characters"

    @property
    def page(self) -> Any:
        """The page class of the style."""
        return _PAGES[self.style]

    @property
    def size_param(self) -> str:
        """The parameter of the style for the size of a page."""
        return _SIZES.get(self.style, "limit")


_PAGES: Final[Mapping[str, Any]] = {
    "cursor": AsyncCursorPage[Character],
    "token": AsyncTokenPage[Character],
    "next": AsyncNextURLPage[Character],
    "offset": AsyncOffsetPage[Character],
    "page": AsyncPageNumberPage[Character],
    "link": AsyncLinkPage[Character],
}
_SIZES: Final = {"token": "page_size", "page": "per_page", "link": "per_page"}

CRAWLS: Final = (
    *(Crawl(style, mode) for style in ("cursor", "token", "next") for mode in (Mode.LAZY, Mode.PREFETCH)),
    *(Crawl(style, mode) for style in ("offset", "page", "link") for mode in (Mode.LAZY, Mode.FAN_OUT)),
)
"""In the order of the table. Where a page tells only the next one, prefetch is the most that can be had."""
