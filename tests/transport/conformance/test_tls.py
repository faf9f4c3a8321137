"""Whom a connection trusts, and as whom it speaks."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from support.raw_server import RawServer, never_answer
from support.slow_streams import cut
from support.transports import OpenTransport, fetch
from support.wire import Script, Wire, answer, close, ok, reset, wire_server
from trio_api import APIConnectionError, AsyncAPIClient
from trio_api.retry import FailureKind
from trio_api.transport import Trace, failure_of, foreign_errors

YESTERDAY = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
NAME = "api.example.test"


def serving_as(authority: trustme.CA, *names: str, not_after: datetime.datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=not_after).configure_cert(context)
    return context


@pytest.fixture(params=["another host", "expired", "self-signed"])
def bad(request: pytest.FixtureRequest, authority: trustme.CA) -> ssl.SSLContext:
    """The context of a server that is not who it says, or not any more, or on its own word."""
    match request.param:
        case "another host":
            return serving_as(authority, NAME)
        case "expired":
            return serving_as(authority, "127.0.0.1", not_after=YESTERDAY)
        case _:
            return serving_as(trustme.CA(), "127.0.0.1")


async def test_a_good_certificate(opened: OpenTransport, good: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    """A server that an authority vouches for is spoken to, over one connection."""
    async with wire_server(answer(ok(), ok(bytes(500_000))), tls=good) as server, opened(verify=trusting) as transport:
        await fetch(transport, server.url)
        assert len((await fetch(transport, server.url)).content) == 500_000
        assert len(server.wires) == 1


async def test_records_of_a_byte(opened: OpenTransport, good: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    """How the server cuts its records makes no difference."""
    response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    pieces = tuple(cut(response, [1]))
    async with wire_server(answer(pieces, pieces), tls=good) as server, opened(verify=trusting) as transport:
        for _ in range(2):
            assert (await fetch(transport, server.url)).content == b"hello"
        assert len(server.wires) == 1


async def test_an_upload(opened: OpenTransport, good: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    """A large body arrives as it was sent."""
    body = bytes(range(256)) * 20_000
    async with wire_server(answer(ok()), tls=good) as server, opened(verify=trusting) as transport:
        await fetch(transport, server.url, "POST", content=body)
        assert server.wires[0].received.endswith(b"\r\n\r\n" + body)


async def test_a_bad_certificate(opened: OpenTransport, bad: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    """There is no connection, nothing was sent, and to try again is of no use."""
    trace = Trace()
    async with wire_server(answer(ok()), tls=bad) as server, opened(verify=trusting) as transport:
        with pytest.raises(httpx.ConnectError) as caught:
            await fetch(transport, server.url, extensions={"trace": trace.async_hook})
        await server.wires[0].client_left()
        assert server.wires[0].received == b""
    failure = failure_of(caught.value, trace, httpx.Request("GET", server.url))
    assert (failure.kind, failure.error.sent) == (FailureKind.FINAL, False)


async def test_a_bad_certificate_is_not_tried_again(
    opened: OpenTransport, bad: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """The client's error is one of connection, after one connection."""
    async with wire_server(answer(ok()), tls=bad) as server:
        async with AsyncAPIClient(
            base_url=server.url, http_client=httpx.AsyncClient(transport=opened(verify=trusting))
        ) as client:
            with pytest.raises(APIConnectionError, match="certificate") as caught:
                await client.get("/", cast_to=object)
        assert len(server.wires) == len(caught.value.attempts) == 1


async def test_trust_in_everybody(opened: OpenTransport, bad: ssl.SSLContext) -> None:
    """With ``verify=False`` no certificate is bad."""
    async with wire_server(answer(ok()), tls=bad) as server, opened(verify=False) as transport:
        assert (await fetch(transport, server.url)).status_code == 200


