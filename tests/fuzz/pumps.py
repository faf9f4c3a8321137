"""Long text from short inputs: what makes a parser go back and forth is most often one piece over and over."""

from __future__ import annotations

from typing import Final

from .target import split_off

__all__ = ["pumped"]

_LONG: Final = 60_000  # bytes: few servers let a field be as long
_RARELY: Final = 0xF8  # a first byte from here on says that a piece is repeated


def pumped(data: bytes, long: int = _LONG) -> bytes:
    """The text that an input stands for: its first three bytes may say which piece of the rest is repeated.

    Args:
        data: The input.
        long: Bytes that the repeated piece makes.
    """
    (kind, at, size), text = split_off(data, 3)
    piece = text[at : at + size]
    if kind < _RARELY or not piece:
        return text
    return text[:at] + piece * (long // len(piece)) + text[at + size :]
