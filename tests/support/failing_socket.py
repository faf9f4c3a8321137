"""Sockets of which one operation, the n-th, fails."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import TypeVar

import pytest

__all__ = ["FailingSockets"]

T = TypeVar("T")


class FailingSockets:
    """Counts what the sockets of a module send and receive, and fails at one of them.

    Args:
        monkeypatch: Puts them in the place of the module's own.
        module: The full name of a module that makes its sockets by ``socket.socket``.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
        self._left = 0
        self._error = OSError()
        self.has_failed = False
        """Whether the operation that was to fail was reached."""
        failing = self

        class FailingSocket(socket.socket):
            def send(self, data: bytes | memoryview, flags: int = 0) -> int:
                return failing._count(lambda: socket.socket.send(self, data, flags))

            def recv(self, size: int, flags: int = 0) -> bytes:
                return failing._count(lambda: socket.socket.recv(self, size, flags))

        monkeypatch.setattr(f"{module}.socket", SimpleNamespace(socket=FailingSocket))

    def fail_at(self, count: int, number: int) -> None:
        """Let the operation *count* from now, the first is 1, fail with the ``errno`` *number*."""
        self._left, self._error, self.has_failed = count, OSError(number, os.strerror(number)), False

    def _count(self, operation: Callable[[], T]) -> T:
        self._left -= 1
        if self._left == 0:
            self.has_failed = True
            raise self._error
        return operation()
