"""What is put to the torture: each thing that a client can be asked for, as a function of an open client."""

from __future__ import annotations

import functools
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import trio
import trio.lowlevel

from torture.service import CONTENT, PAGES, SHA
from trio_api import (
    AsyncAPIClient,
    AsyncPageNumberPage,
    AsyncPaginator,
    BearerAuth,
    ClientCredentials,
    CoolDown,
    Hedge,
    Limits,
    PollPolicy,
    RateLimit,
    Revalidation,
    StreamDialect,
    Token,
)

__all__ = ["FLOWS", "Flow"]

DIALECT = StreamDialect.sse(done_data="[DONE]")
NUMBERS = [10 * page + n for page in range(1, PAGES + 1) for n in range(3)]


@attrs.frozen
class Flow:
    """One thing to do.

    Args:
        run: Does it, with an open client and an empty folder, and asserts what comes of it.
        settings: The client's.
    """

    run: Callable[[Any, Path], Awaitable[object]]
    settings: Callable[[str, ssl.SSLContext], dict[str, Any]] = lambda url, verify: {}


FLOWS: dict[str, Flow] = {}


def flow(**settings: Any) -> Callable[[Callable[[Any, Path], Awaitable[object]]], Any]:
    """Make a function a flow, by its name."""

    def add(run: Callable[[Any, Path], Awaitable[object]]) -> Any:
        FLOWS[run.__name__] = Flow(run, lambda url, verify: settings)
        return run

    return add


async def side_by_side(*calls: Callable[[], Awaitable[object]]) -> None:
    async with trio.open_nursery() as nursery:
        for call in calls:
            nursery.start_soon(call)


def item(client: AsyncAPIClient, path: str = "/item") -> Callable[[], Awaitable[object]]:
    return functools.partial(client.get, path, cast_to=object)


# -- calls ---------------------------------------------------------------------------------------------------


@flow()
async def verbs(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/item", cast_to=object) == {"id": 1}
    assert await client.post("/item", cast_to=object, body={"a": 1}) == {"id": 1}
    assert await client.put("/item", cast_to=object, body={"a": 1}) == {"id": 1}
    assert await client.patch("/item", cast_to=object, body={"a": 1}) == {"id": 1}
    assert await client.delete("/item", cast_to=object) == {"id": 1}


@flow()
async def in_pieces(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/piecemeal", cast_to=object) == {"id": 1}


@flow()
async def redirected(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.post("/moved", cast_to=object, body={}) == {"id": 1}


@flow(total_timeout=30, deadline_header="X-Deadline")
async def with_a_deadline(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/piecemeal", cast_to=object) == {"id": 1}


@flow(cool_down=None)
async def backoff(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/busy", cast_to=object) == {"id": 1}


@flow(limits=Limits(max_connections=1))
async def in_the_pools_queue(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client)] * 4)


@flow(limits=Limits(max_connections=3, max_keepalive_connections=1))
async def crowd(client: AsyncAPIClient, folder: Path) -> None:
    paths = ["/item", "/piecemeal", "/moved"]
    await side_by_side(*[item(client, path) for path in paths * 6])


# -- the waits before an attempt -----------------------------------------------------------------------------


@flow(cool_down=CoolDown())
async def cooling_down(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client, "/limited")] * 3)


@flow(max_concurrency=1)
async def in_the_permits_queue(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client)] * 4)


@flow(rate_limit=RateLimit(requests=2, per=1))
async def pacing(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client)] * 4)


@flow(hedge=Hedge(after=0.02, budget=1.0))
async def hedging(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/slow", cast_to=object) == {"id": 1}


@flow(single_flight=True)
async def single_flight(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client, "/slow")] * 3)


@flow(revalidation=Revalidation())
async def revalidation(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/file", cast_to=bytes) == CONTENT


@flow(
    max_concurrency=2, rate_limit=RateLimit(requests=3, per=1), single_flight=True, hedge=Hedge(after=0.05, budget=1.0)
)
async def all_at_once(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client, path) for path in ("/slow", "/item", "/limited", "/slow", "/busy")])


async def with_tokens(client: AsyncAPIClient, folder: Path) -> None:
    await side_by_side(*[item(client)] * 2)


