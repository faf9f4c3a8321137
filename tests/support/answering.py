"""An HTTP server in the test's own loop that answers by path, with bytes; and that notes what it was sent."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Mapping

import attrs
import trio

__all__ = ["OK", "Answering", "answering"]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@attrs.define
class Answering:
    """The server."""

    answers: Mapping[str, bytes]
    url: str = ""
    port: int = 0
    heads: list[str] = attrs.field(factory=list)
    """Request lines and headers, as they came."""

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Answer requests without a body, one after the other; ``OK`` for a path that is not named."""
        buffer = b""
        async with stream:
            with contextlib.suppress(trio.BrokenResourceError):
                async for piece in stream:
                    *heads, buffer = (buffer + piece).split(b"\r\n\r\n")
                    for head in heads:
                        self.heads.append(head.decode("latin-1"))
                        await stream.send_all(self.answers.get(self.heads[-1].split()[1], OK))


@contextlib.asynccontextmanager
async def answering(answers: Mapping[str, bytes] | None = None) -> AsyncIterator[Answering]:
    """Serve while the block is open."""
    server = Answering(answers or {})
    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(functools.partial(trio.serve_tcp, server.serve, 0, host="127.0.0.1"))
        server.port = listener.socket.getsockname()[1]
        server.url = f"http://127.0.0.1:{server.port}"
        yield server
        nursery.cancel_scope.cancel(reason="the test is over")
