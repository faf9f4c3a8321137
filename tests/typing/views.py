"""What the type checkers make of raw and streaming responses. Only they read this file (``tox -e typing``)."""

from __future__ import annotations

from typing import assert_type

import attrs

from trio_api import (
    APIResponse,
    AsyncAPIClient,
    AsyncAPIResource,
    AsyncAPIResponse,
    AsyncCursorPage,
    AsyncPaginator,
    SyncAPIClient,
    SyncAPIResource,
    SyncCursorPage,
    SyncPaginator,
    to_raw_response,
    to_streaming_response,
)


@attrs.frozen
class Item:
    id: str


class AsyncItems(AsyncAPIResource):
    async def retrieve(self, id: str, *, deep: bool = False) -> Item:
        return await self._client.get(id, cast_to=Item)

    async def remove(self, id: str) -> None:
        return await self._client.delete(id, cast_to=None)

    def list(self, *, kind: str | None = None) -> AsyncPaginator[Item, AsyncCursorPage[Item]]:
        return self._client.get_api_list("/", model=Item, page=AsyncCursorPage[Item])


class Items(SyncAPIResource):
    def retrieve(self, id: str, *, deep: bool = False) -> Item:
        return self._client.get(id, cast_to=Item)

    def list(self, *, kind: str | None = None) -> SyncPaginator[Item, SyncCursorPage[Item]]:
        return self._client.get_api_list("/", model=Item, page=SyncCursorPage[Item])


async def opened(client: AsyncAPIClient) -> None:
    async with client.with_streaming_response.post("/", cast_to=Item, body={}) as response:
        assert_type(response, AsyncAPIResponse[Item])
        assert_type(await response.parse(), Item)
        assert_type([chunk async for chunk in response.iter_bytes(9)], list[bytes])
        assert_type([line async for line in response.iter_lines()], list[str])
        await response.stream_to_file("f", progress=lambda stored, total: None, resume=True, checksum="sha256:...")
    first = await client.with_raw_response.get_api_list("/", model=Item, page=AsyncCursorPage[Item])
    assert_type(await first.parse(), AsyncCursorPage[Item])


def blocking(client: SyncAPIClient) -> None:
    with client.with_streaming_response.get("/", cast_to=Item) as response:
        assert_type(response.parse(), Item)
        assert_type(list(response.iter_text()), list[str])


async def methods(items: AsyncItems, sync_items: Items) -> None:
    assert_type(await to_raw_response(items.retrieve)("a", deep=True), AsyncAPIResponse[Item])
    assert_type(await to_raw_response(items.remove)("a"), AsyncAPIResponse[None])
    assert_type(await to_raw_response(items.list)(kind="x"), AsyncAPIResponse[AsyncCursorPage[Item]])
    assert_type(to_raw_response(sync_items.retrieve)("a"), APIResponse[Item])
    assert_type(to_raw_response(sync_items.list)(), APIResponse[SyncCursorPage[Item]])
    to_raw_response(items.retrieve)(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async with to_streaming_response(items.retrieve)("a") as response:
        assert_type(response, AsyncAPIResponse[Item])
    with to_streaming_response(sync_items.list)() as page:
        assert_type(page, APIResponse[SyncCursorPage[Item]])
