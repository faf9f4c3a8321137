"""The table at the end of the demonstration."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..server import FaultKind, ServerStatistics
from ._run import Result

__all__ = ["report"]


def report(results: Sequence[Result], statistics: ServerStatistics) -> RenderableType:
    """The results as a table, and below it what they prove."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Style")
    table.add_column("Mode")
    for heading in ("Records", "Pages", "Seconds", "Pages/s", "Requests", "Retries", "Waited"):
        table.add_column(heading, justify="right")
    for result in results:
        table.add_row(
            result.crawl.style,
            result.crawl.mode.value,
            f"{result.records:,}",
            f"{result.pages:,}",
            f"{result.seconds:.2f}",
            f"{result.pages / result.seconds:,.0f}",
            f"{result.requests:,}",
            f"{result.retries:,}",
            f"{result.waited:.1f} s",
        )
    return Group(table, Text(), _summary(results, statistics))


def _summary(results: Sequence[Result], statistics: ServerStatistics) -> Text:
    records = sum(result.records for result in results)
    faults = ", ".join(
        f"{statistics.faults.get(kind, 0)} {words}"
        for kind, words in (
            (FaultKind.RATE_LIMITED, "times 429"),
            (FaultKind.UNAVAILABLE, "times 503"),
            (FaultKind.DROPPED, "connections dropped"),
            (FaultKind.CUT, "bodies cut off"),
        )
    )
    early = "none" if statistics.early == 0 else str(statistics.early)
    return Text.assemble(
        ("All right: ", "bold green"),
        f"{records:,} records checked against unicodedata {unicodedata.unidata_version}, each exactly once and in "
        f"order.\nFaults: {faults}; {early} of the requests came before Retry-After was over.",
    )
