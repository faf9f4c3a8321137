"""What goes out is what was meant: request line and headers as they are, or nothing at all."""

from __future__ import annotations

import httpx
import pytest

from support.transports import OpenTransport, fetch
from support.wire import WireServer, answer, ok, wire_server


def sent(server: WireServer) -> bytes:
    return b"".join(wire.received for wire in server.wires)


async def test_the_request_line_and_the_host(opened: OpenTransport) -> None:
    """Method, path and query as they are; the host with its port; nothing of the URL's user or fragment."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        url = server.url.replace("//", "//user:secret@") + "/a%20b/%C3%A9?q=1&q=%26#fragment"
        await fetch(transport, url, "OPTIONS")
        assert sent(server).startswith(
            b"OPTIONS /a%%20b/%%C3%%A9?q=1&q=%%26 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port
        )
        assert b"secret" not in sent(server)


async def test_headers_as_they_are(opened: OpenTransport) -> None:
    """In their order and case, repeated, empty, and with bytes that are no ASCII."""
    headers = [
        (b"X-b", b"2"),
        (b"x-A", b"1"),
        (b"X-b", b"3"),
        (b"X-Empty", b""),
        (b"X-Latin", b"caf\xe9"),
        (b"X-Tab", b"a\tb"),
    ]
    async with wire_server(answer(ok())) as server, opened() as transport:
        await fetch(transport, server.url, headers=[(b"Host", b"api.example.test"), *headers])
        lines = sent(server).split(b"\r\n")[1:-2]
        assert lines == [b"Host: api.example.test", *(b"%b: %b" % header for header in headers)]


@pytest.mark.parametrize("target", [b"*", b"/a//b/../c", b"http://api.example.test/absolute"])
async def test_another_target(opened: OpenTransport, target: bytes) -> None:
    """The extension ``target`` stands in the request line in the place of the URL's path."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        await fetch(transport, server.url + "/path", "OPTIONS", extensions={"target": target})
        assert sent(server).startswith(b"OPTIONS %b HTTP/1.1\r\n" % target)


async def test_expect_is_left_alone(opened: OpenTransport) -> None:
    """``Expect: 100-continue`` goes out, and the body with it: whoever sets it does not make us wait."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        await fetch(transport, server.url, "POST", headers={"Expect": "100-continue"}, content=b"hello")
        assert b"\r\nExpect: 100-continue\r\n" in sent(server)
        assert sent(server).endswith(b"\r\n\r\nhello")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(b"X-A", b"b\r\nX-Evil: c", id="line in a value"),
        pytest.param(b"X-A", b"b\r\n\r\nGET /evil HTTP/1.1", id="request in a value"),
        pytest.param(b"X-A", b"b\nX-Evil: c", id="LF in a value"),
        pytest.param(b"X-A", b"b\rX-Evil: c", id="CR in a value"),
        pytest.param(b"X-A", b"b\0c", id="NUL in a value"),
        pytest.param(b"X-A", b"b\r\n c", id="fold"),
        pytest.param(b"X-A: b\r\nX-Evil", b"c", id="line in a name"),
        pytest.param(b"X-A\n", b"c", id="LF in a name"),
        pytest.param(b"X A", b"c", id="space in a name"),
        pytest.param(b"X-A:", b"c", id="colon in a name"),
        pytest.param(b"", b"c", id="no name"),
        pytest.param(b"X-\xe9", b"c", id="name that is no ASCII"),
    ],
)
async def test_a_header_that_would_be_another(opened: OpenTransport, name: bytes, value: bytes) -> None:
    """Header injection is refused before a byte is written, and the next request is sent as if nothing were."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        with pytest.raises(httpx.LocalProtocolError):
            await fetch(transport, server.url, headers=[(b"Host", b"a"), (name, value)])
        assert sent(server) == b""
        await fetch(transport, server.url)


@pytest.mark.parametrize(
    "method", ["GET / HTTP/1.1\r\nX-Evil: b\r\n\r\nGET", "GET\r\n", "G ET", "", "GE\0T", "G\u00c9T"]
)
async def test_a_method_that_is_none(native: OpenTransport, method: str) -> None:
    """A method that would be a request of its own is refused.

    h11, and so httpx, refuses most; a method that is no ASCII is a UnicodeEncodeError of httpx's.
    """
    async with wire_server(answer(ok())) as server, native() as transport:
        with pytest.raises(httpx.LocalProtocolError):
            await fetch(transport, server.url, method)
        assert sent(server) == b""


@pytest.mark.parametrize("target", [b"/a b", b"/ HTTP/1.1\r\nX-Evil: b\r\n\r\nGET /", b"/\n", b"/\0", b"/\xe9", b"/\t"])
async def test_a_target_that_is_none(opened: OpenTransport, target: bytes) -> None:
    """A target that would end the request line is refused."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        with pytest.raises(httpx.LocalProtocolError):
            await fetch(transport, server.url, extensions={"target": target})
        assert sent(server) == b""


@pytest.mark.parametrize("headers", [[(b"X-A", b"b")], [(b"Host", b"a"), (b"host", b"b")]], ids=["none", "two"])
async def test_one_host(native: OpenTransport, headers: list[tuple[bytes, bytes]]) -> None:
    """A request without a Host header, or with two, is no HTTP/1.1."""
    async with wire_server(answer(ok())) as server, native() as transport:
        request = httpx.Request("GET", server.url)
        request.headers = httpx.Headers(headers)
        with pytest.raises(httpx.LocalProtocolError):
            await transport.handle_async_request(request)
        assert sent(server) == b""


async def test_another_protocol(opened: OpenTransport) -> None:
    """Other schemes are not tried."""
    async with opened() as transport:
        with pytest.raises(httpx.UnsupportedProtocol):
            await fetch(transport, "ftp://127.0.0.1/")
