"""The entry point of ``trio-api``, which imports what it needs only when it runs."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run ``trio-api``; without the extra ``cli`` say in one line what is missing."""
    try:
        from ._program import program
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        print("trio-api: error: the command line needs click and rich: pip install 'trio-api[cli]'", file=sys.stderr)
        sys.exit(2)
    program(prog_name="trio-api")
