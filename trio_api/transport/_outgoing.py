"""What is sent of a request: what goes at once, in one piece with the head, and what has to be waited for."""

from __future__ import annotations

from typing import NamedTuple, cast

import httpx

from ..request import LazyRequest
from ._connection import Connection
from ._http1 import render_head
from ._upload import NO_PIECES, Framing, known_body, send_listening

__all__ = ["Outgoing", "begin", "outgoing_of", "send_rest"]


class Outgoing(NamedTuple):
    """A request as bytes."""

    data: bytes
    """The head, and the body where it is in memory."""
    framing: Framing | None
    """How the rest of the body is framed; None where there is none."""


def outgoing_of(request: httpx.Request) -> Outgoing:
    """What is sent of *request*.

    Raises:
        httpx.LocalProtocolError: It can't be sent as it is.
    """
    if isinstance(request, LazyRequest):
        head, body = request.wire_head(), request.body_bytes
        if head is not None and body is not None:
            return Outgoing(head + body if body else head, None)
    head, framing, body = render_head(request), Framing(request), known_body(request)
    if body is None:
        return Outgoing(head, framing)
    return Outgoing(b"".join((head, framing.piece(body), framing.end())), None)


def begin(connection: Connection, request: httpx.Request, outgoing: Outgoing) -> bool:
    """Send what goes at once; False: there is more."""
    connection.begin(request.method.encode("ascii"))
    if b"onnection: close" in outgoing.data:  # in a body it does no harm but to the connection
        connection.is_reusable = False
    return connection.send_now(outgoing.data) and outgoing.framing is None


async def send_rest(connection: Connection, request: httpx.Request, outgoing: Outgoing, timeout: float | None) -> None:
    """Send what `begin` left, with *timeout* seconds for each write."""
    pieces = NO_PIECES if outgoing.framing is None else cast("httpx.AsyncByteStream", request.stream)
    await send_listening(connection, pieces, outgoing.framing, timeout)
