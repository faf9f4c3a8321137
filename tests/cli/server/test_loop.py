"""The server over real sockets of the loopback interface."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import trio

from support.unicode_api import UNICODE_API
from trio_api.cli.server import NO_FAULTS, FaultKind, FaultRates, Server, serve

LIST = "/cursor/categories?limit=2"


def only(**rates: float) -> FaultRates:
    return FaultRates(**{"latency": (0.0, 0.0), "rate_limited": 0, "unavailable": 0, "dropped": 0, "cut": 0, **rates})


@asynccontextmanager
async def serving(rates: FaultRates = NO_FAULTS) -> AsyncIterator[tuple[Server, httpx.AsyncClient]]:
    async with serve(UNICODE_API, rates=rates) as server, httpx.AsyncClient(base_url=server.url) as client:
        yield server, client


async def raw(server: Server, data: bytes) -> bytes:
    """What the server says to *data* until it closes the connection."""
    stream = await trio.open_tcp_stream("127.0.0.1", int(server.url.rpartition(":")[2]))
    async with stream:
        await stream.send_all(data)
        return b"".join([part async for part in stream])


async def test_one_connection_serves_many_requests() -> None:
    """Connections are kept alive, and counted apart from requests."""
    async with serving() as (server, client):
        for _ in range(3):
            assert (await client.get(LIST)).status_code == 200
        statistics = server.statistics()
        assert (statistics.connections, statistics.requests) == (1, 3)
        assert statistics.faults == {FaultKind.NONE: 3}


async def test_a_rate_limit_says_when_to_come_again() -> None:
    """A 429 carries the wait in whole seconds, as RFC 9110 has it, and to the millisecond."""
    async with serving(only(rate_limited=1, retry_after=0.1)) as (_, client):
        refused = await client.get(LIST)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["retry-after-ms"] == "100"


async def test_an_unavailable_server_says_so() -> None:
    """A 503 has the body of an error."""
    async with serving(only(unavailable=1)) as (_, client):
        refused = await client.get(LIST)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")


@pytest.mark.parametrize(("fault", "message"), [("dropped", "without sending a"), ("cut", "sending complete")])
async def test_connections_break(fault: str, message: str) -> None:
    """A dropped connection has no answer, a cut one ends in the middle of the body."""
    async with serving(only(**{fault: 1})) as (_, client):
        with pytest.raises(httpx.RemoteProtocolError, match=message):
            await client.get(LIST)


async def test_latency_holds_an_answer_back(autojump_clock: trio.testing.MockClock) -> None:
    """An answer takes as long as the plan says."""
    async with serving(only(latency=(5.0, 5.0))) as (_, client):
        start = trio.current_time()
        await client.get(LIST, timeout=None)
        assert trio.current_time() - start == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400"),
        (
            b"POST /token/cat HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n" + b" " * 70000,
            b"HTTP/1.1 413",
        ),
        (b"GET //[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"HTTP/1.1 404"),
    ],
    ids=["no HTTP", "too long", "a strange target"],
)
async def test_what_is_no_good_request_is_refused(sent: bytes, status: bytes) -> None:
    """Bad bytes get an answer, and the server goes on."""
    async with serving() as (server, client):
        assert (await raw(server, sent)).startswith(status)
        assert (await client.get(LIST)).status_code == 200


async def test_head_is_refused_without_a_body() -> None:
    """HEAD gets 405, and the connection stays good."""
    async with serving() as (server, client):
        assert (await client.head(LIST)).status_code == 405
        assert (await client.get(LIST)).status_code == 200
        assert server.statistics().connections == 1


async def test_a_client_that_goes_away_is_no_error() -> None:
    """A reset in the middle of an answer ends its connection alone."""
    async with serving(only(latency=(0.05, 0.05))) as (server, client):
        async with await trio.open_tcp_stream("127.0.0.1", int(server.url.rpartition(":")[2])) as rude:
            await rude.send_all(b"GET /link/characters?per_page=1000 HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
            await rude.receive_some(1)
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        assert (await client.get(LIST)).status_code == 200


async def test_leaving_the_block_closes_the_port() -> None:
    """Nothing listens after the block."""
    async with serving() as (server, client):
        await client.get(LIST)
    with pytest.raises(OSError, match="all attempts to connect"):
        await raw(server, b"")
