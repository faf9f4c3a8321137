"""Shapes in which a number asks for a page, and a total tells how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from .._logging import logger
from ..models import wire_from
from ._info import NumberedInfos, PageInfo
from ._shape import Key, ShapedPage, count_in, shape

__all__ = ["OffsetPage", "PageNumberPage"]

T = TypeVar("T")


@shape
class PageNumberPage(ShapedPage[T]):
    """Pages have numbers. Without a total the list goes on until an empty page.

    ``{"data": [...], "page": 1, "total_pages": 9}`` is followed by ``?page=2``.
    """

    page_param: ClassVar[str] = "page"
    """The query parameter that takes the number."""
    page_field: ClassVar[Key] = "page"
    """Where the body has the number of this page; without it the request's counts."""
    total_pages_field: ClassVar[Key] = "total_pages"
    """Where the body has the number of pages."""
    first_page_number: ClassVar[int] = 1
    """The number of the first page: what a request without one asks for."""

    page: int | None = wire_from("page_field", default=None)
    """The number of this page, as the body has it."""
    total_pages: int | None = wire_from("total_pages_field", default=None)
    """How many pages there are, as the body has it."""

    def next_page_info(self) -> PageInfo | None:
        """The next number, unless this is the last."""
        following = self._number() + 1
        last = self._last()
        if (following > last) if last is not None else not self._get_page_items():
            return None
        return self._info(following)

    def remaining_page_infos(self) -> Sequence[PageInfo] | None:
        """All later numbers; None where the body has no total."""
        last = self._last()
        return None if last is None else NumberedInfos(range(self._number() + 1, last + 1), self._info)

    def _number(self) -> int:
        for number in (count_in(self.page), self._request_count(self.page_param)):
            if number is not None:
                return number
        return self.first_page_number

    def _last(self) -> int | None:
        total = count_in(self.total_pages)
        return None if total is None else total + self.first_page_number - 1

    def _info(self, number: int) -> PageInfo:
        return PageInfo(params={self.page_param: number})


@shape
class OffsetPage(ShapedPage[T]):
    """A page begins at an item; the next one begins as many items later as this page has.

    Without a total the list goes on until an empty page. ``{"data": [...], "total": 900}``, asked for with
    ``?offset=200``, is followed by ``?offset=300`` if it has 100 items.
    """

    offset_param: ClassVar[str] = "offset"
    """The query parameter that takes the number of items to leave out."""
    limit_param: ClassVar[str] = "limit"
    """The query parameter that says how many items a page may have: what an empty page is passed over by."""
    total_field: ClassVar[Key] = "total"
    """Where the body has the number of items in the list."""

    total: int | None = wire_from("total_field", default=None)
    """How many items the list has, as the body has it."""

    def next_page_info(self) -> PageInfo | None:
        """The next offset, unless the list ends here."""
        items, total = self._get_page_items(), count_in(self.total)
        following = self._offset() + self._step()
        if (following >= total) if total is not None else not items:
            return None
        if self._step():
            return self._info(following)
        logger.warning(
            "%s: the page is empty but says that more follows; without %s=... in the request there is no knowing "
            "where, so the list ends here",
            type(self).__name__,
            self.limit_param,
        )
        return None

    def remaining_page_infos(self) -> Sequence[PageInfo] | None:
        """All later offsets, if every page has as many items as this one; None where the body has no total."""
        total, step = count_in(self.total), self._step()
        if total is None:
            return None
        return NumberedInfos(range(self._offset() + step, total, step), self._info) if step else []

    def _offset(self) -> int:
        return self._request_count(self.offset_param) or 0

    def _step(self) -> int:
        """How far on the next page is. What was asked for counts only where nothing came: servers cap it."""
        return len(self._get_page_items()) or self._request_count(self.limit_param) or 0

    def _info(self, offset: int) -> PageInfo:
        return PageInfo(params={self.offset_param: offset})
