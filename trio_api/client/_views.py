"""One method of an SDK's resource in another view, with its types kept; the resource's own views lose them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar, overload

from ._open_response_blocking import ResponseManager
from ._open_response_trio import AsyncResponseManager
from ._pages_blocking import BaseSyncPage, SyncPaginator
from ._resource import APIResource
from ._responses_blocking import APIResponse
from ._responses_trio import AsyncAPIResponse

__all__ = ["to_raw_response", "to_streaming_response"]

P = ParamSpec("P")
R = TypeVar("R")
SyncPageT = TypeVar("SyncPageT", bound="BaseSyncPage[Any]")


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
