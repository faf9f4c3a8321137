"""The programs of the tutorial run as they stand, and print what the tutorial says."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "examples" / "tutorial"


@pytest.mark.parametrize("program", sorted(TUTORIAL.glob("*.py")), ids=lambda path: path.stem)
def test_a_program_prints_what_the_tutorial_shows(
    program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each program is run as a reader runs it; its output stands beside it."""
    monkeypatch.syspath_prepend(str(TUTORIAL))
    monkeypatch.delitem(sys.modules, "first_call", raising=False)
    runpy.run_path(str(program), run_name="__main__")
    assert capsys.readouterr().out == program.with_suffix(".txt").read_text(encoding="utf-8")


def test_the_page_shows_every_program() -> None:
    """No program is run here that the tutorial does not show, nor any output."""
    page = (TUTORIAL.parents[1] / "tutorial.rst").read_text(encoding="utf-8")
    unseen = [path.name for path in sorted(TUTORIAL.glob("*.*")) if f"examples/tutorial/{path.name}" not in page]
    assert unseen == []
