"""A checksum that a file is expected to have."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

__all__ = ["Checksum"]


class Checksum(NamedTuple):
    """An algorithm of `hashlib` and the digest that is expected, in lower-case hexadecimal digits."""

    algorithm: str
    digest: str

    @classmethod
    def parse(cls, text: object) -> Checksum:
        """Read ``"sha256:9f86d0..."``.

        Raises:
            TypeError: It is no text.
            ValueError: There is no such algorithm, or the digest is none of it.
        """
        if not isinstance(text, str):
            raise TypeError(f"checksum must be a str such as 'sha256:9f86d0...', got {text!r}")
        algorithm, _, digest = text.strip().lower().partition(":")
        try:
            size = hashlib.new(algorithm, usedforsecurity=False).digest_size
        except ValueError:
            size = 0
        if not size:  # 0: shake, whose digests have any length
            known = ", ".join(sorted(name for name in hashlib.algorithms_guaranteed if not name.startswith("shake")))
            raise ValueError(f"checksum must be such as 'sha256:9f86d0...', of one of {known}; got {text!r}")
        if not re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", digest):
            raise ValueError(f"checksum must have {2 * size} hexadecimal digits after '{algorithm}:', got {text!r}")
        return cls(algorithm, digest)
