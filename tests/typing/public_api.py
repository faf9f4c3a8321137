"""What the type checkers make of the public API. Only they read this file (``tox -e typing``); nothing runs it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar, assert_type
from uuid import UUID

import attrs
import httpx

import trio_api
from trio_api import (
    APIResponse,
    AsyncAPIClient,
    AsyncAPIResponse,
    AsyncCursorPage,
    AsyncPageNumberPage,
    AsyncPaginator,
    AttemptRecord,
    BaseAsyncPage,
    Extras,
    PageInfo,
    RetryPolicy,
    SyncAPIClient,
    SyncCursorPage,
    wire,
)

T = TypeVar("T")


@attrs.frozen
class Item:
    id: str
    created_at: int = wire("createdAt")
    note: str | None = wire("x-note", default=None)
    more: Extras = attrs.field(factory=Extras)


@attrs.frozen
class Box(BaseAsyncPage[T]):
    """A page class as a user writes one."""

    rows: list[T]
    bookmark: str | None = None

    def _get_page_items(self) -> list[T]:
        return self.rows

    def next_page_info(self) -> PageInfo | None:
        return None if self.bookmark is None else PageInfo(params={"bookmark": self.bookmark})


async def calls(client: AsyncAPIClient) -> None:
    assert_type(await client.get("/items/a", cast_to=Item), Item)
    assert_type(await client.get("/items", cast_to=list[Item]), list[Item])
    assert_type(await client.post("/items", cast_to=Item | None, body={"id": "a"}), Item | None)
    assert_type(await client.put("/items/a", cast_to=dict[str, UUID], body=Item("a", 1)), dict[str, UUID])
    assert_type(await client.patch("/items/a", cast_to=Literal["ok"], content=b"{}"), Literal["ok"])
    assert_type(await client.delete("/items/a", cast_to=None), None)
    assert_type(await client.get("/items/a", cast_to=httpx.Response), httpx.Response)
    assert_type(await client.get("/items/a", cast_to=Annotated[str, "text"]), str)

    raw = await client.with_raw_response.get("/items/a", cast_to=Item)
    assert_type(raw, AsyncAPIResponse[Item])
    assert_type(await raw.parse(), Item)
    assert_type(await raw.parse(to=str), str)
    assert_type(raw.retries_taken, int)

    await client.get("/items/a", cast_to=Item, options={"max_retries": 0})
    await client.get("/items/a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def pages(client: AsyncAPIClient) -> None:
    items = client.get_api_list("/items", model=Item, page=AsyncCursorPage[Item])
    assert_type(items, AsyncPaginator[Item, AsyncCursorPage[Item]])
    assert_type(await items, AsyncCursorPage[Item])
    async for item in items:
        assert_type(item, Item)
    async with items.prefetch(ahead=2) as ahead:
        async for item in ahead:
            assert_type(item, Item)
        async for page in ahead.pages():
            assert_type(page, AsyncCursorPage[Item])
        assert_type(ahead.statistics().mode, Literal["lazy", "prefetch", "fan_out"])
    async with trio_api.fan_out([items, items], limit=4) as many:
        async for item in many:
            assert_type(item, Item)
    assert_type(items.resume(ahead.checkpoint()), AsyncPaginator[Item, AsyncCursorPage[Item]])
    assert_type(
        client.get_api_list("/rows", model=Item, page=Box[Item], body={"q": 1}, method="post"),
        AsyncPaginator[Item, Box[Item]],
    )
    assert_type(await client.get_api_list("/n", model=int, page=AsyncPageNumberPage[int]), AsyncPageNumberPage[int])


async def operations(client: AsyncAPIClient, response: AsyncAPIResponse[object], token: dict[str, Any]) -> None:
    operation = client.poll("/jobs/17", cast_to=Item, until=lambda item: item.created_at > 0)
    assert_type(operation, trio_api.AsyncOperation[Item])
    assert_type(await operation, Item)
    assert_type(await operation.result(), Item)
    assert_type(operation.last, Item | None)
    assert_type(await client.poll(operation.token(), cast_to=Item), Item)
    assert_type(await client.poll(token, cast_to=Item | None, failed=lambda item: item is None), Item | None)
    async for item in client.poll(response, cast_to=list[Item], policy=trio_api.PollPolicy(interval=5)):
        assert_type(item, list[Item])
    client.poll("/jobs/17", cast_to=Item, until=lambda item: item.nothing)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def blocking_operations(client: SyncAPIClient, response: APIResponse[object]) -> None:
    operation = client.poll(response, cast_to=Item, until=lambda item: item.created_at > 0)
    assert_type(operation, trio_api.SyncOperation[Item])
    assert_type(operation.result(), Item)
    for item in operation:
        assert_type(item, Item)


def blocking(client: SyncAPIClient) -> None:
    assert_type(client.get("/items/a", cast_to=Item), Item)
    assert_type(client.with_raw_response.get("/items/a", cast_to=Item), APIResponse[Item])
    items = client.get_api_list("/items", model=Item, page=SyncCursorPage[Item])
    assert_type(items.first_page(), SyncCursorPage[Item])
    for item in items:
        assert_type(item, Item)


def told(record: AttemptRecord) -> None:
    assert_type(record.waited, float)


def constructed() -> None:
    client = AsyncAPIClient(base_url="https://api.example.com", retry=RetryPolicy(on_retry=told))
    assert_type(client.with_options(timeout=None), AsyncAPIClient)
    assert_type(client.copy(max_retries=0), AsyncAPIClient)
    assert_type(client.copy(retry_budget=None), AsyncAPIClient)
    SyncAPIClient(base_url="https://api.example.com", retry_budget=trio_api.RetryBudget(capacity=100))
    assert_type(client.copy(single_flight=True, revalidation=trio_api.Revalidation(max_entries=9)), AsyncAPIClient)
    SyncAPIClient(base_url="https://api.example.com", revalidation=None).copy(revalidation=trio_api.Revalidation())
    for origin in client.statistics().origins:
        assert_type(origin, trio_api.OriginStatistics)
        assert_type(origin.budget_left, int | None)
    AsyncAPIClient("https://api.example.com")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def token_of_trio() -> trio_api.Token:
    return trio_api.Token("t", expires_in=60)


def token_of_threads() -> str:
    return "t"


def authenticated() -> None:
    credentials = trio_api.ClientCredentials(
        token_url="https://auth.example.com/token", client_id="me", client_secret="secret"
    )
    trio_api.BearerAuth("t")
    trio_api.BearerAuth(token_of_threads)
    trio_api.BearerAuth(credentials, refresh_at=0.5)
    client = AsyncAPIClient(base_url="https://api.example.com", auth=trio_api.BearerAuth(token_of_trio))
    assert_type(client.copy(auth=None), AsyncAPIClient)
    SyncAPIClient(base_url="https://api.example.com", auth=httpx.BasicAuth("user", "password"))
    trio_api.BearerAuth(len)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    SyncAPIClient(base_url="https://api.example.com", auth="t")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def errors(client: AsyncAPIClient) -> None:
    try:
        await client.request(Item, {"method": "GET", "url": "/"})
    except trio_api.APIStatusError as error:
        assert_type(error.response, httpx.Response)
        assert_type(error.attempts, tuple[AttemptRecord, ...])
        assert_type(error.body, object | None)
        assert_type(error.retry_after, float | None)
    except trio_api.APIConnectionError as error:
        assert_type(error.sent, bool | None)


class Vendor(AsyncAPIClient):
    """A client as an SDK author writes one."""

    def __init__(self, *, api_key: str, **options: Any) -> None:
        super().__init__(base_url="https://api.example.com", **options)
        self.api_key = api_key

    @property
    def auth_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    def _should_retry(self, response: httpx.Response) -> bool | None:
        return None
