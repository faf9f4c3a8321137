"""Redis or Valkey, where one is installed: a process of its own on a Unix socket, nothing on disk."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

__all__ = ["REDIS", "RedisServer"]

REDIS: Final = shutil.which("redis-server") or shutil.which("valkey-server")
STARTUP_SECONDS: Final = 20


class RedisServer:
    """Runs for the time of its block, and can be ended and started again within it.

    Args:
        folder: An empty folder, whose path is short enough for a socket.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.socket: Final = folder / "redis.sock"
        self.url: Final = f"unix://{self.socket}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, without data, and wait until it answers."""
        assert REDIS is not None
        flags = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([REDIS, *flags, "--dir", str(self._folder)], stdout=log, stderr=log)
        deadline = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError):
                if self.ask("PING") == b"+PONG\r\n":
                    return
            time.sleep(0.02)
        raise RuntimeError(f"redis-server did not start:\n{(self._folder / 'redis.log').read_text()}")

    def stop(self) -> None:
        """End it, with all that it knows."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self.socket.unlink(missing_ok=True)

    def ask(self, command: str) -> bytes:
        """Send one command as a line, and give the beginning of the answer."""
        with self._connected() as connection:
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(65536)

    @contextlib.contextmanager
    def monitored(self) -> Iterator[list[str]]:
        """Take note of all commands, those of scripts too: a list of lines, filled when the block is left."""
        lines: list[str] = []
        with self._connected() as connection:
            connection.sendall(b"MONITOR\r\n")
            assert connection.recv(5) == b"+OK\r\n"
            yield lines
            self.ask("ECHO the-end")
            told = b""
            while b"the-end" not in told:
                told += connection.recv(1 << 20)
            lines += told.decode().splitlines()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(STARTUP_SECONDS)
            connection.connect(str(self.socket))
            yield connection
