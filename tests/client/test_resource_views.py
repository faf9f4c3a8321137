"""Resources of an SDK in their other views: the methods are written once."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from support.live import Live, LiveBlocking, LiveTrio, opened, settle
from support.raw_server import RawServer, answer
from trio_api import (
    APIResponse,
    AsyncAPIClient,
    AsyncAPIResource,
    AsyncAPIResponse,
    AsyncCursorPage,
    SyncAPIClient,
    SyncAPIResource,
    SyncCursorPage,
    to_raw_response,
    to_streaming_response,
)

both = pytest.mark.parametrize("live", [LiveTrio(), LiveBlocking()], ids=lambda live: live.name)


@attrs.define
class Item:
    id: int


class AsyncParts(AsyncAPIResource):
    async def retrieve(self, id: int) -> Item:
        return await self._client.get(f"/parts/{id}", cast_to=Item)


class Parts(SyncAPIResource):
    def retrieve(self, id: int) -> Item:
        return self._client.get(f"/parts/{id}", cast_to=Item)


class AsyncItems(AsyncAPIResource):
    kind = "items"

    async def name(self, id: Any) -> str:
        item = await self._client.get("/name", cast_to=Item)
        return {1: f"item {item!r}"}[id]

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.parts = AsyncParts(client)

    async def retrieve(self, id: int) -> Item:
        return await self._client.get(f"/{self._client.region}/items/{id}", cast_to=Item)  # type: ignore[attr-defined]

    def list(self) -> Any:
        return self._client.get_api_list("/items", model=Item, page=AsyncCursorPage)


class Items(SyncAPIResource):
    kind = "items"

    def name(self, id: Any) -> str:
        item = self._client.get("/name", cast_to=Item)
        return {1: f"item {item!r}"}[id]

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.parts = Parts(client)

    def retrieve(self, id: int) -> Item:
        return self._client.get(f"/{self._client.region}/items/{id}", cast_to=Item)  # type: ignore[attr-defined]

    def list(self) -> Any:
        return self._client.get_api_list("/items", model=Item, page=SyncCursorPage)


class AsyncSDK(AsyncAPIClient):
    region = "eu"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.items = AsyncItems(self)


class SDK(SyncAPIClient):
    region = "eu"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.items = Items(self)


def json(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


ITEM, PAGE = json(b'{"id": 1}'), json(b'{"data": [{"id": 1}]}')


def play(live: Live, body: Any, *answers: bytes) -> None:
    with RawServer(answer(*answers)) as server:
        live.call(server.url, body, classes=(AsyncSDK, SDK))


@both
def test_a_method_in_the_raw_view_gives_the_wrapper(live: Live) -> None:
    """With the value by ``parse()``; the resource itself stays as it is."""

    async def body(client: Any) -> None:
        response = await settle(client.items.with_raw_response.retrieve(1))
        assert isinstance(response, live.of((AsyncAPIResponse, APIResponse)))
        assert response.url.path == "/eu/items/1"
        assert await settle(response.parse()) == Item(1)
        assert await settle(client.items.retrieve(1)) == Item(1)

    play(live, body, ITEM, ITEM)


@both
def test_a_method_in_the_streaming_view_gives_the_block(live: Live) -> None:
    """Nothing is sent before it is entered."""

    async def body(client: Any) -> None:
        async with opened(client.items.with_streaming_response.retrieve(1)) as response:
            assert await settle(response.parse()) == Item(1)

    play(live, body, ITEM)


@both
def test_a_list_in_the_views_is_its_first_page(live: Live) -> None:
    """Since that is what the one call gives."""

    async def body(client: Any) -> None:
        response = await settle(client.items.with_raw_response.list())
        assert (await settle(response.parse())).data == [Item(1)]
        async with opened(client.items.with_streaming_response.list()) as response:
            assert (await settle(response.parse())).data == [Item(1)]

    play(live, body, PAGE, PAGE)


@both
def test_resources_within_resources_follow(live: Live) -> None:
    """Into the views, and into a copy of the client."""

    async def body(client: Any) -> None:
        response = await settle(client.items.with_raw_response.parts.retrieve(1))
        assert await settle(response.parse()) == Item(1)
        copied = client.with_options(max_retries=7)
        assert copied.items._client is copied.items.parts._client is copied
        assert client.items.parts._client is client

    play(live, body, ITEM)


@both
def test_one_method_is_put_into_another_view(live: Live) -> None:
    """As the resource's views do, with its types kept."""

    async def body(client: Any) -> None:
        response = await settle(to_raw_response(client.items.retrieve)(1))
        assert await settle(response.parse()) == Item(1)
        async with opened(to_streaming_response(client.items.retrieve)(id=1)) as response:
            assert await settle(response.parse()) == Item(1)

    play(live, body, ITEM, ITEM)


@both
def test_a_method_that_gives_something_else_has_no_streaming_view(live: Live) -> None:
    """It is told, and what the method has opened is closed; what it raises passes through."""

    async def body(client: Any) -> None:
        with pytest.raises(TypeError, match=r"name\(\) makes something else of what its call gives"):
            async with opened(client.items.with_streaming_response.name(1)):
                pass
        with pytest.raises(KeyError):
            async with opened(client.items.with_streaming_response.name("no")):
                pass
        assert client.items.with_streaming_response.kind == "items"

    with RawServer(answer(json(b"{}")), answer(json(b"{}"))) as server:
        live.call(server.url, body, classes=(AsyncSDK, SDK))


@pytest.mark.parametrize("function", [to_raw_response, to_streaming_response])
@pytest.mark.parametrize("method", [len, lambda: None, AsyncItems.retrieve, 3])
def test_only_a_method_of_a_resource_has_views(function: Any, method: Any) -> None:
    """The message shows one."""
    with pytest.raises(TypeError, match=r"takes a method of a resource, such as client\.models\.retrieve"):
        function(method)
