"""Where connections lead to, and where they come from."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from support.raw_server import refusing_port
from support.transports import OpenTransport, fetch
from support.wire import answer, ok, wire_server


def _is_ours(family: socket.AddressFamily, address: str) -> bool:
    try:
        with socket.socket(family) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


class Resolver(trio.abc.HostnameResolver):
    """Knows one name, by some addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def getaddrinfo(self, host: Any, port: Any, *_: Any, **__: Any) -> Any:
        assert host in (b"api.example.test", "api.example.test")
        if not self._addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self._addresses]

    async def getnameinfo(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


def named(port: int, addresses: Iterable[str]) -> str:
    trio.socket.set_custom_hostname_resolver(Resolver(*addresses))
    return f"http://api.example.test:{port}/"


async def test_a_name(opened: OpenTransport) -> None:
    """A host is found by its name, and told by it."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        await fetch(transport, named(server.port, ["127.0.0.1"]))
        assert b"\r\nHost: api.example.test:%d\r\n" % server.port in server.wires[0].received


async def test_the_first_address_refuses(opened: OpenTransport) -> None:
    """The next one is tried then."""
    async with wire_server(answer(ok())) as server, opened() as transport:
        await fetch(transport, named(server.port, ["127.0.0.2", "127.0.0.3", "127.0.0.1"]))
        assert len(server.wires) == 1


@pytest.mark.parametrize("addresses", [["127.0.0.2"], ["127.0.0.2", "127.0.0.3"], []], ids=["one", "two", "none"])
async def test_no_address_answers(opened: OpenTransport, addresses: list[str]) -> None:
    """All of them refuse, or there is none: it could not connect."""
    with refusing_port() as port:
        async with opened() as transport:
            with pytest.raises(httpx.ConnectError):
                await fetch(transport, named(port, addresses))


@pytest.mark.skipif(not _is_ours(socket.AF_INET6, "::1"), reason="this machine has no IPv6")
async def test_ipv6(opened: OpenTransport) -> None:
    """An address of IPv6 stands in brackets, in the Host header too."""
    async with wire_server(answer(ok()), host="::1") as server, opened() as transport:
        await fetch(transport, server.url)
        assert b"\r\nHost: [::1]:%d\r\n" % server.port in server.wires[0].received


@pytest.mark.skipif(not _is_ours(socket.AF_INET, "127.0.0.2"), reason="this machine has one address on loopback")
async def test_the_local_address(opened: OpenTransport) -> None:
    """The connection comes from the address that was given."""
    async with wire_server(answer(ok(b"hello")[:-1])) as server, opened(local_address="127.0.0.2") as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        assert server.wires[0].socket.getpeername()[0] == "127.0.0.2"
        await response.aclose()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this machine has no Unix sockets")
class TestUnixSockets:
    """With ``uds`` each connection goes to one socket of the file system."""

    async def test_whatever_the_host(self, opened: OpenTransport, tmp_path: Path) -> None:
        """The host of the URL is for the server only, and connections are kept for each."""
        path = str(tmp_path / "s")
        async with wire_server(answer(ok(), ok()), path=path) as server, opened(uds=path) as transport:
            for host in ("api.example.test", "api.example.test", "other.example.test"):
                await fetch(transport, f"http://{host}/")
            assert [wire.received.count(b"Host: api.example.test\r\n") for wire in server.wires] == [2, 0]

    async def test_nobody_listens(self, opened: OpenTransport, tmp_path: Path) -> None:
        """A socket that is not there is a failure to connect."""
        async with opened(uds=str(tmp_path / "s")) as transport:
            with pytest.raises(httpx.ConnectError):
                await fetch(transport, "http://api.example.test/")
