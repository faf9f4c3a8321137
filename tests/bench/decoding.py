"""Rows of decoding: bytes to a page of objects, and bytes in pieces to events."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterable, Iterator
from itertools import groupby

import attrs

from .processes import run_json
from .rounds import Effort, race
from .row import Row
from .things import PAGE_SIZE

__all__ = ["ROWS", "measure"]

EVENTS = 100_000
PARTS = 10  # the shorter stream, beside which time must be linear in size, has so many times fewer events


def page_row(peer: str, label: str, goal: float) -> Row:
    what = f"JSON to a page of {PAGE_SIZE}: time"
    return Row(name=f"page-{peer}", what=what, peer=label, unit=" µs", goal=goal, sense="at most")


def stream_row(name: str, what: str, label: str, goal: float) -> Row:
    what = f"{what}, {EVENTS // 1000:,}k events in 100-byte pieces"
    return Row(name=name, what=what, peer=label, unit="/s", goal=goal, sense="at least")


# A row is named for what is decoded and for who else does it.
ROWS = [
    page_row("pydantic", "pydantic model_validate_json", 0.6),
    page_row("msgspec", "msgspec, the same classes", 1.3),
    Row(
        name="page-openai",
        what=f"JSON to a page of {PAGE_SIZE}: pages",
        peer="openai SDK's construction",
        unit="/s",
        goal=45.0,
        sense="at least",
    ),
    stream_row("sse-openai", "SSE", "openai SDK's decoder", 2.5),
    stream_row("sse-httpx_sse", "SSE", "httpx-sse", 1.0),
    stream_row("sse-linear", "SSE", f"itself, {EVENTS // PARTS // 1000}k events", 0.8),
    stream_row("sse_named-openai", "SSE with names", "openai SDK's decoder", 2.5),
    stream_row("lines-httpx", "JSON Lines", "httpx's iter_lines", 1.0),
    stream_row("lines-linear", "JSON Lines", f"itself, {EVENTS // PARTS // 1000}k events", 0.8),
]


def kind(row: Row) -> str:
    """What is decoded."""
    return row.name.partition("-")[0]


def peer(row: Row) -> str:
    """The package that does it too, or ``linear``."""
    return row.name.partition("-")[2]


def measure(rows: Iterable[Row], effort: Effort) -> Iterator[Row]:
    """Measure what *rows* need, kind by kind, the decoders of a kind in turns, and fill them in."""
    for what, group in groupby(rows, kind):
        of_kind = list(group)
        names = ["trio_api", *(peer(row) for row in of_kind if importlib.util.find_spec(peer(row)))]
        times = race({name: functools.partial(_seconds, what, name, effort) for name in names}, effort.rounds)
        for row in of_kind:
            yield _filled(row, times, effort)


def _sizes(what: str, effort: Effort) -> list[int]:
    """How many are decoded at a time, the most first."""
    events = effort.size(EVENTS)
    return [1] if what == "page" else [events, events // PARTS]


def _seconds(what: str, name: str, effort: Effort) -> list[float]:
    sizes = _sizes(what, effort) if name == "trio_api" else _sizes(what, effort)[:1]
    return list(run_json("-m", "tests.bench.decoders", what, name, *sizes, "--seconds", effort.seconds))


def _filled(row: Row, times: dict[str, list[list[float]]], effort: Effort) -> Row:
    sizes = _sizes(kind(row), effort)

    def figures(name: str, place: int = 0) -> list[float]:
        seconds = [found[place] for found in times[name]]
        return [1e6 * each for each in seconds] if row.sense == "at most" else [sizes[place] / each for each in seconds]

    if peer(row) == "linear":
        return attrs.evolve(row, ours=figures("trio_api"), peers=figures("trio_api", 1))
    if peer(row) not in times:
        return row
    return attrs.evolve(row, ours=figures("trio_api"), peers=figures(peer(row)))
