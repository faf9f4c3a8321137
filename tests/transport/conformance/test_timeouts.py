"""The four timeouts, as httpx names them: each is for one wait, and nothing of a request that timed out stays.

Time is Trio's mock clock: it jumps where everybody waits.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from support.transports import OpenTransport, Pieces, fetch
from support.wire import Wire, answer, close, linger, ok, wire_server

DESCRIPTORS = Path("/dev/fd")
LARGE = bytes(20_000_000)  # more than the kernel's buffers take


def timeout(**seconds: float | None) -> dict[str, Any]:
    return {"timeout": {"connect": None, "read": None, "write": None, "pool": None, **seconds}}


async def silent(wire: Wire) -> None:
    """Take everything, answer nothing."""
    await linger(wire)


async def deaf(wire: Wire) -> None:
    """Read the head only."""
    await wire.read_until(b"\r\n\r\n")
    await trio.sleep_forever()


class SlowResolver(trio.abc.HostnameResolver):
    """Never finds a host."""

    async def getaddrinfo(self, *_: Any, **__: Any) -> Any:
        await trio.sleep_forever()

    async def getnameinfo(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


async def test_finding_the_host(opened: OpenTransport, clock: MockClock) -> None:
    """The search for an address is a part of connecting."""
    trio.socket.set_custom_hostname_resolver(SlowResolver())
    async with opened() as transport:
        started = trio.current_time()
        with pytest.raises(httpx.ConnectTimeout):
            await fetch(transport, "http://api.example.test/", extensions=timeout(connect=7))
        assert trio.current_time() - started == pytest.approx(7)


async def test_the_handshake(opened: OpenTransport, clock: MockClock) -> None:
    """So is TLS: a server that takes the connection and says nothing."""
    async with wire_server(silent) as server, opened() as transport:
        started = trio.current_time()
        with pytest.raises(httpx.ConnectTimeout):
            url = server.url.replace("http:", "https:")
            await fetch(transport, url, extensions=timeout(connect=7))
        assert trio.current_time() - started == pytest.approx(7)
        await server.wires[0].client_left()


@pytest.mark.parametrize(
    "pieces",
    [(), (b"HTTP/1.1 2",), (b"HTTP/1.1 100 Continue\r\n\r\n",), (ok(b"hello")[:-1],)],
    ids=["nothing", "a part of the head", "only 100", "a part of the body"],
)
async def test_reading(opened: OpenTransport, clock: MockClock, pieces: tuple[bytes, ...]) -> None:
    """A server that stops anywhere in its answer."""
    async with wire_server(answer(pieces)) as server, opened() as transport:
        started = trio.current_time()
        with pytest.raises(httpx.ReadTimeout):
            await fetch(transport, server.url, extensions=timeout(read=7))
        assert trio.current_time() - started == pytest.approx(7)
        await server.wires[0].client_left()


async def test_writing(opened: OpenTransport, clock: MockClock) -> None:
    """A server that does not take the body."""
    async with wire_server(deaf) as server, opened() as transport:
        started = trio.current_time()
        with pytest.raises(httpx.WriteTimeout):
            await fetch(transport, server.url, "POST", pieces=Pieces(LARGE), extensions=timeout(write=7))
        assert trio.current_time() - started == pytest.approx(7)


async def test_the_pool(opened: OpenTransport, clock: MockClock) -> None:
    """Waiting for one of the connections that are allowed; who has it keeps it, and gives it on."""
    limits = httpx.Limits(max_connections=1)
    more = trio.Event()

    async def script(wire: Wire) -> None:
        await wire.read_request()
        await wire.send(ok(b"hello")[:-1])
        await more.wait()
        await wire.send(b"o")
        await answer(ok())(wire)

    async with wire_server(script) as server, opened(limits=limits) as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        started = trio.current_time()
        with pytest.raises(httpx.PoolTimeout):
            await fetch(transport, server.url, extensions=timeout(pool=7))
        assert trio.current_time() - started == pytest.approx(7)
        more.set()
        assert await response.aread() == b"hello"
        await response.aclose()
        await fetch(transport, server.url, extensions=timeout(pool=7))
        assert len(server.wires) == 1


async def test_a_drip_is_no_timeout(opened: OpenTransport, clock: MockClock) -> None:
    """The timeout is for each read, not for all of them."""

    async def script(wire: Wire) -> None:
        await wire.read_request()
        for byte in ok(b"hello"):
            await trio.sleep(6)
            await wire.send(bytes([byte]))

    async with wire_server(script) as server, opened() as transport:
        assert (await _patiently(transport, server.url, timeout(read=7))).content == b"hello"


@pytest.mark.parametrize("extensions", [{}, timeout(), {"timeout": {}}], ids=["none", "all None", "empty"])
async def test_no_timeout(opened: OpenTransport, clock: MockClock, extensions: dict[str, Any]) -> None:
    """Without one a request waits for as long as it takes."""

    async def script(wire: Wire) -> None:
        await wire.read_request()
        await trio.sleep(80_000)
        await wire.send(ok(b"late"))

    async with wire_server(script) as server, opened() as transport:
        assert (await _patiently(transport, server.url, extensions)).content == b"late"


async def _patiently(transport: httpx.AsyncBaseTransport, url: str, extensions: dict[str, Any]) -> httpx.Response:
    response = await transport.handle_async_request(httpx.Request("GET", url, extensions=extensions))
    await response.aread()
    await response.aclose()
    return response


async def test_after_a_timeout(opened: OpenTransport, clock: MockClock) -> None:
    """The late answer to a request that timed out is no one else's."""

    async def late(wire: Wire) -> None:
        await wire.read_request()
        await trio.sleep(10)
        await wire.send(ok(b"late"))

    async with wire_server(late, answer(ok(b"own"))) as server, opened() as transport:
        with pytest.raises(httpx.ReadTimeout):
            await fetch(transport, server.url, extensions=timeout(read=7))
        await trio.sleep(10)
        assert (await fetch(transport, server.url, extensions=timeout(read=7))).content == b"own"


async def test_a_connection_that_was_idle_for_too_long(native: OpenTransport, clock: MockClock) -> None:
    """After ``keepalive_expiry`` seconds an idle connection is not used again.

    So it is with httpx, which has a clock of its own.
    """
    limits = httpx.Limits(keepalive_expiry=1)
    async with wire_server(answer(ok(), ok())) as server, native(limits=limits) as transport:
        await fetch(transport, server.url)
        await trio.sleep(2)
        await fetch(transport, server.url)
        assert len(server.wires) == 2
        await server.wires[0].client_left()


async def test_an_idle_connection_is_closed_by_itself(native: OpenTransport, clock: MockClock) -> None:
    """It does not take another request for it.

    httpx looks at its pool with the next one only.
    """
    limits = httpx.Limits(keepalive_expiry=1)
    async with wire_server(answer(ok())) as server, native(limits=limits) as transport:
        await fetch(transport, server.url)
        await server.wires[0].client_left()


@pytest.mark.skipif(not DESCRIPTORS.exists(), reason="this machine does not list open files")
async def test_a_connection_that_the_server_closed(native: OpenTransport, clock: MockClock) -> None:
    """Our end of it does not stay open until the next request either, as httpx's does."""
    async with wire_server(answer(ok(), then=close)) as server, native() as transport:
        without = len(os.listdir(DESCRIPTORS))
        await fetch(transport, server.url)
        await trio.sleep(2)
        assert len(os.listdir(DESCRIPTORS)) == without
