"""What ends a command, and the exit code that says so."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["CommandError", "ExitCode"]


class ExitCode(IntEnum):
    """The exit codes of ``trio-api``, as Unix tools have them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    SIGNALLED = 128
    """Plus the number of the signal: 130 for Ctrl-C, 141 for a closed pipe."""


class CommandError(Exception):
    """A command can't do what it was asked for.

    Args:
        message: Why, in one line.
        code: The exit code.
    """

    def __init__(self, message: str, code: int = ExitCode.FAILED) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code
