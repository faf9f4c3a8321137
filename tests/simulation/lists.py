"""Crawls of lists whose items are known, by every kind of page and in every way."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import httpx

from simulation.play import Play
from trio_api import (
    AsyncCursorPage,
    AsyncLinkPage,
    AsyncNextURLPage,
    AsyncOffsetPage,
    AsyncPageNumberPage,
    AsyncTokenPage,
)
from trio_api.testing import Reply

__all__ = ["crawl"]

IN_ORDER = "no item is lost, doubled or out of order"
Slice = Callable[[int, int], list[int]]


def slices(count: int) -> Slice:
    """The items from one place of the list to another."""
    return lambda start, stop: list(range(max(start, 0), min(stop, count)))


KINDS: dict[str, Any] = {
    "cursor": AsyncCursorPage[Any],
    "token": AsyncTokenPage[Any],
    "number": AsyncPageNumberPage[Any],
    "uncounted": AsyncPageNumberPage[Any],
    "offset": AsyncOffsetPage[Any],
    "link": AsyncLinkPage[Any],
    "url": AsyncNextURLPage[Any],
}


def page(kind: str, request: httpx.Request, items: Slice, count: int, size: int) -> Reply:
    """A page of the list, as its kind has it."""
    query = request.url.params
    pages = -(-count // size)
    match kind:
        case "cursor":
            start = int(query.get("after", -1)) + 1
            data = [{"id": item} for item in items(start, start + size)]
            return Reply(json={"data": data, "has_more": start + size < count})
        case "token":
            start = int(query.get("page_token", 0))
            token = str(start + size) if start + size < count else None
            return Reply(json={"data": items(start, start + size), "next_page_token": token})
        case "offset":
            start = int(query.get("offset", 0))
            return Reply(json={"data": items(start, start + size), "total": count})
    number = int(query.get("page", 1))
    data = items((number - 1) * size, number * size)
    follows = f"https://api.example.com{request.url.path}?page={number + 1}" if number < pages else None
    match kind:
        case "number":
            return Reply(json={"data": data, "page": number, "total_pages": pages})
        case "uncounted":
            return Reply(json={"data": data})
        case "url":
            return Reply(json={"data": data, "next": follows})
    last = f"https://api.example.com{request.url.path}?page={pages}"
    links = f'<{follows}>; rel="next", <{last}>; rel="last"' if follows else ""
    return Reply(json=data, headers={"Link": links} if links else {})


async def crawl(play: Play) -> None:
    """All items once, in order; where it fails, a prefix, and the rest by a checkpoint."""
    chance = play.chance
    count, size = chance.randint(0, 30), chance.randint(3, 8)
    kind = chance.choice(sorted(KINDS))
    mode = play.planted.get("mode") or chance.choice(["one by one", "prefetch", "fan out", "unordered", "pages"])
    items = play.planted.get("items", slices)(count)
    play.sim.get(play.path(), lambda request: page(kind, request, items, count, size))
    found: list[int] = []

    def take(item: Any) -> None:
        found.append(item["id"] if kind == "cursor" else item)

    async with play.client(max_retries=chance.randint(0, 4)) as client:
        listed: Any = client.get_api_list(play.path(), model=object, page=KINDS[kind])
        walk = listed
        for _ in range(3):
            walker = _Walker(walk, mode, chance.randint(1, 4))
            if (await play.outcome(lambda walker=walker: walker.walk(take))).is_done:
                check(play, mode, found, count, is_whole=True)
                return
            check(play, mode, found, count, is_whole=False)
            if mode == "unordered" or walker.crawling is None:
                return
            walk = listed.resume(walker.crawling.checkpoint())


class _Walker:
    """Iterates a list in one way; what it iterates by is kept, for its checkpoint."""

    def __init__(self, listed: Any, mode: str, width: int) -> None:
        self._listed = listed
        self._mode = mode
        self._width = width
        self.crawling: Any = None

    async def walk(self, take: Callable[[Any], None]) -> None:
        match self._mode:
            case "one by one":
                self.crawling = aiter(self._listed)
                async for item in self.crawling:
                    take(item)
            case "pages":
                self.crawling = self._listed.iter_pages()
                async for found in self.crawling:
                    for item in found._get_page_items():
                        take(item)
            case _:
                await self._in_a_block(take)

    async def _in_a_block(self, take: Callable[[Any], None]) -> None:
        if self._mode == "prefetch":
            block = self._listed.prefetch(ahead=self._width)
        else:
            block = self._listed.fan_out(limit=self._width, ordered=self._mode == "fan out")
        async with block as items:
            self.crawling = items
            async for item in items:
                take(item)


def check(play: Play, mode: str, found: list[int], count: int, *, is_whole: bool) -> None:
    """What was found is the list, or the beginning of it; without an order, a part of it."""
    expected = list(range(count))
    if mode == "unordered":
        is_fine = sorted(found) == expected if is_whole else len(set(found)) == len(found) <= count
    else:
        is_fine = found == (expected if is_whole else list(itertools.islice(expected, len(found))))
    if not is_fine:
        play.breach(IN_ORDER, f"{mode}, {'whole' if is_whole else 'in part'}, of {count}: {found}")
