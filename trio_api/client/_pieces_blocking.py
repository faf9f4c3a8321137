"""Iterating over a body in a thread: it is pulled from where it is, and cut up by `trio_api.responses`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar, final

from .._redact import sealed
from ..responses import Cutter
from ._open_body_blocking import OpenBody

if TYPE_CHECKING:
    from typing import Self

__all__ = ["KnownBody", "Pieces"]

T = TypeVar("T")


@final
class KnownBody:
    """A body that was read before, with the face of one that is open."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def receive(self) -> bytes | None:
        """The next piece, or None at the end."""
        return next(self._pieces, None)

    def close(self) -> None:
        """Nothing is held that could be closed."""


@final
class Pieces(Generic[T]):
    """An iterator over the body of a response. Made by ``response.iter_bytes()`` and its like only.

    It may be dropped at any time: the block of the response closes what is open.
    """

    def __init__(self, body: OpenBody | KnownBody, cutter: Cutter[T]) -> None:
        self._body = body
        self._cutter = cutter
        self._ready: deque[T] = deque()
        self._is_at_end = False

    def __iter__(self) -> Self:
        return self

    @sealed
    def __next__(self) -> T:
        """The next piece.

        Raises:
            APIConnectionError: The connection broke.
            ClientStateError: The block of the response was left.
            ResponseTooLargeError: A line is longer than ``max_response_bytes``.
        """
        while not self._ready and not self._is_at_end:
            piece = self._body.receive()
            if piece is None:
                self._is_at_end = True
                self._ready += self._cutter.finish()
                self._body.close()  # at its end: the connection goes back at once
            else:
                self._ready += self._cutter.feed(piece)
        if not self._ready:
            raise StopIteration
        return self._ready.popleft()
