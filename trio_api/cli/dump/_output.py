"""Where the lines go: a file that has its name only when it is whole, or a stream."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol, final

import trio

from ...transport import replace_durably, write_all

__all__ = ["FileOutput", "Output", "StreamOutput", "partial_path"]

MOMENT: Final = 0.25  # seconds: so long is waited for a cancelled write that may be all but done


class Output(Protocol):
    """What a dump writes to."""

    @property
    def offset(self) -> int:
        """How many bytes stand there for good."""
        ...

    async def write(self, data: bytes) -> None:
        """Write all of *data*."""
        ...

    def sync(self) -> None:
        """Make what was written outlast a crash of the machine; blocks."""
        ...

    def finish(self) -> None:
        """All is written: give the output its name; blocks."""
        ...

    def close(self, *, keep: bool) -> None:
        """Close the output; unless it is finished or *keep* is true, remove what was written."""
        ...


def partial_path(target: Path) -> Path:
    """Where the output for *target* grows when it is to outlast this process: ``<name>.part`` beside it."""
    return target.with_name(target.name + ".part")


@final
class FileOutput:
    """A file that grows under another name beside its own, and takes its own when it is finished.

    Args:
        target: The file's name. A symbolic link is followed.
        partial: Where it grows; None for a name of this process alone.
        offset: How many bytes of *partial* are to be kept, the rest is cut off; None to begin anew.

    Raises:
        OSError: The file can't be made.
        ValueError: The partial file is shorter than *offset*.
    """

    def __init__(self, target: Path, partial: Path | None = None, offset: int | None = None) -> None:
        self._target = target.resolve()
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        if partial is None:
            self._partial = self._target.with_name(f".{self._target.name}.{secrets.token_hex(4)}.part")
            flags |= os.O_EXCL
        else:
            self._partial = partial
        if offset is not None:
            flags &= ~os.O_CREAT
        try:
            self._fd = os.open(self._partial, flags, 0o666)
        except OSError as error:  # the name that the user knows says more, unless the other one is lost
            raise type(error)(
                error.errno, error.strerror, str(self._target if offset is None else self._partial)
            ) from None
        try:
            if os.fstat(self._fd).st_size < (offset or 0):
                raise ValueError(f"{self._partial} is shorter than the checkpoint says")
            os.ftruncate(self._fd, offset or 0)
            self.offset = os.lseek(self._fd, 0, os.SEEK_END)
        except BaseException:
            os.close(self._fd)
            raise
        self._finished = False

    async def write(self, data: bytes) -> None:
        """Write all of *data*. It goes to the page cache in microseconds, so it is not worth a thread."""
        await trio.lowlevel.checkpoint()
        write_all(self._fd, data)
        self.offset += len(data)

    def sync(self) -> None:
        """Flush to the disk."""
        os.fsync(self._fd)

    def finish(self) -> None:
        """Flush, keep the permissions of a file of that name, and take its place."""
        self.sync()
        replace_durably(self._partial, self._target)
        self._finished = True

    def close(self, *, keep: bool) -> None:
        """Close; a file that is neither finished nor to be kept is removed."""
        os.close(self._fd)
        if not self._finished and not keep:
            self._partial.unlink(missing_ok=True)


@final
class StreamOutput:
    """A pipe, a terminal or a device.

    Its reader may be slow, so that writing happens in a thread; a cancelled write is left behind. One that ends within
    a moment all the same is as good as any: what the reader has is not to be written again.

    Args:
        fd: The file descriptor, which stays the caller's.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.offset = 0

    async def write(self, data: bytes) -> None:
        """Write all of *data*."""
        written = trio.Event()
        token = trio.lowlevel.current_trio_token()

        def work() -> None:
            write_all(self._fd, data)
            with suppress(trio.RunFinishedError):  # it was left behind for so long
                token.run_sync_soon(written.set)

        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            await trio.to_thread.run_sync(work, abandon_on_cancel=True)
        except trio.Cancelled:  # noqa: ASYNC103  # the next checkpoint raises it again
            with trio.move_on_after(MOMENT, shield=True):
                await written.wait()
            if not written.is_set():
                raise
        self.offset += len(data)

    def sync(self) -> None:
        """Nothing: what was written is with the reader."""

    def finish(self) -> None:
        """Nothing."""

    def close(self, *, keep: bool) -> None:
        """Nothing."""
