"""The clients: where the API is, how it is authenticated, and its resources as attributes."""

from __future__ import annotations

import os
from typing import Any

from trio_api import AsyncAPIClient, SyncAPIClient

from ._resources import AsyncCategories, AsyncCharacters, Categories, Characters

__version__ = "1.0.0"

DEFAULT_BASE_URL = "https://unicode.example.com/cursor"


def _api_key(given: str | None) -> str:
    key = given or os.environ.get("UNICODE_API_KEY")
    if not key:
        raise ValueError("api_key is missing: give api_key='...' or set the environment variable UNICODE_API_KEY")
    return key


class AsyncUnicode(AsyncAPIClient):
    """The client for Trio programs; every keyword of `trio_api.AsyncAPIClient` passes through."""

    characters: AsyncCharacters
    categories: AsyncCategories

    def __init__(self, *, api_key: str | None = None, base_url: str = DEFAULT_BASE_URL, **options: Any) -> None:
        self.api_key = _api_key(api_key)
        super().__init__(version=__version__, base_url=base_url, **options)
        self.characters = AsyncCharacters(self)
        self.categories = AsyncCategories(self)

    @property
    def auth_headers(self) -> dict[str, str]:
        """The key as a bearer token."""
        return {"Authorization": f"Bearer {self.api_key}"}


class Unicode(SyncAPIClient):
    """The blocking client; every keyword of `trio_api.SyncAPIClient` passes through."""

    characters: Characters
    categories: Categories

    def __init__(self, *, api_key: str | None = None, base_url: str = DEFAULT_BASE_URL, **options: Any) -> None:
        self.api_key = _api_key(api_key)
        super().__init__(version=__version__, base_url=base_url, **options)
        self.characters = Characters(self)
        self.categories = Categories(self)

    @property
    def auth_headers(self) -> dict[str, str]:
        """The key as a bearer token."""
        return {"Authorization": f"Bearer {self.api_key}"}
