"""``trio-api pages``: the flags, and what ends the command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, final

import click
import httpx
from rich.console import Console
from rich.progress import Progress

from .._redact import printable
from ._complaints import CommandError, ExitCode, complaints, told
from ._flags import FILE, bearer_header, call_flags, log_level, output_flags, parse_url, parsed
from ._progress import log_shown, progress_bars
from ._signals import run_until_signal
from .detection import STYLE_NAMES, Hints, Name, Shape, format_path, parse_path
from .dump import Dump, Job

__all__ = ["pages"]


def _path_option(name: str, text: str) -> Callable[[Any], Any]:
    return click.option(name, callback=parsed(parse_path), metavar="PATH", help=text)


COUNT: Final = click.IntRange(1)


@click.command(short_help="Dump every item of a paged JSON API as JSON Lines.")
@click.argument("url", callback=parsed(parse_url))
@click.option("--style", type=click.Choice(STYLE_NAMES), help="How the list is paged.")
@_path_option("--items", "Where the items are: data.items, or . for the body itself.")
@click.option("--param", metavar="NAME", help="Parameter that asks for a page (token, cursor, page, offset).")
@_path_option("--token-field", "Where the next token is (token).")
@_path_option("--next-field", "Where the next URL is (next).")
@click.option("--id-field", metavar="NAME", help="What the id of an item is called (cursor).")
@_path_option("--has-more-field", "Where it says whether more follows (cursor).")
@_path_option("--page-field", "Where the number of the page is (page).")
@_path_option("--total-field", "Where the total of items (offset) or of pages (page) is.")
@call_flags
@click.option("--trust", "trusted", multiple=True, metavar="ORIGIN", help="Follow next links there, with credentials.")
@click.option("-X", "--method", help="Method of the requests.  [default: GET; with --data POST]")
@click.option("--data", callback=parsed(json.loads), metavar="JSON", help="Body; the next page's token goes into it.")
@click.option("--limit", type=COUNT, default=16, show_default=True, help="Pages at a time, if later ones are known.")
@click.option("--ahead", type=COUNT, default=4, show_default=True, help="Pages ahead, if one names the next.")
@click.option("-o", "--output", type=FILE, help="Write to a file, which has its name only once it is whole.")
@click.option("--resume", type=FILE, help="Keep a checkpoint here, and go on from it.")
@output_flags
def pages(
    url: httpx.URL,
    headers: tuple[tuple[str, str], ...],
    bearer_env: str | None,
    trusted: tuple[str, ...],
    method: str | None,
    data: object,
    limit: int,
    ahead: int,
    max_retries: int,
    timeout: float,
    output: Path | None,
    resume: Path | None,
    quiet: bool,
    verbose: int,
    **hints: Any,
) -> int:
    """Write every item of the list at URL to standard output, one line of JSON each, as the server sent it.

    How the list is paged is told from the first response: by a Link header (link), the next URL in the body (next), a
    token (token), the id of the last item (cursor), a page number (page) or an offset with a total (offset). What
    flags say wins. Where later pages are known they are fetched side by side.

    A dump with --resume that was interrupted or killed goes on when the same command is given again. With -o nothing
    is then lost or doubled; on standard output the pages of the last half second may come twice after a kill, and
    none after Ctrl-C.

    Exit codes: 0 all was written, 1 an error of the API or the connection, 2 wrong usage, 130 Ctrl-C, 141 the reader
    of the output went away.
    """
    if id_field := hints.pop("id_field"):
        hints["id_field"] = (id_field,)
    job = Job(
        url=url,
        method=(method or ("GET" if data is None else "POST")).upper(),
        data=data,
        headers={**dict(headers), **bearer_header(bearer_env)},
        trusted=trusted,
        hints=Hints(**hints),
        limit=limit,
        ahead=ahead,
        max_retries=max_retries,
        timeout=timeout,
        output=None if str(output) == "-" else output,
        resume=resume,
    )
    if job.output is None and sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]  # closed by the shell
        raise CommandError("standard output is closed; name a file: -o FILE", ExitCode.USAGE)
    console = Console(stderr=True)
    drawn = not quiet and (job.output is not None or not sys.stdout.isatty())  # two writers would spoil the terminal
    with (
        log_shown(console, log_level(quiet, verbose)),
        progress_bars(console, "items", drawn=drawn) as progress,
    ):
        _run(job, _Reporter(progress, job, quiet=quiet, verbose=verbose > 0))
    return ExitCode.OK


def _run(job: Job, reporter: _Reporter) -> None:
    try:
        dump = Dump(job, reporter)
    except ValueError as error:
        raise CommandError(str(error), ExitCode.USAGE) from error
    except OSError as error:
        raise CommandError(told(error)) from error
    with complaints(), dump:
        run_until_signal(dump.crawl)
        dump.finish()


@final
class _Reporter:
    """Tells on standard error how far a dump is."""

    def __init__(self, progress: Progress, job: Job, *, quiet: bool, verbose: bool) -> None:
        self._progress = progress
        self._job = job
        self._quiet = quiet
        self._verbose = verbose
        self._task = progress.add_task("first page", total=None)

    def began(self, shape: Shape, items: int) -> None:
        self._progress.update(self._task, description=shape.style, total=shape.total, completed=items)
        if self._verbose:
            names = "".join(f", {name} {_shown(value)}" for name, value in shape.names.items())
            self._say(f"style {shape.style}, items {format_path(shape.items)}{names}")
        if shape.style == "none" and self._job.hints.style != "none" and not self._quiet:
            self._say("warning: no pagination found, so this one page is taken for all; if there is more, say --style")

    def wrote(self, items: int) -> None:
        self._progress.advance(self._task, items)

    def _say(self, message: str) -> None:
        self._progress.console.print(f"trio-api: {printable(message)}", soft_wrap=True, markup=False, highlight=False)


def _shown(value: Name) -> str:
    return format_path(value) if isinstance(value, tuple) else str(value)
