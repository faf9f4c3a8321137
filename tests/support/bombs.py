"""Small bodies that decode to large ones."""

from __future__ import annotations

import functools
import gzip
import struct
import zlib

import brotli
import zstandard

__all__ = ["MIB", "brotli_bomb", "chained_bomb", "deflate_bomb", "gzip_bomb", "zstd_bomb"]

MIB = 1024 * 1024


@functools.cache
def gzip_bomb(mebibytes: int = 200) -> bytes:
    """Gzip of so many MiB of zeros, some thousandth of that in size: one compressed MiB, again and again."""
    checksum = 0
    for _ in range(mebibytes):
        checksum = zlib.crc32(bytes(MIB), checksum)
    head, end = b"\x1f\x8b\x08" + bytes(6) + b"\xff", b"\x03\x00"  # RFC 1952, 2.3; RFC 1951: an empty last block
    return head + _mebibyte() * mebibytes + end + struct.pack("<II", checksum, mebibytes * MIB)


def chained_bomb(mebibytes: int = 200) -> bytes:
    """The same, in gzip once more."""
    return gzip.compress(gzip_bomb(mebibytes))


def deflate_bomb(mebibytes: int = 200) -> bytes:
    """The like of zlib's, without its end, which nobody comes to see."""
    return b"\x78\xda" + _mebibyte() * mebibytes


@functools.cache
def _mebibyte() -> bytes:
    """A compressed MiB of zeros that refers to nothing before it."""
    compressor = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return compressor.compress(bytes(MIB)) + compressor.flush(zlib.Z_FULL_FLUSH)


@functools.cache
def brotli_bomb(mebibytes: int = 200) -> bytes:
    """The like of Brotli's: not even a kilobyte."""
    compressor = brotli.Compressor(quality=1)
    return b"".join([*(compressor.process(bytes(MIB)) for _ in range(mebibytes)), compressor.finish()])


@functools.cache
def zstd_bomb(mebibytes: int = 200) -> bytes:
    """The like of Zstandard's."""
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    return b"".join([*(compressor.compress(bytes(MIB)) for _ in range(mebibytes)), compressor.flush()])
