"""The ready-made shapes in both colours: what they are stands in `trio_api.pages`."""

from __future__ import annotations

from typing import TypeVar

from ..pages import CursorPage, LinkPage, NextURLPage, OffsetPage, Page, PageNumberPage, TokenPage
from ._pages_blocking import BaseSyncPage
from ._pages_trio import BaseAsyncPage

__all__ = [
    "AsyncCursorPage",
    "AsyncLinkPage",
    "AsyncNextURLPage",
    "AsyncOffsetPage",
    "AsyncPage",
    "AsyncPageNumberPage",
    "AsyncTokenPage",
    "SyncCursorPage",
    "SyncLinkPage",
    "SyncNextURLPage",
    "SyncOffsetPage",
    "SyncPage",
    "SyncPageNumberPage",
    "SyncTokenPage",
]

T = TypeVar("T")

# The docstrings stay with the pure halves, one place each; `help()` and autodoc find them there.


class AsyncPage(Page[T], BaseAsyncPage[T]):
    __doc__ = Page.__doc__


class AsyncCursorPage(CursorPage[T], BaseAsyncPage[T]):
    __doc__ = CursorPage.__doc__


class AsyncTokenPage(TokenPage[T], BaseAsyncPage[T]):
    __doc__ = TokenPage.__doc__


class AsyncPageNumberPage(PageNumberPage[T], BaseAsyncPage[T]):
    __doc__ = PageNumberPage.__doc__


class AsyncOffsetPage(OffsetPage[T], BaseAsyncPage[T]):
    __doc__ = OffsetPage.__doc__


class AsyncLinkPage(LinkPage[T], BaseAsyncPage[T]):
    __doc__ = LinkPage.__doc__


class AsyncNextURLPage(NextURLPage[T], BaseAsyncPage[T]):
    __doc__ = NextURLPage.__doc__


class SyncPage(Page[T], BaseSyncPage[T]):
    __doc__ = Page.__doc__


class SyncCursorPage(CursorPage[T], BaseSyncPage[T]):
    __doc__ = CursorPage.__doc__


class SyncTokenPage(TokenPage[T], BaseSyncPage[T]):
    __doc__ = TokenPage.__doc__


class SyncPageNumberPage(PageNumberPage[T], BaseSyncPage[T]):
    __doc__ = PageNumberPage.__doc__


class SyncOffsetPage(OffsetPage[T], BaseSyncPage[T]):
    __doc__ = OffsetPage.__doc__


class SyncLinkPage(LinkPage[T], BaseSyncPage[T]):
    __doc__ = LinkPage.__doc__


class SyncNextURLPage(NextURLPage[T], BaseSyncPage[T]):
    __doc__ = NextURLPage.__doc__
