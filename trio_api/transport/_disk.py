"""Files on disk that come into being as a whole: written under another name, and renamed. Blocking."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["rename_durably", "replace_durably", "write_all"]


def write_all(fd: int, data: bytes) -> None:
    """Write all of *data*."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def replace_durably(partial: Path, target: Path) -> None:
    """Put *partial*, whose content was flushed, in the place of *target*, whose permissions it takes over."""
    try:
        os.chmod(partial, stat.S_IMODE(os.stat(target).st_mode))
    except FileNotFoundError:
        pass  # nothing is replaced: the permissions are those of a new file
    rename_durably(partial, target)


def rename_durably(source: Path, target: Path) -> None:
    """Put *source* in the place of *target*, so that a crash leaves either of them whole."""
    os.replace(source, target)
    if hasattr(os, "O_DIRECTORY"):  # elsewhere a directory can't be opened, and needs no flush
        directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
