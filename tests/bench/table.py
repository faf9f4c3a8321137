"""The rows as an aligned table for a terminal, and what each figure looks like there and on the page."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from .row import Row, Verdict

__all__ = ["COLUMNS", "cells", "render"]

COLUMNS = ("row", "what", "ours", "compared with", "theirs", "ratio", "range", "goal", "verdict")
RIGHT = {"ours", "theirs", "ratio", "goal"}


def figure(value: float) -> str:
    """Three digits that count, and thousands set apart."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _figures(values: tuple[float, ...], cpu: tuple[float, ...], unit: str) -> str:
    if not values:
        return "-"
    text = f"{figure(median(values))}{unit}"
    return f"{text}, {figure(median(cpu))} µs" if cpu else text


def cells(row: Row) -> tuple[str, ...]:
    """The texts of *row*, one for each of `COLUMNS`."""
    ours, theirs = (
        _figures(row.ours, row.our_cpu, row.unit),
        _figures(row.peers, row.peer_cpu, row.unit),
    )
    sign = ">=" if row.sense == "at least" else "<="
    ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
    spread = f"{min(row.ratios):.2f} to {max(row.ratios):.2f}" if row.ratios else "-"
    verdict = row.verdict.value.upper() if row.verdict is Verdict.FALLS_SHORT else row.verdict.value
    return (row.name, row.what, ours, row.peer, theirs, ratio, spread, f"{sign} {row.goal:.2f}", verdict)


def render(rows: Iterable[Row]) -> str:
    """The table, a line for each row; µs beside requests a second are CPU time a request."""
    lines = [COLUMNS, *map(cells, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if column in RIGHT else text.ljust(width)
            for column, text, width in zip(COLUMNS, line, widths, strict=True)
        ).rstrip()
        for line in lines
    )
