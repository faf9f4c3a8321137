"""What the fuzzers do when a claim does not hold: they find it out, make the input short, and say how to go on."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from fuzz.by_hypothesis import Fuzzer
from fuzz.findings import check_again, report
from fuzz.target import Target


def check(data: bytes) -> None:
    assert b"\xff" not in data or b"!" not in data


BROKEN = Target("broken", "No input has both.", check, seeds=(b"abcdef\xffghi",), words=(b"!", b"x" * 20))


def test_hypothesis_finds_what_breaks_a_claim(tmp_path: Path) -> None:
    """By changing what is known; the input is saved."""
    corpus, found = tmp_path / "corpus", tmp_path / "found"
    corpus.mkdir()
    found.mkdir()
    assert not Fuzzer(BROKEN, corpus, found).run(seconds=60)
    (finding,) = found.iterdir()
    with pytest.raises(AssertionError):
        check_again(BROKEN, finding)


def test_a_finding_is_made_short(tmp_path: Path) -> None:
    """Nothing of it could be left out; the report says what breaks, and how to keep it."""
    finding = tmp_path / "broken-crash-1"
    finding.write_bytes(b"xx\xffyyyyyyy!zzz")
    text = report(BROKEN, finding)
    assert finding.read_bytes() == b"\xff!"
    assert "No input has both." in text
    assert "AssertionError" in text
    assert f"python -m tests.fuzz broken --replay {finding}" in text
    assert 'KEPT["broken"]' in text.replace("'", '"')


def test_what_takes_too_long_is_not_tried_again(tmp_path: Path) -> None:
    """It is shown as it is."""
    finding = tmp_path / "broken-timeout-1"
    finding.write_bytes(b"\xff!")
    never = attrs.evolve(BROKEN, check=pytest.fail)
    assert "takes too long" in report(never, finding)
