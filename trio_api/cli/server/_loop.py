"""The IO of the server: connections over Trio listeners, HTTP/1.1 by h11. Nothing is decided here."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, final
from urllib.parse import parse_qsl, unquote

import attrs
import h11
import trio

from ...transport import HiddenNursery
from ._exchange import Refusal, Reply, Request
from ._faults import NO_FAULTS, Fault, FaultKind, FaultPlan, FaultRates
from ._routes import UnicodeAPI

__all__ = ["Server", "ServerStatistics", "serve"]

MAX_BODY: Final = 64 * 1024  # bytes: the parameters of a list are a few dozen
CHUNK: Final = 64 * 1024  # bytes asked of a socket at once


@attrs.frozen
class ServerStatistics:
    """What a server has seen so far."""

    connections: int
    requests: int
    faults: Mapping[FaultKind, int]
    """How many requests met what; `FaultKind.NONE` counts the answered ones."""
    early: int
    """How many requests came before the Retry-After they were given was over."""


@final
class Server:
    """A running server, as `serve` gives it."""

    def __init__(self, api: UnicodeAPI, plan: FaultPlan) -> None:
        self._api = api
        self._plan = plan
        self._connections = 0
        self.url = ""
        """Where it is reached: ``http://127.0.0.1:<port>``."""

    def statistics(self) -> ServerStatistics:
        """The counts so far."""
        counts = dict(self._plan.counts)
        return ServerStatistics(self._connections, sum(counts.values()), counts, self._plan.early)

    async def serve_connection(self, stream: trio.SocketStream) -> None:
        """Answer the requests of one connection until either side ends it."""
        self._connections += 1
        connection = h11.Connection(h11.SERVER)
        try:
            async with stream:
                while await self._exchange(connection, stream):
                    connection.start_next_cycle()
        except trio.BrokenResourceError:
            await trio.lowlevel.checkpoint()  # the client went away, as clients do

    async def _exchange(self, connection: h11.Connection, stream: trio.SocketStream) -> bool:
        """Answer one request; False when the connection is to be closed."""
        request = await _read_request(connection, stream, self.url)
        if isinstance(request, Refusal) and connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            await stream.send_all(_encoded(connection, request.reply()))
        if not isinstance(request, Request):
            return False
        target = f"{request.method} {request.path} {sorted(request.query.items())} {request.body!r}"
        fault = self._plan.next(target, trio.current_time())
        await trio.sleep(fault.delay)
        if fault.kind is FaultKind.DROPPED:
            return False
        reply = _reply_of(fault) or self._api.answer(request)
        if request.method == "HEAD":  # refused, and without a body (RFC 9110 section 9.3.2)
            reply = attrs.evolve(reply, body=b"")
        if fault.kind is FaultKind.CUT:
            await stream.send_all(_encoded(connection, reply, of_body=len(reply.body) // 2))
            return False
        await stream.send_all(_encoded(connection, reply))
        return connection.our_state is h11.DONE and connection.their_state is h11.DONE


@asynccontextmanager
async def serve(
    api: UnicodeAPI, *, rates: FaultRates = NO_FAULTS, seed: int = 0, port: int = 0
) -> AsyncGenerator[Server, None]:
    """Serve *api* on the loopback interface for as long as the block lasts.

    Args:
        api: What is served.
        rates: What goes wrong, and how often. Default: nothing.
        seed: Decides when it goes wrong.
        port: The port to listen on. Default: 0, any free one.
    """
    server = Server(api, FaultPlan(rates, seed))
    async with HiddenNursery() as nursery:
        listeners: list[trio.SocketListener] = await nursery.start(
            partial(trio.serve_tcp, server.serve_connection, port, host="127.0.0.1")
        )
        server.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        yield server


async def _read_request(connection: h11.Connection, stream: trio.SocketStream, origin: str) -> Request | Refusal | None:
    """The next request with its body, or None when the client is done."""
    head: h11.Request | None = None
    body = bytearray()
    while len(body) <= MAX_BODY:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            await trio.lowlevel.checkpoint()
            return Refusal(400, "not HTTP/1.1")
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive_some(CHUNK))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        else:  # EndOfMessage; or ConnectionClosed or PAUSED, after which there is no next request
            await trio.lowlevel.checkpoint()
            return _request(head, bytes(body), origin) if isinstance(event, h11.EndOfMessage) and head else None
    await trio.lowlevel.checkpoint()
    return Refusal(413, f"the body is longer than {MAX_BODY} bytes")


def _request(head: h11.Request, body: bytes, origin: str) -> Request:
    path, _, query = head.target.decode("ascii").partition("?")
    return Request(
        method=head.method.decode("ascii"),
        path=unquote(path),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers={name.decode("ascii"): value.decode("latin-1") for name, value in head.headers},
        body=body,
        origin=origin,
    )


def _reply_of(fault: Fault) -> Reply | None:
    """The reply that a fault consists of, or None where the request is answered."""
    if fault.kind is FaultKind.UNAVAILABLE:
        return Refusal(503, "the server is busy").reply()
    if fault.kind is FaultKind.RATE_LIMITED:
        # RFC 9110 section 10.2.3 allows whole seconds only, so the exact wait stands beside them in Retry-After-Ms
        exact = ("Retry-After-Ms", str(math.ceil(fault.retry_after * 1000)))
        rounded = ("Retry-After", str(math.ceil(fault.retry_after)))
        return Refusal(429, "too many requests", exact, rounded).reply()
    return None


def _encoded(connection: h11.Connection, reply: Reply, *, of_body: int | None = None) -> bytes:
    """The reply's bytes; with *of_body* only so many bytes of the body that its headers promise."""
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(reply.body))), *reply.headers]
    head = connection.send(h11.Response(status_code=reply.status, headers=headers))
    if of_body is not None:
        return (head or b"") + reply.body[:of_body]
    body = connection.send(h11.Data(reply.body))
    end = connection.send(h11.EndOfMessage())
    return b"".join(part for part in (head, body, end) if part)
