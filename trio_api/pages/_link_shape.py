"""The shape in which the ``Link`` header of the response names the next page (RFC 8288, with ``rel=next``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

import httpx

from ._info import NumberedInfos, PageInfo
from ._links import parse_links
from ._shape import Key, ShapedPage, count_in, shape

__all__ = ["LinkPage"]

T = TypeVar("T")


@shape
class LinkPage(ShapedPage[T]):
    """The response names the next page in its ``Link`` header; the body is the array of items.

    ``Link: <https://api.example.com/items?page=2>; rel="next"``
    """

    items_field: ClassVar[Key] = None

    def next_page_info(self) -> PageInfo | None:
        """By the link ``rel=next``."""
        link = self._link("next")
        return None if link is None else PageInfo(url=link)

    def remaining_page_infos(self) -> Sequence[PageInfo] | None:
        """Every page from ``rel=next`` to ``rel=last``, where the two differ in one number that counts pages."""
        following, last = self._link("next"), self._link("last")
        if following is None:
            return []
        return None if last is None else _numbered(self.response.url, following, last)

    def _link(self, relation: str) -> str | None:
        for link in parse_links(self.response.headers.get_list("link")):
            if relation in link.relations and (link.anchor is None or self._is_here(link.anchor)):
                return link.target
        return None

    def _is_here(self, anchor: str) -> bool:
        here = self.response.url
        try:
            return here.join(anchor) == here
        except httpx.InvalidURL:
            return False


def _numbered(page: httpx.URL, following: str, last: str) -> Sequence[PageInfo] | None:
    """The URLs from *following* to *last*, if one query parameter counts them by ones from *page* on."""
    try:
        begin, end = page.join(following), page.join(last)
    except httpx.InvalidURL:
        return None
    # The text is compared and changed, not the parameters in it: a server spells its links always the same way.
    parts, end_parts = begin.query.decode("ascii").split("&"), end.query.decode("ascii").split("&")
    changes = [index for index, (here, there) in enumerate(zip(parts, end_parts, strict=False)) if here != there]
    if begin.copy_with(query=None) != end.copy_with(query=None) or len(parts) != len(end_parts) or len(changes) > 1:
        return None
    if not changes:
        return [PageInfo(url=following)]
    index = changes[0]
    (name, _, start), (end_name, _, stop) = parts[index].partition("="), end_parts[index].partition("=")
    first, final, current = count_in(start), count_in(stop), count_in(page.params.get(name))
    if name != end_name or first is None or final is None or (str(first), str(final)) != (start, stop):
        return None
    # An offset looks the same but counts by more than one. A first page without the parameter is number 0 or 1.
    if first > final or (first not in (1, 2) if current is None else first != current + 1):
        return None

    def info(number: int) -> PageInfo:
        query = "&".join([*parts[:index], f"{name}={number}", *parts[index + 1 :]])
        return PageInfo(url=begin.copy_with(query=query.encode("ascii")))

    return NumberedInfos(range(first, final + 1), info)
