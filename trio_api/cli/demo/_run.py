"""Running the demonstration: server, client and checks, in one Trio program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, final

import attrs
import trio

from ..._records import AttemptRecord
from ...client import AsyncAPIClient
from ...retry import RetryPolicy
from ..server import FaultRates, ServerStatistics, UnicodeAPI, UnicodeTables, serve
from ._character import Character, expected_characters
from ._crawls import Crawl, Mode

__all__ = ["Demo", "Result", "WrongRecord"]

LAZY_PAGES: Final = 20  # a slice: the speed of one page after the other shows in half a second


class WrongRecord(Exception):
    """A record is not what `unicodedata` says, or is missing, doubled or out of order."""


@attrs.frozen
class Result:
    """What one crawl came to."""

    crawl: Crawl
    records: int
    pages: int
    seconds: float
    requests: int
    """Requests that reached the server, first attempts and further ones."""
    retries: int
    waited: float
    """Seconds of backoff and Retry-After, added up over all requests."""


@attrs.define
class _Retries:
    count: int = 0
    waited: float = 0.0

    def add(self, record: AttemptRecord) -> None:
        self.count += 1
        self.waited += record.waited


@final
class Demo:
    """A demonstration: making it takes a second or two, for the tables of both sides.

    Args:
        tables: What is served.
        seed: Decides which requests fail, and how.
        rates: How often they fail.
        page_size: Records a page.
        limit: Pages fetched at a time by fan-out.
        ahead: Pages fetched ahead by prefetch.
    """

    def __init__(
        self, *, tables: UnicodeTables, seed: int, rates: FaultRates, page_size: int, limit: int, ahead: int
    ) -> None:
        self._seed = seed
        self._rates = rates
        self._page_size = page_size
        self._limit = limit
        self._ahead = ahead
        self._api = UnicodeAPI(tables=tables)
        self._api.warm_up()
        self._characters = tuple(expected_characters(tables.last))

    def expected(self, crawl: Crawl) -> Sequence[Character]:
        """The records that a crawl is to give, in their order."""
        if crawl.mode is Mode.LAZY:
            return self._characters[: LAZY_PAGES * self._page_size]
        return self._characters

    async def run(
        self, crawls: Sequence[Crawl], tell: Callable[[Crawl, int], None], done: Callable[[Result], None]
    ) -> ServerStatistics:
        """Serve the characters and crawl them.

        Args:
            crawls: What to do, one after the other.
            tell: Called with the number of further records that were checked, every now and then.
            done: Called with the result of each crawl.

        Returns:
            What the server saw.

        Raises:
            APIError: A page could not be had, in spite of retries.
            WrongRecord: A record is wrong.
        """
        async with (
            serve(self._api, rates=self._rates, seed=self._seed) as server,
            AsyncAPIClient(base_url=server.url) as client,
        ):
            for crawl in crawls:
                retries = _Retries()
                requests = server.statistics().requests
                start = trio.current_time()
                patient = client.with_options(retry=RetryPolicy(initial=0.05, maximum=1.0, on_retry=retries.add))
                pages = await self._crawl(patient, crawl, tell)
                seconds = trio.current_time() - start
                requests = server.statistics().requests - requests
                records = len(self.expected(crawl))
                done(Result(crawl, records, pages, seconds, requests, retries.count, retries.waited))
            return server.statistics()

    async def _crawl(self, client: AsyncAPIClient, crawl: Crawl, tell: Callable[[Crawl, int], None]) -> int:
        """Crawl and check; returns the number of pages."""
        characters = client.get_api_list(
            crawl.path, model=Character, page=crawl.page, options={"params": {crawl.size_param: self._page_size}}
        )
        if crawl.mode is Mode.LAZY:
            pages = characters.iter_pages()
            await self._check(pages, crawl, tell)
            return pages.statistics().pages_delivered
        fan_out = crawl.mode is Mode.FAN_OUT
        async with characters.fan_out(self._limit) if fan_out else characters.prefetch(self._ahead) as items:
            await self._check(items.pages(), crawl, tell)
        return items.statistics().pages_delivered

    async def _check(self, pages: AsyncIterator[Any], crawl: Crawl, tell: Callable[[Crawl, int], None]) -> None:
        """Compare each record with the one that must stand in its place."""
        whole = self.expected(crawl)
        expected = iter(whole)
        checked = 0
        async for page in pages:
            for character in page.data:
                wanted = next(expected, None)
                if character != wanted:
                    raise WrongRecord(f"{crawl.title}: record {checked} is {character}, not {wanted}")
                checked += 1
            tell(crawl, len(page.data))
            if crawl.mode is Mode.LAZY and checked == len(whole):
                break
        if (missing := next(expected, None)) is not None:
            raise WrongRecord(f"{crawl.title}: the list ended after {checked} records, before {missing}")
