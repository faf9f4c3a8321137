"""How the body of a call reaches the wire in either colour: streams for httpx, over `trio_api.request.Body`.

Each iteration begins the body anew where it can be begun anew, so an auth flow or a redirect may send it twice.
A stream is closed when its attempt is over: then no file that it opened stays open.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Protocol, final

import httpx
import trio

from .._constants import CLEANUP_SECONDS
from .._types import Progress
from ..request import AsyncPieces, Body, BytesStream

__all__ = ["blocking_stream", "can_be_sent_again", "measure_trio", "trio_stream"]


async def measure_trio(body: Body) -> None:  # noqa: ASYNC910  # most calls have nothing to measure
    """`Body.measure`, in a worker thread."""
    if body.is_on_disk:
        await trio.to_thread.run_sync(body.measure)


def trio_stream(body: Body, progress: Progress | None = None) -> httpx.AsyncByteStream:
    """The stream of *body* for Trio; files and plain iterators are read in worker threads.

    Args:
        body: The body.
        progress: Called in the task that sends, with the bytes sent since the stream was begun and their total.
    """
    if progress is None and (body.data is not None or not body.is_given):
        return BytesStream(body.data or b"")
    return _TrioStream(body, progress)


def blocking_stream(body: Body, progress: Progress | None = None, deadline: float = math.inf) -> httpx.SyncByteStream:
    """The stream of *body* for threads.

    Args:
        body: The body.
        progress: Called with the bytes sent since the stream was begun and their total.
        deadline: When to give up, by `time.monotonic`: each write is within its timeout, but many are not.

    Raises:
        TypeError: *body* comes from an asynchronous iterable.
    """
    if body.is_async:
        raise TypeError(
            "content is an asynchronous iterable, which SyncAPIClient can't read; give it to AsyncAPIClient"
        )
    if progress is None and (body.data is not None or not body.is_given):
        return BytesStream(body.data or b"")
    return _BlockingStream(body, progress, deadline)


def can_be_sent_again(request: httpx.Request) -> bool:
    """Whether the body of *request*, which was sent, can be begun anew; of a stream that is not ours nobody knows."""
    stream = request.stream
    if isinstance(stream, (_TrioStream, _BlockingStream)):
        return stream.replayable
    return isinstance(stream, httpx.ByteStream)


@final
class _Account:
    """What was sent of a body since it was begun, told to the application."""

    def __init__(self, body: Body, progress: Progress) -> None:
        self._body = body
        self._progress = progress
        self._sent = 0

    def tell(self) -> None:
        try:
            self._progress(self._sent, self._body.length)
        except Exception as error:
            self._body.error = error
            raise

    def add(self, piece: bytes) -> None:
        self._sent += len(piece)


@final
class _BlockingStream(httpx.SyncByteStream):
    def __init__(self, body: Body, progress: Progress | None, deadline: float) -> None:
        self._body = body
        self._progress = progress
        self._deadline = deadline
        self._begun: list[Generator[bytes, None, None]] = []

    @property
    def replayable(self) -> bool:
        return self._body.replayable

    def __iter__(self) -> Iterator[bytes]:
        pieces = self._body.pieces()
        self._begun.append(pieces)
        return self._watched(pieces)

    def _watched(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        account = None if self._progress is None else _Account(self._body, self._progress)
        if account is not None:
            account.tell()
        for piece in pieces:
            yield piece
            if account is not None:
                account.add(piece)
                account.tell()  # once more was asked for, this much was written
            if time.monotonic() > self._deadline:
                raise httpx.WriteTimeout("the time of the call is up")

    def close(self) -> None:
        while self._begun:
            self._begun.pop().close()


class _TrioPieces(Protocol):
    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...


@final
class _TrioStream(httpx.AsyncByteStream):
    def __init__(self, body: Body, progress: Progress | None) -> None:
        self._body = body
        self._progress = progress
        self._begun: list[_TrioPieces] = []

    @property
    def replayable(self) -> bool:
        return self._body.replayable

    def __aiter__(self) -> AsyncIterator[bytes]:
        pieces: AsyncPieces | _ReadyPieces | _ThreadPieces
        if self._body.is_async:
            pieces = self._body.async_pieces()
        else:
            pieces = _ThreadPieces(self._body) if self._body.blocks else _ReadyPieces(self._body)
        self._begun.append(pieces)
        return pieces if self._progress is None else _ToldPieces(pieces, _Account(self._body, self._progress))

    async def aclose(self) -> None:  # noqa: ASYNC910  # where nothing is open
        if self._begun:
            with trio.move_on_after(CLEANUP_SECONDS, shield=True):  # noqa: ASYNC912  # of what has nothing open, too
                while self._begun:
                    await self._begun.pop().aclose()


@final
class _ReadyPieces(AsyncIterator[bytes]):
    """The pieces of a body in memory."""

    def __init__(self, body: Body) -> None:
        self._pieces = body.pieces()

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece  # noqa: ASYNC910  # the write that follows does
        raise StopAsyncIteration

    async def aclose(self) -> None:  # noqa: ASYNC910  # nothing of it is asynchronous but its name
        self._pieces.close()


@final
class _ThreadPieces(AsyncIterator[bytes]):
    """The pieces of files and iterators, each fetched in a worker thread."""

    def __init__(self, body: Body) -> None:
        self._pieces = body.pieces()
        # A pipe or an iterator may block for ever, and is never read again. The read of a seekable file is waited
        # for: the file is its owner's, who may go on with it as soon as the call is over.
        self._abandons = body.is_one_shot
        self._is_over = False

    async def __anext__(self) -> bytes:
        try:
            # StopIteration can't leave a thread
            piece = await trio.to_thread.run_sync(next, self._pieces, None, abandon_on_cancel=self._abandons)
        except trio.Cancelled:
            self._is_over = self._abandons  # the thread may still run, and closes what it has open when it ends
            raise
        if piece is None:
            self._is_over = True
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:  # noqa: ASYNC910  # where nothing is open
        if not self._is_over:
            await trio.to_thread.run_sync(self._pieces.close)


@final
class _ToldPieces(AsyncIterator[bytes]):
    """The pieces of another iterator; the account is told of each once more is asked for, which is once it was sent."""

    def __init__(self, pieces: _TrioPieces, account: _Account) -> None:
        self._pieces = pieces
        self._account = account

    async def __anext__(self) -> bytes:
        self._account.tell()
        piece = await self._pieces.__anext__()
        self._account.add(piece)
        return piece
