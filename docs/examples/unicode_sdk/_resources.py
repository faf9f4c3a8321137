"""The groups of methods: each holds its client as ``_client``."""

from __future__ import annotations

from trio_api import (
    AsyncAPIResource,
    AsyncCursorPage,
    AsyncPaginator,
    RequestOptions,
    SyncAPIResource,
    SyncCursorPage,
    SyncPaginator,
    make_request_options,
    path_template,
)

from ._models import Category, Character


def _list_options(category: str | None, page_size: int | None, extra_query: dict[str, object] | None) -> RequestOptions:
    return make_request_options(query={"category": category, "limit": page_size}, extra_query=extra_query)


class AsyncCharacters(AsyncAPIResource):
    """``client.characters``, in Trio."""

    async def retrieve(self, id: str, *, timeout: float | None = 30.0) -> Character:
        """Get one character by the hexadecimal code point."""
        path = path_template("/characters/{id}", id=id)
        return await self._client.get(path, cast_to=Character, options=make_request_options(timeout=timeout))

    def list(
        self,
        *,
        category: str | None = None,
        page_size: int | None = None,
        extra_query: dict[str, object] | None = None,
    ) -> AsyncPaginator[Character, AsyncCursorPage[Character]]:
        """List the characters in the order of code points."""
        return self._client.get_api_list(
            "/characters",
            model=Character,
            page=AsyncCursorPage[Character],
            options=_list_options(category, page_size, extra_query),
        )


class Characters(SyncAPIResource):
    """``client.characters``, blocking."""

    def retrieve(self, id: str, *, timeout: float | None = 30.0) -> Character:
        """Get one character by the hexadecimal code point."""
        path = path_template("/characters/{id}", id=id)
        return self._client.get(path, cast_to=Character, options=make_request_options(timeout=timeout))

    def list(
        self,
        *,
        category: str | None = None,
        page_size: int | None = None,
        extra_query: dict[str, object] | None = None,
    ) -> SyncPaginator[Character, SyncCursorPage[Character]]:
        """List the characters in the order of code points."""
        return self._client.get_api_list(
            "/characters",
            model=Character,
            page=SyncCursorPage[Character],
            options=_list_options(category, page_size, extra_query),
        )


class AsyncCategories(AsyncAPIResource):
    """``client.categories``, in Trio."""

    def list(self) -> AsyncPaginator[Category, AsyncCursorPage[Category]]:
        """List the general categories."""
        return self._client.get_api_list("/categories", model=Category, page=AsyncCursorPage[Category])


class Categories(SyncAPIResource):
    """``client.categories``, blocking."""

    def list(self) -> SyncPaginator[Category, SyncCursorPage[Category]]:
        """List the general categories."""
        return self._client.get_api_list("/categories", model=Category, page=SyncCursorPage[Category])
