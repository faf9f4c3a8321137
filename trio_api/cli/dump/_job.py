"""What ``trio-api pages`` is to do: one value, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import httpx

from ..detection import Hints

__all__ = ["Job"]


@attrs.frozen(kw_only=True)
class Job:
    """One dump."""

    url: httpx.URL
    """The list, absolute; its userinfo is sent as Basic credentials."""
    method: str = "GET"
    data: object = None
    """The JSON body of each request, or None."""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    trusted: tuple[str, ...] = ()
    """Origins that next links may lead to besides the list's own."""
    hints: Hints = attrs.field(factory=Hints)
    limit: int = 16
    """Pages at a time where later pages are known."""
    ahead: int = 4
    """Pages fetched ahead where they are not."""
    max_retries: int = 2
    timeout: float = 60.0
    """Seconds for each operation."""
    output: Path | None = None
    """The file to write, or None for standard output."""
    resume: Path | None = None
    """The checkpoint file, or None for none."""

    @property
    def list_url(self) -> str:
        """The URL without credentials."""
        return str(self.url.copy_with(userinfo=b"", fragment=None))

    @property
    def base_url(self) -> httpx.URL:
        """The origin of the list, with its credentials."""
        return self.url.copy_with(path="/", query=None, fragment=None)
