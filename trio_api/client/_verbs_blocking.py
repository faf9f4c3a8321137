"""The verbs of the blocking client, in two views: giving the value, and giving the response in its wrapper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, final

from .._redact import sealed
from .._types import Content, Files, Progress, not_given
from ..request import FinalRequestOptions
from ._call import OptionsTypes, final_options
from ._pages_blocking import BaseSyncPage
from ._paginator import checked_page_type
from ._responses_blocking import APIResponse

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["RawResponses", "SyncVerbs"]

R = TypeVar("R")
SyncPageT = TypeVar("SyncPageT", bound="BaseSyncPage[Any]")


class SyncVerbs:
    """The verbs, each giving the value. What they call is the `request` of the client."""

    def request(self, cast_to: TypeForm[R], options: FinalRequestOptions | Mapping[str, Any]) -> R:
        """Make one call; the client says how."""
        raise AssertionError("the client has to define this")  # pragma: no cover

    def _verb_request(self, cast_to: TypeForm[R], options: FinalRequestOptions) -> R:
        """`request`, for verbs, which are `sealed` themselves: nothing is twice."""
        raise AssertionError("the client has to define this")  # pragma: no cover

    @sealed
    def get(self, path: str, *, cast_to: TypeForm[R], options: OptionsTypes | None = None) -> R:
        """GET *path*; see `request`."""
        return self._verb_request(cast_to, final_options("GET", path, options))

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
    ) -> R:
        """POST *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return self._verb_request(
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
    ) -> R:
        """PUT *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return self._verb_request(
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
    ) -> R:
        """PATCH *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return self._verb_request(
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
    ) -> R:
        """DELETE *body* as JSON, *content* as it is, or *files* as a form, to *path*; see `request`."""
        return self._verb_request(
            cast_to, final_options("DELETE", path, options, json_data=body, content=content, files=files)
        )


@final
class RawResponses:
    """The verbs, each giving the response in its wrapper: status, headers, attempts, and the value by ``parse()``.

    Made by ``client.with_raw_response`` only.
    """

    def __init__(
        self, client: Any, respond: Callable[[Any, FinalRequestOptions | Mapping[str, Any]], Any] | None = None
    ) -> None:
        self._client = client
        self._respond = respond or client._respond

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What is no verb is the client's own: a resource uses either as its ``_client``."""
            return getattr(object.__getattribute__(self, "_client"), name)

    @sealed
    def request(self, cast_to: TypeForm[R], options: FinalRequestOptions | Mapping[str, Any]) -> APIResponse[R]:
        """Make one call, as the client's `request` does."""
        response: APIResponse[R] = self._respond(cast_to, options)
        return response

    @sealed
    def get(self, path: str, *, cast_to: TypeForm[R], options: OptionsTypes | None = None) -> APIResponse[R]:
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
    ) -> APIResponse[R]:
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
    ) -> APIResponse[R]:
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
    ) -> APIResponse[R]:
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
    ) -> APIResponse[R]:
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
    ) -> APIResponse[SyncPageT]:
        """Ask for the first page of a list, which is the value."""
        page_type = checked_page_type(page, model, BaseSyncPage)
        return self.request(page_type, final_options(method, path, options, json_data=body))
