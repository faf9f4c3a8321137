"""One crawl of a list in a process of its own: ``python -m tests.bench.crawls WHICH ROOT ITEMS`` prints JSON.

``fan_out`` and ``prefetch`` print the seconds of the crawl, ``memory`` by how many MB the process grew after the first
tenth of the list, ``held`` the most pages that were held at a time.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import attrs
import trio

from trio_api import AsyncAPIClient, AsyncPageNumberPage, AsyncPaginator, AsyncTokenPage

__all__ = ["AHEAD", "DELAY", "FAN_OUT_PAGES", "PREFETCH_PAGES", "WIDTH"]

T = TypeVar("T")

DELAY = 0.050  # seconds that the server takes for a page, and the consumer of a prefetch too
FAN_OUT_PAGES = 200
WIDTH = 20  # pages in flight of the fan-out
PREFETCH_PAGES = 20
AHEAD = 4  # pages
CRAWL_PAGE_SIZE = 100
LOOKS = 100  # at what is held, over a crawl


@attrs.frozen
class Item:
    """One of the list."""

    id: int
    name: str
    value: float


def listed(client: AsyncAPIClient, page: Any, pages: int, size: int, delay: float) -> AsyncPaginator[Item, Any]:
    """The list, of as many pages as the server is asked to have."""
    params = {"pages": pages, "size": size, "delay": delay}
    return client.get_api_list("/list", model=Item, page=page, options={"params": params})


async def fan_out(client: AsyncAPIClient, items: int) -> float:
    """Seconds that a fan-out takes, after a short one that opens the connections."""

    async def crawl(pages: int) -> float:
        started = time.perf_counter()
        found = listed(client, AsyncPageNumberPage[Item], pages, 20, DELAY)
        async with found.fan_out(limit=WIDTH) as crawled:
            ids = [item.id async for item in crawled]
        assert ids == list(range(20 * pages))
        return time.perf_counter() - started

    await crawl(2 * WIDTH)
    return await crawl(FAN_OUT_PAGES)


async def prefetch(client: AsyncAPIClient, items: int) -> float:
    """Seconds that a prefetch takes whose consumer works as long on a page as the server does."""
    await client.get("/thing", cast_to=object)
    started, seen = time.perf_counter(), 0
    async with listed(client, AsyncTokenPage[Item], PREFETCH_PAGES, 20, DELAY).prefetch(AHEAD) as crawled:
        async for _ in crawled.pages():
            await trio.sleep(DELAY)
            seen += 1
    assert seen == PREFETCH_PAGES
    return time.perf_counter() - started


async def memory(client: AsyncAPIClient, items: int) -> float:
    """By how many MB the process grows in a long crawl, after its first tenth."""
    import psutil

    process = psutil.Process()
    sizes = await looks(client, items, lambda: process.memory_info().rss / 1e6)
    warm = len(sizes) // 10
    return max(sizes[warm:]) - sizes[warm]


async def held(client: AsyncAPIClient, items: int) -> int:
    """The most pages that could be reached at a time, the consumer's own among them."""

    def pages() -> int:
        gc.collect()
        return sum(isinstance(each, AsyncTokenPage) for each in gc.get_objects())

    return max(await looks(client, items, pages))


async def looks(client: AsyncAPIClient, items: int, look: Callable[[], T]) -> list[T]:
    """Crawl the list by prefetch, item by item, and return what *look* saw now and then."""
    pages = items // CRAWL_PAGE_SIZE
    every = max(1, pages // LOOKS) * CRAWL_PAGE_SIZE
    seen, found = 0, []
    async with listed(client, AsyncTokenPage[Item], pages, CRAWL_PAGE_SIZE, 0).prefetch(AHEAD) as crawled:
        async for item in crawled:
            assert item.id == seen
            seen += 1
            if seen % every == 0:
                found.append(look())
    assert seen == pages * CRAWL_PAGE_SIZE
    return found


CRAWLS: dict[str, Callable[[AsyncAPIClient, int], Awaitable[Any]]] = {
    "fan_out": fan_out,
    "prefetch": prefetch,
    "memory": memory,
    "held": held,
}


async def run(which: str, root: str, items: int) -> Any:
    async with AsyncAPIClient(base_url=root) as client:
        return await CRAWLS[which](client, items)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=CRAWLS)
    parser.add_argument("root", help="the URL of the server")
    parser.add_argument("items", type=int, help="how long the lists of memory and held are")
    arguments = parser.parse_args()
    json.dump(trio.run(run, arguments.which, arguments.root, arguments.items), sys.stdout)


if __name__ == "__main__":
    main()
