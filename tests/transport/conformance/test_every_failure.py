"""Whichever operation fails, and wherever a request is cancelled: a documented error, and nothing stays open."""

from __future__ import annotations

import errno
import os
import ssl
from pathlib import Path

import httpx
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from support.cancelling import cancel_everywhere
from support.failing_socket import FailingSockets
from support.transports import OpenTransport, Pieces, fetch
from support.wire import WireServer, answer, ok, wire_server
from trio_api import APIConnectionError, AsyncAPIClient

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
LIMITS = httpx.Limits(max_connections=1)
DESCRIPTORS = Path("/dev/fd")

needs_descriptors = pytest.mark.skipif(not DESCRIPTORS.exists(), reason="this machine does not list open files")


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> FailingSockets:
    return FailingSockets(monkeypatch, "trio_api.transport._wire")


async def everybody_left(server: WireServer, kept: int = 0) -> None:
    """Wait until all connections but those that are *kept* alive are closed, on both ends."""
    for wire in server.wires[: len(server.wires) - kept]:
        await wire.client_left()
    await wait_all_tasks_blocked()


async def three_requests(transport: httpx.AsyncBaseTransport, url: str) -> None:
    """A new connection, a used one, and an upload."""
    assert (await fetch(transport, url)).content == b"hello"
    assert (await fetch(transport, url)).content == b"hello"
    assert (await fetch(transport, url, "POST", pieces=Pieces(b"a", b"b"))).content == b"hello"


@needs_descriptors
@pytest.mark.parametrize("number", [errno.ECONNRESET, errno.EPIPE, errno.ETIMEDOUT, errno.ENOBUFS])
async def test_every_operation_fails(
    native: OpenTransport, sockets: FailingSockets, clock: MockClock, number: int
) -> None:
    """The first, the second... send or receive: a network error, no socket left, and the next request is fine."""
    pieces = tuple(CHUNKED[at : at + 20] for at in range(0, len(CHUNKED), 20))
    async with wire_server(answer(*[pieces] * 5)) as server:
        opened_before = len(os.listdir(DESCRIPTORS))
        for count in range(1, 100):
            async with native(limits=LIMITS) as transport:
                sockets.fail_at(count, number)
                try:
                    await three_requests(transport, server.url)
                except (httpx.NetworkError, httpx.RemoteProtocolError):
                    assert sockets.has_failed
                    await fetch(transport, server.url)
            await everybody_left(server)
            assert len(os.listdir(DESCRIPTORS)) == opened_before
            if not sockets.has_failed:
                break
        assert count > 10


async def test_every_operation_of_a_call_fails(
    native: OpenTransport, sockets: FailingSockets, clock: MockClock
) -> None:
    """To the client's user each of them is a connection error."""
    async with wire_server(answer(*[ok(b'{"a": 1}')] * 5)) as server:
        for count in range(1, 100):
            http_client = httpx.AsyncClient(transport=native(limits=LIMITS))
            async with (
                AsyncAPIClient(base_url=server.url, http_client=http_client, max_retries=0) as client,
                http_client,
            ):
                sockets.fail_at(count, errno.ECONNRESET)
                try:
                    assert await client.get("/", cast_to=dict[str, int]) == {"a": 1}
                    assert await client.post("/", cast_to=dict[str, int], body={}) == {"a": 1}
                except APIConnectionError:
                    assert sockets.has_failed
                    assert await client.get("/", cast_to=dict[str, int]) == {"a": 1}
            await everybody_left(server)
            if not sockets.has_failed:
                break
        assert count > 3


@needs_descriptors
@pytest.mark.parametrize("kept", [0, 1], ids=["new connection", "used connection"])
@pytest.mark.parametrize("upload", [False, True], ids=["GET", "upload"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_every_cancellation(
    native: OpenTransport, good: ssl.SSLContext, trusting: ssl.SSLContext, kept: int, upload: bool, tls: bool
) -> None:
    """Cancelled at any of its checkpoints a request gives its place in the pool back: the next is fine.

    httpx loses some, and its pool is dead in the end.
    """
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=kept)
    script = answer(*[(CHUNKED[:50], CHUNKED[50:])] * 50)
    async with (
        wire_server(script, tls=good if tls else None) as server,
        native(limits=limits, verify=trusting) as transport,
    ):
        descriptors = set()

        async def work() -> None:
            pieces = Pieces(b"a", b"b") if upload else None
            await fetch(transport, server.url, "POST" if upload else "GET", pieces=pieces)

        async def after() -> None:
            assert (await fetch(transport, server.url)).content == b"hello"
            await everybody_left(server, kept)
            descriptors.add(len(os.listdir(DESCRIPTORS)))

        assert await cancel_everywhere(work, after) > 0
        assert len(descriptors) == 1


async def test_every_cancellation_in_the_queue(native: OpenTransport) -> None:
    """Who waits for a connection and is cancelled does not get one, and takes none from those behind."""
    script = answer(*[(CHUNKED[:50], CHUNKED[50:])] * 50)
    async with wire_server(script) as server, native(limits=LIMITS) as transport:

        async def work() -> None:
            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(fetch, transport, server.url)
                await fetch(transport, server.url)

        async def after() -> None:
            assert (await fetch(transport, server.url)).content == b"hello"

        assert await cancel_everywhere(work, after) > 1
