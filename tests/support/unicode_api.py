"""The embedded API server, its tables made once a test session."""

from __future__ import annotations

from typing import Final

from trio_api.cli.server import UnicodeAPI

__all__ = ["UNICODE_API"]

UNICODE_API: Final = UnicodeAPI()
