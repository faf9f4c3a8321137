"""The program ``trio-api``: its commands, its one-line errors and its exit codes."""

from __future__ import annotations

import sys
from typing import Any

import click

from .._version import __version__
from ._complaints import CommandError, ExitCode
from ._demo_command import demo
from ._get_command import get
from ._pages_command import pages

__all__ = ["program"]


class _Program(click.Group):
    """A group of commands that ends every error in one line on standard error and an exit code."""

    def main(self, *args: Any, **extra: Any) -> Any:
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx else "trio-api"
            _complain(f"{error.format_message()} (see {command} --help)")
            code = ExitCode.USAGE
        except click.Abort:  # a KeyboardInterrupt before or after the work
            code = ExitCode.SIGNALLED + 2
        except CommandError as error:
            if error.code < ExitCode.SIGNALLED:
                _complain(str(error))
            code = error.code
        sys.exit(code)


def _complain(message: str) -> None:
    click.echo(f"trio-api: error: {message}", err=True)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="trio-api")
def program() -> None:
    """Crawl paged HTTP/JSON APIs, with retries, prefetch and parallel fan-out; make single calls, and download.

    \b
    trio-api get https://api.github.com/orgs/python-trio
    trio-api pages https://api.github.com/orgs/python-trio/repos > repos.jsonl
    trio-api demo
    """  # noqa: D301  # click looks for the character itself


program.add_command(demo)
program.add_command(get)
program.add_command(pages)
