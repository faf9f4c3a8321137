"""The body of a response as it comes in, decoded within bounds: pulled piece by piece, closed at any time."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final, cast, final

import httpx
import trio

from .._constants import CLEANUP_SECONDS
from ..responses import ContentDecoder, LazyResponse
from ._failures import foreign_errors
from ._response_stream import ResponseStream

__all__ = ["BlockingIncoming", "TrioIncoming", "native_stream"]

_ENDED: Final = httpx.ByteStream(b"")
"""What a response that was closed has for a stream. httpx's own has the response in turn: were it left there, both
would stay until the garbage collector comes by."""
_MOST_PULLS: Final = 10_000  # chunks that a stream may have in memory before it comes to a checkpoint


def _known_content(response: httpx.Response) -> bytes | None:
    """The decoded body of a response that was read before: by an event hook, or since it never was a stream."""
    try:
        return response.content
    except httpx.ResponseNotRead:
        return None


@final
class BlockingIncoming:
    """The body of *response*, for threads."""

    def __init__(self, response: httpx.Response) -> None:
        content = _known_content(response)
        self._response = response
        stream: Iterable[bytes] = [] if content is not None else cast("httpx.SyncByteStream", response.stream)
        self._chunks: Iterator[bytes] = iter(stream)
        self._pieces: Iterator[bytes] = iter([content] if content else [])
        self._decoder = ContentDecoder(response)
        self.received: int = 0
        """Bytes that came over the wire."""

    def receive(self) -> bytes | None:
        """The next decoded piece, or None at the end of the body. It is empty where what came makes nothing yet.

        Raises:
            httpx.HTTPError: The connection broke, or the body can't be decoded.
        """
        piece = next(self._pieces, None)
        if piece is None:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._decoder.finish()
                return None
            self.received += len(chunk)
            self._pieces = self._decoder.decode(chunk)
            piece = next(self._pieces, b"")
        return piece

    def close(self) -> None:
        """Give the connection back if the body was read to its end, else close it."""
        self._response.close()
        _let_go(self._response)


@final
class TrioIncoming:
    """The body of *response*, for Trio."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._chunks: AsyncIterator[bytes] | None = native_stream(response)
        content = _known_content(response) if self._chunks is None else None
        if self._chunks is None and content is None:
            self._chunks = aiter(cast("httpx.AsyncByteStream", response.stream))
        self._pieces: Iterator[bytes] = iter([content] if content else [])
        self._decoder = ContentDecoder(response)
        self.received: int = 0
        """Bytes that came over the wire."""

    async def receive(self) -> bytes | None:
        """The next decoded piece, or None at the end of the body. It is empty where what came makes nothing yet.

        A checkpoint only where it has to wait.

        Raises:
            httpx.HTTPError: The connection broke, or the body can't be decoded.
        """
        piece = next(self._pieces, None)
        if piece is None:
            chunk = None if self._chunks is None else await anext(self._chunks, None)
            if chunk is None:
                self._decoder.finish()
                return None  # noqa: ASYNC910
            self.received += len(chunk)
            self._pieces = self._decoder.decode(chunk)
            piece = next(self._pieces, b"")
        return piece  # noqa: ASYNC910  # what is in memory is given at once; whoever iterates checkpoints

    async def aclose(self) -> None:
        """Give the connection back if the body was read to its end, else close it; shielded and bounded."""
        with trio.move_on_after(CLEANUP_SECONDS, shield=True):
            stream, self._chunks = self._chunks, None
            if isinstance(stream, ResponseStream):
                await stream.aclose()
                cast("LazyResponse", self._response).set_closed()
                return
            if stream is not None:
                await _unwind(stream)
            await self._response.aclose()
            _let_go(self._response)


def native_stream(response: httpx.Response) -> ResponseStream | None:
    """The body as the Trio-native transport gives it, where *response* is that transport's and still unmade."""
    stream = response.wire_stream if isinstance(response, LazyResponse) else None
    return stream if isinstance(stream, ResponseStream) else None


def _let_go(response: httpx.Response) -> None:
    """Part *response* from its stream: the two hold each other, and would wait for the garbage collector."""
    with contextlib.suppress(RuntimeError):  # httpx: known only of a response that one of its clients got
        response.elapsed = response.elapsed  # httpx2 asks the stream for it
    response.stream = _ENDED


async def _unwind(chunks: AsyncIterator[bytes]) -> None:  # noqa: ASYNC910  # a body in memory has nothing to wait for
    """End a nest of async generators from its innermost outwards.

    httpx's and httpcore's streams are such nests. Closing the outermost would leave the inner ones to the garbage
    collector, and Trio warns of each. A cancellation is raised at the read at the bottom and passes through all.
    So does what is wrong with bytes that were read before, which nobody wants to know any more.
    """
    with trio.CancelScope() as scope, contextlib.suppress(*foreign_errors()):  # noqa: ASYNC912
        scope.cancel(reason="enough was read")
        for _ in range(_MOST_PULLS):
            if await anext(chunks, None) is None:
                return
