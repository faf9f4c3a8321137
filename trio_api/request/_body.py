"""The body of a call: made once, sent on every attempt that it can be sent on.

What it comes from decides whether it can be sent again: bytes, text, JSON, paths and seekable files can, an iterator
that was begun can't. How it reaches the wire in either colour is `trio_api.transport`'s; what a failed read of the
application's own source means is kept here, in `Body.error`.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from typing import Any, Final, cast

import httpx

from .._types import NotGiven
from ._form import form_of
from ._json_body import encode_json
from ._multipart import Multipart
from ._options import FinalRequestOptions
from ._query import Querystring
from ._sources import DataSource, FileSource, IterableSource, PathSource, Pieces, Source, check_unspent, checked_piece

__all__ = ["AsyncPieces", "Body", "BytesStream"]

_LABEL: Final = "content"


class Body:
    """The body of one call.

    Args:
        source: What it is read from; None is no body.
        content_type: The Content-Type that it is sent with unless the headers say otherwise.
    """

    def __init__(self, source: Source | AsyncIterable[Any] | None = None, *, content_type: str | None = None) -> None:
        self.content_type: Final = content_type
        """Its Content-Type, where its kind says one."""
        self.error: Exception | None = None
        """What the application's own file, iterator or progress function raised while it was sent, or None."""
        self.begun: bool = False
        """Whether anything was read from the source."""
        self.is_given: Final = source is not None
        """Whether there is a body; one of no bytes is a body too."""
        self.data: Final = source.data if isinstance(source, DataSource) else None
        """The whole body, or None where it is read piece by piece or where there is none."""
        self.in_memory: Final = source is None or self.data is not None
        """Whether `data` is all that there is to send."""
        self._source: Source | None = None
        self._async: AsyncIterable[Any] | None = None
        if self.in_memory or not isinstance(source, AsyncIterable):
            self._source = cast("Source | None", source)
        else:
            self._async = source

    @classmethod
    def from_options(cls, options: FinalRequestOptions, qs: Querystring | None = None) -> Body:
        """Make the body that a call asks for.

        Args:
            options: The call.
            qs: How the client writes nested names.

        Raises:
            TypeError: *content* or a file is nothing that bytes can be read from, *content* stands beside
                *extra_json*, or the JSON body has a value with no JSON.
            ValueError: A number of the JSON body is NaN or infinite, a part has a name that can't be sent, or a
                generator was read before.
        """
        if options.files is not None:
            form = form_of(options, qs or Querystring())
            return cls(form, content_type=f"multipart/form-data; boundary={form.boundary}")
        if options.content is None:
            if isinstance(options.json_data, NotGiven) and not options.extra_json:
                return cls()  # most calls
            data = encode_json(options.json_data, options.extra_json)
            return cls() if data is None else cls(DataSource(data), content_type="application/json")
        if options.extra_json:
            raise TypeError("content and extra_json exclude each other: extra_json merges keys into a JSON body")
        return cls._from_content(options.content)

    @classmethod
    def _from_content(cls, content: object) -> Body:
        untyped: Any = content
        kind = type(content).__name__
        if isinstance(content, str):
            try:
                return cls(DataSource(content.encode()), content_type="text/plain; charset=utf-8")
            except UnicodeEncodeError:
                raise ValueError("content has a lone surrogate, which has no UTF-8; give bytes") from None
        if isinstance(content, (bytes, bytearray, memoryview)):
            return cls(DataSource(checked_piece(untyped, _LABEL)))
        if isinstance(content, (list, tuple)):
            return cls(DataSource(b"".join(checked_piece(piece, _LABEL) for piece in untyped)))
        if isinstance(content, os.PathLike):
            return cls(PathSource(untyped, _LABEL))
        if isinstance(content, AsyncIterable):
            check_unspent(untyped, _LABEL)
            return cls(untyped)
        if hasattr(content, "read"):
            return cls(FileSource(untyped, _LABEL))
        if isinstance(content, Iterable) and not isinstance(content, Mapping):
            return cls(IterableSource(untyped, _LABEL))
        raise TypeError(
            "content must be bytes, str, a path, a file opened in binary mode, or an iterable or asynchronous iterable "
            f"of bytes, got {kind}; for JSON give body=..."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} length={self.length} replayable={self.replayable}>"

    @property
    def form(self) -> Multipart | None:
        """The form that it is, if it is one."""
        return self._source if isinstance(self._source, Multipart) else None

    @property
    def length(self) -> int | None:
        """Its length in bytes, where that is known before it is read."""
        return None if self._source is None else self._source.length

    @property
    def is_async(self) -> bool:
        """Whether it comes from an asynchronous iterable, which no blocking client can read."""
        return self._async is not None

    @property
    def is_one_shot(self) -> bool:
        """Whether its source gives its bytes once only."""
        return self._async is not None or (self._source is not None and self._source.is_one_shot)

    @property
    def blocks(self) -> bool:
        """Whether reading it may take time."""
        return self._source is not None and self._source.blocks

    @property
    def is_on_disk(self) -> bool:
        """Whether `measure` has something to look for, on a disk."""
        return self._source is not None and self._source.is_on_disk

    @property
    def replayable(self) -> bool:
        """Whether it can be sent, for the first time or again."""
        return not (self.is_one_shot and self.begun)

    def measure(self) -> None:
        """Look how long the files on disk are now; before every attempt, and it may block.

        Raises:
            OSError: One is not there.
        """
        if self._source is not None:
            self._source.measure()

    def pieces(self) -> Pieces:
        """Read the body from its beginning, in pieces; none is empty. Blocks where its source does.

        Close the iterator when it is not read to its end: it may have a file open.

        Raises:
            httpx.StreamConsumed: It can't be sent again.
            Exception: What the source raised; it is kept in `error`.
        """
        self._begin()
        if self._source is None:
            return
        try:
            yield from self._source.pieces()
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
        return AsyncPieces(self, aiter(cast("AsyncIterable[Any]", self._async)))

    def _begin(self) -> None:
        if not self.replayable:
            raise httpx.StreamConsumed
        self.begun, self.error = True, None


class AsyncPieces(AsyncIterator[bytes]):
    """The pieces of an asynchronous body. A class, since Trio warns of asynchronous generators left unfinished."""

    def __init__(self, body: Body, source: AsyncIterator[Any]) -> None:
        self._body = body
        self._source = source

    async def __anext__(self) -> bytes:
        try:
            while not (piece := checked_piece(await anext(self._source), _LABEL)):
                pass
        except StopAsyncIteration:
            raise
        except Exception as error:
            self._body.error = error
            raise
        return piece

    async def aclose(self) -> None:  # noqa: ASYNC910  # of another source there is nothing to close
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
        return self._left.pop()  # noqa: ASYNC910  # the write that follows does
