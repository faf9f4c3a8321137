"""The server of the torture, a script for `support.wire`: all that the flows ask for, in the test's own loop."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import re

import trio

from support.wire import Wire, linger, ok

__all__ = ["CONTENT", "SHA", "Service"]

CONTENT = random.Random(5).randbytes(3000)
SHA = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
PAGES = 5


class Service:
    """Serves connections; what answers in turn goes on from one connection to the next."""

    def __init__(self) -> None:
        self._turns = itertools.count()

    async def __call__(self, wire: Wire) -> None:
        """Serve one connection until the client closes it."""
        while request := await wire.read_request():
            head = request.split(b"\r\n\r\n")[0].decode()
            method, target, _ = head.split(" ", 2)
            path, _, query = target.partition("?")
            if method == "HEAD":
                await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
            else:
                await getattr(self, path.strip("/").split("/")[0])(wire, head, query)
        await linger(wire)

    async def item(self, wire: Wire, head: str, query: str) -> None:
        """A small answer."""
        await wire.send(ok(b'{"id":1}'))

    async def piecemeal(self, wire: Wire, head: str, query: str) -> None:
        """One in chunks that come one by one."""
        await _chunks(wire, "application/json", [b'{"id"', b":", b"1}"])

    async def moved(self, wire: Wire, head: str, query: str) -> None:
        """A redirect."""
        await wire.send(b"HTTP/1.1 307 See\r\nLocation: /item\r\nContent-Length: 0\r\n\r\n")

    async def busy(self, wire: Wire, head: str, query: str) -> None:
        """Each other time 503."""
        if next(self._turns) % 2 == 0:
            await wire.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
        else:
            await self.item(wire, head, query)

    async def limited(self, wire: Wire, head: str, query: str) -> None:
        """Each other time 429, with a Retry-After."""
        if next(self._turns) % 2 == 0:
            await wire.send(b"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
        else:
            await self.item(wire, head, query)

    async def slow(self, wire: Wire, head: str, query: str) -> None:
        """The answer after a tenth of a second, or as soon as the client leaves."""
        with trio.move_on_after(0.1) as patience:
            await wire.receive()
        if patience.cancelled_caught:
            await self.item(wire, head, query)

    async def pages(self, wire: Wire, head: str, query: str) -> None:
        """A page of numbers, of `PAGES`."""
        number = int(query.partition("page=")[2] or 1)
        data = {"data": [10 * number + n for n in range(3)], "page": number, "total_pages": PAGES}
        await wire.send(ok(json.dumps(data).encode(), b"Content-Type: application/json"))

    async def events(self, wire: Wire, head: str, query: str) -> None:
        """Server-sent events up to the last; they begin after the one that the client has seen."""
        seen = re.search(r"last-event-id: (\d+)", head.lower())
        first = int(seen[1]) + 1 if seen else 0
        events = [b'id: %d\ndata: {"n": %d}\n\n' % (n, n) for n in range(first, 3)]
        await _chunks(wire, "text/event-stream", [*events, b"data: [DONE]\n\n"])

    async def lines(self, wire: Wire, head: str, query: str) -> None:
        """JSON Lines."""
        await _chunks(wire, "application/x-ndjson", [b'{"n": 0}\n{"n"', b': 1}\n{"n": 2}', b"\n"])

    async def file(self, wire: Wire, head: str, query: str) -> None:
        """`CONTENT`, or the rest of it."""
        wanted = re.search(r"range: bytes=(\d+)-", head.lower())
        if wanted is None:
            top = b"HTTP/1.1 200 OK\r\n"
            start = 0
        else:
            start = int(wanted[1])
            top = b"HTTP/1.1 206 Part\r\nContent-Range: bytes %d-2999/3000\r\n" % start
        rest = CONTENT[start:]
        await wire.send(top + b'ETag: "v1"\r\nContent-Length: %d\r\n\r\n' % len(rest), rest[:1000], rest[1000:])

    async def token(self, wire: Wire, head: str, query: str) -> None:
        """A token."""
        body = b'{"access_token": "t", "token_type": "Bearer", "expires_in": 3600}'
        await wire.send(ok(body, b"Content-Type: application/json"))

    async def job(self, wire: Wire, head: str, query: str) -> None:
        """Each other time not yet."""
        state = b'"running"' if next(self._turns) % 2 == 0 else b'"done"'
        await wire.send(ok(state, b"Content-Type: application/json"))


async def _chunks(wire: Wire, kind: str, pieces: list[bytes]) -> None:
    await wire.send(
        f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode(),
        *[b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces],
        b"0\r\n\r\n",
    )
