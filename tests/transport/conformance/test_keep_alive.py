"""Which connections serve another request (RFC 9112, 9.3), and which are closed."""

from __future__ import annotations

import httpx
import pytest
import trio

from support.transports import OpenTransport, fetch
from support.wire import Wire, answer, ok, wire_server


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_one_connection_for_one_request_after_the_other(opened: OpenTransport, method: str) -> None:
    """A response that was read to its end leaves its connection to the next request."""
    content = b"body" if method in ("POST", "PUT", "PATCH") else None
    async with wire_server(answer(*[ok()] * 5)) as server, opened() as transport:
        for _ in range(5):
            await fetch(transport, server.url, method, content=content)
        assert len(server.wires) == 1


@pytest.mark.parametrize("value", [b"close", b"Close", b"keep-alive, close", b"close,foo"])
async def test_the_server_says_close(opened: OpenTransport, value: bytes) -> None:
    """``Connection: close`` is the last response of a connection: we close it, even if the server does not."""
    closing = ok(b"last", b"Connection: " + value)
    async with wire_server(answer(closing), answer(ok(b"next"))) as server, opened() as transport:
        assert (await fetch(transport, server.url)).content == b"last"
        await server.wires[0].client_left()
        assert (await fetch(transport, server.url)).content == b"next"


async def test_the_client_says_close(opened: OpenTransport) -> None:
    """A request with ``Connection: close`` is the last of its connection, whatever the server says."""
    async with wire_server(answer(ok(b"last", b"Connection: keep-alive"))) as server, opened() as transport:
        response = await fetch(transport, server.url, headers={"Connection": "close"})
        assert response.content == b"last"
        assert b"\r\nConnection: close\r\n" in server.wires[0].received
        await server.wires[0].client_left()


async def test_http_1_0_is_closed(opened: OpenTransport) -> None:
    """HTTP/1.0 that does not say keep-alive serves one request a connection."""
    old = b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    async with wire_server(answer(old)) as server, opened() as transport:
        for count in (1, 2):
            assert (await fetch(transport, server.url)).content == b"hello"
            await server.wires[-1].client_left()
            assert len(server.wires) == count


async def test_http_1_0_may_be_kept_alive(opened: OpenTransport) -> None:
    """HTTP/1.0 with keep-alive and a length is read right, on the same connection or another."""
    old = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello"
    async with wire_server(answer(old, old)) as server, opened() as transport:
        for _ in range(2):
            assert (await fetch(transport, server.url)).content == b"hello"


async def test_chunks_in_http_1_0_end_the_connection(opened: OpenTransport) -> None:
    """A transfer coding in HTTP/1.0 is faulty framing, after which a connection must be closed (RFC 9112, 6.1)."""
    old = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    async with wire_server(answer(old, old)) as server, opened() as transport:
        try:
            assert (await fetch(transport, server.url)).content == b"hello"
        except httpx.RemoteProtocolError:
            pass  # to refuse it is as good
        await server.wires[0].client_left()


UNFINISHED = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"HTTP/1.1 500 Wrong\r\n\r\n"


async def test_a_body_that_nobody_read(opened: OpenTransport) -> None:
    """A response that is closed before its end takes its connection with it: its rest is no one's response."""
    async with wire_server(answer(UNFINISHED), answer(ok(b"next"))) as server, opened() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        await response.aclose()
        assert (await fetch(transport, server.url)).content == b"next"
        await server.wires[0].client_left()


async def test_a_body_that_was_read_in_part(native: OpenTransport) -> None:
    """So does one of which a piece was read.

    httpx leaves the generators of such a body to the garbage collector, of which Trio warns.
    """
    async with wire_server(answer(UNFINISHED), answer(ok(b"next"))) as server, native() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        assert UNFINISHED.endswith(await anext(aiter(response.stream)))
        await response.aclose()
        assert (await fetch(transport, server.url)).content == b"next"
        await server.wires[0].client_left()


async def test_a_body_that_is_there_but_was_not_read(opened: OpenTransport) -> None:
    """Whether a response whose body came with its head is thrown away or its connection too: the next is right."""
    async with (
        wire_server(answer(ok(b"HTTP/1.1 500 Wrong\r\n\r\n"), ok(b"next")), answer(ok(b"next"))) as server,
        opened() as transport,
    ):
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        await response.aclose()
        assert (await fetch(transport, server.url)).content == b"next"


async def test_closing_twice(opened: OpenTransport) -> None:
    """A response may be closed again, also when its connection serves another request by then."""
    async with wire_server(answer(ok(b"one"), ok(b"two"), ok(b"three"))) as server, opened() as transport:
        first = await fetch(transport, server.url)
        second = await transport.handle_async_request(httpx.Request("GET", server.url))
        await first.aclose()
        assert await second.aread() == b"two"
        await second.aclose()
        assert (await fetch(transport, server.url)).content == b"three"
        assert len(server.wires) == 1


async def test_two_at_a_time(opened: OpenTransport) -> None:
    """Requests at the same time have a connection each, and each gets its own answer."""
    more = trio.Event()

    async def slow(wire: Wire) -> None:
        await wire.read_request()
        await wire.send(ok(b"one")[:-1])
        await more.wait()
        await wire.send(b"e")

    async with wire_server(slow, answer(ok(b"two"))) as server, opened() as transport:
        first = await transport.handle_async_request(httpx.Request("GET", server.url))
        assert (await fetch(transport, server.url)).content == b"two"
        more.set()
        assert await first.aread() == b"one"
        await first.aclose()
        assert len(server.wires) == 2


async def test_another_origin_has_its_own_connections(opened: OpenTransport) -> None:
    """Another port is another origin: it gets neither the connection nor the answer."""
    async with (
        wire_server(answer(*[ok(b"a")] * 2)) as one,
        wire_server(answer(*[ok(b"b")] * 2)) as two,
        opened() as transport,
    ):
        found = [(await fetch(transport, server.url)).content for server in (one, two, one, two)]
        assert found == [b"a", b"b", b"a", b"b"]
        assert (len(one.wires), len(two.wires)) == (1, 1)


async def test_no_connection_is_kept(opened: OpenTransport) -> None:
    """With ``max_keepalive_connections=0`` each is closed after its response."""
    limits = httpx.Limits(max_keepalive_connections=0)
    async with wire_server(answer(ok())) as server, opened(limits=limits) as transport:
        for count in (1, 2):
            await fetch(transport, server.url)
            await server.wires[-1].client_left()
            assert len(server.wires) == count


async def test_no_more_connections_than_allowed(opened: OpenTransport) -> None:
    """Ten tasks share the two connections that ``max_connections`` allows."""
    limits = httpx.Limits(max_connections=2)
    async with wire_server(answer(*[ok()] * 10)) as server, opened(limits=limits) as transport:
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(fetch, transport, server.url)
        assert len(server.wires) == 2


async def test_room_is_made_for_another_origin(opened: OpenTransport) -> None:
    """An idle connection is closed where the limit leaves no other to a request for elsewhere."""
    limits = httpx.Limits(max_connections=1)
    async with (
        wire_server(answer(ok(b"a"))) as one,
        wire_server(answer(ok(b"b"))) as two,
        opened(limits=limits) as transport,
    ):
        assert (await fetch(transport, one.url)).content == b"a"
        assert (await fetch(transport, two.url)).content == b"b"
        await one.wires[0].client_left()


async def test_closing_the_transport_closes_what_is_idle(opened: OpenTransport) -> None:
    """After its block a transport has no connection open."""
    async with wire_server(answer(ok())) as server:
        async with opened() as transport:
            await fetch(transport, server.url)
        await server.wires[0].client_left()