async def one_use_token() -> Token:
    await trio.sleep(0.01)
    return Token("t", expires_in=3600)


FLOWS["fetched_tokens"] = Flow(with_tokens, lambda url, verify: {"auth": BearerAuth(one_use_token)})


@flow()
async def polling(client: AsyncAPIClient, folder: Path) -> None:
    operation = client.poll("/job", cast_to=str, until=lambda state: "done" in state, policy=PollPolicy(interval=0.5))
    assert "done" in await operation


# -- lists ---------------------------------------------------------------------------------------------------


def pages(client: AsyncAPIClient) -> AsyncPaginator[int, AsyncPageNumberPage[int]]:
    return client.get_api_list("/pages", model=int, page=AsyncPageNumberPage[int])


@flow()
async def paging(client: AsyncAPIClient, folder: Path) -> None:
    assert [number async for number in pages(client)] == NUMBERS


@flow()
async def prefetching(client: AsyncAPIClient, folder: Path) -> None:
    async with pages(client).prefetch(ahead=2) as items:
        assert [number async for number in items] == NUMBERS


@flow()
async def fanning_out(client: AsyncAPIClient, folder: Path) -> None:
    async with pages(client).fan_out(limit=3) as items:
        assert [number async for number in items] == NUMBERS


# -- streams and bodies --------------------------------------------------------------------------------------


@flow()
async def events(client: AsyncAPIClient, folder: Path) -> None:
    async with client.stream("GET", "/events", cast_to=object, dialect=DIALECT) as stream:
        assert [event async for event in stream] == [{"n": n} for n in range(3)]


@flow()
async def reconnecting(client: AsyncAPIClient, folder: Path) -> None:
    async with client.stream("GET", "/events", cast_to=object, dialect=DIALECT, reconnect=True) as stream:
        assert [event async for event in stream] == [{"n": n} for n in range(3)]


@flow()
async def json_lines(client: AsyncAPIClient, folder: Path) -> None:
    async with client.stream("GET", "/lines", cast_to=object) as stream:
        assert [line async for line in stream] == [{"n": n} for n in range(3)]


@flow()
async def left_open(client: AsyncAPIClient, folder: Path) -> None:
    async with client.with_streaming_response.get("/file", cast_to=bytes) as response:
        assert b"".join([piece async for piece in response.iter_bytes()]) == CONTENT


@flow()
async def upload(client: AsyncAPIClient, folder: Path) -> None:
    path = folder / "upload"
    path.write_bytes(bytes(300_000))
    assert await client.post("/item", cast_to=object, content=path) == {"id": 1}


@flow()
async def multipart(client: AsyncAPIClient, folder: Path) -> None:
    path = folder / "upload"
    path.write_bytes(bytes(1000))
    assert await client.post("/item", cast_to=object, files={"f": path}) == {"id": 1}


@flow()
async def generated_upload(client: AsyncAPIClient, folder: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            await trio.lowlevel.checkpoint()
            yield b"piece"

    assert await client.post("/item", cast_to=object, content=pieces()) == {"id": 1}


@flow()
async def download(client: AsyncAPIClient, folder: Path) -> None:
    target = folder / "download"
    async with client.with_streaming_response.get("/file", cast_to=bytes) as response:
        await response.stream_to_file(target, checksum=SHA)
    assert target.read_bytes() == CONTENT
    target.unlink()


@flow()
async def resumed_download(client: AsyncAPIClient, folder: Path) -> None:
    target = folder / "resumed"
    async with client.with_streaming_response.get("/file", cast_to=bytes) as response:
        await response.stream_to_file(target, resume=True, checksum=SHA)
    assert target.read_bytes() == CONTENT
    target.unlink()


async def by_client_credentials(client: AsyncAPIClient, folder: Path) -> None:
    assert await client.get("/item", cast_to=object) == {"id": 1}


def _credentials(url: str, verify: ssl.SSLContext) -> dict[str, Any]:
    return {"auth": BearerAuth(ClientCredentials(token_url=f"{url}/token", client_id="i", client_secret="s"))}


FLOWS["client_credentials"] = Flow(by_client_credentials, _credentials)
