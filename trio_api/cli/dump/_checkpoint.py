"""The checkpoint of a dump: what was written so far, and how to go on; and the file that holds it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final, final

import attrs
import msgspec

from ...transport import rename_durably
from ..detection import Shape

__all__ = ["Checkpoint", "CheckpointFile", "Source"]

VERSION: Final = 1  # of the file's format


@attrs.frozen
class Source:
    """What is dumped and to where: a checkpoint belongs to one source."""

    url: str
    method: str
    data: object
    """The JSON body of the requests, or None."""
    output: str | None
    """The absolute path of the output file, or None for standard output."""


@attrs.frozen(kw_only=True)
class Checkpoint:
    """The state after a whole page was written."""

    version: int = VERSION
    source: Source
    shape: Shape
    """How the list is paged, as it was found or given at the beginning."""
    offset: int = 0
    """Bytes of output."""
    items: int = 0
    pages: int = 0
    place: object = None
    """The paginator's own token; None before the first page."""
    done: bool = False
    """Whether all is written, though perhaps not yet under its final name."""


@final
class CheckpointFile:
    """A checkpoint on disk, replaced atomically, readable by its owner alone: places may hold what a URL's query does.

    Args:
        path: The file. A symbolic link is followed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()

    def load(self, source: Source) -> Checkpoint | None:
        """The checkpoint, or None when there is no file.

        Raises:
            OSError: The file can't be read.
            ValueError: It is no checkpoint, or one of another source.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            found = msgspec.json.decode(data, type=Checkpoint)
        except (msgspec.DecodeError, RecursionError):
            raise ValueError(f"{self._path} is no checkpoint of trio-api") from None
        if found.version != VERSION:
            raise ValueError(f"{self._path} was written by another version of trio-api")
        if found.source != source:
            changed = [
                field.name
                for field in attrs.fields(Source)
                if getattr(found.source, field.name) != getattr(source, field.name)
            ]
            raise ValueError(
                f"{self._path} is the checkpoint of another dump (its {' and '.join(changed)} differ); "
                "name another file, or remove it to begin anew"
            )
        return found

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the file; blocks.

        Raises:
            OSError: The file can't be written.
        """
        temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.tmp")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(fd, "wb") as file:
                file.write(msgspec.json.encode(checkpoint))
                file.flush()
                os.fsync(fd)
            rename_durably(temporary, self._path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def remove(self) -> None:
        """The dump is over."""
        self._path.unlink(missing_ok=True)
