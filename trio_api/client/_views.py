"""Resources of an SDK in the view in which responses stay open; and one method in another view, with its types.

A resource's own views lose the types of its methods, which no annotation can follow.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ParamSpec, TypeVar, final, overload

from ..request import FinalRequestOptions
from ._open_response_blocking import ResponseManager
from ._open_response_trio import AsyncResponseManager
from ._pages_blocking import BaseSyncPage, SyncPaginator
from ._resource import APIResource, bound_to
from ._responses_blocking import APIResponse
from ._responses_trio import AsyncAPIResponse
from ._verbs_blocking import RawResponses
from ._verbs_trio import AsyncRawResponses

__all__ = ["AsyncStreamingView", "StreamingView", "to_raw_response", "to_streaming_response"]

P = ParamSpec("P")
R = TypeVar("R")
SyncPageT = TypeVar("SyncPageT", bound="BaseSyncPage[Any]")


class _View:
    """A resource whose methods give blocks in place of values."""

    def __init__(self, resource: APIResource) -> None:
        self._resource = resource

    def __getattr__(self, name: str) -> Any:
        value: Any = getattr(self._resource, name)
        if isinstance(value, APIResource):
            return type(self)(value)
        return functools.partial(self._block, name) if callable(value) else value

    def _block(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """The block in which the response of the method *name* is open."""
        raise NotImplementedError

    def _is_result(self, name: str, result: object, opened: list[Any]) -> None:
        if not any(result is response for response in opened):
            raise TypeError(
                f"{name}() makes something else of what its call gives, so it has no streaming view; "
                "use client.with_streaming_response"
            )


@final
class AsyncStreamingView(_View):
    """A resource of a Trio SDK whose methods give blocks. Made by ``resource.with_streaming_response`` only."""

    def _block(self, name: str, /, *args: Any, **kwargs: Any) -> AsyncResponseManager[Any]:
        return AsyncResponseManager(functools.partial(self._call, name, args, kwargs))

    async def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> AsyncAPIResponse[Any]:
        client: Any = self._resource.__dict__["_client"]
        opened: list[AsyncAPIResponse[Any]] = []

        async def respond(cast_to: Any, options: FinalRequestOptions | Mapping[str, Any]) -> AsyncAPIResponse[Any]:
            response: AsyncAPIResponse[Any] = await client._respond_open(cast_to, options)
            opened.append(response)
            return response

        result: Any = None
        try:
            method = getattr(bound_to(self._resource, AsyncRawResponses(client, respond)), name)
            result = await method(*args, **kwargs)
            self._is_result(name, result, opened)
            return result  # type: ignore[no-any-return]  # it is one of those that were opened
        finally:
            for response in opened:  # what the method got and dropped
                if response is not result:
                    await response._close()  # noqa: ASYNC102  # it shields itself  # pyright: ignore[reportPrivateUsage]


@final
class StreamingView(_View):
    """A resource of a blocking SDK whose methods give blocks. Made by ``resource.with_streaming_response`` only."""

    def _block(self, name: str, /, *args: Any, **kwargs: Any) -> ResponseManager[Any]:
        return ResponseManager(functools.partial(self._call, name, args, kwargs))

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> APIResponse[Any]:
        client: Any = self._resource.__dict__["_client"]
        opened: list[APIResponse[Any]] = []

        def respond(cast_to: Any, options: FinalRequestOptions | Mapping[str, Any]) -> APIResponse[Any]:
            response: APIResponse[Any] = client._respond_open(cast_to, options)
            opened.append(response)
            return response

        result: Any = None
        try:
            result = getattr(bound_to(self._resource, RawResponses(client, respond)), name)(*args, **kwargs)
            self._is_result(name, result, opened)
            return result  # type: ignore[no-any-return]  # it is one of those that were opened
        finally:
            for response in opened:  # what the method got and dropped
                if response is not result:
                    response._close()  # pyright: ignore[reportPrivateUsage]


# Of the overloads the first and the last overlap in a blocking method whose value is awaitable, and there is none.


@overload
def to_raw_response(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]  # see above
    method: Callable[P, Awaitable[R]],
) -> Callable[P, Awaitable[AsyncAPIResponse[R]]]: ...
@overload
def to_raw_response(method: Callable[P, SyncPaginator[Any, SyncPageT]]) -> Callable[P, APIResponse[SyncPageT]]: ...
@overload
def to_raw_response(method: Callable[P, R]) -> Callable[P, APIResponse[R]]: ...
def to_raw_response(method: Any) -> Any:
    """The method of a resource, giving the response in its wrapper.

    ::

        response = await to_raw_response(client.characters.retrieve)("0041")
        character = await response.parse()

    Args:
        method: A method of an `AsyncAPIResource` or `SyncAPIResource`, bound: ``client.characters.retrieve``.

    Returns:
        The same method in the resource's ``with_raw_response``. That of a list gives the response of the first page.

    Raises:
        TypeError: *method* is none.
    """
    return _in_view(method, "with_raw_response", "to_raw_response")


@overload
def to_streaming_response(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]  # see above
    method: Callable[P, Awaitable[R]],
) -> Callable[P, AsyncResponseManager[R]]: ...
@overload
def to_streaming_response(
    method: Callable[P, SyncPaginator[Any, SyncPageT]],
) -> Callable[P, ResponseManager[SyncPageT]]: ...
@overload
def to_streaming_response(method: Callable[P, R]) -> Callable[P, ResponseManager[R]]: ...
def to_streaming_response(method: Any) -> Any:
    """The method of a resource, giving a block in which the response is open, its body not read until asked for.

    ::

        async with to_streaming_response(client.exports.retrieve)("2026") as response:
            await response.stream_to_file("2026.csv")

    Args:
        method: A method of an `AsyncAPIResource` or `SyncAPIResource`, bound: ``client.exports.retrieve``.

    Returns:
        The same method in the resource's ``with_streaming_response``.

    Raises:
        TypeError: *method* is none.
    """
    return _in_view(method, "with_streaming_response", "to_streaming_response")


def _in_view(method: Any, view: str, function: str) -> Any:
    resource = getattr(method, "__self__", None)
    if not isinstance(resource, APIResource):
        raise TypeError(f"{function} takes a method of a resource, such as client.models.retrieve, got {method!r}")
    return getattr(getattr(resource, view), method.__name__)