async def test_trust_from_the_environment(
    opened: OpenTransport, good: ssl.SSLContext, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``SSL_CERT_FILE`` names the authorities, if the environment is trusted."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with wire_server(answer(ok()), tls=good) as server:
        async with opened(verify=True, trust_env=True) as transport:
            assert (await fetch(transport, server.url)).status_code == 200
        async with opened(verify=True, trust_env=False) as transport:
            with pytest.raises(httpx.ConnectError):
                await fetch(transport, server.url)


class TestClientCertificates:
    """A server that wants to know who we are."""

    @pytest.fixture
    def curious(self, authority: trustme.CA, good: ssl.SSLContext) -> ssl.SSLContext:
        authority.configure_trust(good)
        good.verify_mode = ssl.CERT_REQUIRED
        return good

    async def test_one_that_it_knows(
        self, opened: OpenTransport, authority: trustme.CA, curious: ssl.SSLContext, trusting: ssl.SSLContext
    ) -> None:
        """Ours is shown to it."""
        authority.issue_cert("client@example.test").configure_cert(trusting)
        async with wire_server(answer(ok()), tls=curious) as server, opened(verify=trusting) as transport:
            assert (await fetch(transport, server.url)).status_code == 200

    async def test_none(self, opened: OpenTransport, curious: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
        """With TLS 1.3 it says after our part of the handshake that it wants one: an error, and a final one."""
        trace = Trace()
        with RawServer(never_answer, tls=curious) as server:  # which tells why, as a trio.SSLStream does not
            async with opened(verify=trusting) as transport:
                with pytest.raises(foreign_errors()) as caught:
                    await fetch(transport, server.url, extensions={"trace": trace.async_hook})
        assert isinstance(caught.value, Exception)
        assert failure_of(caught.value, trace, httpx.Request("GET", server.url)).kind is FailureKind.FINAL


async def test_another_name(opened: OpenTransport, authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    """The extension ``sni_hostname`` says who the server has to be, and tells the server so."""
    asked_for: list[str | None] = []
    context = serving_as(authority, NAME)
    context.sni_callback = lambda _object, name, _context: asked_for.append(name)
    async with wire_server(answer(ok(), ok()), tls=context) as server, opened(verify=trusting) as transport:
        for _ in range(2):
            await fetch(transport, server.url, extensions={"sni_hostname": NAME})
        assert (asked_for, len(server.wires)) == ([NAME], 1)
        assert b"\r\nHost: 127.0.0.1:%d\r\n" % server.port in server.wires[0].received


async def test_a_connection_to_another_name_is_not_taken(
    native: OpenTransport, authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """A connection that was opened for one ``sni_hostname`` proves nothing of another. httpx takes it all the same."""
    context = serving_as(authority, NAME)
    async with wire_server(answer(ok(), ok()), tls=context) as server, native(verify=trusting) as transport:
        await fetch(transport, server.url, extensions={"sni_hostname": NAME})
        with pytest.raises(httpx.ConnectError):
            await fetch(transport, server.url, extensions={"sni_hostname": "evil.example.test"})
        with pytest.raises(httpx.ConnectError):
            await fetch(transport, server.url)


async def test_http_1_1_is_agreed_on(opened: OpenTransport, good: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    """A server that has HTTP/2 too is asked for HTTP/1.1, and the connection tells of its TLS."""
    good.set_alpn_protocols(["h2", "http/1.1"])
    async with wire_server(answer(ok(b"hello")[:-1]), tls=good) as server, opened(verify=trusting) as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        found = response.extensions["network_stream"].get_extra_info("ssl_object")
        assert found.selected_alpn_protocol() == "http/1.1"
        assert found.version() == "TLSv1.3"
        await response.aclose()


@pytest.mark.parametrize("plain", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""], ids=["plain text", "closed"])
async def test_a_server_without_tls(opened: OpenTransport, plain: bytes, trusting: ssl.SSLContext) -> None:
    """What is no handshake is no connection."""

    async def script(wire: Wire) -> None:
        await wire.receive()
        await wire.send(plain)

    async with wire_server(script) as server, opened(verify=trusting) as transport:
        with pytest.raises(httpx.ConnectError):
            await fetch(transport, server.url.replace("http:", "https:"))


@pytest.mark.parametrize("then", [close, reset], ids=["closed", "reset"])
async def test_a_truncated_body(
    opened: OpenTransport, good: ssl.SSLContext, trusting: ssl.SSLContext, then: Script
) -> None:
    """A body that breaks off is an error under TLS, too."""
    async with (
        wire_server(answer(ok(b"hello")[:-1], then=then), tls=good) as server,
        opened(verify=trusting) as transport,
    ):
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await fetch(transport, server.url)


async def test_an_end_that_the_server_did_not_announce(
    native: OpenTransport, good: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """A body that ends with its connection ends with TLS's farewell only: else anybody could cut it (RFC 9112, 9.8).

    httpx takes any end.
    """
    response = b"HTTP/1.1 200 OK\r\n\r\nhello"
    async with wire_server(answer(response, then=close), tls=good) as server, native(verify=trusting) as transport:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await fetch(transport, server.url)


async def test_an_end_that_the_server_did_announce(
    opened: OpenTransport, good: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """With the farewell such a body is complete."""

    async def farewell(wire: Wire) -> None:
        await wire.stream.aclose()

    response = b"HTTP/1.1 200 OK\r\n\r\nhello"
    async with wire_server(answer(response, then=farewell), tls=good) as server, opened(verify=trusting) as transport:
        assert (await fetch(transport, server.url)).content == b"hello"
