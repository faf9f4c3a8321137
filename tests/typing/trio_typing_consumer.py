"""A program of a team that pins mypy 1.7 with trio-typing's plugin: it must check clean against the public names.

Only mypy reads this file (``tox -e trio-typing``); nothing runs it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import attrs
import trio

import trio_api
from trio_api import AsyncAPIClient, AsyncCursorPage, RetryPolicy, SyncAPIClient, SyncCursorPage, wire


@attrs.frozen
class Item:
    """One record of the API."""

    id: str
    created_at: int = wire("createdAt")


async def one_item(client: AsyncAPIClient, item_id: str) -> Item:
    return await client.get(trio_api.path_template("/items/{id}", id=item_id), cast_to=Item)


async def every_item(client: AsyncAPIClient) -> list[str]:
    found = [item.id async for item in client.get_api_list("/items", model=Item, page=AsyncCursorPage[Item])]
    async with client.get_api_list("/items", model=Item, page=AsyncCursorPage[Item]).prefetch(ahead=4) as items:
        async for item in items:
            found.append(item.id)
    return found


def every_item_blocking(client: SyncAPIClient) -> list[str]:
    return [item.id for item in client.get_api_list("/items", model=Item, page=SyncCursorPage[Item])]


async def main() -> None:
    async with (
        AsyncAPIClient(base_url="https://api.example.com", retry=RetryPolicy(initial=0.1)) as client,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(one_item, client, "a")
        nursery.start_soon(every_item, client)
        try:
            item = await one_item(client, "b")
        except trio_api.NotFoundError as error:
            print(error.request_id, error.attempts[-1].elapsed)
        else:
            print(item.created_at + 1)


async def items_of(client: AsyncAPIClient) -> AsyncIterator[Item]:
    async for item in client.get_api_list("/items", model=Item, page=AsyncCursorPage[Item]):
        yield item


trio.run(main)
