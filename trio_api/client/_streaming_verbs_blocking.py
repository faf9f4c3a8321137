"""The third view of the blocking client's verbs: giving a block in which the response is open."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, final

from .._redact import sealed
from .._types import Content, Files, Progress, not_given
from ..request import FinalRequestOptions
from ._call import OptionsTypes, final_options
from ._open_response_blocking import ResponseManager
from ._pages_blocking import BaseSyncPage
from ._paginator import checked_page_type

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["StreamingResponses"]

R = TypeVar("R")
SyncPageT = TypeVar("SyncPageT", bound="BaseSyncPage[Any]")


@final
class StreamingResponses:
    """The verbs, each giving a block in which the response is open, its body not read until asked for.

    ::

        with client.with_streaming_response.get("/export", cast_to=bytes) as response:
            response.stream_to_file("export.csv")

    Made by ``client.with_streaming_response`` only.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    @sealed
    def request(self, cast_to: TypeForm[R], options: FinalRequestOptions | Mapping[str, Any]) -> ResponseManager[R]:
        """Describe one call, as the client's `request` makes it; it is made when the block is entered."""
        return ResponseManager(functools.partial(self._client._respond_open, cast_to, options))

    @sealed
    def get(self, path: str, *, cast_to: TypeForm[R], options: OptionsTypes | None = None) -> ResponseManager[R]:
        """GET *path*; see `request`."""
        return self.request(cast_to, final_options("GET", path, options))

    @sealed
    def post(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        progress: Progress | None = None,
        options: OptionsTypes | None = None,
    ) -> ResponseManager[R]:
        """POST *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return self.request(
            cast_to,
            final_options("POST", path, options, json_data=body, content=content, files=files, progress=progress),
        )

    @sealed
    def put(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        progress: Progress | None = None,
        options: OptionsTypes | None = None,
    ) -> ResponseManager[R]:
        """PUT *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return self.request(
            cast_to,
            final_options("PUT", path, options, json_data=body, content=content, files=files, progress=progress),
        )

    @sealed
    def patch(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        progress: Progress | None = None,
        options: OptionsTypes | None = None,
    ) -> ResponseManager[R]:
        """PATCH *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return self.request(
            cast_to,
            final_options("PATCH", path, options, json_data=body, content=content, files=files, progress=progress),
        )

    @sealed
    def delete(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        files: Files | None = None,
        options: OptionsTypes | None = None,
    ) -> ResponseManager[R]:
        """DELETE *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return self.request(
            cast_to, final_options("DELETE", path, options, json_data=body, content=content, files=files)
        )

    @sealed
    def get_api_list(
        self,
        path: str,
        *,
        model: Any,
        page: type[SyncPageT],
        body: object = not_given,
        options: OptionsTypes | None = None,
        method: str = "get",
    ) -> ResponseManager[SyncPageT]:
        """Describe the call for the first page of a list, which is the value."""
        page_type = checked_page_type(page, model, BaseSyncPage)
        return self.request(page_type, final_options(method, path, options, json_data=body))
