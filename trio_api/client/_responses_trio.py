"""The response wrapper of the Trio client."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar, cast, final, overload

import trio

from .._checks import check_progress
from .._records import Reply
from .._redact import sealed
from .._types import Progress
from ..responses import BaseAPIResponse, ByteCutter, Checksum, Cutter, TextCutter
from ._download_trio import Reopener, TrioDownload
from ._open_body_trio import OpenBody
from ._pieces_trio import AsyncPieces, KnownBody

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["AsyncAPIResponse"]

R = TypeVar("R")
T = TypeVar("T")


@final
class AsyncAPIResponse(BaseAPIResponse[R]):
    """A response with what the call took to get it. Made by the client only.

    The methods are async, so that code reads the same whether the body was read before or not.
    """

    def __init__(self, reply: Reply, *, body: OpenBody | None = None, **context: Any) -> None:
        super().__init__(reply, **context)
        self._body = body  # what was left open

    @overload
    async def parse(self) -> R: ...
    @overload
    async def parse(self, to: TypeForm[T]) -> T: ...
    @sealed
    async def parse(self, to: Any = None) -> Any:
        """Build what the call asked for, or *to*, from the body; once per type.

        Args:
            to: What to build in place of that; anything that ``cast_to`` takes.

        Raises:
            APIResponseValidationError: The body does not fit.
        """
        await self.read()
        return self._parse(to)

    async def read(self) -> bytes:
        """The decoded body, read to its end if it was not before.

        Raises:
            ResponseTooLargeError: It is larger than ``max_response_bytes``.
            APIConnectionError: The connection broke.
        """
        if self._body is None:
            await trio.lowlevel.checkpoint()
        else:
            self._claim("read")
            buffer = self._buffer()
            while (piece := await self._body.receive()) is not None and buffer.add(piece, self._body.received):
                pass
            await self._close()
            self._set_read(buffer.finish())
            self._body = None
        return self.http_response.content

    async def _close(self) -> None:  # noqa: ASYNC910  # of a body that was read nothing is open
        if self._body is not None:
            await self._body.aclose()

    async def text(self) -> str:
        """The body as text, by the charset of its Content-Type, else UTF-8."""
        return await self.parse(str)

    async def json(self) -> Any:
        """The body as plain JSON values.

        Raises:
            APIResponseValidationError: The body is no JSON.
        """
        return await self.parse(object)

    # -- piece by piece --------------------------------------------------------------------------------------

    def iter_bytes(self, chunk_size: int | None = None) -> AsyncPieces[bytes]:
        """Iterate over the decoded body, which is not kept.

        Args:
            chunk_size: Bytes of each chunk but the last. Default: the pieces as they come, at most 64 KiB.

        Raises:
            ClientStateError: The body was begun to be read in another way.
            TypeError, ValueError: *chunk_size* is no int, or less than 1.
        """
        return self._pieces("iter_bytes", ByteCutter(chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> AsyncPieces[str]:
        """Iterate over the body as text, by the charset of its Content-Type, else UTF-8; it is not kept.

        Args:
            chunk_size: Characters of each chunk but the last. Default: the pieces as they come.

        Raises:
            ClientStateError: The body was begun to be read in another way.
            TypeError, ValueError: *chunk_size* is no int, or less than 1.
        """
        return self._pieces("iter_text", TextCutter(self.http_response, chunk_size))

    def iter_lines(self) -> AsyncPieces[str]:
        """Iterate over the lines of the body's text, without their ends, as `str.splitlines` has them.

        A line of more than ``max_response_bytes`` characters is a `ResponseTooLargeError`.

        Raises:
            ClientStateError: The body was begun to be read in another way.
        """
        return self._pieces("iter_lines", self._line_cutter())

    def _pieces(self, reader: str, cutter: Cutter[T]) -> AsyncPieces[T]:
        if self._body is None:
            return AsyncPieces(KnownBody(self._known_pieces()), cutter)
        self._claim(reader)
        return AsyncPieces(self._body, cutter)

    # -- as a file -------------------------------------------------------------------------------------------

    @sealed
    async def stream_to_file(
        self,
        path: str | os.PathLike[str],
        *,
        progress: Progress | None = None,
        resume: bool = False,
        checksum: str | None = None,
    ) -> None:
        """Store the decoded body in a file.

        The bytes go to a file of another name beside it, which takes the name once it is whole, was flushed to the
        disk and has the checksum: under *path* a part of it never stands. What fails or is cancelled leaves nothing.

        To go on with what an earlier download left, ask for an unencoded body: send ``Accept-Encoding: identity``.

        Args:
            path: The file; one that exists is replaced.
            progress: A plain function of the bytes stored and of their total, where that is known.
            resume: Whether to go on with what an earlier download to *path* left, if the server still has the same
                version (a strong ETag or a Last-Modified says so), and to leave such a part if this one fails. A
                connection that breaks is then gone on with as the retry policy says, by a request for the rest;
                ``max_retries`` counts those that brought nothing. Only for GET.
            checksum: What the file must have: ``"sha256:..."``, of any algorithm of `hashlib`.

        Raises:
            APIConnectionError: The connection broke, or the body ended before its Content-Length.
            APIResponseValidationError: The checksum is another.
            ClientStateError: The body was begun to be read in another way.
            OSError: The file can't be written, or another download with *resume* writes to it.
            TypeError, ValueError: An argument can't be what it is meant to be.
        """
        expected = None if checksum is None else Checksum.parse(checksum)
        check_progress(progress)
        if self._body is not None:
            self._claim("stream_to_file")
        body = self._body or KnownBody(self._known_pieces())
        owner = cast("Reopener", self._owner)
        download = TrioDownload(owner, self._options, self._reply, body, progress)
        await download.save(path, resume=resume and self._body is not None, checksum=expected)
