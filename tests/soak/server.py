"""The server of the soak: ``python -m tests.soak.server`` prints its port and serves. It is never quite well.

What it does with a request, its path says: it answers, late, in drips, with a goodbye, with a refusal, or not at all.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Awaitable, Callable

import trio

SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
GOODBYE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
REFUSAL = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MOMENT = 0.002  # seconds that what is slow here takes, on average


class Connection:
    """One connection, request by request."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.unread = b""

    async def serve(self) -> None:
        """Serve requests until either side has enough."""
        while head := await self.read_until(b"\r\n\r\n"):
            path = head.split(b" ", 2)[1]
            if path != b"/refuse":
                await self.read_body(head.lower())
            if not await ANSWERS[path](self.stream):
                return

    async def read_until(self, end: bytes) -> bytes:
        """What comes up to *end*; nothing if the client leaves before."""
        while (found := self.unread.find(end)) < 0:
            piece = await self.stream.receive_some(65536)
            if not piece:
                return b""
            self.unread += piece
        read, self.unread = self.unread[: found + len(end)], self.unread[found + len(end) :]
        return read

    async def read_body(self, head: bytes) -> None:
        """Read past the body of a request."""
        if b"\r\ntransfer-encoding: chunked" in head:
            await self.read_until(b"0\r\n\r\n")
        _, found, rest = head.partition(b"\r\ncontent-length: ")
        left = int(rest.split(b"\r\n")[0]) - len(self.unread) if found else -len(self.unread)
        while left > 0 and (piece := await self.stream.receive_some(65536)):
            left -= len(piece)
            self.unread = piece
        self.unread = self.unread[len(self.unread) + left :] if left < 0 else b""


async def fast(stream: trio.SocketStream) -> bool:
    await stream.send_all(SHORT)
    return True


async def late(stream: trio.SocketStream) -> bool:
    await trio.sleep(random.expovariate(1 / MOMENT))
    return await fast(stream)


async def drip(stream: trio.SocketStream) -> bool:
    await stream.send_all(CHUNKED)
    for _ in range(5):
        await stream.send_all(b"4\r\ndrip\r\n")
        await trio.sleep(random.expovariate(5 / MOMENT))
    await stream.send_all(b"0\r\n\r\n")
    return True


async def long(stream: trio.SocketStream) -> bool:
    await stream.send_all(LONG)
    return True


async def goodbye(stream: trio.SocketStream) -> bool:
    await stream.send_all(GOODBYE)
    return False


async def sudden(stream: trio.SocketStream) -> bool:
    """Says that the connection lives on, and closes it."""
    await stream.send_all(SHORT)
    return False


async def vanish(_: trio.SocketStream) -> bool:
    return False


async def refuse(stream: trio.SocketStream) -> bool:
    await stream.send_all(REFUSAL)
    return False


ANSWERS: dict[bytes, Callable[[trio.SocketStream], Awaitable[bool]]] = {
    b"/fast": fast,
    b"/late": late,
    b"/drip": drip,
    b"/long": long,
    b"/goodbye": goodbye,
    b"/sudden": sudden,
    b"/vanish": vanish,
    b"/refuse": refuse,
}


async def handle(stream: trio.SocketStream) -> None:
    try:
        await Connection(stream).serve()
    except trio.BrokenResourceError:
        pass  # the client left, which is what clients do here
    finally:
        await trio.aclose_forcefully(stream)


async def main() -> None:
    """Serve until killed."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    sys.stdout.write(f"{listeners[0].socket.getsockname()[1]}\n")
    sys.stdout.flush()
    await trio.serve_listeners(handle, listeners)


if __name__ == "__main__":
    trio.run(main)
