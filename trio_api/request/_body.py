"""The body of a call: made once, sent on every attempt that it can be sent on.

What it comes from decides whether it can be sent again: bytes, text, JSON and seekable files can, an iterator
that was begun can't. How it reaches the wire in either colour is `trio_api.transport`'s; what a failed read of the
application's own source means is kept here, in `Body.error`.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import IO, Any, Final, TypeAlias, cast

import httpx

from ._json_body import encode_json
from ._options import FinalRequestOptions

__all__ = ["AsyncPieces", "Body", "BytesStream"]

CHUNK_SIZE: Final = 64 * 1024  # bytes read from a file at a time

Source: TypeAlias = "IO[bytes] | Iterable[bytes] | AsyncIterable[bytes]"


class Body:
    """The body of one call.

    Args:
        data: The whole of it, or None.
        source: A file, iterable or asynchronous iterable that it is read from, or None. With neither there is no
            body.
        content_type: The Content-Type that it is sent with unless the headers say otherwise.

    Raises:
        TypeError: *source* is nothing that bytes can be read from.
    """

    def __init__(
        self, data: bytes | None = None, *, source: Source | None = None, content_type: str | None = None
    ) -> None:
        self.data: Final = data
        """The whole body, or None where it is read piece by piece or where there is none."""
        self.content_type: Final = content_type
        """Its Content-Type, where its kind says one."""
        self.length: int | None = None if data is None else len(data)
        """Its length in bytes, where that is known before it is read."""
        self.error: Exception | None = None
        """What the application's own file or iterator raised while it was read, or None."""
        self.begun = False
        """Whether anything was read from the source."""
        self._source = source
        self._start: int | None = None  # where a seekable file stood
        if source is not None:
            self._measure(source)

    @classmethod
    def from_options(cls, options: FinalRequestOptions) -> Body:
        """Make the body that a call asks for.

        Raises:
            TypeError: *content* is nothing that bytes can be read from, or stands beside *extra_json*; or the JSON
                body has a value with no JSON.
            ValueError: A number of the JSON body is NaN or infinite.
        """
        if options.files is not None:
            raise NotImplementedError("files: multipart bodies are not supported yet")
        if options.content is None:
            data = encode_json(options.json_data, options.extra_json)
            return cls(data, content_type=None if data is None else "application/json")
        if options.extra_json:
            raise TypeError("content and extra_json exclude each other: extra_json merges keys into a JSON body")
        return cls._from_content(options.content)

    @classmethod
    def _from_content(cls, content: object) -> Body:
        kind = type(content).__name__
        if isinstance(content, str):
            try:
                return cls(content.encode(), content_type="text/plain; charset=utf-8")
            except UnicodeEncodeError:
                raise ValueError("content has a lone surrogate, which has no UTF-8; give bytes") from None
        if isinstance(content, (bytes, bytearray, memoryview)):
            return cls(_piece(cast("object", content)))
        if isinstance(content, (list, tuple)):
            return cls(b"".join(map(_piece, cast("Iterable[object]", content))))
        streamed = isinstance(content, (Iterable, AsyncIterable)) or hasattr(content, "read")
        if not streamed or isinstance(content, Mapping):
            raise TypeError(
                "content must be bytes, str, a file opened in binary mode, or an iterable or asynchronous iterable of "
                f"bytes, got {kind}; for JSON give body=..."
            )
        return cls(source=cast("Source", content))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} length={self.length} replayable={self.replayable}>"

    @property
    def is_given(self) -> bool:
        """Whether there is a body; one of no bytes is a body too."""
        return self.data is not None or self._source is not None

    @property
    def is_async(self) -> bool:
        """Whether it comes from an asynchronous iterable, which no blocking client can read."""
        return isinstance(self._source, AsyncIterable)

    @property
    def is_one_shot(self) -> bool:
        """Whether its source gives its bytes once only."""
        return self._source is not None and self._start is None

    @property
    def replayable(self) -> bool:
        """Whether it can be sent, for the first time or again."""
        return not (self.is_one_shot and self.begun)

    def pieces(self) -> Iterator[bytes]:
        """Read the body from its beginning, in pieces; none is empty. Blocks where its source does.

        Raises:
            httpx.StreamConsumed: It can't be sent again.
            Exception: What the source raised; it is kept in `error`.
        """
        self._begin()
        try:
            if self._source is None:
                pieces: Iterator[bytes] = iter([self.data or b""])
            elif _is_file(self._source):
                pieces = self._file_pieces(cast("IO[bytes]", self._source))
            else:
                pieces = map(_piece, cast("Iterable[Any]", self._source))
            for piece in pieces:
                if piece:
                    yield piece
        except Exception as error:
            self.error = error
            raise

    def async_pieces(self) -> AsyncPieces:
        """Read the body of an asynchronous iterable, in pieces; none is empty.

        Raises:
            httpx.StreamConsumed: It can't be sent again.
            Exception: What the source raised; it is kept in `error`.
        """
        self._begin()
        return AsyncPieces(self, aiter(cast("AsyncIterable[Any]", self._source)))

    def _begin(self) -> None:
        if not self.replayable:
            raise httpx.StreamConsumed
        self.begun, self.error = True, None

    def _measure(self, source: Source) -> None:
        if isinstance(source, AsyncIterable) or not _is_file(source):
            return
        if isinstance(cast("object", source), io.TextIOBase):
            raise TypeError("content must be a file opened in binary mode: open(path, 'rb')")
        file = cast("IO[bytes]", source)
        try:
            start = file.tell()
            self.length = max(file.seek(0, io.SEEK_END) - start, 0)
            file.seek(start)
        except (AttributeError, OSError, io.UnsupportedOperation):
            self.length = None  # a pipe, a socket: what is read from it is gone
        else:
            self._start = start

    def _file_pieces(self, file: IO[bytes]) -> Iterator[bytes]:
        if self._start is None:
            while piece := _piece(file.read(CHUNK_SIZE)):
                yield piece
            return
        file.seek(self._start)
        left = self.length or 0  # what was promised by Content-Length, though the file may have grown since
        while left:
            piece = _piece(file.read(min(CHUNK_SIZE, left)))
            if not piece:
                raise ValueError(f"content: the file ended {left} bytes before the length that it had")
            left -= len(piece)
            yield piece


class AsyncPieces(AsyncIterator[bytes]):
    """The pieces of an asynchronous body. A class, since Trio warns of asynchronous generators left unfinished."""

    def __init__(self, body: Body, source: AsyncIterator[Any]) -> None:
        self._body = body
        self._source = source

    async def __anext__(self) -> bytes:
        try:
            while not (piece := _piece(await anext(self._source))):
                pass
        except StopAsyncIteration:
            raise
        except Exception as error:
            self._body.error = error
            raise
        return piece

    async def aclose(self) -> None:
        """Close the source if it is an asynchronous generator: nobody else can go on with it."""
        if inspect.isasyncgen(self._source):
            await self._source.aclose()


class BytesStream(httpx.ByteStream):
    """A body in memory, for both colours.

    httpx's own gives it to Trio by an asynchronous generator, of which Trio warns when a write is cancelled.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._data = data

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _OnePiece(self._data)


class _OnePiece(AsyncIterator[bytes]):
    def __init__(self, data: bytes) -> None:
        self._left = [data]

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


def _is_file(source: object) -> bool:
    return hasattr(source, "read")


def _piece(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)  # pyright: ignore[reportUnknownArgumentType]  # memoryview is generic, and any will do
    raise TypeError(f"content must give bytes, got {type(value).__name__}")
