"""Bytes that belong to no response never become one (response splitting, response queue poisoning)."""

from __future__ import annotations

import httpx
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from support.transports import OpenTransport, fetch
from support.wire import Wire, answer, linger, ok, wire_server

POISON = ok(b"poison")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "response", "body"),
    [
        pytest.param("GET", ok(b"hello"), b"hello", id="length"),
        pytest.param("GET", ok(b""), b"", id="length zero"),
        pytest.param("GET", CHUNKED, b"hello", id="chunked"),
        pytest.param("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"", id="HEAD"),
        pytest.param("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="204"),
        pytest.param("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b"", id="304"),
    ],
)
@pytest.mark.parametrize(
    "rest", [POISON, b"\r\n" + POISON, b"hello", b"\0", b"HTTP/1.1 200"], ids=lambda rest: repr(rest[:14])
)
async def test_bytes_right_after_a_response(
    native: OpenTransport, method: str, response: bytes, body: bytes, rest: bytes
) -> None:
    """The response is complete without them, and its connection is closed.

    httpx takes them for the next one.
    """
    async with wire_server(answer(response + rest), answer(ok(b"own"))) as server, native() as transport:
        assert (await fetch(transport, server.url, method)).content == body
        await server.wires[0].client_left()
        assert (await fetch(transport, server.url)).content == b"own"
        assert len(server.wires) == 2


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r\n\r\n"])
async def test_an_empty_line_after_a_response(opened: OpenTransport, end: bytes) -> None:
    """A line end too many is no one's response, whether its connection is used again or not."""
    async with wire_server(answer(ok() + end, ok(b"own")), answer(ok(b"own"))) as server, opened() as transport:
        await fetch(transport, server.url)
        try:
            assert (await fetch(transport, server.url)).content == b"own"
        except httpx.RemoteProtocolError:
            pass  # httpx's h11 takes it for the beginning of the next one
        assert len(server.wires) <= 2


@pytest.mark.parametrize("rest", [POISON, b"x"])
async def test_bytes_while_a_connection_is_idle(opened: OpenTransport, rest: bytes) -> None:
    """What comes between two requests makes the connection useless."""
    idle = trio.Event()

    async def script(wire: Wire) -> None:
        await idle.wait()
        await wire.send(rest)
        await linger(wire)

    async with wire_server(answer(ok(), then=script), answer(ok(b"own"))) as server, opened() as transport:
        await fetch(transport, server.url)
        idle.set()
        await wait_all_tasks_blocked()
        assert (await fetch(transport, server.url)).content == b"own"
        await server.wires[0].client_left()


@pytest.mark.parametrize("method", ["HEAD", "GET"])
async def test_a_body_where_there_is_none(opened: OpenTransport, method: str) -> None:
    """A server that sends a body after its answer to HEAD, or a 304, does not answer the next request by it."""
    idle = trio.Event()
    head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (200 if method == "HEAD" else 304, len(POISON))

    async def script(wire: Wire) -> None:
        await idle.wait()
        await wire.send(POISON)
        await linger(wire)

    async with wire_server(answer(head, then=script), answer(ok(b"own"))) as server, opened() as transport:
        await fetch(transport, server.url, method)
        idle.set()
        await wait_all_tasks_blocked()
        assert (await fetch(transport, server.url)).content == b"own"
