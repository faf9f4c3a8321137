"""Pages and paginators of the blocking client."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, final

from .._checks import check_count
from .._redact import sealed
from ..pages import BasePage, Crawl
from ..request import FinalRequestOptions
from ._items_blocking import LazyFeed, SyncCrawlIterator, SyncFetch, SyncItems
from ._paginator import BasePaginator, PageClient, paged_list
from ._responses_blocking import APIResponse

if TYPE_CHECKING:
    from typing import Self

__all__ = ["BaseSyncPage", "SyncPageClient", "SyncPaginator"]

T = TypeVar("T")
PageT = TypeVar("PageT", bound="BaseSyncPage[Any]")


class SyncPageClient(PageClient, Protocol):
    """What pages ask of a blocking client."""

    def _fetch_page(self, page_type: Any, options: FinalRequestOptions) -> Any: ...


def fetcher(client: SyncPageClient, page_type: Any) -> SyncFetch:
    """What fetches pages of *page_type*."""
    return functools.partial(client._fetch_page, page_type)  # pyright: ignore[reportPrivateUsage]  # as `PageClient`


class BaseSyncPage(BasePage[T]):
    """A page of a list, fetched by the blocking client.

    A page class of your own has its fields, and says what its items are and what comes next, as `BaseAsyncPage`
    shows.
    """

    @property
    def response(self) -> APIResponse[Any]:
        """The response that the page came from, read.

        Raises:
            RuntimeError: The page was made by hand.
        """
        response: APIResponse[Any] = self._bound("_response")
        return response

    @sealed
    def get_next_page(self) -> Self:
        """Fetch the next page.

        Raises:
            RuntimeError: There is none; ask ``has_next_page()`` first.
            TrioAPIError: It could not be fetched, or this page does not say properly where it is.
        """
        pages = self.iter_pages()
        next(pages)  # this one
        try:
            return next(pages)
        except StopIteration:
            raise RuntimeError("there is no next page; ask page.has_next_page() first") from None

    def iter_pages(self) -> SyncCrawlIterator[Self]:
        """An iterator over this page and all later ones, each fetched when it is asked for."""
        feed = self._feed()
        return SyncCrawlIterator(feed, feed.crawl.next_page)

    def __iter__(self) -> SyncCrawlIterator[T]:
        """An iterator over the items of this page and of all later ones, fetched when they are asked for."""
        feed = self._feed()
        return SyncCrawlIterator(feed, feed.crawl.next_item)

    def _feed(self) -> LazyFeed[T, Self]:
        client = self._bound("_client")
        fetch_later = fetcher(client, self._page_type)
        here = [self]

        def fetch(options: FinalRequestOptions) -> Any:
            return here.pop() if here else fetch_later(options)

        crawl: Crawl[T, Self] = Crawl[T, Any].lazy(paged_list(client, self._options))
        return LazyFeed(crawl, fetch)


@final
class SyncPaginator(BasePaginator[T, PageT, SyncPageClient]):
    """A list that comes in pages, of which nothing was fetched yet. Made by ``client.get_api_list(...)``.

    Iterate it for the items of all pages. Each iteration begins at the beginning.
    """

    _page_base = BaseSyncPage

    @sealed
    def first_page(self) -> PageT:
        """Fetch the first page.

        Raises:
            RuntimeError: The paginator was resumed from the checkpoint of a list that was consumed whole.
        """
        first = self._first()
        page: PageT = self._fetch(first.options_at(first.positions[0].step))
        return page

    def __iter__(self) -> SyncCrawlIterator[T]:
        """An iterator over all items; each page is fetched when its first item is asked for."""
        crawl = Crawl[T, PageT].lazy(self._list)
        return SyncCrawlIterator(LazyFeed(crawl, self._fetch), crawl.next_item)

    def iter_pages(self) -> SyncCrawlIterator[PageT]:
        """An iterator over all pages, each fetched when it is asked for."""
        crawl = Crawl[T, PageT].lazy(self._list)
        return SyncCrawlIterator(LazyFeed(crawl, self._fetch), crawl.next_page)

    def prefetch(self, ahead: int = 4) -> SyncItems[T, PageT]:
        """Fetch pages in a thread while the consumer works, one after the other.

        ::

            with paginator.prefetch(ahead=4) as items:
                for item in items:
                    ...

        Args:
            ahead: The most pages fetched or in flight beyond the one being consumed. Default: 4.

        Raises:
            TypeError, ValueError: *ahead* is no int, or less than 1.
        """
        crawl = Crawl[T, PageT].prefetch(self._list, check_count("ahead", ahead))
        return SyncItems(crawl, [self._fetch], 1, f"paginator.prefetch(ahead={ahead})")

    def fan_out(self, limit: int = 16, *, ordered: bool = True) -> SyncItems[T, PageT]:
        """Fetch pages side by side in threads, where the first one tells which there are; else prefetch them.

        ::

            with paginator.fan_out(limit=16) as items:
                for item in items:
                    ...

        Args:
            limit: The most pages in flight. Up to twice as many wait until it is their turn. Default: 16.
            ordered: Whether items come in the order of the list; or page by page as the pages come.

        Raises:
            TypeError, ValueError: *limit* is no int, or less than 1.
        """
        crawl = Crawl[T, PageT].fan_out([self._list], limit=check_count("limit", limit), ordered=ordered)
        return SyncItems(crawl, [self._fetch], limit, f"paginator.fan_out(limit={limit})")

    @property
    def _fetch(self) -> SyncFetch:
        return fetcher(self._client, self._page_type)
