"""What happened in a run, line by line with its virtual time, and a digest of it to compare runs by."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from typing import Final, final

__all__ = ["Trace", "shown_bytes"]


@final
class Trace:
    """Takes note of what happens in a run.

    Args:
        now: The seconds that passed in the run.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now: Final = now
        self.lines: Final[list[str]] = []
        """What happened: ``0.012345 wire 3: the client sends 212 bytes, 1f0a66c2``."""
        self._hash: Final = hashlib.blake2b(digest_size=16)

    def note(self, what: str) -> None:
        """Write down *what* happened now."""
        line = f"{self._now():.6f} {what}"
        self.lines.append(line)
        self._hash.update(line.encode("utf-8", "backslashreplace"))

    def mark(self, what: bytes) -> None:
        """Have *what* count for the digest alone."""
        self._hash.update(what)

    @property
    def digest(self) -> str:
        """In hexadecimal digits."""
        return self._hash.hexdigest()


def shown_bytes(data: bytes) -> str:
    """How many bytes, and a checksum by which they are known again."""
    return f"{len(data)} bytes, {zlib.crc32(data):08x}"
