"""Proxies: given, from the environment, SOCKS; by httpx's rules and by httpx's transport."""

from __future__ import annotations

import contextlib
import functools
import ssl
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import trio
import trustme

from support.answering import Answering, answering
from support.proxy import Proxy, http_proxy, socks_proxy
from trio_api import APIConnectionError, AsyncAPIClient, DefaultTrioHttpxClient

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
VIA_PROXY = {"via": 1}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
async def server() -> AsyncIterator[Answering]:
    async with answering() as serving:
        yield serving


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async with http_proxy() as serving:
        yield serving


@contextlib.asynccontextmanager
async def encrypted(names: tuple[str, ...] = ("127.0.0.1",)) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """A server that speaks TLS, with a certificate for *names*: its URL, and who trusts it."""
    authority = trustme.CA()
    of_server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(of_server)
    of_client = ssl.create_default_context()
    authority.configure_trust(of_client)
    server = Answering({})

    async def serve(stream: trio.SocketStream) -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            await server.serve(trio.SSLStream(stream, of_server, server_side=True))

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(functools.partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        yield f"https://127.0.0.1:{listener.socket.getsockname()[1]}", of_client
        nursery.cancel_scope.cancel(reason="the test is over")


async def test_a_proxy_is_asked_for_the_whole_url(proxy: Proxy) -> None:
    """In absolute form (RFC 9112, 3.2.2), with the credentials of the proxy's own URL."""
    given = f"http://u:p@127.0.0.1:{proxy.port}"
    async with AsyncAPIClient(base_url="http://api.example.com/v1", proxy=given, trust_env=False) as client:
        for _ in range(2):
            assert await client.get("/items", cast_to=object) == VIA_PROXY
    assert len(proxy.heads) == 2
    assert proxy.heads[1].startswith("GET http://api.example.com/v1/items HTTP/1.1")
    assert "Proxy-Authorization: Basic dTpw" in proxy.heads[1]


async def test_https_goes_through_a_tunnel(proxy: Proxy) -> None:
    """The proxy is told host and port; the connection is kept."""
    async with (
        encrypted() as (url, trust),
        DefaultTrioHttpxClient(proxy=f"http://127.0.0.1:{proxy.port}", verify=trust, trust_env=False) as http,
    ):
        for _ in range(3):
            assert (await http.get(url)).json() == {}
    assert [head.split()[0] for head in proxy.heads] == ["CONNECT"]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "all_proxy"])
async def test_a_proxy_of_the_environment_is_used(proxy: Proxy, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By httpx's rules."""
    monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{proxy.port}")
    async with AsyncAPIClient(base_url="http://api.example.com") as client:
        assert await client.get("/", cast_to=object) == VIA_PROXY


async def test_no_proxy_of_the_environment_goes_direct(
    proxy: Proxy, server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``NO_PROXY`` names goes by Trio's own transport, the rest by the proxy, in one client."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with DefaultTrioHttpxClient() as http:
        assert (await http.get("http://api.example.com/")).json() == VIA_PROXY
        assert (await http.get(server.url)).json() == {}
        assert (len(proxy.heads), len(server.heads)) == (1, 1)


async def test_an_environment_that_is_not_trusted_is_not_looked_at(
    proxy: Proxy, server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``trust_env=False``, or a transport of one's own."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    for settings in ({"trust_env": False}, {"transport": httpx.MockTransport(lambda request: httpx.Response(200))}):
        async with DefaultTrioHttpxClient(**settings) as http:
            assert (await http.get(server.url)).status_code == 200
    assert proxy.heads == []


async def test_a_socks_proxy_is_used(server: Answering) -> None:
    """With httpx's extra ``socks``."""
    pytest.importorskip("socksio", reason="httpx's extra `socks`")
    async with (
        socks_proxy() as proxy,
        AsyncAPIClient(base_url=server.url, proxy=f"socks5://127.0.0.1:{proxy.port}", trust_env=False) as client,
    ):
        for _ in range(2):
            assert await client.get("/", cast_to=object) == {}
        assert proxy.heads == [f"127.0.0.1:{server.port}"]


def test_what_a_proxy_needs_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at the first request: an extra of httpx's that is missing, a scheme that is none."""
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ImportError, match=r"httpx2?\[socks\]"):
        DefaultTrioHttpxClient(proxy="socks5://127.0.0.1:1080")
    with pytest.raises(ValueError, match="scheme"):
        DefaultTrioHttpxClient(proxy="gopher://127.0.0.1:70")


async def test_a_certificate_is_looked_at_through_a_tunnel(proxy: Proxy) -> None:
    """The server's, by the client's own context."""
    async with (
        encrypted(names=("other.example.com",)) as (url, trust),
        AsyncAPIClient(
            base_url=url, verify=trust, proxy=f"http://127.0.0.1:{proxy.port}", trust_env=False, max_retries=0
        ) as client,
    ):
        with pytest.raises(APIConnectionError, match="certificate"):
            await client.get("/", cast_to=object)


async def test_handshakes_cancelled_in_a_tunnel_cost_no_connection(proxy: Proxy) -> None:
    """The pool of httpcore loses a place with each; here two connections outlive sixty."""
    shaking = trio.Semaphore(0)

    async def begin_only(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        shaking.release()
        await trio.sleep_forever()

    settings: dict[str, Any] = {"limits": httpx.Limits(max_connections=2), "timeout": httpx.Timeout(5, pool=1)}
    async with (
        trio.open_nursery() as servers,
        DefaultTrioHttpxClient(proxy=f"http://127.0.0.1:{proxy.port}", trust_env=False, **settings) as http,
    ):
        (listener,) = await servers.start(functools.partial(trio.serve_tcp, begin_only, 0, host="127.0.0.1"))
        for _ in range(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(http.get, f"https://127.0.0.1:{listener.socket.getsockname()[1]}/")
                await shaking.acquire()
                nursery.cancel_scope.cancel()
        assert (await http.get("http://api.example.com/")).json() == VIA_PROXY
        servers.cancel_scope.cancel()


async def test_many_tasks_share_the_connections_of_a_proxy(proxy: Proxy) -> None:
    """All come through two connections, in their turn."""
    limits = httpx.Limits(max_connections=2)
    async with (
        DefaultTrioHttpxClient(proxy=f"http://127.0.0.1:{proxy.port}", limits=limits, trust_env=False) as http,
        trio.open_nursery() as nursery,
    ):
        for _ in range(50):
            nursery.start_soon(http.get, "http://api.example.com/")
    assert len(proxy.heads) == 50
