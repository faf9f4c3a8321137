"""``trio-api get``: one call, shown as JSON or stored in a file."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, final

import attrs
import click
import httpx
import msgspec
import trio
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.text import Text

from .._types import Progress
from ..client import AsyncAPIClient, AsyncAPIResponse
from ..responses import Checksum
from ..transport import write_all
from ._complaints import CommandError, ExitCode, complaints
from ._flags import FILE, bearer_header, call_flags, log_level, output_flags, parse_url, parsed
from ._progress import log_shown, progress_bars
from ._signals import run_until_signal

__all__ = ["get"]

STDOUT: Final = 1  # the file descriptor: what is written there is not held back, and fails at once

_BOM: Final = b"\xef\xbb\xbf"
_CONTROLS: Final = r"[\x7f-\x9f]"  # DEL and C1, which JSON may have as they are, and a terminal obeys (CWE-150)
_SHOWN: Final = {"Accept": "application/json, text/*;q=0.5, */*;q=0.1"}
_STORED: Final = {"Accept": "*/*", "Accept-Encoding": "identity"}  # only unencoded can a download be gone on with


def _checked(text: str) -> str:
    Checksum.parse(text)
    return text


@click.command(short_help="Make one GET call: show its JSON, or store its body in a file.")
@click.argument("url", callback=parsed(parse_url))
@call_flags
@click.option("-o", "--output", type=FILE, help="Store the body in a file, which has its name only once it is whole.")
@click.option("--resume", is_flag=True, help="Go on with what an earlier download to the file left.")
@click.option(
    "--checksum", callback=parsed(_checked), metavar="ALGORITHM:HEX", help="What the file must have: sha256:9f86d0..."
)
@output_flags
def get(
    url: httpx.URL,
    headers: tuple[tuple[str, str], ...],
    bearer_env: str | None,
    max_retries: int,
    timeout: float,
    output: Path | None,
    resume: bool,
    checksum: str | None,
    quiet: bool,
    verbose: int,
) -> int:
    """Call URL, and write the JSON that it answers to standard output, indented; what is no JSON as it came.

    With -o the body goes to a file, with a progress bar. The file has its name only once all of it came and the
    checksum is right. A connection that breaks is gone on with under --resume; and if all retries fail, or after a
    Ctrl-C or a kill, the same command given again goes on where it was, if the server still has the same version.

    Exit codes: 0 all was written, 1 an error of the API, the connection or the file, 2 wrong usage, 130 Ctrl-C, 141
    the reader of the output went away.
    """
    is_file = output is not None and str(output) != "-" and (output.is_file() or not output.exists())
    if not is_file and (resume or checksum is not None):
        flag = "--resume" if resume else "--checksum"
        raise CommandError(f"{flag} is for downloads: name a file with -o FILE", ExitCode.USAGE)
    if output is None and sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]  # closed by the shell
        raise CommandError("standard output is closed; name a file: -o FILE", ExitCode.USAGE)
    call = _Call(
        url=url,
        headers={**(_SHOWN if output is None else _STORED), **dict(headers), **bearer_header(bearer_env)},
        max_retries=max_retries,
        timeout=timeout,
    )
    console = Console(stderr=True)
    with (
        log_shown(console, log_level(quiet, verbose)),
        progress_bars(console, "bytes", drawn=not quiet and is_file) as progress,
        complaints(),
    ):
        if output is None:
            _show(run_until_signal(call.fetch))
        elif is_file:
            task = progress.add_task(output.name, total=None)

            def tell(stored: int, total: int | None) -> None:
                progress.update(task, completed=stored, total=total)

            run_until_signal(functools.partial(call.store, output, tell, resume, checksum))
        else:
            run_until_signal(functools.partial(call.pass_on, output))
    return ExitCode.OK


def _show(body: bytes) -> None:
    """JSON indented, and in colours on a terminal; anything else as it came, unless it could garble a terminal."""
    on_terminal = sys.stdout.isatty()
    try:  # it is not built anew from its values: numbers keep their digits and objects their keys
        shown = msgspec.json.format(body.removeprefix(_BOM), indent=2) + b"\n"
    except (msgspec.DecodeError, RecursionError):
        if on_terminal and not _is_readable(body):
            raise CommandError("the body is neither JSON nor text; store it with -o FILE") from None
        write_all(STDOUT, body)
        return
    if on_terminal:
        text = re.sub(_CONTROLS, lambda found: f"\\u{ord(found[0]):04x}", shown.decode(errors="replace"))
        Console().print(JSONHighlighter()(Text(text)), end="", soft_wrap=True)
    else:
        write_all(STDOUT, shown)


def _is_readable(body: bytes) -> bool:
    """Whether a terminal shows *body* as text: nothing in it moves the cursor or rings the bell."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\n\r\t" for character in text)


@final
@attrs.frozen(kw_only=True)
class _Call:
    """The call that a command makes."""

    url: httpx.URL
    headers: Mapping[str, str] = attrs.field(repr=False)
    max_retries: int
    timeout: float

    async def fetch(self) -> bytes:
        """The body, as far as a response may be buffered."""
        async with self._client() as client:
            response = await client.with_raw_response.get(self._path, cast_to=bytes)
            return await response.read()

    async def store(self, path: Path, progress: Progress, resume: bool, checksum: str | None) -> None:
        """Store the body in a file."""
        async with self._open() as response:
            await response.stream_to_file(path, progress=progress, resume=resume, checksum=checksum)

    async def pass_on(self, path: Path) -> None:
        """Write the body to standard output (``-``), a pipe or a device, as it comes."""
        fd = STDOUT if str(path) == "-" else os.open(path, os.O_WRONLY)
        try:
            async with self._open() as response:
                async for piece in response.iter_bytes():  # its reader may be slow, or have stopped
                    await trio.to_thread.run_sync(write_all, fd, piece, abandon_on_cancel=True)
        finally:
            if fd != STDOUT:
                os.close(fd)

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[AsyncAPIResponse[bytes], None]:
        async with self._client() as client, client.with_streaming_response.get(self._path, cast_to=bytes) as response:
            yield response

    @property
    def _path(self) -> str:
        return str(self.url.copy_with(userinfo=b"", fragment=None))

    def _client(self) -> AsyncAPIClient:
        return AsyncAPIClient(
            base_url=self.url.copy_with(path="/", query=None, fragment=None),
            custom_headers=self.headers,
            max_retries=self.max_retries,
            timeout=self.timeout,
        )
