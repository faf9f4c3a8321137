"""The verbs of the blocking client, in three views: giving the value, the response in its wrapper, or an open one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, final

from .._redact import sealed
from .._types import Content, not_given
from ..request import FinalRequestOptions
from ._base import OptionsTypes, final_options
from ._open_response_blocking import ResponseManager
from ._responses_blocking import APIResponse

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["RawResponses", "StreamingResponses", "SyncVerbs"]

R = TypeVar("R")


class SyncVerbs:
    """The verbs, each giving the value. What they call is the `request` of the client."""

    def request(self, cast_to: TypeForm[R], options: FinalRequestOptions | Mapping[str, Any]) -> R:
        """Make one call; the client says how."""
        raise AssertionError("the client has to define this")  # pragma: no cover

    @sealed
    def get(self, path: str, *, cast_to: TypeForm[R], options: OptionsTypes | None = None) -> R:
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
        options: OptionsTypes | None = None,
    ) -> R:
        """POST *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("POST", path, options, json_data=body, content=content))

    @sealed
    def put(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        options: OptionsTypes | None = None,
    ) -> R:
        """PUT *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("PUT", path, options, json_data=body, content=content))

    @sealed
    def patch(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        options: OptionsTypes | None = None,
    ) -> R:
        """PATCH *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("PATCH", path, options, json_data=body, content=content))

    @sealed
    def delete(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        options: OptionsTypes | None = None,
    ) -> R:
        """DELETE *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("DELETE", path, options, json_data=body, content=content))


@final
class RawResponses:
    """The verbs, each giving the response in its wrapper: status, headers, attempts, and the value by ``parse()``.

    Made by ``client.with_raw_response`` only.
    """

    def __init__(self, respond: Callable[[Any, FinalRequestOptions | Mapping[str, Any]], Any]) -> None:
        self._respond = respond

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
        options: OptionsTypes | None = None,
    ) -> APIResponse[R]:
        """POST *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("POST", path, options, json_data=body, content=content))

    @sealed
    def put(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        options: OptionsTypes | None = None,
    ) -> APIResponse[R]:
        """PUT *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("PUT", path, options, json_data=body, content=content))

    @sealed
    def patch(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        options: OptionsTypes | None = None,
    ) -> APIResponse[R]:
        """PATCH *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("PATCH", path, options, json_data=body, content=content))

    @sealed
    def delete(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        options: OptionsTypes | None = None,
    ) -> APIResponse[R]:
        """DELETE *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("DELETE", path, options, json_data=body, content=content))


@final
class StreamingResponses:
    """The verbs, each giving a block in which the response is open, its body not read until asked for.

    ::

        with client.with_streaming_response.get("/export", cast_to=bytes) as response:
            response.stream_to_file("export.csv")

    Made by ``client.with_streaming_response`` only.
    """

    def __init__(self, respond: Callable[[Any, FinalRequestOptions | Mapping[str, Any]], Any]) -> None:
        self._respond = respond

    @sealed
    def request(self, cast_to: TypeForm[R], options: FinalRequestOptions | Mapping[str, Any]) -> ResponseManager[R]:
        """Describe one call, as the client's `request` makes it; it is made when the block is entered."""
        return ResponseManager(functools.partial(self._respond, cast_to, options))

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
        options: OptionsTypes | None = None,
    ) -> ResponseManager[R]:
        """POST *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("POST", path, options, json_data=body, content=content))

    @sealed
    def put(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        options: OptionsTypes | None = None,
    ) -> ResponseManager[R]:
        """PUT *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("PUT", path, options, json_data=body, content=content))

    @sealed
    def patch(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        options: OptionsTypes | None = None,
    ) -> ResponseManager[R]:
        """PATCH *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("PATCH", path, options, json_data=body, content=content))

    @sealed
    def delete(
        self,
        path: str,
        *,
        cast_to: TypeForm[R],
        body: object = not_given,
        content: Content | None = None,
        options: OptionsTypes | None = None,
    ) -> ResponseManager[R]:
        """DELETE *body* as JSON, or *content* as it is, to *path*; see `request`."""
        return self.request(cast_to, final_options("DELETE", path, options, json_data=body, content=content))
