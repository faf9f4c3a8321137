"""The command line: `main` is the entry point of ``trio-api``. Nothing here is imported by the library itself."""

from __future__ import annotations

from ._main import main as main
