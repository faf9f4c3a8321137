"""Real servers as subprocesses on loopback: started on a port of the system's choice, waited for, ended."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

STARTUP_SECONDS = 60  # on a loaded machine the imports of a server take a while
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@contextlib.contextmanager
def serving(*arguments: str, folder: Path, ready: str = "/", **environment: str) -> Iterator[str]:
    """Run ``python arguments...``, a server that was told to listen on port 0 and prints its address.

    Args:
        arguments: What follows the interpreter on the command line.
        folder: An empty folder of its own: the server's home, and where its output goes.
        ready: The path that answers once the server is up.
        environment: Variables added to ours.

    Yields:
        The origin of the server: ``http://127.0.0.1:40123``.
    """
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "PYTHONUNBUFFERED": "1", **environment},
        )
    try:
        yield _wait_until_ready(process, log, ready)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def httpbin_server(folder: Path) -> Iterator[str]:
    """Httpbin behind gunicorn, with threads enough for the slow answers that some tests leave behind."""
    flags = ["--bind", "127.0.0.1:0", "--threads", "16", "--no-control-socket"]
    with serving("-m", "gunicorn", *flags, "httpbin:app", folder=folder, ready="/get") as url:
        yield url


@contextlib.contextmanager
def streaming_server(folder: Path) -> Iterator[str]:
    """The application of `support.streaming_app`: Starlette on Hypercorn's Trio worker."""
    with serving("-m", "support.streaming_app", folder=folder, PYTHONPATH=str(Path(__file__).parent.parent)) as url:
        yield url


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path, ready: str) -> str:
    deadline = time.monotonic() + STARTUP_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if found := _ADDRESS.search(log.read_text()):
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(found[0] + ready, trust_env=False).is_success:
                    return found[0]
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not start (exit code {process.poll()}):\n{log.read_text()}")
