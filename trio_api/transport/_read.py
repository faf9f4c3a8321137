"""Reading a response into memory, within a bound; the account of the bytes is `trio_api.responses.BodyBuffer`."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Final, cast

import httpx
import trio

from .._constants import CLEANUP_SECONDS
from ..responses import BodyBuffer, pieces

__all__ = ["read_blocking", "read_trio"]

_MOST_PULLS: Final = 10_000  # chunks that a stream may have in memory before it comes to a checkpoint


def read_blocking(response: httpx.Response, limit: int, deadline: float) -> httpx.Response:
    """Read *response*, at most *limit* decoded bytes and until *deadline* (`time.monotonic`), and close it.

    Raises:
        httpx.HTTPError: The connection broke, the time is up, or the body can't be decoded.
        ResponseTooLargeError: The body is larger.
    """
    buffer = BodyBuffer(response, limit)
    response.stream = _BlockingPieces(response)
    try:
        for chunk in response.iter_bytes():
            if not buffer.add(chunk):
                break
            if time.monotonic() > deadline:  # each read is within its timeout, but a drip of them is not
                raise httpx.ReadTimeout("the time of the call is up", request=response.request)
    finally:
        response.close()
    return buffer.finish()


async def read_trio(response: httpx.Response, limit: int) -> httpx.Response:
    """Read *response*, at most *limit* decoded bytes, and close it.

    Raises:
        httpx.HTTPError: The connection broke, or the body can't be decoded.
        ResponseTooLargeError: The body is larger.
    """
    buffer = BodyBuffer(response, limit)
    response.stream = _TrioPieces(response)
    # httpx declares an iterator; it is a generator, and has to be closed as one.
    chunks = cast("AsyncGenerator[bytes, None]", response.aiter_bytes())
    try:
        async for chunk in chunks:
            if not buffer.add(chunk):
                await _unwind(chunks)
                break
    finally:
        with trio.move_on_after(CLEANUP_SECONDS, shield=True):
            await response.aclose()
    return buffer.finish()


async def _unwind(chunks: AsyncGenerator[bytes, None]) -> None:
    """End a nest of async generators from its innermost outwards.

    Closing the outermost would leave the inner ones to the garbage collector, of which Trio warns, each. A
    cancellation is raised at the read at the bottom and passes through all of them.
    """
    with trio.CancelScope() as scope:
        scope.cancel(reason="enough was read")
        for _ in range(_MOST_PULLS):
            await anext(chunks, b"")


class _BlockingPieces(httpx.SyncByteStream):
    """The raw body of a response in pieces that no decoder makes much of."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._stream = cast("httpx.SyncByteStream", response.stream)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            yield from pieces(self._response, chunk)

    def close(self) -> None:
        self._stream.close()


class _TrioPieces(httpx.AsyncByteStream):
    """The raw body of a response in pieces that no decoder makes much of."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._stream = cast("httpx.AsyncByteStream", response.stream)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            for piece in pieces(self._response, chunk):
                yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
