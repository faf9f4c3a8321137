"""What the ready-made shapes share: items under a name that a subclass may change, and the plain `Page`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, TypeAlias, TypeVar, cast

import attrs
import httpx

from .._types import Missing
from ..models import wire_from
from ._info import PageInfo
from ._page import BasePage

__all__ = ["Key", "Page", "ShapedPage", "count_in", "keys_of", "path_of", "shape"]

T = TypeVar("T")

Key: TypeAlias = "str | tuple[str, ...] | None"
"""Where a value is in the body: under a key, at the end of a path of keys, or (None) the body itself."""

# No slots, since pages carry what they came from; no `__eq__`, since two pages are the same only if they are one;
# by keyword, so that fields of a subclass need no defaults.
shape = attrs.define(slots=False, eq=False, kw_only=True)


_MOST: Final = 2**53  # of pages or items: beyond it JSON's numbers are not exact everywhere, and nothing is counted


def count_in(value: object) -> int | None:
    """The whole number that *value* is, at most 2**53, or None. A parameter may be its text: ``"3"``."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST else None


@shape
class ShapedPage(BasePage[T]):
    """A page whose items are in one array of the body."""

    items_field: ClassVar[Key] = "data"
    """Where the items are; None: the body itself is the array."""

    data: list[T] = wire_from("items_field")
    """The items, as the body has them."""

    def _get_page_items(self) -> Sequence[T]:
        data: Any = self.data
        if data is None or isinstance(data, Missing):
            return []  # as JSON made from protocol buffers has an empty array; the problem stands on the response
        if not isinstance(data, list):
            raise self._invalid(self._items_path(), "list", type(data).__name__)
        return cast("list[T]", data)

    def _items_path(self) -> str:
        return path_of(self.items_field)

    def _request_count(self, name: str) -> int | None:
        """The whole number that the request had as the parameter *name*."""
        options = self._bound("_options")
        if name in options.params:
            return count_in(options.params[name])
        return count_in(httpx.URL(options.url).params.get(name, self.response.url.params.get(name)))


def keys_of(key: Key) -> tuple[str, ...]:
    """The keys that lead to a value of the body."""
    return () if key is None else (key,) if isinstance(key, str) else key


def path_of(key: Key) -> str:
    """The JSON path of a value of the body."""
    return "".join(["$", *(f".{key}" for key in keys_of(key))])


@shape
class Page(ShapedPage[T]):
    """The whole list in one page."""

    def next_page_info(self) -> PageInfo | None:
        """None: nothing follows."""
        return None

    def remaining_page_infos(self) -> Sequence[PageInfo]:
        """Nothing: nothing follows."""
        return []
