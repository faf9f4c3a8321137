"""Flows: lists that come in pages, one by one and side by side."""

from __future__ import annotations

from pathlib import Path

from torture.flow import Stage, flow
from torture.service import PAGES
from trio_api import AsyncAPIClient, AsyncPageNumberPage, AsyncPaginator, fan_out

NUMBERS = [10 * page + n for page in range(1, PAGES + 1) for n in range(3)]


def numbers(client: AsyncAPIClient) -> AsyncPaginator[int, AsyncPageNumberPage[int]]:
    return client.get_api_list("/pages", model=int, page=AsyncPageNumberPage[int])


@flow()
async def first_page(client: AsyncAPIClient, folder: Path) -> None:
    assert (await numbers(client)).data == NUMBERS[:3]


@flow()
async def raw_first_page(client: AsyncAPIClient, folder: Path) -> None:
    response = await client.with_raw_response.get_api_list("/pages", model=int, page=AsyncPageNumberPage[int])
    assert (await response.parse()).data == NUMBERS[:3]


@flow()
async def next_page(client: AsyncAPIClient, folder: Path) -> None:
    page = await numbers(client).first_page()
    assert (await page.get_next_page()).data == NUMBERS[3:6]


@flow()
async def from_a_page_on(client: AsyncAPIClient, folder: Path) -> None:
    page = await numbers(client)
    assert [number async for number in page] == NUMBERS


@flow()
async def paging(client: AsyncAPIClient, folder: Path) -> None:
    assert [number async for number in numbers(client)] == NUMBERS


@flow()
async def page_by_page(client: AsyncAPIClient, folder: Path) -> None:
    assert [number async for page in numbers(client).iter_pages() for number in page.data] == NUMBERS


@flow()
async def prefetching(client: AsyncAPIClient, folder: Path) -> None:
    async with numbers(client).prefetch(ahead=2) as items:
        assert [number async for number in items] == NUMBERS


@flow(opens=True)
async def leaving_a_prefetch(stage: Stage, folder: Path) -> None:
    """How many connections are kept then is a matter of luck, so none is."""
    async with stage.client() as client, numbers(client).prefetch(ahead=2) as items:
        assert await anext(items) == NUMBERS[0]


@flow()
async def fanning_out(client: AsyncAPIClient, folder: Path) -> None:
    async with numbers(client).fan_out(limit=3) as items:
        assert [number async for number in items] == NUMBERS


@flow()
async def fanning_out_in_any_order(client: AsyncAPIClient, folder: Path) -> None:
    async with numbers(client).fan_out(limit=3, ordered=False) as items:
        assert sorted([number async for number in items]) == NUMBERS


@flow()
async def many_lists(client: AsyncAPIClient, folder: Path) -> None:
    async with fan_out([numbers(client), numbers(client)], limit=3) as items:
        assert [number async for number in items] == NUMBERS * 2


@flow()
async def many_lists_in_any_order(client: AsyncAPIClient, folder: Path) -> None:
    async with fan_out([numbers(client), numbers(client)], limit=3, ordered=False) as items:
        assert sorted([number async for number in items]) == sorted(NUMBERS * 2)


@flow(is_native=False)
async def no_lists(client: AsyncAPIClient, folder: Path) -> None:
    none: list[AsyncPaginator[int, AsyncPageNumberPage[int]]] = []
    async with fan_out(none) as items:
        assert [number async for number in items] == []
