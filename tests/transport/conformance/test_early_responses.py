"""A server that answers before it has the whole request (RFC 9112, 9.5)."""

from __future__ import annotations

import httpx
import pytest
import trio

from support.transports import OpenTransport, Pieces, fetch
from support.wire import Script, Wire, answer, close, linger, ok, reset, wire_server

LARGE = bytes(20_000_000)  # more than the kernel's buffers take
SIZE = {"Content-Length": str(len(LARGE))}
REFUSED = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlate"


async def stop_reading(wire: Wire) -> None:
    """Take no more, and keep the connection."""
    await trio.sleep_forever()


async def close_halfway(wire: Wire) -> None:
    """Say that nothing more comes, and take the rest: nginx's lingering close."""
    assert isinstance(wire.stream, trio.SocketStream)
    await wire.stream.send_eof()
    await linger(wire)


def refuse(response: bytes, then: Script) -> Script:
    async def script(wire: Wire) -> None:
        await wire.read_until(b"\r\n\r\n")
        await wire.send(response)
        await then(wire)

    return script


@pytest.mark.parametrize("then", [close_halfway, linger], ids=["and closes", "and keeps reading"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_refusal_while_the_body_is_sent(opened: OpenTransport, then: Script, chunked: bool) -> None:
    """The refusal is the response, and not the broken connection that follows it."""
    async with wire_server(refuse(REFUSED, then), answer(ok(b"next"))) as server, opened() as transport:
        if chunked:
            response = await fetch(transport, server.url, "POST", pieces=Pieces(*[LARGE[:65536]] * 100))
        else:
            response = await fetch(transport, server.url, "POST", content=LARGE)
        assert (response.status_code, response.content) == (413, b"late")
        await server.wires[0].client_left()
        assert (await fetch(transport, server.url)).content == b"next"


@pytest.mark.parametrize("response", [REFUSED, REFUSED.replace(b"Connection: close\r\n", b"")], ids=["close", "keep"])
async def test_a_refusal_and_no_more_reading(native: OpenTransport, response: bytes) -> None:
    """A server that reads no more of a body is heard, and the rest is not sent.

    httpx sends all before it listens, and so runs into its write timeout.
    """
    async with wire_server(refuse(response, stop_reading), answer(ok(b"next"))) as server, native() as transport:
        refusal = await fetch(transport, server.url, "POST", content=LARGE)
        assert (refusal.status_code, refusal.content) == (413, b"late")
        assert (await fetch(transport, server.url)).content == b"next"
        assert len(server.wires) == 2


async def test_a_refusal_of_a_body_that_waits(native: OpenTransport) -> None:
    """So is one that comes while the application has nothing to send yet."""
    async with wire_server(refuse(REFUSED, linger)) as server, native() as transport:
        refusal = await fetch(transport, server.url, "POST", pieces=Pieces(b"hello", None))
        assert refusal.status_code == 413
        await server.wires[0].client_left()
        assert not server.wires[0].received.endswith(b"0\r\n\r\n")


async def test_success_before_the_end_of_the_body(opened: OpenTransport) -> None:
    """A server that says 200 and reads on gets all of the body, and the connection goes on."""

    async def script(wire: Wire) -> None:
        await wire.read_until(b"\r\n\r\n")
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        assert await wire.read_exactly(len(LARGE)) == LARGE
        await wire.send(b"done")
        await answer(ok(b"next"))(wire)

    async with wire_server(script) as server, opened() as transport:
        assert (await fetch(transport, server.url, "POST", content=LARGE)).content == b"done"
        assert (await fetch(transport, server.url)).content == b"next"
        assert len(server.wires) == 1


@pytest.mark.parametrize("then", [reset, close], ids=["reset", "closed"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_break_while_the_body_is_sent(opened: OpenTransport, then: Script, chunked: bool) -> None:
    """Without a word before it, it is an error, however the kernel tells of it."""
    async with wire_server(refuse(b"", then)) as server, opened() as transport:
        with pytest.raises((httpx.NetworkError, httpx.RemoteProtocolError)):
            if chunked:
                await fetch(transport, server.url, "POST", pieces=Pieces(*[LARGE[:65536]] * 300))
            else:
                await fetch(transport, server.url, "POST", pieces=Pieces(LARGE), headers=SIZE)
