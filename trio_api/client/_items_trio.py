"""The Trio driver of a crawl: fetches what the crawl says, in the consumer's task or in tasks of a hidden nursery.

What to fetch and what to give out is decided in `trio_api.pages`; here is only waiting.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, final

import trio

from .._errors import ClientStateError
from .._redact import sealed
from ..pages import BasePage, Crawl, CrawlStatistics, Signal, Ticket
from ..request import FinalRequestOptions
from ..transport import HiddenNursery

if TYPE_CHECKING:
    from typing import Self

__all__ = ["AsyncCrawlIterator", "AsyncItems", "Fetch", "LazyFeed"]

T = TypeVar("T")
X = TypeVar("X")
PageT = TypeVar("PageT", bound=BasePage[Any])

Fetch: TypeAlias = Callable[[FinalRequestOptions], Awaitable[Any]]
"""Fetches the page that the options ask for."""


class Feed(Generic[T, PageT]):
    """Where iterators get from what the crawl gives out."""

    def __init__(self, crawl: Crawl[T, PageT]) -> None:
        self.crawl = crawl

    async def get(self, poll: Callable[[], X | Signal]) -> X:
        """Wait until *poll* gives something, or raise `StopAsyncIteration`. Always a checkpoint.

        What is given out was taken after the last point at which this can be cancelled, so a cancellation loses
        nothing. Any number of tasks may wait here: each gets what no other gets.
        """
        await trio.lowlevel.checkpoint()
        while isinstance(got := self.poll(poll), Signal):
            if got is Signal.END:
                raise StopAsyncIteration
            await self.wait()
        return got

    def poll(self, poll: Callable[[], X | Signal]) -> X | Signal:
        """Take what there is."""
        return poll()

    async def wait(self) -> None:
        """Wait until something has come."""
        raise NotImplementedError


@final
class LazyFeed(Feed[T, PageT]):
    """Fetches in the task that asks, and only then."""

    def __init__(self, crawl: Crawl[T, PageT], fetch: Fetch) -> None:
        super().__init__(crawl)
        self._fetch = fetch
        self._lock = trio.Lock()

    async def wait(self) -> None:
        """Fetch the next page, unless another task did while this one waited for its turn."""
        async with self._lock:
            if (ticket := self.crawl.start()) is not None:
                try:
                    page = await self._fetch(ticket.options)
                except Exception as error:
                    self.crawl.failed(ticket, error)
                except BaseException:
                    self.crawl.gave_up(ticket)
                    raise
                else:
                    self.crawl.arrived(ticket, page)


@final
class BackgroundFeed(Feed[T, PageT]):
    """Fetches in tasks of its own while it is open."""

    def __init__(self, crawl: Crawl[T, PageT], fetches: Sequence[Fetch], call: str) -> None:
        super().__init__(crawl)
        self._fetches = fetches
        self._usage = f"Use it as:\n    async with {call} as items:\n        async for item in items: ..."
        self._hidden = HiddenNursery()
        self._nursery: trio.Nursery | None = None
        self._arrivals = trio.lowlevel.ParkingLot()
        self._entered = False

    async def open(self) -> None:
        """Begin to fetch."""
        if self._entered:
            raise ClientStateError(
                f"the block was entered before, and can't be again: make another object.\n{self._usage}"
            )
        await trio.lowlevel.checkpoint()
        self._entered = True
        self._nursery = await self._hidden.__aenter__()
        self._start()

    async def close(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Stop fetching, and wait until every task is gone."""
        self._nursery = None
        self._arrivals.unpark_all()
        return await self._hidden.__aexit__(kind, error, traceback)

    def poll(self, poll: Callable[[], X | Signal]) -> X | Signal:
        """Take what there is, and fetch what there is room for now."""
        self.check()
        got = poll()
        self._start()
        return got

    async def wait(self) -> None:
        """Wait until a page or an error has come, or the block is left."""
        await self._arrivals.park()

    def check(self) -> None:
        """Raise `ClientStateError`, with the right form, outside the block."""
        if self._nursery is None:
            state = "was left" if self._entered else "was not entered"
            raise ClientStateError(f"pages are fetched only inside the block, which {state}.\n{self._usage}")

    def _start(self) -> None:
        while self._nursery is not None and (ticket := self.crawl.start()) is not None:
            self._nursery.start_soon(self._fetch, ticket, name="trio_api: fetch a page")

    async def _fetch(self, ticket: Ticket[PageT]) -> None:  # noqa: ASYNC910  # where fetching fails at once, too
        # Errors are values: the consumer gets them when it is their turn.
        try:
            page = await self._fetches[ticket.list_number](ticket.options)
        except Exception as error:
            self.crawl.failed(ticket, error)
        else:
            self.crawl.arrived(ticket, page)
        self._start()
        self._arrivals.unpark_all()


@final
class AsyncCrawlIterator(Generic[X]):
    """An iterator over the items or the pages of a list. Not a generator, so it may be abandoned at any point."""

    def __init__(self, feed: Feed[Any, Any], poll: Callable[[], X | Signal]) -> None:
        self._feed = feed
        self._poll = poll

    def __aiter__(self) -> Self:
        return self

    @sealed
    async def __anext__(self) -> X:
        return await self._feed.get(self._poll)

    def statistics(self) -> CrawlStatistics:
        """How far the crawl is."""
        return self._feed.crawl.statistics()

    def checkpoint(self) -> dict[str, Any]:
        """A JSON-able token of what was consumed, for ``paginator.resume(token)``."""
        return self._feed.crawl.checkpoint()


@final
class AsyncItems(Generic[T, PageT]):
    """The items of a list, whose pages are fetched in the background inside an ``async with`` block.

    Made by ``paginator.prefetch(...)``, ``paginator.fan_out(...)`` and `trio_api.fan_out`. It is its own iterator;
    several tasks may iterate it, and each item goes to one of them. Leaving the block cancels all fetching first.
    """

    def __init__(self, crawl: Crawl[T, PageT], fetches: Sequence[Fetch], call: str) -> None:
        self._feed = BackgroundFeed(crawl, fetches, call)

    async def __aenter__(self) -> Self:
        """Begin to fetch.

        Raises:
            ClientStateError: The block was entered before.
        """
        await self._feed.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        """Stop fetching; what the block raised comes out single."""
        return await self._feed.close(kind, error, traceback)  # noqa: ASYNC102  # it waits for tasks it cancels

    def __aiter__(self) -> Self:
        self._feed.check()
        return self

    @sealed
    async def __anext__(self) -> T:
        """The next item.

        Raises:
            Exception: What came in place of the next page, once every item before it was given out.
            ClientStateError: Outside the block.
        """
        return await self._feed.get(self._feed.crawl.next_item)

    def pages(self) -> AsyncCrawlIterator[PageT]:
        """An iterator over whole pages, from the first one of which no item was given out.

        Its ``__anext__`` raises RuntimeError while only some items of a page were given out.
        """
        return AsyncCrawlIterator(self._feed, self._feed.crawl.next_page)

    def statistics(self) -> CrawlStatistics:
        """How far the crawl is; inside the block and after it."""
        return self._feed.crawl.statistics()

    def checkpoint(self) -> dict[str, Any]:
        """A JSON-able token of what was consumed, for ``paginator.resume(token)``; inside the block and outside.

        An item counts as consumed once the iteration has given it out, a page once ``pages()`` has. The token of
        `trio_api.fan_out` goes into its argument ``resume``.
        """
        return self._feed.crawl.checkpoint()
