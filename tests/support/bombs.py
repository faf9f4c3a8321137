"""Small bodies that decode to large ones."""

from __future__ import annotations

import functools
import gzip
import zlib

__all__ = ["MIB", "chained_bomb", "gzip_bomb"]

MIB = 1024 * 1024


@functools.cache
def gzip_bomb(mebibytes: int = 200) -> bytes:
    """Gzip of so many MiB of zeros, some thousandth of that in size; made once, since that takes a second."""
    compressor = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    block = bytes(MIB)
    return b"".join(compressor.compress(block) for _ in range(mebibytes)) + compressor.flush()


def chained_bomb(mebibytes: int = 200) -> bytes:
    """The same, in gzip once more."""
    return gzip.compress(gzip_bomb(mebibytes))
