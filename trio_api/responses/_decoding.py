"""Content codings, undone piece by piece within bounds, so that a small body can't become a large one unseen.

gzip and deflate by zlib; br and zstd where the packages are installed that httpx uses for them. A decoder never
makes more than `PIECE` bytes at a time, whatever it is fed.
"""

from __future__ import annotations

import functools
import importlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import httpx

__all__ = ["MAX_CODINGS", "ContentDecoder"]

PIECE: Final = 64 * 1024  # bytes that a decoder gives at a time
MAX_CODINGS: Final = 5  # codings over one another, as urllib3 has it; each could multiply a bomb
_GZIP_WBITS: Final = zlib.MAX_WBITS | 16  # zlib's flag for a gzip header and trailer


class _Decoder(Protocol):
    """Undoes one coding."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Give what *data* makes, in pieces."""
        ...

    def finish(self) -> None:
        """Take in the end of the body; raise `ValueError` if it came too early."""
        ...


class ContentDecoder:
    """Undoes the codings of one response.

    Args:
        response: The response, whose Content-Encoding counts. A coding that is not known here is left as it is.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._request = response.request
        names = [name.strip().lower() for name in response.headers.get("content-encoding", "").split(",")]
        self._are_too_many = len(names) > MAX_CODINGS
        # The last that was applied is the first to be undone (RFC 9110, 8.4).
        self._decoders = [made for name in reversed(names) if (made := _make(name)) is not None]

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Give what *data* makes, in pieces.

        Raises:
            httpx.DecodingError: It is not what the Content-Encoding says, or that says more than `MAX_CODINGS`.
        """
        if self._are_too_many:
            raise self._error(f"more than {MAX_CODINGS} content codings over one another")
        return self._checked(self._through(0, data)) if self._decoders else iter([data] if data else [])

    def finish(self) -> None:
        """Take in the end of the body.

        Raises:
            httpx.DecodingError: It came too early for a coding.
        """
        for decoder in self._decoders:
            try:
                decoder.finish()
            except ValueError as problem:
                raise self._error(str(problem)) from None

    def _through(self, index: int, data: bytes) -> Iterator[bytes]:
        if index == len(self._decoders):
            yield data
            return
        for piece in self._decoders[index].decode(data):
            yield from self._through(index + 1, piece)

    def _checked(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
        except Exception as problem:  # each library has its own
            raise self._error(str(problem)) from None

    def _error(self, message: str) -> httpx.DecodingError:
        return httpx.DecodingError(message, request=self._request)


class _Zlib:
    """gzip, of one member or several, and deflate, with zlib's header as RFC 9110 has it or without as some send it."""

    def __init__(self, name: str, wbits: int) -> None:
        self._name = name
        self._wbits = wbits
        self._object = zlib.decompressobj(wbits)
        self._is_begun = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._object.eof:
                if self._wbits != _GZIP_WBITS:
                    return  # what follows the end of a deflate body is not part of it
                self._object = zlib.decompressobj(self._wbits)
            try:
                piece = self._object.decompress(data, PIECE)
            except zlib.error:
                if self._is_begun or self._wbits != zlib.MAX_WBITS:
                    raise
                self._wbits = -zlib.MAX_WBITS
                self._object = zlib.decompressobj(self._wbits)
                continue
            self._is_begun = True
            data = self._object.unconsumed_tail or self._object.unused_data
            if piece:
                yield piece
        while not self._object.eof and (piece := self._object.decompress(b"", PIECE)):
            yield piece

    def finish(self) -> None:
        if self._is_begun and not self._object.eof:
            raise ValueError(f"the body ends in the middle of its {self._name} data")


def _make(name: str) -> _Decoder | None:
    maker = _MAKERS.get(name)
    return None if maker is None else maker()


class _Brotli:
    """br (RFC 7932)."""

    def __init__(self, library: Any) -> None:
        self._decompressor = library.Decompressor()
        # brotli names the method so, brotlicffi otherwise
        self._process = getattr(self._decompressor, "process", None) or self._decompressor.decompress
        self._is_begun = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        self._is_begun = self._is_begun or bool(data)
        piece = self._process(data, output_buffer_limit=PIECE)
        while piece:
            yield piece
            if self._decompressor.can_accept_more_data():
                return
            piece = self._process(b"", output_buffer_limit=PIECE)

    def finish(self) -> None:
        if self._is_begun and not self._decompressor.is_finished():
            raise ValueError("the body ends in the middle of its br data")


class _Zstandard:
    """zstd (RFC 8878), in frames of at most 8 MiB of window, as browsers have it."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._new()
        self._is_begun = False

    def _new(self) -> None:
        self._object = self._library.ZstdDecompressor(max_window_size=8 * 1024 * 1024).decompressobj()

    def decode(self, data: bytes) -> Iterator[bytes]:
        # The library has no bound on what a piece of input makes, so the input is given in small ones: a block of
        # zstd makes at most 128 KiB, and begins with a header of three bytes.
        self._is_begun = self._is_begun or bool(data)
        while data:
            if self._object.eof:
                self._new()
            piece, data = self._object.decompress(data[:64]), data[64:]
            data = self._object.unused_data + data if self._object.eof else data
            if piece:
                yield piece

    def finish(self) -> None:
        if self._is_begun and not self._object.eof:
            raise ValueError("the body ends in the middle of its zstd data")


_MAKERS: Final[dict[str, Callable[[], _Decoder]]] = {
    "gzip": lambda: _Zlib("gzip", _GZIP_WBITS),
    "x-gzip": lambda: _Zlib("gzip", _GZIP_WBITS),
    "deflate": lambda: _Zlib("deflate", zlib.MAX_WBITS),
}


def _add_optional(coding: str, maker: Callable[[Any], _Decoder], *packages: str) -> None:
    for package in packages:
        try:
            library = importlib.import_module(package)
        except ImportError:
            continue
        _MAKERS[coding] = functools.partial(maker, library)
        return


_add_optional("br", _Brotli, "brotli", "brotlicffi")
_add_optional("zstd", _Zstandard, "zstandard")
