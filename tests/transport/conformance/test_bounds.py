"""What a server can make us read for one response is bounded, the body aside."""

from __future__ import annotations

import httpx
import pytest

from support.transports import OpenTransport, fetch
from support.wire import Script, Wire, answer, ok, wire_server

STATUS = b"HTTP/1.1 200 OK\r\n"
CHUNKED = STATUS + b"Transfer-Encoding: chunked\r\n\r\n"
ENOUGH = 16 * 1024 * 1024  # bytes that no server gets rid of: the limit and what is in the kernel's buffers


def pour(start: bytes, again: bytes) -> Script:
    """Send *start* and then *again* until the client has enough."""
    block = again * (65536 // len(again))

    async def script(wire: Wire) -> None:
        await wire.read_request()
        await wire.send(start)
        for _ in range(ENOUGH // len(block)):
            await wire.send(block)
        raise AssertionError("the client takes everything")

    return script


@pytest.mark.parametrize(
    ("start", "again"),
    [
        pytest.param(b"HTTP/1.1 200 ", b"x", id="reason"),
        pytest.param(b"HTTP/1.1 2", b"0", id="status"),
        pytest.param(b"", b"H", id="version"),
        pytest.param(STATUS, b"x", id="header name"),
        pytest.param(STATUS + b"A: ", b"x", id="header value"),
        pytest.param(STATUS + b"A:", b" ", id="white space in front of a value"),
        pytest.param(STATUS, b"A: b\r\n", id="headers"),
        pytest.param(STATUS + b"Content-Length: ", b"0", id="length"),
        pytest.param(CHUNKED, b"0", id="chunk size"),
        pytest.param(CHUNKED + b"5;", b"a", id="name of a chunk extension"),
        pytest.param(CHUNKED + b"5;a=", b"b", id="value of a chunk extension"),
        pytest.param(CHUNKED + b"5", b";a=b", id="chunk extensions"),
        pytest.param(CHUNKED + b"0\r\n", b"a", id="trailer name"),
        pytest.param(CHUNKED + b"0\r\nA: ", b"a", id="trailer value"),
        pytest.param(CHUNKED + b"0\r\n", b"A: b\r\n", id="trailers"),
    ],
)
async def test_an_endless_part(opened: OpenTransport, start: bytes, again: bytes) -> None:
    """Whatever never ends is an error in the end, and its connection is closed."""
    async with wire_server(pour(start, again)) as server, opened() as transport:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(transport, server.url)
        await server.wires[0].client_left()


async def test_endless_line_ends_before_the_response(native: OpenTransport) -> None:
    """Empty lines before the status line are refused, or passed over (RFC 9112, 2.2) up to some number."""
    async with wire_server(pour(b"", b"\r\n")) as server, native() as transport:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(transport, server.url)


async def test_endless_chunks_of_little_but_extensions(native: OpenTransport) -> None:
    """They bring next to nothing; httpx's transport takes them for as long as they come."""
    again = b"1;" + b"a" * 1000 + b"\r\nx\r\n"
    async with wire_server(pour(CHUNKED, again)) as server, native() as transport:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(transport, server.url)
        await server.wires[0].client_left()


async def test_small_chunks_are_no_overhead(opened: OpenTransport) -> None:
    """A stream of tokens has a few bytes in each."""
    body = b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n"
    async with wire_server(answer(CHUNKED + body)) as server, opened() as transport:
        assert (await fetch(transport, server.url)).content == b"x" * 50_000


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([b"X-Large: " + b"x" * 60_000], id="one of 60 kB"),
        pytest.param([b"X-%d: %d" % (number, number) for number in range(200)], id="200 of them"),
        pytest.param([b"Set-Cookie: a=" + b"x" * 4000] * 10, id="ten cookies"),
    ],
)
async def test_headers_that_are_large_but_real(opened: OpenTransport, lines: list[bytes]) -> None:
    """What servers do send is taken, complete and in order."""
    async with wire_server(answer(ok(b"hello", *lines))) as server, opened() as transport:
        response = await fetch(transport, server.url)
        assert response.content == b"hello"
        assert [b": ".join(item) for item in response.headers.raw[1:]] == lines
