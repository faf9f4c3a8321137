"""A TCP server within the test's own Trio loop that plays a script on each connection: bytes in, bytes out.

Here a script sees what the client does, and sends a next piece when the client has read the last. Where it need not,
`trio_api.testing.FaultServer` says the same in fewer words; `support.raw_server` is the like in a thread.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import trio
from trio.testing import wait_all_tasks_blocked

__all__ = ["Script", "Wire", "WireServer", "answer", "close", "linger", "ok", "reset", "wire_server"]


class Wire:
    """The server's end of one connection."""

    def __init__(self, stream: trio.SocketStream | trio.SSLStream[trio.SocketStream]) -> None:
        self.stream = stream
        self.received = bytearray()
        """All that came so far."""
        self.left = trio.Event()
        """Set once a script found that the client closed its end."""
        self._read = 0

    @property
    def socket(self) -> trio.socket.SocketType:
        """The socket below."""
        stream = self.stream
        return stream.transport_stream.socket if isinstance(stream, trio.SSLStream) else stream.socket

    async def client_left(self) -> None:
        """Wait for the client to close its end: at once, not when the connection was idle for too long."""
        with trio.fail_after(2):
            await self.left.wait()

    async def receive(self) -> bytes:
        """What comes next; nothing once the client closed its end."""
        try:
            data = bytes(await self.stream.receive_some(65536))
        except trio.BrokenResourceError:
            data = b""
        self.received += data
        if not data:
            self.left.set()
        return data

    async def read_until(self, end: bytes) -> bytes:
        """What was not read yet, up to *end*; the rest of all where that does not come."""
        while (found := self.received.find(end, self._read)) < 0:
            if not await self.receive():
                found = len(self.received)
                break
        start, self._read = self._read, min(found + len(end), len(self.received))
        return bytes(self.received[start : self._read])

    async def read_exactly(self, count: int) -> bytes:
        """The next *count* bytes; fewer where the client leaves."""
        while len(self.received) < self._read + count and await self.receive():
            pass
        start, self._read = self._read, min(self._read + count, len(self.received))
        return bytes(self.received[start : self._read])

    async def read_request(self) -> bytes:
        """A request: its head, and the body as its framing says; empty where the client left before."""
        head = await self.read_until(b"\r\n\r\n")
        lowered = head.lower()
        if b"\r\ntransfer-encoding: chunked" in lowered:
            return head + await self.read_until(b"0\r\n\r\n")
        _, found, rest = lowered.partition(b"\r\ncontent-length: ")
        return head + (await self.read_exactly(int(rest.split(b"\r\n")[0])) if found else b"")

    async def send(self, *pieces: bytes) -> None:
        """Send *pieces*, each when all that the client does about the last one is done."""
        for piece in pieces:
            await self.stream.send_all(piece)
            if len(pieces) > 1:
                await wait_all_tasks_blocked()

    def reset(self) -> None:
        """Let the close be a reset (RST) in place of a proper end (FIN)."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Script: TypeAlias = Callable[[Wire], Awaitable[object]]
"""What a server does with one connection, which is closed afterwards."""


async def linger(wire: Wire) -> None:
    """Keep the connection until the client closes it."""
    while await wire.receive():
        pass


async def close(wire: Wire) -> None:
    """Close the connection."""


async def reset(wire: Wire) -> None:
    """Reset the connection."""
    wire.reset()


def answer(*responses: bytes | tuple[bytes, ...], then: Script = linger) -> Script:
    """Answer one request after the other, each with the bytes given, in pieces where it is a tuple of them."""

    async def script(wire: Wire) -> None:
        for response in responses:
            if not await wire.read_request():
                return
            await wire.send(*(response if isinstance(response, tuple) else (response,)))
        await then(wire)

    return script


def ok(body: bytes = b"{}", *lines: bytes) -> bytes:
    """A response 200 with its length and further header *lines*."""
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *lines, b"", body])


class WireServer:
    """A server, as its connections see it."""

    def __init__(self, scripts: tuple[Script, ...], tls: ssl.SSLContext | None) -> None:
        self._scripts = scripts
        self._tls = tls
        self.wires: list[Wire] = []
        """The connections that were made so far."""
        self.url = ""
        self.port = 0

    async def handle(self, stream: trio.SocketStream) -> None:
        """Play the next script; the last one is for all the connections that follow."""
        wire = Wire(stream if self._tls is None else trio.SSLStream(stream, self._tls, server_side=True))
        self.wires.append(wire)
        try:
            with contextlib.suppress(trio.BrokenResourceError):  # the client left, or refused our certificate
                if isinstance(wire.stream, trio.SSLStream):
                    await wire.stream.do_handshake()
                await self._scripts[min(len(self.wires), len(self._scripts)) - 1](wire)
        finally:
            wire.left.set()
            await trio.aclose_forcefully(wire.stream)


@contextlib.asynccontextmanager
async def wire_server(
    *scripts: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", path: str | None = None
) -> AsyncIterator[WireServer]:
    """Serve while the block is open; what is connected then is dropped.

    Args:
        scripts: One for each connection; the last one is for those that follow, too.
        tls: The server's context where it shall speak TLS.
        host: The address to listen on.
        path: The Unix socket to listen on in its place.
    """
    server = WireServer(scripts, tls)
    if path is None:
        listeners = await trio.open_tcp_listeners(0, host=host)
    else:
        listeners = [trio.SocketListener(_unix_socket(path))]
    server.port = 80 if path else listeners[0].socket.getsockname()[1]
    server.url = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{server.port}"
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, server.handle, listeners)
        yield server
        nursery.cancel_scope.cancel(reason="the test is over")


def _unix_socket(path: str) -> trio.socket.SocketType:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return trio.socket.from_stdlib_socket(listener)
