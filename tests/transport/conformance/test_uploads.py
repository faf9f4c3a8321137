"""How the body of a request is sent: framed once, complete, and never ended by an accident."""

from __future__ import annotations

import functools

import h11
import httpx
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from support.transports import OpenTransport, Pieces, fetch
from support.wire import Wire, answer, ok, wire_server

LARGE = bytes(range(256)) * 20_000  # 5 MB: more than the kernel's buffers hold
SENT_IN_PART = (httpx.LocalProtocolError, h11.LocalProtocolError)  # httpx lets h11's own through


async def test_no_body(opened: OpenTransport) -> None:
    """A GET has no framing: what follows its head is the next request."""
    async with wire_server(answer(ok(), ok())) as server, opened() as transport:
        for _ in range(2):
            await fetch(transport, server.url)
        received = server.wires[0].received
        assert received.count(b"GET / HTTP/1.1\r\n") == received.count(b"\r\n\r\n") == 2
        assert b"content-length" not in received.lower()
        assert b"transfer-encoding" not in received.lower()


async def test_an_empty_body(opened: OpenTransport) -> None:
    """A POST of nothing says so."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        await fetch(transport, server.url, "POST", content=b"")
        assert server.wires[0].received.lower().endswith(b"content-length: 0\r\n\r\n")


@pytest.mark.parametrize(
    "body", [b"x", b"\r\n\r\n0\r\n\r\n", bytes(range(256)), LARGE], ids=["x", "crlf", "all", "5MB"]
)
async def test_a_body_in_memory(opened: OpenTransport, body: bytes) -> None:
    """Bytes go out with their length, as they are."""
    async with wire_server(answer(ok(), ok(b"next"))) as server, opened() as transport:
        await fetch(transport, server.url, "POST", content=body)
        assert (await fetch(transport, server.url)).content == b"next"
        head, _, rest = server.wires[0].received.partition(b"\r\n\r\n")
        assert b"\r\nContent-Length: %d" % len(body) in head
        assert rest.startswith(body + b"GET / ")


@pytest.mark.parametrize(
    ("pieces", "wire"),
    [
        pytest.param([], b"0\r\n\r\n", id="none"),
        pytest.param([b"hello"], b"5\r\nhello\r\n0\r\n\r\n", id="one"),
        pytest.param([b"", b"he", b"", b"llo", b""], b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", id="empty ones"),
        pytest.param([b"0\r\n\r\n"], b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", id="what looks like the end"),
        pytest.param([b"x" * 26], b"1a\r\n" + b"x" * 26 + b"\r\n0\r\n\r\n", id="hex size"),
        pytest.param([LARGE], b"4e2000\r\n" + LARGE + b"\r\n0\r\n\r\n", id="5MB"),
    ],
)
async def test_a_body_in_chunks(opened: OpenTransport, pieces: list[bytes], wire: bytes) -> None:
    """A body of unknown length goes out in chunks; an empty piece does not end it."""

    async def script(connection: Wire) -> None:
        await connection.read_until(b"\r\n\r\n")
        assert (await connection.read_exactly(len(wire))).lower() == wire.lower()
        await connection.send(ok(b"done"))
        await connection.read_request()
        await connection.send(ok(b"next"))

    async with wire_server(script) as server, opened() as transport:
        response = await fetch(transport, server.url, "POST", pieces=Pieces(*pieces))
        assert response.content == b"done"
        assert (await fetch(transport, server.url)).content == b"next"
        assert b"\r\ntransfer-encoding: chunked\r\n" in server.wires[0].received.lower()


async def test_pieces_with_a_length_that_is_known(opened: OpenTransport) -> None:
    """A stream whose length the caller says goes out without chunks."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        headers = {"Content-Length": "5"}
        await fetch(transport, server.url, "PUT", headers=headers, pieces=Pieces(b"he", b"", b"llo"))
        assert server.wires[0].received.endswith(b"\r\n\r\nhello")


@pytest.mark.parametrize("pieces", [[b"hell"], [], [b"hello!"], [b"hello", b"!"]], ids=repr)
async def test_another_length_than_was_said(opened: OpenTransport, pieces: list[bytes]) -> None:
    """Too few bytes would eat the next request, too many would be one: an error, and the connection is closed."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        with pytest.raises(SENT_IN_PART):
            headers = {"Content-Length": "5"}
            await fetch(transport, server.url, "PUT", headers=headers, pieces=Pieces(*pieces))
        await server.wires[0].client_left()
        _, _, body = server.wires[0].received.partition(b"\r\n\r\n")
        assert len(body) <= 5


async def test_a_body_that_fails_is_not_ended(opened: OpenTransport) -> None:
    """Where the application's own stream raises, it gets its error, and the server sees no complete request."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        with pytest.raises(ZeroDivisionError):
            await fetch(transport, server.url, "POST", pieces=Pieces(b"hello", ZeroDivisionError()))
        await server.wires[0].client_left()
        assert not server.wires[0].received.endswith(b"0\r\n\r\n")


async def test_a_cancelled_upload_is_not_ended(opened: OpenTransport) -> None:
    """A request that is cancelled while its body is sent closes its connection, in the middle of the body."""
    async with wire_server(answer(ok()), answer(ok(b"next"))) as server, opened() as transport:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(functools.partial(fetch, transport, server.url, "POST", pieces=Pieces(b"hello", None)))
            await wait_all_tasks_blocked(0.01)
            nursery.cancel_scope.cancel(reason="the user left")
        await server.wires[0].client_left()
        assert server.wires[0].received.endswith(b"5\r\nhello\r\n")
        assert (await fetch(transport, server.url)).content == b"next"


async def test_a_server_that_reads_slowly(opened: OpenTransport) -> None:
    """Writes that the kernel takes in part only arrive complete, and in order."""

    async def script(wire: Wire) -> None:
        await wire.read_until(b"\r\n\r\n")
        await wait_all_tasks_blocked()
        assert await wire.read_exactly(len(LARGE)) == LARGE
        await wire.send(ok(b"done"))

    async with wire_server(script) as server, opened() as transport:
        assert (await fetch(transport, server.url, "POST", content=LARGE)).content == b"done"


@pytest.mark.parametrize("length", ["abc", "-1", "+5", "0x5", "5, 6", "", "1_0"])
async def test_a_length_that_is_no_number(opened: OpenTransport, length: str) -> None:
    """A Content-Length that servers could read in different ways never goes out."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        with pytest.raises(httpx.LocalProtocolError):
            await fetch(transport, server.url, "POST", headers={"Content-Length": length}, content=b"hello")
        assert not any(wire.received for wire in server.wires)


@pytest.mark.parametrize(
    "headers",
    [
        [(b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked")],
        [(b"Content-Length", b"5"), (b"Content-Length", b"6")],
        [(b"Transfer-Encoding", b"gzip")],
        [(b"Transfer-Encoding", b"chunked"), (b"Transfer-Encoding", b"chunked")],
        [(b"Transfer-Encoding", b"xchunked")],
    ],
    ids=repr,
)
async def test_framing_that_contradicts_itself(native: OpenTransport, headers: list[tuple[bytes, bytes]]) -> None:
    """What would smuggle a request never goes out: refused, or one framing only.

    httpx sends both headers.
    """
    async with wire_server(answer(ok())) as server, native() as transport:
        host = (b"Host", b"%s:%d" % (b"127.0.0.1", server.port))
        with pytest.raises(httpx.LocalProtocolError):
            await fetch(transport, server.url, "POST", headers=[host, *headers], pieces=Pieces(b"hello"))
        assert not any(wire.received for wire in server.wires)
