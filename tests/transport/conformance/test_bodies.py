"""Where the body of a response begins and ends (RFC 9112, 6), and that what follows it is the next response."""

from __future__ import annotations

import httpx
import pytest
import trio

from support.transports import OpenTransport, fetch
from support.wire import Wire, answer, close, ok, wire_server

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length:"


@pytest.mark.parametrize(
    ("response", "body"),
    [
        pytest.param(SIZED + b" 5\r\n\r\nhello", b"hello", id="length"),
        pytest.param(SIZED + b" 0\r\n\r\n", b"", id="length zero"),
        pytest.param(SIZED + b" 005\r\n\r\nhello", b"hello", id="length with zeros in front"),
        pytest.param(SIZED + b"\t 5 \r\n\r\nhello", b"hello", id="length in white space"),
        pytest.param(SIZED + b" 70000\r\n\r\n" + b"x" * 70000, b"x" * 70000, id="length beyond one read"),
        pytest.param(CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", b"hello", id="chunk"),
        pytest.param(CHUNKED + b"0\r\n\r\n", b"", id="no chunk"),
        pytest.param(CHUNKED + b"1\r\nh\r\n2\r\nel\r\n2\r\nlo\r\n0\r\n\r\n", b"hello", id="chunks"),
        pytest.param(CHUNKED + b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2, id="hex digits"),
        pytest.param(CHUNKED + b"0005\r\nhello\r\n000\r\n\r\n", b"hello", id="size with zeros in front"),
        pytest.param(CHUNKED + b"5;a=b;c\r\nhello\r\n0;d=e\r\n\r\n", b"hello", id="chunk extensions"),
        pytest.param(CHUNKED + b'5;a="b"\r\nhello\r\n0\r\n\r\n', b"hello", id="quoted chunk extension"),
        pytest.param(
            CHUNKED + b"11170\r\n" + b"x" * 70000 + b"\r\n0\r\n\r\n", b"x" * 70000, id="chunk beyond one read"
        ),
        pytest.param(CHUNKED + b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n", id="chunk of line ends"),
        pytest.param(CHUNKED.replace(b"chunked", b"CHUNKED") + b"0\r\n\r\n", b"", id="coding in capitals"),
    ],
)
async def test_a_body_that_says_where_it_ends(opened: OpenTransport, response: bytes, body: bytes) -> None:
    """By its length or in chunks: it is what was sent, and the next response follows on the same connection."""
    async with wire_server(answer(response, response, ok(b"next"))) as server, opened() as transport:
        for expected in (body, body, b"next"):
            assert (await fetch(transport, server.url)).content == expected
        assert len(server.wires) == 1


async def test_trailers_are_no_body_and_no_headers(opened: OpenTransport) -> None:
    """What follows the last chunk is neither part of the body, nor of the headers, nor of the next response."""
    trailers = b"X-Checksum: abc\r\nSet-Cookie: a=b\r\nContent-Type: text/html\r\n"
    response = CHUNKED + b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n"
    async with wire_server(answer(response, ok(b"next"))) as server, opened() as transport:
        first = await fetch(transport, server.url)
        assert (first.content, dict(first.headers)) == (b"hello", {"transfer-encoding": "chunked"})
        assert (await fetch(transport, server.url)).content == b"next"


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n"],
)
@pytest.mark.parametrize("body", [b"", b"hello"])
async def test_a_body_that_ends_with_the_connection(opened: OpenTransport, head: bytes, body: bytes) -> None:
    """Without a length the body is what comes until the server closes."""
    async with wire_server(answer((head, body), then=close), answer(ok(b"next"))) as server, opened() as transport:
        assert (await fetch(transport, server.url)).content == body
        assert (await fetch(transport, server.url)).content == b"next"
        assert len(server.wires) == 2


@pytest.mark.parametrize(
    ("method", "response"),
    [
        pytest.param("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", id="HEAD, length"),
        pytest.param("HEAD", CHUNKED, id="HEAD, chunked"),
        pytest.param("HEAD", b"HTTP/1.1 200 OK\r\n\r\n", id="HEAD, nothing said"),
        pytest.param("HEAD", b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n", id="HEAD, 404"),
        pytest.param("GET", b"HTTP/1.1 204 No Content\r\n\r\n", id="204"),
        pytest.param("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", id="204, length"),
        pytest.param("GET", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", id="204, chunked"),
        pytest.param("GET", b"HTTP/1.1 304 Not Modified\r\n\r\n", id="304"),
        pytest.param("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", id="304, length"),
        pytest.param("POST", b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", id="304, chunked"),
    ],
)
async def test_a_response_that_has_no_body(opened: OpenTransport, method: str, response: bytes) -> None:
    """To HEAD, and with 204 and 304, there is none whatever the headers say, and the connection goes on."""
    async with wire_server(answer(response, ok(b"next"))) as server, opened() as transport:
        assert (await fetch(transport, server.url, method)).content == b""
        assert (await fetch(transport, server.url)).content == b"next"
        assert len(server.wires) == 1


async def test_the_length_of_what_head_did_not_send_is_kept(opened: OpenTransport) -> None:
    """The headers of a response to HEAD say what GET would give."""
    async with (
        wire_server(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n")) as server,
        opened() as transport,
    ):
        assert (await fetch(transport, server.url, "HEAD")).headers["Content-Length"] == "12345"


async def test_a_body_comes_as_it_arrives(opened: OpenTransport) -> None:
    """A piece is given when it is there, not when the body is complete."""
    more = trio.Event()

    async def script(wire: Wire) -> None:
        await wire.read_request()
        await wire.send(CHUNKED + b"3\r\none\r\n")
        await more.wait()
        await wire.send(b"3\r\ntwo\r\n0\r\n\r\n")

    async with wire_server(script) as server, opened() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        pieces = []
        async for piece in response.aiter_raw():
            pieces.append(piece)
            more.set()
        await response.aclose()
    assert pieces == [b"one", b"two"]
