"""Proxies in the test's own loop: one for HTTP, with tunnels by CONNECT, and one for SOCKS 5 (RFC 1928)."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable

import attrs
import trio

__all__ = ["Proxy", "http_proxy", "socks_proxy"]

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"via":1}'


@attrs.define
class Proxy:
    """A proxy; what it was asked for."""

    port: int = 0
    heads: list[str] = attrs.field(factory=list)
    """Request lines and headers of an HTTP proxy; ``host:port`` of a SOCKS proxy."""

    async def serve_http(self, stream: trio.SocketStream) -> None:
        """Answer plain requests itself, and open tunnels."""
        async with stream:
            buffer = b""
            with contextlib.suppress(trio.BrokenResourceError):
                async for piece in stream:
                    *heads, buffer = (buffer + piece).split(b"\r\n\r\n")
                    for head in heads:
                        self.heads.append(head.decode("latin-1"))
                        method, target, _ = self.heads[-1].split(maxsplit=2)
                        if method != "CONNECT":
                            await stream.send_all(ANSWER)
                            continue
                        host, _, port = target.rpartition(":")
                        async with await trio.open_tcp_stream(host, int(port)) as upstream:
                            await stream.send_all(b"HTTP/1.1 200 Connected\r\n\r\n")
                            await _relay(stream, upstream)
                            return

    async def serve_socks(self, stream: trio.SocketStream) -> None:
        """Open a tunnel to an address of four bytes, or to a name, for anybody."""
        async with stream:
            await stream.receive_some()  # the ways in which the client can say who it is
            await stream.send_all(b"\x05\x00")
            request = bytes(await stream.receive_some())
            is_name, address = request[3] == 3, request[4:-2]
            host = address[1:].decode("ascii") if is_name else ".".join(map(str, address))
            port = int.from_bytes(request[-2:], "big")
            self.heads.append(f"{host}:{port}")
            async with await trio.open_tcp_stream(host, port) as upstream:
                await stream.send_all(b"\x05\x00\x00\x01" + bytes(6))
                await _relay(stream, upstream)


async def _relay(one: trio.abc.Stream, other: trio.abc.Stream) -> None:
    async def carry(source: trio.abc.Stream, sink: trio.abc.Stream, scope: trio.CancelScope) -> None:
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            async for piece in source:
                await sink.send_all(piece)
        scope.cancel(reason="one side is gone")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(carry, one, other, nursery.cancel_scope)
        nursery.start_soon(carry, other, one, nursery.cancel_scope)


@contextlib.asynccontextmanager
async def _open(proxy: Proxy, serve: Callable[[trio.SocketStream], Awaitable[None]]) -> AsyncIterator[Proxy]:
    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(functools.partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        proxy.port = listener.socket.getsockname()[1]
        yield proxy
        nursery.cancel_scope.cancel(reason="the test is over")


def http_proxy() -> contextlib.AbstractAsyncContextManager[Proxy]:
    """An HTTP proxy while the block is open."""
    proxy = Proxy()
    return _open(proxy, proxy.serve_http)


def socks_proxy() -> contextlib.AbstractAsyncContextManager[Proxy]:
    """A SOCKS proxy while the block is open."""
    proxy = Proxy()
    return _open(proxy, proxy.serve_socks)
