"""The checksum that a caller expects of a file."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from trio_api.responses import Checksum

SHA = hashlib.sha256(b"x").hexdigest()


@pytest.mark.parametrize("text", [f"sha256:{SHA}", f"SHA256:{SHA.upper()}", f" sha256:{SHA}\n"])
def test_it_is_an_algorithm_and_a_digest(text: str) -> None:
    """In any case, as tools print it."""
    assert Checksum.parse(text) == Checksum("sha256", SHA)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha512", "blake2b", "sha3_256"])
def test_any_algorithm_of_hashlib_will_do(algorithm: str) -> None:
    """Also those that are good against accidents only."""
    digest = hashlib.new(algorithm, b"x", usedforsecurity=False).hexdigest()
    assert Checksum.parse(f"{algorithm}:{digest}") == Checksum(algorithm, digest)


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        (SHA, ValueError, "must be such as 'sha256:9f86d0...', of one of blake2b"),
        ("crc7:00", ValueError, "must be such as"),
        ("shake_128:00", ValueError, "must be such as"),  # its digest has any length
        ("sha256:00", ValueError, "must have 64 hexadecimal digits"),
        ("sha256:" + "g" * 64, ValueError, "must have 64 hexadecimal digits"),
        (b"sha256:", TypeError, "must be a str"),
    ],
)
def test_anything_else_is_told_before_a_byte_is_fetched(text: Any, error: type[Exception], match: str) -> None:
    """The message shows the right form."""
    with pytest.raises(error, match=match):
        Checksum.parse(text)
