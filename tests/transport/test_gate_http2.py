"""HTTP/2 by httpx's transport, against a real server: aborted requests never use a connection up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from support.http2_server import HTTP2Server, http2_server
from trio_api.transport._gate import WEAR_LIMIT, GatedTransport

TIMEOUT = httpx.Timeout(5)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[HTTP2Server]:
    async with http2_server(tmp_path) as serving:
        yield serving


def gated(server: HTTP2Server) -> GatedTransport:
    """The gate before httpx's transport for HTTP/2."""
    return GatedTransport(lambda limits: httpx.AsyncHTTPTransport(verify=server.trust, http2=True, limits=limits))


async def abort(client: httpx.AsyncClient, server: HTTP2Server, times: int = 1) -> None:
    """Requests that are cancelled once the server has them."""
    pending = server.pending + times
    async with trio.open_nursery() as nursery:
        for _ in range(times):
            nursery.start_soon(client.get, f"{server.url}/never")
        await server.until_pending(pending)
        await wait_all_tasks_blocked()  # httpcore takes a connection for broken whose writes are cancelled
        nursery.cancel_scope.cancel()


async def test_three_hundred_cancelled_requests_cost_nothing(server: HTTP2Server) -> None:
    """Three times what one connection allows; in between, other requests succeed at once."""
    async with httpx.AsyncClient(transport=gated(server), timeout=TIMEOUT) as client:
        for _ in range(30):
            await abort(client, server, times=10)
            response = await client.get(server.url)
            assert (response.content, response.http_version) == (b"{}", "HTTP/2")
    assert len(server.peers) == 300 // WEAR_LIMIT + 1


async def test_httpx_itself_is_dead_after_a_hundred(server: HTTP2Server) -> None:
    """Why the transport is replaced: when this fails, httpcore resets its streams and that is no longer needed."""
    transport = httpx.AsyncHTTPTransport(verify=server.trust, http2=True)
    async with httpx.AsyncClient(transport=transport, timeout=TIMEOUT) as client:
        for _ in range(10):
            await abort(client, server, times=10)
        with pytest.raises(httpx.LocalProtocolError, match="Max outbound streams"):
            await client.get(server.url)


async def test_a_server_that_allows_less_is_no_trouble(tmp_path: Path) -> None:
    """What h2 refuses to send goes by a fresh connection, though the usual bound is not reached."""
    async with (
        http2_server(tmp_path, max_streams=10) as server,
        httpx.AsyncClient(transport=gated(server), timeout=TIMEOUT) as client,
    ):
        await abort(client, server)  # the first tells what the server allows
        await abort(client, server, times=9)
        response = await client.post(server.url, content=b"a body")
        assert response.content == b"{}"
        assert len(server.peers) == 2


async def test_what_is_not_read_of_a_large_response_stalls_nobody(server: HTTP2Server) -> None:
    """The server goes on sending it, until the connection's window is used up: others get a connection of their own."""
    async with httpx.AsyncClient(transport=gated(server), timeout=TIMEOUT) as client:
        async with client.stream("GET", f"{server.url}/large") as response:
            assert response.status_code == 200
        for _ in range(3):
            assert (await client.get(server.url)).content == b"{}"
    assert len(server.peers) == 2


async def test_responses_read_to_their_end_share_one_connection(server: HTTP2Server) -> None:
    """Nothing is replaced that is not worn; many requests are one connection."""
    async with httpx.AsyncClient(transport=gated(server), timeout=TIMEOUT) as client:
        async with trio.open_nursery() as nursery:
            for _ in range(120):
                nursery.start_soon(client.get, server.url)
        async with client.stream("GET", server.url) as response:
            assert b"".join([piece async for piece in response.aiter_raw()]) == b"{}"
        await client.get(server.url)
    assert len(server.peers) == 1
