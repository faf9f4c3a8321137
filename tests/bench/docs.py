"""What docs/performance shows, from the figures that stand beside it: the tables and the plot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from .plot import draw
from .record import Record
from .row import Row, Speed, Verdict
from .table import cells, figure

__all__ = ["FIGURES", "TABLES", "tables", "write"]

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "performance"
FIGURES = FOLDER / "figures.json"
TABLES = FOLDER / "tables.inc"
PLOT = FOLDER / "speeds.svg"


def write() -> None:
    """Write the tables and the plot from the figures.

    Raises:
        FileNotFoundError: There are no figures yet.
        ImportError: matplotlib is not installed.
    """
    record = Record.from_json(FIGURES.read_text(encoding="utf-8"))
    TABLES.write_text(tables(record), encoding="utf-8")
    draw(record.speeds, PLOT)


def tables(record: Record) -> str:
    """What the page includes, in reStructuredText."""
    return "\n".join(
        [
            ".. Written by `python -m tests.bench --docs` from figures.json; changes here are lost.",
            "",
            *_warning(record),
            *_sentence(record),
            *_goals(record.rows),
            *_speeds(record.speeds),
            "",
        ]
    )


def _warning(record: Record) -> list[str]:
    if not record.is_quick:
        return []
    return [".. warning:: These figures are of a short run (``--quick``) and say little.", ""]


def _sentence(record: Record) -> list[str]:
    machine = record.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    hold = sum(row.verdict is Verdict.HOLDS for row in record.rows)
    place = f"{machine.system}, {machine.cores} cores of {machine.processor}"
    return [
        f"{hold} of {len(record.rows)} goals hold. Measured on {machine.day} on {place}, against {machine.server}.",
        f"Python {machine.python}, {versions}.",
        "",
    ]


def _goals(rows: Iterable[Row]) -> list[str]:
    head = ("what", "trio_api", "compared with", "theirs", "ratio", "goal", "")
    lines = []
    for row in rows:
        _, what, ours, peer, theirs, ratio, spread, goal, verdict = cells(row)
        words = f"**{verdict.lower()}**" if row.verdict is Verdict.FALLS_SHORT else verdict
        sign = "≥" if row.sense == "at least" else "≤"
        lines.append((what, ours, peer, theirs, f"{ratio} ({spread})", f"{sign} {goal.split()[1]}", words))
    return _table(head, lines)


def _speeds(speeds: Sequence[Speed]) -> list[str]:
    if not speeds:
        return []
    tasks = sorted({speed.tasks for speed in speeds})
    rates = {(speed.label, speed.tasks): figure(median(speed.rates)) for speed in speeds}
    labels = list(dict.fromkeys(speed.label for speed in speeds))
    lines = [(label, *(rates.get((label, number), "-") for number in tasks)) for label in labels]
    return [
        ".. image:: speeds.svg",
        "    :alt: requests a second against the number of tasks, for each client; the table below has the figures",
        "",
        "Requests a second by the number of tasks:",
        "",
        *_table(("", *(f"{number:,}" for number in tasks)), lines),
    ]


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    found = [".. list-table::", "    :header-rows: 1", ""]
    for line in (head, *lines):
        first, *others = line
        found += [f"    * - {first}".rstrip(), *(f"      - {text}".rstrip() for text in others)]
    return [*found, ""]
