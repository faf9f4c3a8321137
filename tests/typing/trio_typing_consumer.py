"""A program of a team that pins mypy 1.7 with trio-typing's plugin: it must check clean against the public names.

Only mypy reads this file (``tox -e trio-typing``); nothing runs it.
"""

from __future__ import annotations

import attrs
import trio

import trio_api
from trio_api import (
    AsyncAPIClient,
    AsyncCursorPage,
    AsyncPaginator,
    RetryPolicy,
    SyncAPIClient,
    SyncCursorPage,
    SyncPaginator,
    wire,
)


@attrs.frozen
class Item:
    """One record of the API."""

    id: str
    created_at: int = wire("createdAt")


async def one_item(client: AsyncAPIClient, item_id: str) -> Item:
    return await client.get(trio_api.path_template("/items/{id}", id=item_id), cast_to=Item)


# mypy knows `TypeForm` (PEP 747), the type of `cast_to` and `model`, since 2.0; before, an annotation says what comes
def items_of(client: AsyncAPIClient) -> AsyncPaginator[Item, AsyncCursorPage[Item]]:
    return client.get_api_list("/items", model=Item, page=AsyncCursorPage[Item])


async def every_item(client: AsyncAPIClient) -> list[str]:
    found = [item.id async for item in items_of(client)]
    async with items_of(client).prefetch(ahead=4) as items:
        found += [item.id async for item in items]
    return found


def every_item_blocking(client: SyncAPIClient) -> list[str]:
    items: SyncPaginator[Item, SyncCursorPage[Item]]
    items = client.get_api_list("/items", model=Item, page=SyncCursorPage[Item])
    return [item.id for item in items]


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


trio.run(main)
