"""What is fuzzed: a claim about any bytes that a server may send, and inputs to begin with."""

from __future__ import annotations

from collections.abc import Callable

import attrs

__all__ = ["Target", "split_off"]


@attrs.frozen
class Target:
    """One thing to fuzz."""

    name: str
    claim: str
    """What holds for every input, in a sentence."""
    check: Callable[[bytes], None]
    """Raises where the claim does not hold for these bytes."""
    seeds: tuple[bytes, ...]
    """Inputs that come close to what real servers send."""
    words: tuple[bytes, ...]
    """What the format is written in: the first thing to put anywhere."""
    largest: int = 2048
    """Bytes of an input."""


def split_off(data: bytes, count: int) -> tuple[bytes, bytes]:
    """The first *count* bytes, which say how the rest is used; zeros where there are too few. And the rest."""
    return data[:count].ljust(count, b"\0"), data[count:]
