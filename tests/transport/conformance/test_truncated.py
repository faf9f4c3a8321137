"""A response that breaks off is an error, wherever it does, and never a shorter response."""

from __future__ import annotations

import httpx
import pytest

from support.transports import OpenTransport, fetch
from support.wire import Wire, answer, close, ok, reset, wire_server

SIZED = ok(b"hello")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n"


@pytest.mark.parametrize("response", [SIZED, CHUNKED], ids=["length", "chunked"])
async def test_a_server_that_closes_before_the_end(opened: OpenTransport, response: bytes) -> None:
    """After any number of bytes but all of them it is a breach of the protocol."""
    scripts = [answer(response[:end], then=close) for end in range(len(response))]
    async with wire_server(*scripts) as server, opened() as transport:
        for _ in scripts:
            with pytest.raises(httpx.RemoteProtocolError):
                await fetch(transport, server.url)
        assert len(server.wires) == len(scripts)


@pytest.mark.parametrize("response", [SIZED, CHUNKED], ids=["length", "chunked"])
async def test_a_server_that_resets_before_the_end(opened: OpenTransport, response: bytes) -> None:
    """A reset breaks off the reading; it may overtake what was sent before."""
    scripts = [answer((response[:end], b""), then=reset) for end in range(0, len(response), 7)]
    async with wire_server(*scripts) as server, opened() as transport:
        for _ in scripts:
            with pytest.raises(httpx.ReadError):
                await fetch(transport, server.url)


async def test_a_reset_is_not_the_end_of_a_body(opened: OpenTransport) -> None:
    """A body that ends with its connection ends with a proper close only."""
    async with (
        wire_server(answer((b"HTTP/1.1 200 OK\r\n\r\nhello", b""), then=reset)) as server,
        opened() as transport,
    ):
        with pytest.raises(httpx.ReadError):
            await fetch(transport, server.url)


async def test_what_came_before_the_break_is_given(opened: OpenTransport) -> None:
    """Who reads piece by piece gets what came, and then the error."""

    async def script(wire: Wire) -> None:
        await wire.read_request()
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"hello")

    pieces = []
    async with wire_server(script) as server, opened() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        with pytest.raises(httpx.RemoteProtocolError):
            async for piece in response.aiter_raw():
                pieces.append(piece)  # noqa: PERF401  # it raises
        await response.aclose()
    assert b"".join(pieces) == b"hello"
