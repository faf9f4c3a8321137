"""Output files and streams."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import trio
import trio.testing

from trio_api.cli.dump._output import FileOutput, StreamOutput, partial_path


async def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    """Until `finish` the old file stands; after it nothing else does."""
    target = tmp_path / "out.jsonl"
    target.write_text("old")
    output = FileOutput(target)
    await output.write(b"new\n")
    assert target.read_text() == "old"
    output.finish()
    output.close(keep=False)
    assert target.read_text() == "new\n"
    assert os.listdir(tmp_path) == ["out.jsonl"]


async def test_an_unfinished_file_is_removed(tmp_path: Path) -> None:
    """A dump that fails leaves nothing behind and the old file as it was."""
    output = FileOutput(tmp_path / "out.jsonl")
    await output.write(b"half")
    output.close(keep=False)
    assert os.listdir(tmp_path) == []


async def test_a_partial_file_is_cut_to_its_offset_and_grows_on(tmp_path: Path) -> None:
    """What was written after the checkpoint goes, and comes again."""
    target = tmp_path / "out.jsonl"
    partial = partial_path(target)
    first = FileOutput(target, partial)
    await first.write(b"one\n")
    kept = first.offset
    await first.write(b"tw")
    first.close(keep=True)
    assert partial.read_bytes() == b"one\ntw"
    second = FileOutput(target, partial, kept)
    await second.write(b"two\n")
    assert second.offset == 8
    second.finish()
    second.close(keep=True)
    assert target.read_bytes() == b"one\ntwo\n"


def test_a_partial_file_that_lost_bytes_is_refused(tmp_path: Path) -> None:
    """A file shorter than its checkpoint says is not filled up with zeros."""
    partial = tmp_path / "out.jsonl.part"
    partial.write_bytes(b"one\n")
    with pytest.raises(ValueError, match="shorter than the checkpoint says"):
        FileOutput(tmp_path / "out.jsonl", partial, 5)
    assert partial.read_bytes() == b"one\n"
    with pytest.raises(FileNotFoundError):
        FileOutput(tmp_path / "out.jsonl", tmp_path / "gone.part", 0)


def test_permissions_and_links_are_those_of_the_file_replaced(tmp_path: Path) -> None:
    """A replaced file keeps its mode, a symbolic link keeps pointing, a new file obeys the umask."""
    real = tmp_path / "real"
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(real)
    for target in (link, tmp_path / "new"):
        output = FileOutput(target)
        output.finish()
        output.close(keep=False)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~umask


async def test_a_stream_takes_everything_and_a_slow_reader_stops_nobody() -> None:
    """A write that fills the pipe waits in a thread, and the other tasks go on."""
    reader, writer = os.pipe()
    output = StreamOutput(writer)
    data = b"x" * 1_000_000
    received = bytearray()

    async def read() -> None:
        while len(received) < len(data):
            received.extend(await trio.to_thread.run_sync(os.read, reader, 65536))

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(output.write, data)
            nursery.start_soon(read)
    assert bytes(received) == data
    assert output.offset == len(data)
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        await output.write(b"nobody reads")
    os.close(writer)


async def test_a_stuck_write_is_left_behind_when_cancelled() -> None:
    """Ctrl-C does not wait for a reader that has stopped reading."""
    reader, writer = os.pipe()
    with trio.move_on_after(0.05) as scope:
        await StreamOutput(writer).write(b"x" * 1_000_000)
    assert scope.cancelled_caught
    os.close(reader)
    await trio.to_thread.run_sync(os.close, writer)


async def test_a_write_that_ends_just_after_its_cancellation_counts() -> None:
    """Its reader has it: Ctrl-C comes often from one who has just read."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    size = os.write(writer, b"x" * 10_000_000)  # full
    os.set_blocking(writer, True)
    output = StreamOutput(writer)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(output.write, b"one more")
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        os.read(reader, size)
    assert output.offset == len(b"one more")
    os.close(reader)
    os.close(writer)
