"""The file that a download grows in, beside its target. Blocking, and of both colours; on Trio it runs in threads."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import sys
from pathlib import Path
from typing import Final, final

from ..responses import Partial, Version
from ..transport import replace_durably, write_all

if sys.platform != "win32":
    import fcntl

__all__ = ["PartFile"]

_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_UNSUPPORTED: Final = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}  # file systems without locks


@final
class PartFile:
    """A file that gets the name of its target only once it is whole.

    To be found again by a later download it is ``<name>.part``, with what that has to know in ``<name>.part.json``,
    and only one download at a time can have it; else its name is its own.

    Args:
        target: The name. A symbolic link is followed; what is replaced keeps its permissions.
        resume: Whether it is to be found again, and what is there to be gone on with.

    Raises:
        OSError: It can't be made, another download has it, or the target is no file.
    """

    def __init__(self, target: str | os.PathLike[str], *, resume: bool) -> None:
        self._target = Path(target).resolve()
        if self._target.exists() and not self._target.is_file():
            code = errno.EISDIR if self._target.is_dir() else errno.EINVAL
            raise OSError(code, "not a regular file, so it can't be replaced by one", str(self._target))
        if resume:
            self._path = self._target.with_name(f"{self._target.name}.part")
            self._fd = _open_locked(self._path)
        else:
            self._path = self._target.with_name(f".{self._target.name}.{secrets.token_hex(4)}.part")
            try:
                self._fd = os.open(self._path, _FLAGS | os.O_EXCL, 0o666)
            except OSError as error:  # the name that the caller knows says more
                raise type(error)(error.errno, error.strerror, str(self._target)) from None
        self._is_open = True
        self._sidecar = self._path.with_name(f"{self._path.name}.json")
        try:
            self.found = self._find() if resume else None
            """What an earlier download left."""
        except BaseException:
            self._release()
            raise

    def _find(self) -> Partial | None:
        try:
            version = Version.from_json(self._sidecar.read_bytes())
        except FileNotFoundError:
            return None
        return None if version is None else Partial(os.fstat(self._fd).st_size, version)

    def begin(self, offset: int, version: Version | None) -> None:
        """Keep the first *offset* bytes, and write after them.

        Args:
            offset: Bytes.
            version: Of what they are; None where nothing can be made of them later.
        """
        if not offset:  # in this order: at no time does the one file speak of another content of the other
            self._sidecar.unlink(missing_ok=True)
        os.ftruncate(self._fd, offset)
        os.lseek(self._fd, offset, os.SEEK_SET)
        if not offset and version is not None:
            self._sidecar.write_bytes(version.to_json())

    def write(self, data: bytes) -> None:
        """Write all of *data*."""
        write_all(self._fd, data)

    def digest(self, algorithm: str) -> str:
        """The digest of the whole file by an algorithm of `hashlib`, in hexadecimal digits."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()

    def finish(self) -> None:
        """Flush the file to the disk and give it its name."""
        os.fsync(self._fd)
        if sys.platform == "win32":
            self._release()  # which can't rename an open file
        replace_durably(self._path, self._target)
        self._sidecar.unlink(missing_ok=True)
        self._release()

    def close(self, *, keep: bool) -> None:
        """Close; remove what is there, unless it is finished or to be kept."""
        if not self._is_open:
            return
        if sys.platform == "win32":
            self._release()
        if not keep:  # elsewhere while it is locked, so that no other download has it by then
            self._path.unlink(missing_ok=True)
            self._sidecar.unlink(missing_ok=True)
        self._release()

    def _release(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._fd)


def _open_locked(path: Path) -> int:
    """Open *path* for this download alone."""
    while True:
        fd = os.open(path, _FLAGS | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            if sys.platform == "win32" or _lock(fd, path):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


if sys.platform != "win32":

    def _lock(fd: int, path: Path) -> bool:
        """Lock the file; False: it has another name or none by now, since the download that had it has ended."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(errno.EWOULDBLOCK, "another download writes to this file", str(path)) from None
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
        try:
            return os.path.samestat(os.fstat(fd), os.stat(path))
        except FileNotFoundError:
            return False
