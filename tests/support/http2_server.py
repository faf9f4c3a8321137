"""A real HTTP/2 server in the test's own loop: Hypercorn over TLS, with a certificate that trustme made."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import hypercorn.config
import hypercorn.trio
import trio
import trustme

__all__ = ["HTTP2Server", "http2_server"]


@attrs.define
class HTTP2Server:
    """What a test knows of it."""

    url: str
    trust: ssl.SSLContext
    """A client's context that trusts the server."""
    peers: set[Any] = attrs.field(factory=set)
    """The addresses of the connections that requests came by."""
    pending: int = 0
    """Requests for ``/never`` that are not answered."""

    _change: trio.Event = attrs.field(factory=trio.Event)

    async def until_pending(self, count: int) -> None:
        """Wait until so many requests for ``/never`` came."""
        while self.pending < count:
            self._change = trio.Event()
            await self._change.wait()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer ``/`` with two bytes, ``/large`` with a megabyte more than a connection's window, ``/never`` never."""
        if scope["type"] == "lifespan":
            for _ in ("startup", "shutdown"):
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
            return
        self.peers.add(tuple(scope["client"]))
        assert scope["http_version"] == "2"
        if scope["path"] == "/never":
            self.pending += 1
            self._change.set()
            await trio.sleep_forever()
        while scope["method"] == "POST" and (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/large":
            for _ in range(17 * 16):
                await send({"type": "http.response.body", "body": bytes(2**16), "more_body": True})
        await send({"type": "http.response.body", "body": b"{}"})


@contextlib.asynccontextmanager
async def http2_server(folder: Path, *, max_streams: int = 100) -> AsyncIterator[HTTP2Server]:
    """Serve while the block is open.

    Args:
        folder: Where the certificate is put.
        max_streams: How many streams a connection may have open: SETTINGS_MAX_CONCURRENT_STREAMS.
    """
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    config = hypercorn.config.Config()
    config.bind = ["127.0.0.1:0"]
    config.certfile = config.keyfile = str(folder / "server.pem")
    config.h2_max_concurrent_streams = max_streams
    config.errorlog = None
    server = HTTP2Server("", trust)
    async with trio.open_nursery() as nursery:
        (server.url,) = await nursery.start(hypercorn.trio.serve, server.app, config)
        yield server
        nursery.cancel_scope.cancel(reason="the test is over")
