"""Content codings, undone piece by piece within bounds, so that a small body can't become a large one unseen.

gzip and deflate by zlib; br and zstd where the packages are installed that httpx or httpx2 use for them, so that its
``Accept-Encoding`` names nothing that can't be undone. A decoder makes
`PIECE` bytes at a time, whatever it is fed; where a library knows no such limit, what few bytes of input make.
"""

from __future__ import annotations

import functools
import importlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

import httpx

from ._lazy_response import header_of

__all__ = ["MAX_CODINGS", "PIECE", "ContentDecoder"]

PIECE: Final = 64 * 1024  # bytes that a decoder gives at a time
MAX_CODINGS: Final = 5  # codings over one another, as urllib3 has it; each could multiply a bomb
_GZIP_WBITS: Final = zlib.MAX_WBITS | 16  # zlib's flag for a gzip header and trailer
_ZSTD_WINDOW: Final = 8 * 1024 * 1024  # bytes that a frame may refer back to: RFC 9659, 3
_GZIP_MAGIC: Final = b"\x1f"  # a member begins so: RFC 1952, 2.3.1


class _Decoder(Protocol):
    """Undoes one coding."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Give what *data* makes, in pieces."""
        ...

    def finish(self) -> None:
        """Take in the end of the body; raise `ValueError` if it came too early."""
        ...


class _Inflater(Protocol):
    """What `zlib.decompressobj` gives, of which zlib has no public name."""

    @property
    def eof(self) -> bool: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class ContentDecoder:
    """Undoes the codings of one response.

    Args:
        response: The response, whose Content-Encoding counts. A coding that is not known here is left as it is.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        names = [name.strip().lower() for name in (header_of(response, "content-encoding") or "").split(",")]
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
        return httpx.DecodingError(message, request=self._response.request)


class _Gzip:
    """gzip (RFC 1952), of one member or several; what follows the last one, such as padding, is no part of it."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WBITS)
        self._is_begun = False
        self._is_over = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        while data and not self._is_over:
            if self._member.eof:
                if data[:1] != _GZIP_MAGIC:
                    self._is_over = True  # also where a later chunk happens to begin as a member does
                    return
                self._member = zlib.decompressobj(_GZIP_WBITS)
            self._is_begun = True
            yield from _inflated(self._member, data)
            data = self._member.unused_data

    def finish(self) -> None:
        if self._is_begun and not self._member.eof:
            raise ValueError("the body ends in the middle of its gzip data")


class _Deflate:
    """deflate: with zlib's header (RFC 1950) as RFC 9110 has it, or without (RFC 1951) as some servers send it."""

    def __init__(self) -> None:
        self._stream: _Inflater | None = None
        self._head = b""

    def decode(self, data: bytes) -> Iterator[bytes]:
        if self._stream is None:
            self._head += data
            if len(self._head) < 2:
                return
            data = self._head
            has_header = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2]) % 31 == 0  # RFC 1950, 2.2
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
        if not self._stream.eof:
            yield from _inflated(self._stream, data)

    def finish(self) -> None:
        if self._head and not (self._stream is not None and self._stream.eof):
            raise ValueError("the body ends in the middle of its deflate data")


def _inflated(stream: _Inflater, data: bytes) -> Iterator[bytes]:
    """What *data* makes, at most `PIECE` bytes at a time."""
    while data and not stream.eof:
        piece = stream.decompress(data, PIECE)
        data = stream.unconsumed_tail
        if piece:
            yield piece
    while not stream.eof and (piece := stream.decompress(b"", PIECE)):
        yield piece


class _Brotli:
    """br (RFC 7932)."""

    def __init__(self, library: Any) -> None:
        self._decompressor = library.Decompressor()
        # brotli names the method so, brotlicffi otherwise
        self._process = getattr(self._decompressor, "process", None) or self._decompressor.decompress
        self._is_begun = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        self._is_begun = self._is_begun or bool(data)
        if not hasattr(self._decompressor, "can_accept_more_data"):
            # Before version 1.2 the output has no limit, so the input has: a command, of some bytes, makes at most
            # 16 MiB (RFC 7932, 5).
            yield from filter(None, (self._process(data[at : at + 16]) for at in range(0, len(data), 16)))
            return
        piece = self._process(data, output_buffer_limit=PIECE)
        while piece:
            yield piece
            if self._decompressor.is_finished():
                return
            # also where all input was taken: what the limit held back is still to come
            piece = self._process(b"", output_buffer_limit=PIECE)

    def finish(self) -> None:
        if self._is_begun and not self._decompressor.is_finished():
            raise ValueError("the body ends in the middle of its br data")


class _Zstandard:
    """zstd (RFC 8878) by the package zstandard, in one frame or several."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._new()
        self._is_begun = False

    def _new(self) -> None:
        self._frame = self._library.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()

    def decode(self, data: bytes) -> Iterator[bytes]:
        # The package has no bound on what a piece of input makes, so the input is given in small ones: a block of
        # zstd makes at most 128 KiB, and begins with a header of three bytes.
        self._is_begun = self._is_begun or bool(data)
        at = 0
        while at < len(data):
            if self._frame.eof:
                self._new()
            taken = data[at : at + 64]
            piece = self._frame.decompress(taken)
            at += len(taken) - (len(self._frame.unused_data) if self._frame.eof else 0)
            if piece:
                yield piece

    def finish(self) -> None:
        if self._is_begun and not self._frame.eof:
            raise ValueError("the body ends in the middle of its zstd data")


class _StandardZstd:
    """zstd by the module of Python 3.14, or its backport, in one frame or several."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._options = {library.DecompressionParameter.window_log_max: _ZSTD_WINDOW.bit_length() - 1}
        self._new()
        self._is_begun = False

    def _new(self) -> None:
        self._frame = self._library.ZstdDecompressor(options=self._options)

    def decode(self, data: bytes) -> Iterator[bytes]:
        self._is_begun = self._is_begun or bool(data)
        while data or not (self._frame.eof or self._frame.needs_input):
            if self._frame.eof:
                self._new()
            piece = self._frame.decompress(data, PIECE)
            data = self._frame.unused_data if self._frame.eof else b""
            if piece:
                yield piece

    def finish(self) -> None:
        if self._is_begun and not self._frame.eof:
            raise ValueError("the body ends in the middle of its zstd data")


_BUILT_IN: Final[dict[str, Callable[[], _Decoder]]] = {"gzip": _Gzip, "x-gzip": _Gzip, "deflate": _Deflate}
_OPTIONAL: Final[dict[str, Sequence[tuple[str, Callable[[Any], _Decoder]]]]] = {
    "br": [("brotli", _Brotli), ("brotlicffi", _Brotli)],
    # of two, that which has a bound of its own
    "zstd": [("compression.zstd", _StandardZstd), ("backports.zstd", _StandardZstd), ("zstandard", _Zstandard)],
}
"""The packages that undo a coding, with what uses them: the first that is installed is taken."""


def _make(name: str) -> _Decoder | None:
    maker = _optional(name) if name in _OPTIONAL else _BUILT_IN.get(name)
    return None if maker is None else maker()


@functools.cache
def _optional(name: str) -> Callable[[], _Decoder] | None:
    """What undoes a coding by a package, which is imported when the coding is first met; None without it."""
    for package, maker in _OPTIONAL[name]:
        try:
            library = importlib.import_module(package)
        except ImportError:
            continue
        return functools.partial(maker, library)
    return None
