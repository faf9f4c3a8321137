"""Processes: the servers, and a fresh one for each measurement, each on a core of its own where the system allows."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .things import THING

__all__ = ["fast_server", "list_server", "run_json"]

CHECKOUT = Path(__file__).resolve().parents[2]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

NGINX_SETTINGS = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 8192; multi_accept on; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout 3600;
    keepalive_requests 1000000000;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /thing {{ default_type application/json; return 200 '{body}'; }}
    }}
}}
"""


def cores() -> tuple[set[int], set[int]] | None:
    """One core for the servers and one for what is measured, or None where that is not for us to say."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    ours = sorted(os.sched_getaffinity(0))
    return ({ours[0]}, {ours[-1]}) if len(ours) > 1 else None


def _pin(process: subprocess.Popen[str], place: int) -> None:
    found = cores()
    if found is not None:
        os.sched_setaffinity(process.pid, found[place])


def run_json(*arguments: object) -> Any:
    """Run Python with *arguments* on the core of what is measured, and read the JSON that it prints.

    Raises:
        RuntimeError: It failed; what it wrote stands in the message.
    """
    command = [sys.executable, *map(str, arguments)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        _pin(process, 1)
        try:
            out, err = process.communicate()
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} failed:\n{err}")
    return json.loads(out)


@contextmanager
def _running(command: list[str], *, stdout: int | None = None) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=stdout, text=True) as process:
        _pin(process, 0)
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def list_server() -> Iterator[str]:
    """Our own server, which has the lists; gives the URL of its root."""
    with _running([sys.executable, "-m", "tests.bench.server"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


@contextmanager
def fast_server() -> Iterator[str]:
    """The server of the typed calls: nginx where it is installed, else our own; gives the URL of its root."""
    if NGINX is None:
        with list_server() as root:
            yield root
        return
    with tempfile.TemporaryDirectory() as folder:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = Path(folder) / "nginx.conf"
        settings.write_text(NGINX_SETTINGS.format(folder=folder, port=port, body=THING.decode()))
        with _running([NGINX, "-e", "stderr", "-p", folder, "-c", str(settings)]) as process:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("nginx did not begin to serve")
