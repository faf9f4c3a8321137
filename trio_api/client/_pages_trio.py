"""Pages and paginators of the Trio client."""

from __future__ import annotations

import functools
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, final

import trio

from .._checks import check_count
from .._redact import sealed
from ..pages import BasePage, Crawl
from ..request import FinalRequestOptions
from ._items_trio import AsyncCrawlIterator, AsyncItems, Fetch, LazyFeed
from ._paginator import BasePaginator, PageClient, paged_list
from ._responses_trio import AsyncAPIResponse

if TYPE_CHECKING:
    from typing import Self

__all__ = ["AsyncPageClient", "AsyncPaginator", "BaseAsyncPage"]

T = TypeVar("T")
PageT = TypeVar("PageT", bound="BaseAsyncPage[Any]")


class AsyncPageClient(PageClient, Protocol):
    """What pages ask of a Trio client."""

    async def _fetch_page(self, page_type: Any, options: FinalRequestOptions) -> Any: ...


def fetcher(client: AsyncPageClient, page_type: Any) -> Fetch:
    """What fetches pages of *page_type*."""
    return functools.partial(client._fetch_page, page_type)  # pyright: ignore[reportPrivateUsage]  # as `PageClient`


class BaseAsyncPage(BasePage[T]):
    """A page of a list, fetched by the Trio client.

    A page class of your own has its fields, and says what its items are and what comes next::

        @attrs.define
        class MyPage(BaseAsyncPage[T]):
            rows: list[T]
            cursor: str | None = None

            def _get_page_items(self) -> list[T]:
                return self.rows

            def next_page_info(self) -> PageInfo | None:
                return PageInfo(params={"cursor": self.cursor}) if self.cursor else None
    """

    @property
    def response(self) -> AsyncAPIResponse[Any]:
        """The response that the page came from, read.

        Raises:
            RuntimeError: The page was made by hand.
        """
        response: AsyncAPIResponse[Any] = self._bound("_response")
        return response

    @sealed
    async def get_next_page(self) -> Self:
        """Fetch the next page.

        Raises:
            RuntimeError: There is none; ask ``has_next_page()`` first.
            TrioAPIError: It could not be fetched, or this page does not say properly where it is.
        """
        pages = self.iter_pages()
        await pages.__anext__()  # this one
        try:
            return await pages.__anext__()
        except StopAsyncIteration:
            raise RuntimeError("there is no next page; ask page.has_next_page() first") from None

    def iter_pages(self) -> AsyncCrawlIterator[Self]:
        """An iterator over this page and all later ones, each fetched when it is asked for."""
        feed = self._feed()
        return AsyncCrawlIterator(feed, feed.crawl.next_page)

    def __aiter__(self) -> AsyncCrawlIterator[T]:
        """An iterator over the items of this page and of all later ones, fetched when they are asked for."""
        feed = self._feed()
        return AsyncCrawlIterator(feed, feed.crawl.next_item)

    def _feed(self) -> LazyFeed[T, Self]:
        client = self._bound("_client")
        fetch_later = fetcher(client, self._page_type)
        here = [self]

        async def fetch(options: FinalRequestOptions) -> Any:
            await trio.lowlevel.checkpoint()
            return here.pop() if here else await fetch_later(options)

        crawl: Crawl[T, Self] = Crawl[T, Any].lazy(paged_list(client, self._options))
        return LazyFeed(crawl, fetch)


@final
class AsyncPaginator(BasePaginator[T, PageT, AsyncPageClient]):
    """A list that comes in pages, of which nothing was fetched yet. Made by ``client.get_api_list(...)``.

    ``await`` it for the first page; iterate it for the items of all pages. Each iteration begins at the beginning.
    """

    _page_base = BaseAsyncPage

    def __await__(self) -> Generator[Any, Any, PageT]:
        return self.first_page().__await__()

    @sealed
    async def first_page(self) -> PageT:
        """Fetch the first page.

        Raises:
            RuntimeError: The paginator was resumed from the checkpoint of a list that was consumed whole.
        """
        first = self._first()
        page: PageT = await self._fetch(first.options_at(first.positions[0].step))
        return page

    def __aiter__(self) -> AsyncCrawlIterator[T]:
        """An iterator over all items; each page is fetched when its first item is asked for."""
        crawl = Crawl[T, PageT].lazy(self._list)
        return AsyncCrawlIterator(LazyFeed(crawl, self._fetch), crawl.next_item)

    def iter_pages(self) -> AsyncCrawlIterator[PageT]:
        """An iterator over all pages, each fetched when it is asked for."""
        crawl = Crawl[T, PageT].lazy(self._list)
        return AsyncCrawlIterator(LazyFeed(crawl, self._fetch), crawl.next_page)

    def prefetch(self, ahead: int = 4) -> AsyncItems[T, PageT]:
        """Fetch pages in the background while the consumer works, one after the other.

        ::

            async with paginator.prefetch(ahead=4) as items:
                async for item in items:
                    ...

        Args:
            ahead: The most pages fetched or in flight beyond the one being consumed. Default: 4.

        Raises:
            TypeError, ValueError: *ahead* is no int, or less than 1.
        """
        crawl = Crawl[T, PageT].prefetch(self._list, check_count("ahead", ahead))
        return AsyncItems(crawl, [self._fetch], f"paginator.prefetch(ahead={ahead})")

    def fan_out(self, limit: int = 16, *, ordered: bool = True) -> AsyncItems[T, PageT]:
        """Fetch pages side by side, where the first one tells which there are; else prefetch them.

        ::

            async with paginator.fan_out(limit=16) as items:
                async for item in items:
                    ...

        Args:
            limit: The most pages in flight. Up to twice as many wait until it is their turn. Default: 16.
            ordered: Whether items come in the order of the list; or page by page as the pages come.

        Raises:
            TypeError, ValueError: *limit* is no int, or less than 1.
        """
        crawl = Crawl[T, PageT].fan_out([self._list], limit=check_count("limit", limit), ordered=ordered)
        return AsyncItems(crawl, [self._fetch], f"paginator.fan_out(limit={limit})")

    @property
    def _fetch(self) -> Fetch:
        return fetcher(self._client, self._page_type)
