"""The version, in its one place: `setup.cfg`, the docs and the platform headers read it from here."""

from __future__ import annotations

from typing import Final

__all__ = ["__version__"]

__version__: Final = "0.1.0"
