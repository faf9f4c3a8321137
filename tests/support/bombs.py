"""Small bodies that decode to large ones."""

from __future__ import annotations

import functools
import gzip
import struct
import zlib

__all__ = ["MIB", "chained_bomb", "gzip_bomb"]

MIB = 1024 * 1024


@functools.cache
def gzip_bomb(mebibytes: int = 200) -> bytes:
    """Gzip of so many MiB of zeros, some thousandth of that in size: one compressed MiB, again and again."""
    compressor = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    block = compressor.compress(bytes(MIB)) + compressor.flush(zlib.Z_FULL_FLUSH)  # which refers to nothing before it
    checksum = 0
    for _ in range(mebibytes):
        checksum = zlib.crc32(bytes(MIB), checksum)
    head, end = b"\x1f\x8b\x08" + bytes(6) + b"\xff", b"\x03\x00"  # RFC 1952, 2.3; RFC 1951: an empty last block
    return head + block * mebibytes + end + struct.pack("<II", checksum, mebibytes * MIB)


def chained_bomb(mebibytes: int = 200) -> bytes:
    """The same, in gzip once more."""
    return gzip.compress(gzip_bomb(mebibytes))
