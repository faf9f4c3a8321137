"""nginx, where it is installed: one process without privileges, on a port of its own."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["NGINX", "nginx"]

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
STARTUP_SECONDS = 20

CONFIGURATION = """
daemon off;
master_process off;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{ worker_connections 1000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    server {{
        listen 127.0.0.1:{port} reuseport;
        root {folder}/files;
        {locations}
    }}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, locations: str) -> Iterator[str]:
    """Serve the folder ``files`` within *folder*, and *locations*.

    Yields:
        The origin of the server: ``http://127.0.0.1:40123``.
    """
    assert NGINX is not None
    (folder / "files").mkdir(exist_ok=True)
    with socket.socket() as reserved:  # bound but not listening: the port is ours, and nginx shares it
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(("127.0.0.1", 0))
        port: int = reserved.getsockname()[1]
        path = folder / "nginx.conf"
        path.write_text(CONFIGURATION.format(folder=folder, port=port, locations=locations))
        log = folder / "error.log"
        process = subprocess.Popen([NGINX, "-e", str(log), "-p", str(folder), "-c", str(path)])
        try:
            _wait_until_ready(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nginx did not start (exit code {process.poll()}):\n{log.read_text()}")
