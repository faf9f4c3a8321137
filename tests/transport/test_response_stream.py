"""The body of a response: what gives the connection back, what closes it, and that it is given back once."""

from __future__ import annotations

import os

import httpx
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from support.transports import fetch
from support.wire import Script, Wire, answer, close, linger, ok, wire_server
from trio_api.responses import LazyResponse
from trio_api.transport import TrioTransport
from trio_api.transport._response_stream import ResponseStream

LARGE = b"x" * 10_000_000


def opened() -> TrioTransport:
    return TrioTransport(verify=False, trust_env=False, limits=httpx.Limits(max_connections=1))


async def begun(transport: TrioTransport, url: str) -> LazyResponse:
    response = await transport.handle_async_request(httpx.Request("GET", url))
    assert isinstance(response, LazyResponse)
    return response


def stream_of(response: LazyResponse) -> ResponseStream:
    stream = response.wire_stream
    assert isinstance(stream, ResponseStream)
    return stream


async def test_what_came_with_the_head() -> None:
    """The connection is free before anybody reads a body that is here already; it is given once."""
    async with wire_server(answer(ok(b"body"), ok())) as server, opened() as transport:
        response = await begun(transport, server.url)
        assert "open=1 in_use=0" in repr(transport)
        assert (await fetch(transport, server.url)).content == b"{}"
        stream = stream_of(response)
        assert await stream.receive() == b"body"
        assert await stream.receive() is None
        assert response.elapsed.total_seconds() > 0


async def test_what_is_still_to_come() -> None:
    """It is not known, and comes piece by piece; the connection is free after the last."""
    async with wire_server(answer((ok(b"one two")[:-4], b" two"), ok())) as server, opened() as transport:
        response = await begun(transport, server.url)
        stream = stream_of(response)
        assert "in_use=1" in repr(transport)
        assert b"".join([piece async for piece in stream]) == b"one two"
        assert "open=1 in_use=0" in repr(transport)
        assert response.elapsed.total_seconds() > 0


async def test_the_rest_is_here() -> None:
    """A body that nobody wants is taken from the socket, where it has come, and the connection is used again."""
    async with wire_server(answer((ok(b"one two")[:-4], b" two"), ok())) as server, opened() as transport:
        response = await begun(transport, server.url)
        await wait_all_tasks_blocked()
        await response.aclose()
        await response.aclose()
        assert "open=1 in_use=0" in repr(transport)
        assert (await fetch(transport, server.url)).content == b"{}"
        assert len(server.wires) == 1


async def endless(wire: Wire) -> None:
    await wire.read_request()
    await wire.send(ok(LARGE))


async def unfinished(wire: Wire) -> None:
    await wire.read_request()
    await wire.send(ok(b"one two")[:-4])
    await linger(wire)


async def broken_off(wire: Wire) -> None:
    await wire.read_request()
    await wire.send(ok(b"one two")[:-4], b"")


async def broken(wire: Wire) -> None:
    await wire.read_request()
    await wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"no chunk")
    await linger(wire)


async def torn(wire: Wire) -> None:
    await unfinished_head(wire)
    wire.reset()


async def unfinished_head(wire: Wire) -> None:
    await wire.read_request()
    await wire.send(ok(b"one two")[:-4], b" t")


@pytest.mark.parametrize("script", [endless, unfinished, broken_off, broken, torn])
async def test_the_rest_is_not_here(script: Script) -> None:
    """A rest that is long, late or broken is not waited for: the connection is closed and the slot is free."""
    async with wire_server(script, answer(ok())) as server, opened() as transport:
        response = await begun(transport, server.url)
        await wait_all_tasks_blocked()
        with trio.fail_after(1):
            await response.aclose()
        assert "open=0 in_use=0" in repr(transport)
        assert response.is_closed
        assert response.elapsed.total_seconds() > 0
        assert (await fetch(transport, server.url)).content == b"{}"
        assert len(server.wires) == 2


@pytest.mark.parametrize("script", [broken_off, broken, torn])
async def test_a_body_that_breaks(script: Script) -> None:
    """Reading fails as httpx says it, with the request; the slot is free at once, and closing changes nothing."""
    async with wire_server(script, answer(ok())) as server, opened() as transport:
        response = await begun(transport, server.url)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)) as caught:
            await response.aread()
        assert caught.value.request.url == server.url
        assert "open=0 in_use=0" in repr(transport)
        await response.aclose()
        assert (await fetch(transport, server.url)).content == b"{}"


@pytest.mark.parametrize("rest", [b"", b" two"], ids=["nothing has come", "the rest has come"])
async def test_closed_while_it_is_read(rest: bytes) -> None:
    """Whoever reads in another task gets what came or an error; the connection is given back once, or closed."""

    async def read(stream: ResponseStream) -> None:
        try:
            outcomes.append(await stream.receive())
        except httpx.ReadError as error:
            outcomes.append(str(error))

    async def write(wire: Wire) -> None:
        os.write(wire.socket.fileno(), rest)

    outcomes: list[object] = []
    for _ in range(20):  # the order in which Trio runs tasks is random
        async with wire_server(unfinished, answer(ok(), ok())) as server, opened() as transport:
            stream = stream_of(await begun(transport, server.url))
            assert await stream.receive() == b"one"
            async with trio.open_nursery() as nursery:
                nursery.start_soon(read, stream)
                await wait_all_tasks_blocked()
                nursery.start_soon(stream.aclose)
                nursery.start_soon(write, server.wires[0])
            is_kept = outcomes[-1] == b" two"
            assert f"open={is_kept:d} in_use=0" in repr(transport)
    assert "the transport was closed" in outcomes
    assert set(outcomes) <= {"the transport was closed", b" two"}


async def test_a_cancelled_read_loses_nothing() -> None:
    """A read that was cancelled can be taken up again."""

    async def late(wire: Wire) -> None:
        await wire.read_request()
        await wire.send(ok(b"one two")[:-4])
        await go.wait()
        await wire.send(b" two")
        await answer(ok())(wire)

    go = trio.Event()
    async with wire_server(late) as server, opened() as transport:
        response = await begun(transport, server.url)
        stream = stream_of(response)
        pieces = [await stream.receive()]
        with trio.CancelScope() as scope:
            scope.cancel()
            await stream.receive()
        assert scope.cancelled_caught
        go.set()
        pieces += [piece async for piece in stream]
        assert pieces == [b"one", b" two"]
        assert (await fetch(transport, server.url)).content == b"{}"


async def test_a_body_without_end() -> None:
    """Where the end of the connection is the end of the body, the connection is closed with it."""
    script = answer((b"HTTP/1.1 200 OK\r\n\r\n", b"all of it"), then=close)
    async with wire_server(script, answer(ok())) as server, opened() as transport:
        assert (await fetch(transport, server.url)).content == b"all of it"
        assert "open=0 in_use=0" in repr(transport)
