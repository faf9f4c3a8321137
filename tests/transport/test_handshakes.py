"""Handshakes of TLS and of SOCKS by httpx's transport: one that is cancelled leaves no socket open."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from support.proxy import http_proxy, socks_proxy
from trio_api import DefaultTrioHttpxClient
from trio_api.testing import End, FaultServer, WireFault


@pytest.fixture(autouse=True)
def garbage() -> Iterator[None]:
    """Nothing is collected meanwhile, for a socket that is garbage is closed with it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
async def silent() -> AsyncIterator[FaultServer]:
    """Takes connections, and says nothing."""
    async with FaultServer(WireFault.connecting(End.STALL)) as serving:
        yield serving


async def cancel_a_handshake(silent: FaultServer, url: str = "", **settings: Any) -> None:
    """A request that is cancelled when the server has its connection; then it has none."""
    async with DefaultTrioHttpxClient(trust_env=False, **settings) as http:
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(http.get, url or f"https://127.0.0.1:{silent.port}/")
                await until_shaking(silent)
                nursery.cancel_scope.cancel()
            await silent.wait_until_idle()


async def until_shaking(silent: FaultServer, connections: int = 1) -> None:
    """Wait until the server has so many connections, and clients wait for what it says."""
    while len(silent.connections) < connections:  # noqa: ASYNC110  # they come over the loopback
        await trio.sleep(0.01)
    await wait_all_tasks_blocked(0.01)


async def test_a_handshake_for_http2_is_closed(silent: FaultServer) -> None:
    """Though httpcore does not close it."""
    await cancel_a_handshake(silent, http2=True)


async def test_a_handshake_in_a_tunnel_is_closed(silent: FaultServer) -> None:
    """With the tunnel, and with its connection to the proxy."""
    async with http_proxy() as proxy:
        await cancel_a_handshake(silent, proxy=f"http://127.0.0.1:{proxy.port}")


async def test_a_handshake_with_a_socks_proxy_is_closed(silent: FaultServer) -> None:
    """The proxy is asked who may use it, and does not answer."""
    pytest.importorskip("socksio", reason="httpx's extra `socks`")
    await cancel_a_handshake(silent, "http://example.com/", proxy=f"socks5://127.0.0.1:{silent.port}")


async def test_a_handshake_beyond_a_socks_proxy_is_closed(silent: FaultServer) -> None:
    """Under the tunnel that it opened."""
    pytest.importorskip("socksio", reason="httpx's extra `socks`")
    async with socks_proxy() as proxy:
        await cancel_a_handshake(silent, proxy=f"socks5://127.0.0.1:{proxy.port}")


@pytest.mark.parametrize("has_own", [True, False])
async def test_a_trace_of_the_callers_is_told_all_the_same(silent: FaultServer, has_own: bool) -> None:
    """And stands in the request as before once it has failed."""
    told: list[str] = []

    async def trace(name: str, info: object) -> None:
        await trio.lowlevel.checkpoint()
        told.append(name)

    extensions = {"timeout": {"connect": 0.05}} | ({"trace": trace} if has_own else {})
    request = httpx.Request("GET", f"https://127.0.0.1:{silent.port}/", extensions=extensions)
    async with DefaultTrioHttpxClient(trust_env=False, http2=True) as http:
        with pytest.raises(httpx.ConnectTimeout):
            await http.send(request)
    assert request.extensions == extensions
    assert told[-1:] == (["connection.start_tls.failed"] if has_own else [])


async def test_one_request_may_be_sent_twice_at_a_time(silent: FaultServer) -> None:
    """Each handshake is that of its own connection, and the request is left as it was."""
    told: list[str] = []

    async def trace(name: str, info: object) -> None:
        await trio.lowlevel.checkpoint()
        told.append(name)

    request = httpx.Request("GET", f"https://127.0.0.1:{silent.port}/", extensions={"trace": trace})
    async with (
        http_proxy() as proxy,
        DefaultTrioHttpxClient(trust_env=False, proxy=f"http://127.0.0.1:{proxy.port}") as http,
    ):
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                for number in (1, 2):
                    nursery.start_soon(http.send, request)
                    await until_shaking(silent, number)
                nursery.cancel_scope.cancel()
            await silent.wait_until_idle()
    assert request.extensions["trace"] is trace
    assert told.count("proxy.start_tls.started") == 2
