"""Responses before the response (RFC 9110, 15.2): 100, 103 and what else a server may say first."""

from __future__ import annotations

import httpx
import pytest

from support.transports import OpenTransport, fetch
from support.wire import Wire, answer, close, ok, wire_server

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Only: hints\r\n\r\n"


@pytest.mark.parametrize(
    "before",
    [
        pytest.param((CONTINUE,), id="100"),
        pytest.param((HINTS,), id="103"),
        pytest.param((b"HTTP/1.1 102 Processing\r\n\r\n",), id="102"),
        pytest.param((b"HTTP/1.1 150 What\r\n\r\n",), id="150"),
        pytest.param((CONTINUE, HINTS, HINTS), id="several"),
        pytest.param((CONTINUE + HINTS,), id="several at once"),
        pytest.param((HINTS[:20], HINTS[20:]), id="in pieces"),
        pytest.param((b"HTTP/1.1 100 Continue\r\nContent-Length: 7\r\n\r\n",), id="with a length"),
        pytest.param((b"HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n",), id="with a coding"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["with the response", "before the response"])
async def test_what_comes_before_is_passed_over(
    opened: OpenTransport, before: tuple[bytes, ...], at_once: bool
) -> None:
    """The response is the first that is none of 1xx, and has its own headers only."""
    last = ok(b"done", b"X-Own: yes")
    response = (*before[:-1], before[-1] + last) if at_once else (*before, last)
    async with wire_server(answer(response, ok(b"next"))) as server, opened() as transport:
        first = await fetch(transport, server.url)
        assert (first.status_code, first.content) == (200, b"done")
        assert dict(first.headers) == {"content-length": "4", "x-own": "yes"}
        assert (await fetch(transport, server.url)).content == b"next"
        assert len(server.wires) == 1


async def test_a_server_that_says_continue_after_the_body(opened: OpenTransport) -> None:
    """A 100 that nobody waited for, sent after the body was read, is passed over too."""
    async with wire_server(answer(CONTINUE + ok(b"done"))) as server, opened() as transport:
        assert (await fetch(transport, server.url, "POST", content=b"body")).content == b"done"


async def test_nothing_after_what_came_before(opened: OpenTransport) -> None:
    """A server that closes after a 1xx did not answer."""
    async with wire_server(answer(CONTINUE, then=close)) as server, opened() as transport:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(transport, server.url)


async def test_switching_protocols_unasked(opened: OpenTransport) -> None:
    """A 101 to a request that asked for no other protocol is none of 1xx to pass over: it breaks the protocol."""
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    async with wire_server(answer(switch + ok())) as server, opened() as transport:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(transport, server.url)
        await server.wires[0].client_left()


async def test_an_endless_run_of_them_is_bounded(native: OpenTransport) -> None:
    """A server can't keep a call for ever by saying 103 again and again.

    It can with httpx.
    """

    async def script(wire: Wire) -> None:
        await wire.read_request()
        while not wire.left.is_set():
            await wire.send(HINTS * 100)

    async with wire_server(script) as server, native() as transport:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(transport, server.url)
        await server.wires[0].client_left()
