"""The model of a character, as a client of the API has it, and every character straight from `unicodedata`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import attrs

from ...models import wire

__all__ = ["Character", "expected_characters"]


@wire(rename="camel")
@attrs.frozen
class Character:
    """A named character of Unicode."""

    id: str
    """The code point in hexadecimal: ``00BD``."""
    code_point: int
    name: str
    category: str
    """The general category: ``No``."""
    bidirectional: str
    combining: int
    mirrored: bool
    decomposition: str
    numeric: float | None


def expected_characters(last: int) -> Iterator[Character]:
    """Every named character up to the code point *last*, in the order of code points."""
    for code_point in range(last + 1):
        character = chr(code_point)
        name = unicodedata.name(character, None)
        if name is not None:
            yield Character(
                id=f"{code_point:04X}",
                code_point=code_point,
                name=name,
                category=unicodedata.category(character),
                bidirectional=unicodedata.bidirectional(character),
                combining=unicodedata.combining(character),
                mirrored=bool(unicodedata.mirrored(character)),
                decomposition=unicodedata.decomposition(character),
                numeric=unicodedata.numeric(character, None),
            )
