"""Flags that commands share, and how their values are read."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click
import httpx

from .._redact import redact_url
from ._complaints import CommandError, ExitCode

__all__ = ["FILE", "bearer_header", "call_flags", "log_level", "output_flags", "parse_url", "parsed"]

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

FILE: Final = click.Path(dir_okay=False, path_type=Path)


def parsed(parse: Callable[[str], object]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback of click that reads values by *parse*, whose `ValueError` is the complaint."""

    def callback(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        try:
            if isinstance(value, tuple):
                return tuple(parse(each) for each in cast("tuple[str, ...]", value))
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from None

    return callback


def parse_url(text: str) -> httpx.URL:
    """The URL of an API.

    Raises:
        ValueError: *text* is none.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:  # its message can show a part of a password
        raise ValueError(f"not a URL: {redact_url(text)!r}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"not the URL of an API: {redact_url(text)!r}; it begins with https:// or http://")
    return url


def _parse_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ValueError("not a header: write it as 'Name: value'")  # what was written may be a token
    return name.strip(), value.strip()


def call_flags(command: FunctionT) -> FunctionT:
    """``--header``, ``--bearer-env``, ``--max-retries`` and ``--timeout``."""
    flags = (
        click.option(
            "-H",
            "--header",
            "headers",
            callback=parsed(_parse_header),
            multiple=True,
            metavar="'K: V'",
            help="Send a header.",
        ),
        click.option("--bearer-env", metavar="VAR", help="Send the bearer token that this environment variable holds."),
        click.option(
            "--max-retries", type=click.IntRange(0), default=2, show_default=True, help="Retries of each request."
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(0, min_open=True),
            default=60.0,
            show_default=True,
            metavar="SECONDS",
            help="For each connect, read and write.",
        ),
    )
    return _with_flags(command, flags)


def output_flags(command: FunctionT) -> FunctionT:
    """``--quiet`` and ``--verbose``."""
    flags = (
        click.option("-q", "--quiet", is_flag=True, help="Show errors only."),
        click.option("-v", "--verbose", count=True, help="Show what was detected and retries; -vv every request."),
    )
    return _with_flags(command, flags)


def _with_flags(command: FunctionT, flags: tuple[Callable[[FunctionT], FunctionT], ...]) -> FunctionT:
    for flag in reversed(flags):
        command = flag(command)
    return command


def bearer_header(variable: str | None) -> Mapping[str, str]:
    """The header of the bearer token that the environment *variable* holds; none without one.

    Raises:
        CommandError: It is not set.
    """
    if variable is None:
        return {}
    token = os.environ.get(variable)
    if not token:
        raise CommandError(f"--bearer-env: the environment variable {variable} is not set", ExitCode.USAGE)
    return {"Authorization": f"Bearer {token}"}


def log_level(quiet: bool, verbose: int) -> int:
    """The least level of log lines that ``--quiet`` and so many ``--verbose`` show."""
    if quiet:
        return logging.ERROR
    return (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
