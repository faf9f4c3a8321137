"""How the body of a call reaches the wire in either colour: streams for httpx, over `trio_api.request.Body`.

Each iteration begins the body anew where it can be begun anew, so an auth flow or a redirect may send it twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import final

import httpx
import trio

from .._constants import CLEANUP_SECONDS
from ..request import AsyncPieces, Body, BytesStream

__all__ = ["blocking_stream", "trio_stream"]


def trio_stream(body: Body) -> httpx.AsyncByteStream:
    """The stream of *body* for Trio; files and plain iterators are read in a worker thread.

    Close it when the call is over: an asynchronous generator that was not read to its end is closed with it.
    """
    if body.data is not None or not body.is_given:
        return BytesStream(body.data or b"")
    return _AsyncSourceStream(body) if body.is_async else _ThreadStream(body)


def blocking_stream(body: Body) -> httpx.SyncByteStream:
    """The stream of *body* for threads.

    Raises:
        TypeError: *body* comes from an asynchronous iterable.
    """
    if body.is_async:
        raise TypeError(
            "content is an asynchronous iterable, which SyncAPIClient can't read; give it to AsyncAPIClient"
        )
    if body.data is not None or not body.is_given:
        return BytesStream(body.data or b"")
    return _BlockingStream(body)


@final
class _BlockingStream(httpx.SyncByteStream):
    def __init__(self, body: Body) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return self._body.pieces()


@final
class _ThreadStream(httpx.AsyncByteStream):
    def __init__(self, body: Body) -> None:
        self._body = body

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _ThreadPieces(self._body)


@final
class _ThreadPieces(AsyncIterator[bytes]):
    """The pieces of a file or iterator, each fetched in a worker thread."""

    def __init__(self, body: Body) -> None:
        self._pieces = body.pieces()
        # A pipe or an iterator may block for ever, and is never read again. The read of a seekable file is waited
        # for: the file is its owner's, who may go on with it as soon as the call is over.
        self._abandoned = body.is_one_shot

    async def __anext__(self) -> bytes:
        piece = await trio.to_thread.run_sync(_next, self._pieces, abandon_on_cancel=self._abandoned)
        if piece is None:  # StopIteration can't leave a thread
            raise StopAsyncIteration
        return piece


def _next(pieces: Iterator[bytes]) -> bytes | None:
    return next(pieces, None)


@final
class _AsyncSourceStream(httpx.AsyncByteStream):
    def __init__(self, body: Body) -> None:
        self._body = body
        self._pieces: AsyncPieces | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._pieces = self._body.async_pieces()
        return self._pieces

    async def aclose(self) -> None:
        if self._pieces is not None:
            with trio.move_on_after(CLEANUP_SECONDS, shield=True):
                await self._pieces.aclose()
