"""Flows: calls, each verb in each of its views, and by what authentication."""

from __future__ import annotations

import functools
import itertools
import ssl
from pathlib import Path
from typing import Any

import httpx
import trio
import trio.lowlevel

from torture.flow import flow, item, side_by_side
from torture.service import ITEM
from trio_api import (
    AsyncAPIClient,
    AsyncAPIResource,
    BearerAuth,
    ClientCredentials,
    FinalRequestOptions,
    Limits,
    Token,
)

VERBS = ["get", "post", "put", "patch", "delete"]
WHOLE = FinalRequestOptions(method="GET", url="/item")


async def call_verb(client: Any, folder: Path, *, verb: str) -> None:
    assert await getattr(client, verb)("/item", cast_to=object) == ITEM


async def call_raw_verb(client: Any, folder: Path, *, verb: str) -> None:
    response = await getattr(client.with_raw_response, verb)("/item", cast_to=object)
    assert await response.parse() == ITEM


async def call_open_verb(client: Any, folder: Path, *, verb: str) -> None:
    async with getattr(client.with_streaming_response, verb)("/item", cast_to=object) as response:
        assert await response.parse() == ITEM


for verb in VERBS:
    flow(verb)(functools.partial(call_verb, verb=verb))
    flow(f"raw_{verb}")(functools.partial(call_raw_verb, verb=verb))
    flow(f"open_{verb}")(functools.partial(call_open_verb, verb=verb))


@flow()
async def request(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.request(object, WHOLE) == ITEM
    assert await (await client.with_raw_response.request(object, WHOLE)).json() == ITEM


class Items(AsyncAPIResource):
    async def one(self) -> object:
        return await self._client.get("/item", cast_to=object)


@flow()
async def resource(client: AsyncAPIClient, folder: Path) -> None:
    async with Items(client).with_streaming_response.one() as response:
        assert await response.json() == ITEM


@flow()
async def in_pieces(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/piecemeal", cast_to=object) == ITEM


@flow()
async def redirected(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.post("/moved", cast_to=object, body={}) == ITEM


@flow(total_timeout=30, deadline_header="X-Deadline")
async def with_a_deadline(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/piecemeal", cast_to=object) == ITEM


@flow()
async def three_at_a_time(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client)] * 3)


@flow(limits=Limits(max_connections=1))
async def in_the_pools_queue(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client)] * 4)


@flow(needs_retries=True, limits=Limits(max_connections=2, max_keepalive_connections=1))
async def crowd(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client, path) for path in ["/item", "/piecemeal", "/moved"] * 2])


# -- authentication ------------------------------------------------------------------------------------------


def fetched(url: str, verify: ssl.SSLContext) -> dict[str, Any]:
    numbers = itertools.count()

    async def fetch() -> Token:
        await trio.lowlevel.checkpoint()
        return Token(f"t{next(numbers)}", expires_in=3600)

    return {"auth": BearerAuth(fetch)}


@flow(made=fetched)
async def fetched_token(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client)] * 2)


@flow(made=fetched)
async def refused_token(client: AsyncAPIClient, folder: Path) -> None:
    """So long after the last one was refused that it counts as the first."""
    await trio.sleep(601)
    assert await client.get("/guarded", cast_to=object) == ITEM


def by_client_credentials(url: str, verify: ssl.SSLContext) -> dict[str, Any]:
    return {"auth": BearerAuth(ClientCredentials(token_url=f"{url}/token", client_id="i", client_secret="s"))}


@flow(made=by_client_credentials)
async def client_credentials(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/item", cast_to=object) == ITEM


@flow(made=lambda url, verify: {"auth": httpx.DigestAuth("u", "p")})
async def digest(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/digest", cast_to=object) == ITEM
