"""What a response tells of its connection, and a request of its progress: httpx's extensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from support.transports import OpenTransport, fetch
from support.wire import answer, close, ok, wire_server


@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/1.0"])
async def test_the_version(opened: OpenTransport, version: bytes) -> None:
    """It is the server's."""
    async with wire_server(answer(ok().replace(b"HTTP/1.1", version))) as server, opened() as transport:
        response = await fetch(transport, server.url)
        assert (response.extensions["http_version"], response.http_version) == (version, version.decode())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"HTTP/1.1 200 OK", b"OK"),
        (b"HTTP/1.1 200 Very Well (1)", b"Very Well (1)"),
        (b"HTTP/1.1 200 ", b""),
        (b"HTTP/1.1 200", b""),
        (b"HTTP/1.1 200 caf\xe9", b"caf\xe9"),
    ],
)
async def test_the_reason(opened: OpenTransport, line: bytes, reason: bytes) -> None:
    """It is whatever the server says, also nothing."""
    async with wire_server(answer(line + b"\r\nContent-Length: 0\r\n\r\n")) as server, opened() as transport:
        response = await fetch(transport, server.url)
        assert response.extensions["reason_phrase"] == reason


@pytest.mark.parametrize("status", [200, 299, 404, 599, 600, 999])
async def test_the_status(opened: OpenTransport, status: int) -> None:
    """Any of three digits from 200 is one."""
    response = b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status
    async with wire_server(answer(response)) as server, opened() as transport:
        assert (await fetch(transport, server.url)).status_code == status


async def test_headers_as_they_came(opened: OpenTransport) -> None:
    """In their order and case, repeated, trimmed, empty, and with bytes that are no ASCII."""
    block = b"X-b: 2\r\nx-A:1\r\nX-b: \t 3 \t\r\nX-Empty:\r\nX-Latin: caf\xe9\r\nSet-Cookie: a=b, c\r\nSet-Cookie: d"
    async with wire_server(answer(ok(b"", block))) as server, opened() as transport:
        response = await fetch(transport, server.url)
        assert response.headers.raw == [
            (b"Content-Length", b"0"),
            (b"X-b", b"2"),
            (b"x-A", b"1"),
            (b"X-b", b"3"),
            (b"X-Empty", b""),
            (b"X-Latin", b"caf\xe9"),
            (b"Set-Cookie", b"a=b, c"),
            (b"Set-Cookie", b"d"),
        ]


async def test_the_network_stream(opened: OpenTransport) -> None:
    """It knows the addresses of both ends, and the socket."""
    async with wire_server(answer(ok(b"hello")[:-1])) as server, opened() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        stream = response.extensions["network_stream"]
        assert stream.get_extra_info("server_addr") == ("127.0.0.1", server.port)
        assert stream.get_extra_info("client_addr") == server.wires[0].socket.getpeername()
        assert stream.get_extra_info("socket").fileno() > 0
        assert stream.get_extra_info("ssl_object") is None
        assert stream.get_extra_info("nonsense") is None
        await response.aclose()


class Events:
    """What a trace was told."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.infos: list[Mapping[str, Any]] = []

    async def hook(self, name: str, info: Mapping[str, Any]) -> None:
        self.names.append(name)
        self.infos.append(info)


async def test_the_trace_of_a_request(opened: OpenTransport) -> None:
    """Connecting, sending and receiving begin and end in this order; over a used connection without the first."""
    whole = ["connection.connect_tcp", "http11.send_request_headers", "http11.receive_response_headers"]
    async with wire_server(answer(ok(), ok())) as server, opened() as transport:
        for parts in (whole, whole[1:]):
            events = Events()
            await fetch(transport, server.url, extensions={"trace": events.hook})
            steps = [f"{part}.{state}" for part in parts for state in ("started", "complete")]
            assert [name for name in events.names if name in steps] == steps
            assert not [name for name in events.names if name.endswith(".failed")]


async def test_the_trace_of_a_failure(opened: OpenTransport) -> None:
    """What fails is told, with the exception."""
    events = Events()
    async with wire_server(answer(b"", then=close)) as server, opened() as transport:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(transport, server.url, extensions={"trace": events.hook})
    at = events.names.index("http11.receive_response_headers.failed")
    assert isinstance(events.infos[at]["exception"], Exception)
    assert "http11.receive_response_headers.complete" not in events.names
