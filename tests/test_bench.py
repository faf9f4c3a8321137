"""The harness of ``python -m tests.bench`` works. What it measures is no test: a time never fails a build."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from bench import docs
from bench.groups import all_rows, chosen
from bench.record import Machine, Record
from bench.row import Row, Speed, Verdict
from bench.table import render

CHECKOUT = Path(__file__).parent.parent


def row(**changes: object) -> Row:
    unmeasured = Row(name="page-x", what="a page", peer="x", unit=" µs", goal=0.5, sense="at most")
    return attrs.evolve(unmeasured, **changes)


def test_it_measures_and_writes_json(tmp_path: Path) -> None:
    """A short run prints a table and writes what it found: of pure code, and of a client and a server."""
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--rounds", "1", "--json", str(file)]
    done = subprocess.run(
        [*command, "--rows", "page-msgspec", "prefetch"], cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [each["name"] for each in rows] == ["page-msgspec", "prefetch"]
    for each in rows:
        assert each["ratio"] > 0
        assert each["verdict"] in {"holds", "falls short"}
        assert each["name"] in done.stdout


@pytest.mark.parametrize(
    ("sense", "ours", "verdict"),
    [
        ("at most", [1.0, 9.0, 2.0], Verdict.HOLDS),
        ("at most", [1.0, 3.0, 9.0], Verdict.FALLS_SHORT),
        ("at least", [1.0, 3.0, 9.0], Verdict.HOLDS),
        ("at least", [1.0, 9.0, 1.9], Verdict.FALLS_SHORT),
    ],
)
def test_the_median_round_decides(sense: str, ours: list[float], verdict: Verdict) -> None:
    """A claim holds if the median of the rounds' ratios does; a single good or bad round changes nothing."""
    assert row(sense=sense, ours=ours, peers=[4.0, 4.0, 4.0]).verdict is verdict


def test_a_missing_peer_is_a_row() -> None:
    """What was not measured says why, and the table has its line."""
    assert row().verdict is Verdict.NOT_INSTALLED
    assert "not installed" in render([row()])


def test_rows_are_named_by_their_beginnings() -> None:
    """A name of a row, or the whole words that names begin with, choose rows; what chooses none is an error."""
    assert chosen(["get-50", "growth"]) == {"get-50-aiohttp", "get-50-bare", "get-50-openai", "growth"}
    assert chosen(None) == {*(each.name for each in all_rows()), "speeds"}
    with pytest.raises(ValueError, match=r"there is no row 'ge'; there are .*growth"):
        chosen(["ge"])


def test_figures_survive_json_and_a_run_of_some_rows() -> None:
    """What is written can be read; rows that a later run leaves out keep their figures."""
    machine = Machine(day="2026-01-01", server="nginx/1.22.1")
    old = Record([row(ours=[1.0], peers=[2.0]), row(name="other")], [Speed("x", "X", 1, [5.0], [6.0])], machine)
    assert Record.from_json(old.to_json()) == old
    newer = Record([row(ours=[3.0], peers=[4.0])], machine=machine)
    assert old.merged(newer) == attrs.evolve(old, rows=[*newer.rows, row(name="other")])


def test_the_figures_of_a_short_run_are_marked() -> None:
    """They say little for as long as one of them is left, and no longer."""
    short = Record([row(), row(name="other")], is_quick=True)
    assert short.merged(Record([row()])).is_quick
    assert not short.merged(Record([row(), row(name="other")])).is_quick


def test_the_page_shows_its_figures() -> None:
    """The tables of docs/performance are those of the figures beside them: ``python -m tests.bench --docs``."""
    record = Record.from_json(docs.FIGURES.read_text(encoding="utf-8"))
    assert docs.TABLES.read_text(encoding="utf-8") == docs.tables(record)
    assert {each.name for each in record.rows} == {each.name for each in all_rows()}
