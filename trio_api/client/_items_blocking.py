"""The blocking driver of a crawl: fetches what the crawl says, in the consumer's thread or in threads of its own.

What to fetch and what to give out is decided in `trio_api.pages`; here is only waiting, under one lock.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, final

from .._errors import ClientStateError
from .._redact import sealed
from ..pages import BasePage, Crawl, CrawlStatistics, Signal, Ticket
from ..request import FinalRequestOptions

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
    from typing import Self

__all__ = ["LazyFeed", "SyncCrawlIterator", "SyncFetch", "SyncItems"]

T = TypeVar("T")
X = TypeVar("X")
PageT = TypeVar("PageT", bound=BasePage[Any])

SyncFetch: TypeAlias = Callable[[FinalRequestOptions], Any]
"""Fetches the page that the options ask for."""


class Feed(Generic[T, PageT]):
    """Where iterators get from what the crawl gives out. Any number of threads may: each gets what no other gets."""

    def __init__(self, crawl: Crawl[T, PageT]) -> None:
        self.crawl = crawl
        self.changed: threading.Condition = threading.Condition()  # its lock guards the crawl

    def get(self, poll: Callable[[], X | Signal]) -> X:
        """Wait until *poll* gives something, or raise `StopIteration`."""
        with self.changed:
            while isinstance(got := self.poll(poll), Signal):
                if got is Signal.END:
                    raise StopIteration
                self.wait()
            return got

    def poll(self, poll: Callable[[], X | Signal]) -> X | Signal:
        """Take what there is."""
        return poll()

    def wait(self) -> None:
        """Wait until something has come. The lock is held by the caller."""
        raise NotImplementedError


@final
class LazyFeed(Feed[T, PageT]):
    """Fetches in the thread that asks, and only then."""

    def __init__(self, crawl: Crawl[T, PageT], fetch: SyncFetch) -> None:
        super().__init__(crawl)
        self._fetch = fetch

    def wait(self) -> None:
        """Fetch the next page; other threads wait for it too."""
        ticket = self.crawl.start()
        assert ticket is not None  # the lock is held from the poll on
        try:
            page = self._fetch(ticket.options)
        except Exception as error:
            self.crawl.failed(ticket, error)
        except BaseException:
            self.crawl.gave_up(ticket)
            raise
        else:
            self.crawl.arrived(ticket, page)


@final
class ThreadedFeed(Feed[T, PageT]):
    """Fetches in threads of its own while it is open."""

    def __init__(self, crawl: Crawl[T, PageT], fetches: Sequence[SyncFetch], limit: int, call: str) -> None:
        super().__init__(crawl)
        self._fetches = fetches
        self._limit = limit
        self._usage = f"Use it as:\n    with {call} as items:\n        for item in items: ..."
        self._threads: ThreadPoolExecutor | None = None
        self._entered = False

    def open(self) -> None:
        """Begin to fetch."""
        with self.changed:
            if self._entered:
                raise ClientStateError(
                    f"the block was entered before, and can't be again: make another object.\n{self._usage}"
                )
            from concurrent.futures import ThreadPoolExecutor  # here, since few programs come here

            self._entered = True
            self._threads = ThreadPoolExecutor(self._limit, thread_name_prefix="trio_api")
            self._start()

    def close(self) -> None:
        """Stop fetching, and wait for the requests in flight: a blocking one can't be cut short."""
        with self.changed:
            threads, self._threads = self._threads, None
            self.changed.notify_all()
        if threads is not None:
            threads.shutdown(cancel_futures=True)

    def poll(self, poll: Callable[[], X | Signal]) -> X | Signal:
        """Take what there is, and fetch what there is room for now."""
        self.check()
        got = poll()
        self._start()
        return got

    def wait(self) -> None:
        """Wait until a page or an error has come, or the block is left."""
        self.changed.wait()

    def check(self) -> None:
        """Raise `ClientStateError`, with the right form, outside the block."""
        if self._threads is None:
            state = "was left" if self._entered else "was not entered"
            raise ClientStateError(f"pages are fetched only inside the block, which {state}.\n{self._usage}")

    def _start(self) -> None:
        while self._threads is not None and (ticket := self.crawl.start()) is not None:
            self._threads.submit(contextvars.copy_context().run, self._fetch, ticket)

    def _fetch(self, ticket: Ticket[PageT]) -> None:
        # Errors are values: the consumer gets them when it is their turn. What is raised in a thread of a pool is
        # seen by nobody, so here that is every error.
        error: BaseException | None = None
        page: Any = None
        try:
            page = self._fetches[ticket.list_number](ticket.options)
        except BaseException as caught:  # noqa: ASYNC103  # there is no Trio in this thread
            error = caught
        with self.changed:
            if error is None:
                self.crawl.arrived(ticket, page)
            else:
                self.crawl.failed(ticket, error)
            self._start()
            self.changed.notify_all()


@final
class SyncCrawlIterator(Generic[X]):
    """An iterator over the items or the pages of a list; it may be abandoned at any point."""

    def __init__(self, feed: Feed[Any, Any], poll: Callable[[], X | Signal]) -> None:
        self._feed = feed
        self._poll = poll

    def __iter__(self) -> Self:
        return self

    @sealed
    def __next__(self) -> X:
        return self._feed.get(self._poll)

    def statistics(self) -> CrawlStatistics:
        """How far the crawl is."""
        with self._feed.changed:
            return self._feed.crawl.statistics()

    def checkpoint(self) -> dict[str, Any]:
        """A JSON-able token of what was consumed, for ``paginator.resume(token)``."""
        with self._feed.changed:
            return self._feed.crawl.checkpoint()


@final
class SyncItems(Generic[T, PageT]):
    """The items of a list, whose pages are fetched by threads inside a ``with`` block.

    Made by ``paginator.prefetch(...)``, ``paginator.fan_out(...)`` and `trio_api.fan_out`. It is its own iterator;
    several threads may iterate it, and each item goes to one of them. Leaving the block starts nothing more and
    waits for the requests in flight, each as long as its timeout allows.
    """

    def __init__(self, crawl: Crawl[T, PageT], fetches: Sequence[SyncFetch], limit: int, call: str) -> None:
        self._feed = ThreadedFeed(crawl, fetches, limit, call)

    def __enter__(self) -> Self:
        """Begin to fetch.

        Raises:
            ClientStateError: The block was entered before.
        """
        self._feed.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop fetching."""
        self._feed.close()

    def __iter__(self) -> Self:
        self._feed.check()
        return self

    @sealed
    def __next__(self) -> T:
        """The next item.

        Raises:
            Exception: What came in place of the next page, once every item before it was given out.
            ClientStateError: Outside the block.
        """
        return self._feed.get(self._feed.crawl.next_item)

    def pages(self) -> SyncCrawlIterator[PageT]:
        """An iterator over whole pages, from the first one of which no item was given out.

        Its ``__next__`` raises RuntimeError while only some items of a page were given out.
        """
        return SyncCrawlIterator(self._feed, self._feed.crawl.next_page)

    def statistics(self) -> CrawlStatistics:
        """How far the crawl is; inside the block and after it."""
        with self._feed.changed:
            return self._feed.crawl.statistics()

    def checkpoint(self) -> dict[str, Any]:
        """A JSON-able token of what was consumed, for ``paginator.resume(token)``; inside the block and outside.

        An item counts as consumed once the iteration has given it out, a page once ``pages()`` has. The token of
        `trio_api.fan_out` goes into its argument ``resume``.
        """
        with self._feed.changed:
            return self._feed.crawl.checkpoint()
