"""What the bytes of a body are read from."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import warnings
from pathlib import Path
from typing import Any

import pytest

from trio_api.request._sources import DataSource, FileSource, IterableSource, PathSource


def read(source: Any) -> bytes:
    return b"".join(source.pieces())


def test_large_data_is_cut() -> None:
    """So that progress is told of more than its beginning and its end."""
    source = DataSource(200_000 * b"x")
    assert [len(piece) for piece in source.pieces()] == [65_536, 65_536, 65_536, 3_392]
    assert (source.length, source.is_one_shot, source.blocks, source.is_on_disk) == (200_000, False, False, False)
    assert list(DataSource(b"").pieces()) == []
    source.measure()


def test_a_path_is_measured_and_opened_when_it_is_asked_for(tmp_path: Path) -> None:
    """Each time anew: the file may have come only after the source was made, and may change between two attempts."""
    path = tmp_path / "file"
    source = PathSource(path, "content")
    assert (source.length, source.is_on_disk, source.blocks) == (None, True, True)
    for content in (b"one", b"another", b""):
        path.write_bytes(content)
        source.measure()
        assert (source.length, source.is_one_shot, read(source)) == (len(content), False, content)


def test_a_path_that_grows_or_shrinks_meanwhile(tmp_path: Path) -> None:
    """As many bytes are read as were promised, or it is an error."""
    path = tmp_path / "file"
    path.write_bytes(b"0123")
    source = PathSource(path, "content")
    source.measure()
    path.write_bytes(b"012345")
    assert read(source) == b"0123"
    path.write_bytes(b"0")
    with pytest.raises(ValueError, match="content: the file ended 3 bytes before the length that it had"):
        read(source)


def test_a_path_is_closed_with_its_iterator(tmp_path: Path) -> None:
    """Whether it was read to its end or not."""
    path = tmp_path / "file"
    path.write_bytes(100_000 * b"x")
    source = PathSource(path, "content")
    source.measure()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with contextlib.closing(source.pieces()) as pieces:
            next(pieces)
            assert len(open_files(path)) == 1
        assert open_files(path) == []
        list(source.pieces())
        assert open_files(path) == []
        gc.collect()


def open_files(path: Path) -> list[str]:
    """The descriptors of this process that *path* is open as."""
    found = []
    for entry in os.scandir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if os.readlink(entry.path) == str(path):
                found.append(entry.name)
    return found


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    """It is the system's own error, before anything is sent; a directory is one too."""
    with pytest.raises(FileNotFoundError):
        PathSource(tmp_path / "none", "content").measure()
    with pytest.raises(IsADirectoryError):
        PathSource(tmp_path, "content").measure()


def test_a_named_pipe_is_read_once(tmp_path: Path) -> None:
    """It has no length, and what was read from it is gone."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    source = PathSource(path, "content")
    source.measure()
    assert (source.length, source.is_one_shot) == (None, True)
    writer = os.open(path, os.O_RDWR)
    os.write(writer, b"piped")
    pieces = source.pieces()
    assert next(pieces) == b"piped"
    os.close(writer)
    assert next(pieces, None) is None


def test_a_file_in_the_middle_of_use() -> None:
    """From where it stands; closing the iterator leaves it to its owner."""
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    source = FileSource(file, "content")
    file.seek(0)
    with contextlib.closing(source.pieces()) as pieces:
        assert next(pieces) == b"456789"
    assert not file.closed
    assert (source.length, source.is_one_shot, source.is_on_disk) == (6, False, False)


def test_an_iterable_leaves_out_what_is_empty() -> None:
    """An empty piece would end a chunked body."""
    source = IterableSource(iter([b"a", b"", bytearray(b"b")]), "content")
    assert list(source.pieces()) == [b"a", b"b"]
    assert (source.length, source.is_one_shot) == (None, True)
