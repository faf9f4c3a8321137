"""The Unicode character database as a table: what servers are filled with, and what crawls of them must equal."""

from __future__ import annotations

import functools
import sys
import unicodedata

import attrs


@attrs.frozen
class Character:
    """A named character."""

    codepoint: int
    name: str
    category: str
    bidirectional: str
    combining: int
    mirrored: int
    decomposition: str
    numeric: float | None


@functools.cache
def characters() -> tuple[Character, ...]:
    """Every character that has a name, some 140,000, by code point."""
    return tuple(
        Character(
            codepoint=codepoint,
            name=name,
            category=unicodedata.category(character),
            bidirectional=unicodedata.bidirectional(character),
            combining=unicodedata.combining(character),
            mirrored=unicodedata.mirrored(character),
            decomposition=unicodedata.decomposition(character),
            numeric=unicodedata.numeric(character, None),
        )
        for codepoint in range(sys.maxunicode + 1)
        if (name := unicodedata.name(character := chr(codepoint), None)) is not None
    )
