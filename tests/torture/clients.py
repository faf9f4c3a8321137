"""Flows: clients that are opened, copied and closed, and what they send by."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import httpx
import trio

from torture.flow import Stage, flow, item, side_by_side
from torture.service import ITEM
from trio_api import APIError, AsyncAPIClient, ClientStateError, DefaultAsyncHttpxClient, DefaultTrioHttpxClient

FOREIGN = (APIError, httpx.TransportError)


@flow(opens=True)
async def copy_of_an_open_one(stage: Stage, folder: Path) -> None:
    async with stage.client() as client, client.copy(timeout=3) as copied:
        assert await copied.get("/item", cast_to=object) == ITEM


@flow()
async def idle_for_a_while(client: AsyncAPIClient, folder: Path) -> None:
    """The connection that is kept is watched."""
    assert await client.get("/item", cast_to=object) == ITEM
    await trio.sleep(2)
    assert await client.get("/item", cast_to=object) == ITEM


@flow(opens=True, raises=(APIError, ClientStateError))
async def closing_after_the_calls(stage: Stage, folder: Path) -> None:
    """The block waits for calls in flight, as long as its grace lets it."""
    async with trio.open_nursery() as nursery, stage.client(shutdown_grace=1) as client:
        nursery.start_soon(item(client, "/slow"))
        assert await client.get("/item", cast_to=object) == ITEM


@flow(opens=True)
async def closing_amid_the_calls(stage: Stage, folder: Path) -> None:
    """The block cuts them off."""

    async def is_cut_off() -> None:
        with contextlib.suppress(ClientStateError):
            await client.get("/slow", cast_to=object)

    async with trio.open_nursery() as nursery, stage.client() as client:
        nursery.start_soon(is_cut_off)
        assert await client.get("/item", cast_to=object) == ITEM


@flow(opens=True)
async def by_the_default_http_client(stage: Stage, folder: Path) -> None:
    """One that is the caller's."""
    async with (
        DefaultTrioHttpxClient(verify=stage.verify, trust_env=False, timeout=5) as http_client,
        AsyncAPIClient(base_url=stage.url, http_client=http_client, **stage.settings) as client,
    ):
        assert await client.get("/item", cast_to=object) == ITEM


@flow(opens=True, raises=FOREIGN)
async def traced(stage: Stage, folder: Path) -> None:
    """The HTTP client alone, with a trace that waits."""

    async def trace(name: str, info: dict[str, Any]) -> None:
        await trio.lowlevel.checkpoint()

    async with DefaultTrioHttpxClient(verify=stage.verify, trust_env=False, timeout=5) as http_client:
        response = await http_client.get(f"{stage.url}/item", extensions={"trace": trace})
        assert response.json() == ITEM


@flow(opens=True, raises=FOREIGN)
async def switched(stage: Stage, folder: Path) -> None:
    """Another protocol over the connection."""
    headers = {"Connection": "upgrade", "Upgrade": "echo"}
    async with (
        DefaultTrioHttpxClient(verify=stage.verify, trust_env=False, timeout=5) as http_client,
        http_client.stream("GET", f"{stage.url}/echo", headers=headers) as response,
    ):
        stream = response.extensions["network_stream"]
        await stream.write(b"abc", 5.0)
        answer = await stream.read(1, 5.0)
        await stream.aclose()
        if not answer:
            raise httpx.ReadError("it ended")
        assert answer == b"a"


@flow(opens=True, is_native=False)
async def by_an_http_client_of_httpx(stage: Stage, folder: Path) -> None:
    async with (
        DefaultAsyncHttpxClient(verify=stage.verify, trust_env=False) as http_client,
        AsyncAPIClient(base_url=stage.url, http_client=http_client) as client,
    ):
        assert await client.get("/item", cast_to=object) == ITEM


@flow(is_native=False, http2=True)
async def by_httpcore(client: AsyncAPIClient, folder: Path) -> None:
    """As HTTP/2 is spoken, and to proxies."""
    await side_by_side(*[item(client)] * 2)
