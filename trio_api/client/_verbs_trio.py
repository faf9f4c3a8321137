"""The verbs of the Trio client, in two views: giving the value, and giving the response in its wrapper."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, final

from .._redact import sealed
from .._types import Content, Files, Progress, not_given
from ..request import FinalRequestOptions
from ._call import OptionsTypes, final_options
from ._pages_trio import BaseAsyncPage
from ._paginator import checked_page_type
from ._responses_trio import AsyncAPIResponse

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["AsyncRawResponses", "AsyncVerbs"]

R = TypeVar("R")
AsyncPageT = TypeVar("AsyncPageT", bound="BaseAsyncPage[Any]")


class AsyncVerbs:
    """The verbs, each giving the value. What they call is the `request` of the client."""

    async def request(self, cast_to: TypeForm[R], options: FinalRequestOptions | Mapping[str, Any]) -> R:
        """Make one call; the client says how."""
        raise AssertionError("the client has to define this")  # pragma: no cover

    def _verb_request(self, cast_to: TypeForm[R], options: FinalRequestOptions) -> Awaitable[R]:
        """`request`, for verbs, which are `sealed` themselves: nothing is twice."""
        raise AssertionError("the client has to define this")  # pragma: no cover

    @sealed
    async def get(self, path: str, *, cast_to: TypeForm[R], options: OptionsTypes | None = None) -> R:
        """GET *path*; see `request`."""
        return await self._verb_request(cast_to, final_options("GET", path, options))

    @sealed
    async def post(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        progress: Progress | None = None,
        options: OptionsTypes | None = None,
    ) -> R:
        """POST *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return await self._verb_request(
            cast_to,
            final_options("POST", path, options, json_data=body, content=content, files=files, progress=progress),
        )

    @sealed
    async def put(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        progress: Progress | None = None,
        options: OptionsTypes | None = None,
    ) -> R:
        """PUT *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return await self._verb_request(
            cast_to,
            final_options("PUT", path, options, json_data=body, content=content, files=files, progress=progress),
        )

    @sealed
    async def patch(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        progress: Progress | None = None,
        options: OptionsTypes | None = None,
    ) -> R:
        """PATCH *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return await self._verb_request(
            cast_to,
            final_options("PATCH", path, options, json_data=body, content=content, files=files, progress=progress),
        )

    @sealed
    async def delete(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        options: OptionsTypes | None = None,
    ) -> R:
        """DELETE *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return await self._verb_request(
            cast_to, final_options("DELETE", path, options, json_data=body, content=content, files=files)
        )


@final
class AsyncRawResponses:
    """The verbs, each giving the response in its wrapper: status, headers, attempts, and the value by ``parse()``.

    Made by ``client.with_raw_response`` only.
    """

    def __init__(
        self,
        client: Any,
        respond: Callable[[Any, FinalRequestOptions | Mapping[str, Any]], Awaitable[Any]] | None = None,
    ) -> None:
        self._client = client
        self._respond = respond or client._respond

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What is no verb is the client's own: a resource uses either as its ``_client``."""
            return getattr(object.__getattribute__(self, "_client"), name)

    @sealed
    async def request(
        self, cast_to: TypeForm[R], options: FinalRequestOptions | Mapping[str, Any]
    ) -> AsyncAPIResponse[R]:
        """Make one call, as the client's `request` does."""
        response: AsyncAPIResponse[R] = await self._respond(cast_to, options)
        return response

    @sealed
    async def get(self, path: str, *, cast_to: TypeForm[R], options: OptionsTypes | None = None) -> AsyncAPIResponse[R]:
        """GET *path*; see `request`."""
        return await self.request(cast_to, final_options("GET", path, options))

    @sealed
    async def post(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        progress: Progress | None = None,
        options: OptionsTypes | None = None,
    ) -> AsyncAPIResponse[R]:
        """POST *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return await self.request(
            cast_to,
            final_options("POST", path, options, json_data=body, content=content, files=files, progress=progress),
        )

    @sealed
    async def put(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        progress: Progress | None = None,
        options: OptionsTypes | None = None,
    ) -> AsyncAPIResponse[R]:
        """PUT *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return await self.request(
            cast_to,
            final_options("PUT", path, options, json_data=body, content=content, files=files, progress=progress),
        )

    @sealed
    async def patch(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        progress: Progress | None = None,
        options: OptionsTypes | None = None,
    ) -> AsyncAPIResponse[R]:
        """PATCH *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return await self.request(
            cast_to,
            final_options("PATCH", path, options, json_data=body, content=content, files=files, progress=progress),
        )

    @sealed
    async def delete(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        options: OptionsTypes | None = None,
    ) -> AsyncAPIResponse[R]:
        """DELETE *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return await self.request(
            cast_to, final_options("DELETE", path, options, json_data=body, content=content, files=files)
        )

    @sealed
    async def get_api_list(
        self,
        path: str,
        *,
        model: Any,
        page: type[AsyncPageT],
        body: object = not_given,
        options: OptionsTypes | None = None,
        method: str = "get",
    ) -> AsyncAPIResponse[AsyncPageT]:
        """Ask for the first page of a list, which is the value."""
        page_type = checked_page_type(page, model, BaseAsyncPage)
        return await self.request(page_type, final_options(method, path, options, json_data=body))
