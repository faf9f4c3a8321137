"""hishel, an HTTP cache by RFC 9111, between a client of either colour and a real server."""

from __future__ import annotations

import contextvars
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from hishel import AsyncSqliteStorage, CacheOptions, SqliteStorage
from hishel.httpx import AsyncCacheTransport, CacheTransport

from trio_api import AsyncAPIClient, SyncAPIClient
from trio_api.transport import TrioTransport

user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")


def trio_cache(folder: Path, **options: Any) -> httpx.AsyncClient:
    """An HTTP client with a cache on disk, over this package's own transport."""
    storage = AsyncSqliteStorage(database_path=folder / "cache.db")
    transport = AsyncCacheTransport(TrioTransport(), storage=storage, rfc=CacheOptions(**options))
    return httpx.AsyncClient(transport=transport)


@contextmanager
def blocking_cache(folder: Path, **options: Any) -> Iterator[httpx.Client]:
    """The same for the blocking client, over httpx's transport."""
    storage = SqliteStorage(database_path=folder / "cache.db")
    transport = CacheTransport(httpx.HTTPTransport(), storage=storage, rfc=CacheOptions(**options))
    with httpx.Client(transport=transport) as http_client:
        yield http_client


async def ask(client: AsyncAPIClient, path: str) -> tuple[Any, Any]:
    """What an answer says of itself, and what the cache says of it."""
    response = await client.with_raw_response.get(path, cast_to=object)
    status = response.http_response.extensions["caching"]
    return await response.parse(), {name for name, value in status.items() if value}


async def test_on_trio_what_is_fresh_comes_from_the_cache(httpbin: str, tmp_path: Path) -> None:
    """The server says that its answer is fresh for a minute: it is asked once."""
    async with (
        trio_cache(tmp_path, shared=False) as http_client,
        AsyncAPIClient(base_url=httpbin, http_client=http_client) as client,
    ):
        first, how = await ask(client, "/cache/60")
        assert how == {"stored"}
        assert await ask(client, "/cache/60") == (first, {"from_cache"})


async def test_on_trio_what_is_stale_is_asked_about(httpbin: str, tmp_path: Path) -> None:
    """The server says 304, and the answer comes from the cache."""
    async with (
        trio_cache(tmp_path, shared=False) as http_client,
        AsyncAPIClient(base_url=httpbin, http_client=http_client) as client,
    ):
        first, how = await ask(client, "/cache")
        assert how == {"stored"}
        assert await ask(client, "/cache") == (first, {"from_cache", "revalidated"})


async def test_on_trio_a_cache_outlives_the_client(httpbin: str, tmp_path: Path) -> None:
    """It is a file: another client, another run, has what this one stored."""
    for how in ({"stored"}, {"from_cache"}):
        async with (
            trio_cache(tmp_path, shared=False) as http_client,
            AsyncAPIClient(base_url=httpbin, http_client=http_client) as client,
        ):
            assert (await ask(client, "/cache/60"))[1] == how


async def test_on_trio_a_cancelled_call_spoils_nothing(httpbin: str, tmp_path: Path) -> None:
    """Wherever it was, in the storage's thread too: the next call has a whole answer, and nothing is left to Trio."""
    async with (
        trio_cache(tmp_path, shared=False) as http_client,
        AsyncAPIClient(base_url=httpbin, http_client=http_client) as client,
    ):
        for moment in range(12):
            path = f"/cache/60?moment={moment}"
            with trio.move_on_after(moment / 400):
                await client.get(path, cast_to=object)
            assert (await ask(client, path))[0]["args"] == {"moment": str(moment)}
        gc.collect()
        await trio.lowlevel.checkpoint()


async def test_a_shared_cache_keeps_nothing_that_needs_credentials(httpbin: str, tmp_path: Path) -> None:
    """The default of hishel, for a client that speaks for several users: RFC 9111, section 3.5."""

    class Client(AsyncAPIClient):
        @property
        def auth_headers(self) -> dict[str, str]:
            return {"Authorization": f"Bearer {user.get()}"}

    async with (
        trio_cache(tmp_path) as http_client,
        Client(base_url=httpbin, http_client=http_client) as client,
    ):
        for name in ("ann", "bob"):
            user.set(name)
            value, how = await ask(client, "/response-headers?Cache-Control=max-age%3D60")
            assert (value["Cache-Control"], how) == ("max-age=60", set())


def test_the_blocking_client_has_a_cache_too(httpbin: str, tmp_path: Path) -> None:
    """The same, without an event loop."""
    with (
        blocking_cache(tmp_path, shared=False) as http_client,
        SyncAPIClient(base_url=httpbin, http_client=http_client) as client,
    ):
        responses = [client.with_raw_response.get("/cache/60", cast_to=object) for _ in range(2)]
        assert responses[0].parse() == responses[1].parse()
        statuses = [response.http_response.extensions["caching"] for response in responses]
        assert [status["from_cache"] for status in statuses] == [False, True]


@pytest.mark.parametrize("path", ["/cache/60", "/cache"])
async def test_without_the_cache_nothing_is_kept(httpbin: str, path: str) -> None:
    """This client by itself is no cache: every call asks the server."""
    async with AsyncAPIClient(base_url=httpbin) as client:
        for _ in range(2):
            response = await client.with_raw_response.get(path, cast_to=object)
            assert "caching" not in response.http_response.extensions
        [origin] = client.statistics().origins
        assert origin.attempts == 2
