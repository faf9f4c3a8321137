"""What ends a command, and the exit code that says so."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

from .._errors import TrioAPIError
from .._redact import printable

__all__ = ["CommandError", "ExitCode", "complaints", "told"]

SIGPIPE: Final = int(getattr(signal, "SIGPIPE", 13))  # Windows has none, and the same exit code


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
        super().__init__(printable(" ".join(message.split())))
        self.code = code


@contextmanager
def complaints() -> Generator[None, None, None]:
    """What goes wrong in the block, as the `CommandError` that ends the command."""
    try:
        yield
    except BrokenPipeError:
        raise CommandError("closed pipe", ExitCode.SIGNALLED + SIGPIPE) from None
    except OSError as error:
        raise CommandError(told(error)) from error
    except (TrioAPIError, ValueError) as error:
        raise CommandError(str(error)) from error


def told(error: OSError) -> str:
    """What went wrong with a file, in one line."""
    return f"{error.filename or 'the output'}: {error.strerror or error}"
