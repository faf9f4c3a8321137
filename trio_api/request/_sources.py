"""What the bytes of a body are read from: memory, an open file, a path, an iterable.

Each knows how long it is and whether it can be read again, and gives its bytes in pieces. Nothing is read and no path
is looked at before it is asked for; whether that happens in a thread is `trio_api.transport`'s.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Generator, Iterable
from typing import IO, Any, Final, Protocol, TypeAlias, cast

__all__ = [
    "CHUNK_SIZE",
    "DataSource",
    "FileSource",
    "IterableSource",
    "PathSource",
    "Pieces",
    "Source",
    "check_unspent",
    "checked_piece",
]

CHUNK_SIZE: Final = 64 * 1024  # bytes that a piece has at most, where we cut it

Pieces: TypeAlias = "Generator[bytes, None, None]"
"""What a source gives; none is empty. Closed, it closes what it opened."""


class Source(Protocol):
    """Where the bytes of a body, or of a part of one, come from."""

    @property
    def length(self) -> int | None:
        """How many bytes there are, where that is known before they are read."""
        ...

    @property
    def is_one_shot(self) -> bool:
        """Whether it gives its bytes once only."""
        ...

    @property
    def blocks(self) -> bool:
        """Whether reading may take time: a disk's, or that of the application's own code."""
        ...

    @property
    def is_on_disk(self) -> bool:
        """Whether its length is only known once `measure` has looked for it."""
        ...

    def measure(self) -> None:
        """Look how long it is now. May block where it is on disk."""
        ...

    def pieces(self) -> Pieces:
        """Read it from its beginning."""
        ...


class _Measured:
    """A source that is what it was when it was made."""

    length: int | None = None
    is_one_shot = False
    blocks = True
    is_on_disk = False

    def measure(self) -> None:
        """Nothing to look for."""


class DataSource(_Measured):
    """Bytes in memory."""

    blocks = False

    def __init__(self, data: bytes) -> None:
        self.data: Final = data
        self.length: int | None = len(data)

    def pieces(self) -> Pieces:
        for at in range(0, len(self.data), CHUNK_SIZE):
            yield self.data[at : at + CHUNK_SIZE]


def check_unspent(iterable: object, label: str) -> None:
    """Refuse a generator that has run: what was a body in another call would be an empty one in this.

    Raises:
        ValueError: It is one. Of other iterators nobody knows.
    """
    if getattr(iterable, "gi_frame", iterable) is None or getattr(iterable, "ag_frame", iterable) is None:
        raise ValueError(f"{label} is a generator that was read before; make another for each call")


class IterableSource(_Measured):
    """An iterable of bytes, which nobody knows to give them twice."""

    is_one_shot = True

    def __init__(self, iterable: Iterable[Any], label: str) -> None:
        check_unspent(iterable, label)
        self._iterable = iterable
        self._label = label

    def pieces(self) -> Pieces:
        for piece in self._iterable:
            if checked := checked_piece(piece, self._label):  # an empty one would end a chunked body
                yield checked


class FileSource(_Measured):
    """An open file, from where it stands to its end; the file is its owner's, who closes it.

    Args:
        file: Opened in binary mode. What can't be sought in, such as a pipe, can be read once only.
        label: What it is called in messages.

    Raises:
        TypeError: It was opened as text.
    """

    def __init__(self, file: IO[bytes], label: str) -> None:
        if isinstance(cast("object", file), io.TextIOBase):
            raise TypeError(f"{label} must be a file opened in binary mode: open(path, 'rb')")
        self._file = file
        self._label = label
        self._start: int | None = None  # where it stood, if it can be sought in
        try:
            start = file.tell()
            self.length = max(file.seek(0, io.SEEK_END) - start, 0)
            file.seek(start)
        except (AttributeError, OSError, io.UnsupportedOperation):
            self.length = None  # a pipe, a socket: what is read from it is gone
            self.is_one_shot = True
        else:
            self._start = start

    def pieces(self) -> Pieces:
        if self._start is not None:
            self._file.seek(self._start)
        yield from _read(self._file, self.length, self._label)


class PathSource:
    """A file on disk, opened for each reading and closed after it.

    Args:
        path: Where it is.
        label: What it is called in messages.
    """

    blocks = True
    is_on_disk = True

    def __init__(self, path: os.PathLike[str] | os.PathLike[bytes], label: str) -> None:
        self._path = os.fspath(path)
        self._label = label
        self.length: int | None = None
        self.is_one_shot = False

    def measure(self) -> None:
        """Look how long it is now.

        Raises:
            OSError: It is not there, or a directory.
        """
        found = os.stat(self._path)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self._path)
        is_file = stat.S_ISREG(found.st_mode)
        self.length = found.st_size if is_file else None
        self.is_one_shot = not is_file  # a named pipe: what is read from it is gone

    def pieces(self) -> Pieces:
        with open(self._path, "rb", buffering=0) as file:
            yield from _read(file, self.length, self._label)


def _read(file: IO[bytes], length: int | None, label: str) -> Pieces:
    """*length* bytes, which Content-Length promised though the file may have grown since; or all that there are."""
    left = length
    while left is None or left > 0:
        piece = checked_piece(file.read(CHUNK_SIZE if left is None else min(CHUNK_SIZE, left)), label)
        if not piece:
            break
        if left is not None:
            left -= len(piece)
        yield piece
    if left:
        raise ValueError(f"{label}: the file ended {left} bytes before the length that it had")


def checked_piece(value: object, label: str) -> bytes:
    """What a source gave, as bytes.

    Raises:
        TypeError: It is none.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)  # pyright: ignore[reportUnknownArgumentType]  # memoryview is generic, and any will do
    raise TypeError(f"{label} must give bytes, got {type(value).__name__}")
