"""From the shape of a list to the page class that goes through it."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Final

from ...client import (
    AsyncCursorPage,
    AsyncLinkPage,
    AsyncNextURLPage,
    AsyncOffsetPage,
    AsyncPage,
    AsyncPageNumberPage,
    AsyncTokenPage,
    BaseAsyncPage,
)
from ..detection import Name, Shape

__all__ = ["SIDE_BY_SIDE", "page_class"]

_BASES: Final[Mapping[str, Any]] = {
    "link": AsyncLinkPage[object],
    "next": AsyncNextURLPage[object],
    "token": AsyncTokenPage[object],
    "cursor": AsyncCursorPage[object],
    "page": AsyncPageNumberPage[object],
    "offset": AsyncOffsetPage[object],
    "none": AsyncPage[object],
}

SIDE_BY_SIDE: Final = frozenset({"link", "page", "offset"})
"""The styles whose later pages may be known from the first."""


def page_class(shape: Shape, *, in_body: bool) -> type[BaseAsyncPage[object]]:
    """A subclass of the ready-made page of the style, with the wire names of the shape.

    Args:
        shape: How the list is paged.
        in_body: Whether the requests have a JSON body, in which a token then goes.

    Raises:
        ValueError: The style can't be asked for in a JSON body.
    """
    if in_body and shape.style in ("cursor", "page", "offset"):
        raise ValueError(f"--data goes with style token, next or link, not with {shape.style}, which asks in the query")
    attributes: dict[str, object] = {name: _key(value) for name, value in shape.names.items()}
    attributes["items_field"] = _key(shape.items)
    if shape.style == "token":
        attributes["token_in"] = "body" if in_body else "query"
    return types.new_class("Page", (_BASES[shape.style],), exec_body=lambda body: body.update(attributes))


def _key(value: Name) -> Name | None:
    """A path as the page classes have it: None for the body itself, one key as text."""
    if not isinstance(value, tuple):
        return value
    return value[0] if len(value) == 1 else value or None
