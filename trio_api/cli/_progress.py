"""Progress bars on standard error, and the log lines that pass between them."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from .._logging import logger

__all__ = ["log_shown", "progress_bars"]


class _Count(ProgressColumn):
    """How many are done, and of how many, where that is known."""

    def render(self, task: Task) -> Text:
        """Draw the column."""
        whole = "" if task.total is None else f"/{task.total:,.0f}"
        return Text(f"{task.completed:,.0f}{whole}", style="progress.download", justify="right")


class _Rate(ProgressColumn):
    """Units done a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """Draw the column."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} {self._unit}/s", style="progress.data.speed")


@contextmanager
def progress_bars(console: Console, unit: str, *, drawn: bool = True) -> Generator[Progress, None, None]:
    """Bars that are drawn while the block lasts, if *console* is a terminal.

    Args:
        console: Where to draw.
        unit: What is counted, for the rate.
        drawn: Whether to draw at all.
    """
    progress = Progress(
        SpinnerColumn(finished_text="[green]✓[/green]" if console.encoding.startswith("utf") else " "),
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        _Count(),
        _Rate(unit),
        TimeElapsedColumn(),
        console=console,
        disable=not (drawn and console.is_terminal),
        expand=True,
    )
    with progress:
        yield progress


class _ConsoleHandler(logging.Handler):
    """Log records as single lines of a console, so that they pass above the bars."""

    def __init__(self, console: Console, level: int) -> None:
        super().__init__(level)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        line = f"trio-api: {record.levelname.lower()}: {record.getMessage()}"
        self._console.print(line, soft_wrap=True, markup=False, highlight=False)


@contextmanager
def log_shown(console: Console, level: int) -> Generator[None, None, None]:
    """Send the library's log lines of at least *level* to *console* while the block lasts."""
    handler = _ConsoleHandler(console, level)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
