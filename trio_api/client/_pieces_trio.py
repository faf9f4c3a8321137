"""Iterating over a body on Trio: it is pulled from where it is, and cut up by `trio_api.responses`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar, final

import trio

from .._redact import sealed
from ..responses import Cutter
from ._open_body_trio import OpenBody

if TYPE_CHECKING:
    from typing import Self

__all__ = ["AsyncPieces", "KnownBody"]

T = TypeVar("T")


@final
class KnownBody:
    """A body that was read before, with the face of one that is open."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    async def receive(self) -> bytes | None:
        """The next piece, or None at the end."""
        await trio.lowlevel.checkpoint()
        return next(self._pieces, None)

    async def aclose(self) -> None:
        """Nothing is held that could be closed."""
        await trio.lowlevel.checkpoint()


@final
class AsyncPieces(Generic[T]):
    """An iterator over the body of a response. Made by ``response.iter_bytes()`` and its like only.

    It may be dropped at any time: the block of the response closes what is open.
    """

    def __init__(self, body: OpenBody | KnownBody, cutter: Cutter[T]) -> None:
        self._body = body
        self._cutter = cutter
        self._ready: deque[T] = deque()
        self._is_at_end = False

    def __aiter__(self) -> Self:
        return self

    @sealed
    async def __anext__(self) -> T:
        """The next piece; always a checkpoint.

        Raises:
            APIConnectionError: The connection broke.
            ClientStateError: The block of the response was left.
            ResponseTooLargeError: A line is longer than ``max_response_bytes``.
        """
        await trio.lowlevel.checkpoint()
        while not self._ready and not self._is_at_end:
            piece = await self._body.receive()
            if piece is None:
                self._is_at_end = True
                self._ready += self._cutter.finish()
                await self._body.aclose()  # at its end: the connection goes back at once
            else:
                self._ready += self._cutter.feed(piece)
        if not self._ready:
            raise StopAsyncIteration
        return self._ready.popleft()
