"""What the API speaks of: plain attrs classes, with the wire's names where they differ."""

from __future__ import annotations

import attrs

from trio_api import Extras, wire


@wire(rename="camel")
@attrs.frozen
class Character:
    """One named character of Unicode."""

    id: str
    """The code point in hexadecimal, four digits at least."""
    code_point: int
    name: str
    category: str
    mirrored: bool
    numeric: float | None = None
    more: Extras = attrs.field(factory=Extras)
    """What a newer server sends and this version does not know."""


@attrs.frozen
class Category:
    """One general category."""

    id: str
    name: str
    characters: int
    """How many characters it has."""
