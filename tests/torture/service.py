"""The server of the torture, a script for `support.wire`: all that the flows ask for, in the test's own loop."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import re

import trio

from support.wire import Wire, linger, ok

__all__ = ["CONTENT", "EVENTS", "ITEM", "PAGES", "SHA", "Service"]

CONTENT = random.Random(5).randbytes(3000)
SHA = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
PAGES = 3
ITEM = {"id": 1}
EVENTS = [{"n": n} for n in range(3)]
BREAKING = {"/brittle", "/brittle_file", "/echo"}
"""After an answer of these the connection is closed."""


class Service:
    """Serves connections; what answers in turn goes on from one connection to the next."""

    def __init__(self) -> None:
        self._turns = itertools.count()

    async def __call__(self, wire: Wire) -> None:
        """Serve one connection until the client closes it."""
        while b"\r\n\r\n" in (request := await wire.read_request()):
            head = request.split(b"\r\n\r\n")[0].decode()
            method, target, _ = head.split(" ", 2)
            path, _, query = target.partition("?")
            if method == "HEAD":
                await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
            else:
                await getattr(self, path.strip("/"))(wire, head, query)
            if path in BREAKING:
                return
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
        await _chunks(wire, "text/event-stream", _events_after(head))

    async def brittle(self, wire: Wire, head: str, query: str) -> None:
        """The like, of which the next one comes and no more."""
        event = _events_after(head)[0]
        await wire.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"%x\r\n%b\r\n" % (len(event), event)
        )

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

    async def brittle_file(self, wire: Wire, head: str, query: str) -> None:
        """A part of what was asked for: the first 1,000 bytes; of a rest all."""
        if "range: " in head.lower():
            await self.file(wire, head, query)
        else:
            await wire.send(b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Length: 3000\r\n\r\n', CONTENT[:1000])

    async def guarded(self, wire: Wire, head: str, query: str) -> None:
        """Each other time the token is not good."""
        if next(self._turns) % 2 == 0:
            await wire.send(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n")
        else:
            await self.item(wire, head, query)

    async def digest(self, wire: Wire, head: str, query: str) -> None:
        """A challenge, to whom does not answer one."""
        if "authorization: digest" in head.lower():
            await self.item(wire, head, query)
        else:
            challenge = b'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
            await wire.send(b"HTTP/1.1 401 No\r\nWWW-Authenticate: %b\r\nContent-Length: 0\r\n\r\n" % challenge)

    async def echo(self, wire: Wire, head: str, query: str) -> None:
        """Another protocol, in which three bytes come back."""
        await wire.send(b"HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n")
        await wire.send(await wire.read_exactly(3))

    async def token(self, wire: Wire, head: str, query: str) -> None:
        """A token."""
        body = b'{"access_token": "t", "token_type": "Bearer", "expires_in": 3600}'
        await wire.send(ok(body, b"Content-Type: application/json"))

    async def job(self, wire: Wire, head: str, query: str) -> None:
        """Each other time not yet."""
        state = b'"running"' if next(self._turns) % 2 == 0 else b'"done"'
        await wire.send(ok(state, b"Content-Type: application/json"))


def _events_after(head: str) -> list[bytes]:
    """The server-sent events that the client has not seen, and the last."""
    seen = re.search(r"last-event-id: (\d+)", head.lower())
    first = int(seen[1]) + 1 if seen else 0
    events = [b'id: %d\ndata: {"n": %d}\n\n' % (n, n) for n in range(first, len(EVENTS))]
    return [*events, b"data: [DONE]\n\n"]


async def _chunks(wire: Wire, kind: str, pieces: list[bytes]) -> None:
    await wire.send(
        f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode(),
        *[b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces],
        b"0\r\n\r\n",
    )
