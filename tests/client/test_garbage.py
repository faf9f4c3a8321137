"""What a call made is gone when its caller lets go of it; nothing waits for the garbage collector."""

from __future__ import annotations

import contextlib
import gc
import json
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import httpx
import pytest

from support.live import Live, LiveBlocking, LiveTrio, everything, opened, settle
from support.raw_server import RawServer, answer
from trio_api import APIResponse, AsyncAPIResponse, AsyncCursorPage, NotFoundError, SyncCursorPage

both = pytest.mark.parametrize("live", [LiveTrio(), LiveBlocking()], ids=lambda live: live.name)

PAGES = 12


@attrs.define
class Item:
    id: int


def served(body: object, status: bytes = b"200 OK") -> bytes:
    content = json.dumps(body).encode()
    head = [b"HTTP/1.1 " + status, b"Content-Type: application/json", b"Content-Length: %d" % len(content)]
    return b"\r\n".join([*head, b"", content])


@pytest.fixture(autouse=True)
def collector_sees_only_this_test() -> Iterator[None]:
    """To look through all that a long run has made would take longer than a server keeps a connection alive."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def no_collector() -> Iterator[None]:
    """The garbage collector does not come by itself."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def garbage() -> list[Any]:
    """What only the garbage collector would have freed."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return list(gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


# -- pages -----------------------------------------------------------------------------------------------------


def counted(base: Any, alive: weakref.WeakSet[Any], counts: list[int]) -> Any:
    """*base* as a page of items that notes, for each page that comes, how many are alive."""

    class CountedPage(base[Item]):  # type: ignore[misc]  # of either colour
        def _bind(self, *context: Any) -> None:
            super()._bind(*context)
            alive.add(self)
            counts.append(len(alive))

    return CountedPage


def one_by_one(paginator: Any) -> Any:
    return contextlib.nullcontext(paginator)


@both
@pytest.mark.parametrize(
    ("crawl", "most"),
    [
        (one_by_one, 1),
        (lambda paginator: paginator.prefetch(2), 3),
        (lambda paginator: paginator.fan_out(1), 3),  # nothing tells the later pages, so it is as prefetch(2)
    ],
    ids=["lazy", "prefetch", "fan_out"],
)
def test_a_page_is_gone_once_its_consumer_is_done_with_it(live: Live, crawl: Callable[[Any], Any], most: int) -> None:
    """There are the page being consumed and those fetched ahead of it, and none after the crawl."""
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    counts: list[int] = []
    page_class = counted(live.of((AsyncCursorPage, SyncCursorPage)), alive, counts)

    async def body(client: Any) -> list[Any]:
        async with opened(crawl(client.get_api_list("/items", model=Item, page=page_class))) as items:
            found: list[Any] = await everything(items)
            return found

    pages = [served({"data": [{"id": number}], "has_more": number < PAGES - 1}) for number in range(PAGES)]
    with RawServer(answer(*pages)) as server, no_collector():
        found = live.call(server.url, body)
        assert not alive
    assert [item.id for item in found] == [*range(PAGES)]
    assert max(counts) <= most


# -- calls -----------------------------------------------------------------------------------------------------


def get_item(live: Live, client: Any) -> Any:
    return client.get("/items/1", cast_to=Item)


def get_response(live: Live, client: Any) -> Any:
    wrapper: Any = live.of((AsyncAPIResponse, APIResponse))
    return client.get("/items/1", cast_to=wrapper[Item])


def get_page(live: Live, client: Any) -> Any:
    return client.get("/items", cast_to=live.of((AsyncCursorPage, SyncCursorPage))[Item])


async def get_parsed(live: Live, client: Any) -> None:
    page = await settle(get_page(live, client))
    assert await settle(page.response.parse()) is page


async def get_open(live: Live, client: Any) -> None:
    async with opened(client.with_streaming_response.get("/items/1", cast_to=Item)) as response:
        await settle(response.parse())


async def get_error(live: Live, client: Any) -> None:
    with contextlib.suppress(NotFoundError):
        await settle(client.get("/lost", cast_to=Item))


@both
@pytest.mark.parametrize("over_httpx", [False, True], ids=["default", "httpx"])
@pytest.mark.parametrize(
    "call", [get_item, get_response, get_page, get_parsed, get_open, get_error], ids=lambda call: call.__name__
)
def test_a_call_leaves_no_garbage(live: Live, call: Callable[[Live, Any], Any], over_httpx: bool) -> None:
    """Not one object in a cycle, whatever the call gives and whoever brings it: the second time, when all is known."""

    async def measured(client: Any) -> list[Any]:
        await settle(call(live, client))
        with no_collector():
            for _ in range(3):
                await settle(call(live, client))
            return garbage()

    async def body(client: Any) -> list[Any]:
        if not over_httpx:
            return await measured(client)
        async with opened(live.of((httpx.AsyncClient, httpx.Client))(trust_env=False)) as http_client:
            return await measured(client.copy(http_client=http_client))

    response = served({}, b"404 Not Found") if call is get_error else served({"data": [{"id": 1}], "id": 1})
    with RawServer(answer(*[response] * 4)) as server:
        assert live.call(server.url, body) == []
