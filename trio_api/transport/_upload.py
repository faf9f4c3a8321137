"""Sending the body of a request while listening for an answer that comes early.

A server that refuses an upload says so and closes, often before it has read the rest; who only writes would meet a
broken connection and never learn why (RFC 9112, 9.5).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Final, final

import httpx
import trio

from .._constants import CLEANUP_SECONDS
from ._connect import trio_seconds
from ._connection import Connection
from ._http1 import LAST_CHUNK, chunk_of
from ._nursery import HiddenNursery

__all__ = ["NO_PIECES", "Framing", "known_body", "send_listening"]

_REFUSALS: Final = 300  # the least status after which the rest of a body is of no use to the server


@final
class _NoPieces(AsyncIterator[bytes]):
    async def __anext__(self) -> bytes:  # noqa: ASYNC910  # there is nothing to wait for
        raise StopAsyncIteration


NO_PIECES: Final = _NoPieces()


def known_body(request: httpx.Request) -> bytes | None:
    """The body where it is in memory; None where it is a stream.

    Raises:
        RuntimeError: It is a stream for the blocking client.
    """
    stream = request.stream
    if isinstance(stream, httpx.ByteStream):
        return b"".join(stream)
    if not isinstance(stream, AsyncIterable):
        raise RuntimeError("Attempted to send a sync request with an AsyncClient instance.")
    return None


@final
class Framing:
    """How the pieces of a body stand on the wire: in chunks, or as they are, as many bytes as was said.

    Args:
        request: Its headers say which (RFC 9112, 6).

    Raises:
        httpx.LocalProtocolError: They don't, or say two things, so that a server might take the body for a request.
    """

    def __init__(self, request: httpx.Request) -> None:
        headers = request.headers.raw
        lengths = [value for name, value in headers if name.lower() == b"content-length"]
        codings = [value.lower() for name, value in headers if name.lower() == b"transfer-encoding"]
        if len(lengths) + len(codings) > 1 or codings not in ([], [b"chunked"]) or not all(map(bytes.isdigit, lengths)):
            raise httpx.LocalProtocolError(
                "a request has one Content-Length, which is a number, or one Transfer-Encoding, which is chunked",
                request=request,
            )
        self._request: Final = request
        self._is_chunked: Final = bool(codings)
        self._left = int(lengths[0]) if lengths else 0

    def piece(self, piece: bytes) -> bytes:
        """*piece* as it is sent.

        Raises:
            httpx.LocalProtocolError: It is more than was said.
        """
        if self._is_chunked:
            return chunk_of(piece)
        self._left -= len(piece)
        if self._left < 0:
            raise httpx.LocalProtocolError("the body is longer than its Content-Length", request=self._request)
        return piece

    def end(self) -> bytes:
        """What comes after the last piece.

        Raises:
            httpx.LocalProtocolError: The pieces were less than was said.
        """
        if self._left:
            raise httpx.LocalProtocolError("the body is shorter than its Content-Length", request=self._request)
        return LAST_CHUNK if self._is_chunked else b""


async def send_listening(
    connection: Connection, pieces: AsyncIterable[bytes], framing: Framing | None, timeout: float | None
) -> None:
    """Send what is left of a head, and *pieces*; stop if the server answers that it wants no more.

    Args:
        connection: Its `begin` was called, and the head was given to it.
        pieces: The body.
        framing: Of the pieces; None where there are none.
        timeout: Seconds that each write may take.

    Raises:
        httpx.TransportError: The connection broke, and no answer had come.
        BaseException: What *pieces* raised.
    """
    failure: httpx.WriteError | None = None
    listener = _Listener(connection)
    async with HiddenNursery() as nursery:  # what is raised comes out as it is, a cancellation too
        nursery.start_soon(listener.run)
        with listener.writing:
            try:
                await _send(connection, pieces, framing, timeout)
            except httpx.WriteError as error:
                failure = error
                # The answer may have come before the end did; then it is read, or the end is, without a wait.
                with trio.move_on_after(min(CLEANUP_SECONDS, trio_seconds(timeout))):
                    await listener.is_done.wait()
    if failure is not None and connection.parser.status:
        connection.is_reusable = False
    elif failure is not None:
        raise failure
    elif listener.failure is not None:
        raise listener.failure


async def _send(
    connection: Connection, pieces: AsyncIterable[bytes], framing: Framing | None, timeout: float | None
) -> None:
    await connection.flush(timeout)
    if framing is None:
        return
    given = aiter(pieces)
    try:
        async for piece in given:
            if not connection.send_now(framing.piece(piece)):
                await connection.flush(timeout)
            await trio.lowlevel.checkpoint()  # pieces from memory to a fast server would leave nobody else a turn
    finally:
        if isinstance(given, AsyncGenerator):  # that of a form, for example, which was left in its midst
            with trio.move_on_after(CLEANUP_SECONDS, shield=True):
                await given.aclose()
    if not connection.send_now(framing.end()):
        await connection.flush(timeout)


@final
class _Listener:
    """Reads the head of the response while the body is being sent."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Final = connection
        self.writing: Final = trio.CancelScope()
        """Ends when there is no use in sending on."""
        self.is_done: Final = trio.Event()
        self.failure: httpx.TransportError | None = None

    async def run(self) -> None:  # noqa: ASYNC910  # it waits where the head is not there already
        """Listen until the head is there or nothing comes any more."""
        connection = self._connection
        try:
            while not connection.parser.status:
                # without a timeout: the server may be silent for as long as the body is being sent
                connection.feed(await connection.receive(None))
            if connection.parser.status >= _REFUSALS:
                self._stop("the server refused the rest of the body")
        except httpx.TransportError as error:
            self.failure = error
            self._stop("the connection broke")
        finally:
            self.is_done.set()

    def _stop(self, reason: str) -> None:
        self._connection.is_reusable = False
        self.writing.cancel(reason=reason)
