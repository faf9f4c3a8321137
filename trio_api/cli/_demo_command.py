"""``trio-api demo``: the flags, the bars, the table, and the exit code."""

from __future__ import annotations

import logging
import sys
from typing import Final

import click
from rich.console import Console
from rich.progress import TaskID

from .._errors import TrioAPIError
from ._complaints import CommandError, ExitCode
from ._progress import log_shown, progress_bars
from ._signals import run_until_signal
from .demo import CRAWLS, Crawl, Demo, Result, WrongRecord, report
from .server import FaultRates, UnicodeTables

__all__ = ["demo"]

FAULTS: Final = 4  # kinds of faults that share the rate
COUNT: Final = click.IntRange(1)
SHARE: Final = click.FloatRange(0, 1)


def _code_point(ctx: click.Context, param: click.Parameter, value: str | None) -> int:
    try:
        point = sys.maxunicode if value is None else int(value.upper().removeprefix("U+"), 16)
    except ValueError:
        raise click.BadParameter(f"not a code point in hexadecimal: {value!r}", ctx, param) from None
    return point


@click.command(short_help="Crawl an embedded API that fails in every way, and check every record.")
@click.option("--seed", type=int, default=1, show_default=True, help="Decides which requests fail, and how.")
@click.option("--faults", type=SHARE, default=0.08, show_default=True, help="Share of the requests that fail.")
@click.option("--page-size", type=click.IntRange(1, 1000), default=1000, show_default=True, help="Records a page.")
@click.option("--limit", type=COUNT, default=16, show_default=True, help="Pages fetched at a time by fan-out.")
@click.option("--ahead", type=COUNT, default=4, show_default=True, help="Pages fetched ahead by prefetch.")
@click.option("--last", callback=_code_point, metavar="HEX", help="Serve the characters up to this code point only.")
@click.option("-q", "--quiet", is_flag=True, help="Draw no bars.")
@click.option("-v", "--verbose", is_flag=True, help="Show every retry.")
def demo(
    seed: int, faults: float, page_size: int, limit: int, ahead: int, last: int, quiet: bool, verbose: bool
) -> int:
    """Serve the Unicode character database on a loopback port and crawl it in every style and mode.

    The server answers late, with 429 and 503, or drops the connection, as the seed decides. Every record is checked
    against Python's unicodedata: each must come exactly once and in order. It takes about 20 seconds; the lazy crawls
    take a slice of 20 pages.

    Exit codes: 0 all is right, 1 a record or a call went wrong, 130 Ctrl-C.
    """
    console = Console(stderr=True)
    rate = faults / FAULTS
    demonstration = Demo(
        tables=UnicodeTables(last),
        seed=seed,
        rates=FaultRates(rate_limited=rate, unavailable=rate, dropped=rate, cut=rate),
        page_size=page_size,
        limit=limit,
        ahead=ahead,
    )
    results: list[Result] = []
    with (
        log_shown(console, logging.INFO if verbose else logging.WARNING),
        progress_bars(console, "records", drawn=not quiet) as progress,
    ):
        bars: dict[Crawl, TaskID] = {}

        def tell(crawl: Crawl, records: int) -> None:
            if crawl not in bars:
                bars[crawl] = progress.add_task(crawl.title, total=len(demonstration.expected(crawl)))
            progress.advance(bars[crawl], records)

        try:
            statistics = run_until_signal(lambda: demonstration.run(CRAWLS, tell, results.append))
        except (WrongRecord, TrioAPIError) as error:
            raise CommandError(str(error)) from error
    Console().print(report(results, statistics))
    return ExitCode.OK
