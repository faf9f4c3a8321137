"""Many lists at once: the items of all of them, with pages fetched side by side."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, TypeVar, cast, final, overload

from .._checks import check_count
from ..pages import Crawl, decode_tokens
from ._items_blocking import SyncItems
from ._items_trio import AsyncItems
from ._pages_blocking import BaseSyncPage, SyncPaginator
from ._pages_trio import AsyncPaginator, BaseAsyncPage
from ._paginator import BasePaginator

__all__ = ["fan_out"]

T = TypeVar("T")
AsyncPageT = TypeVar("AsyncPageT", bound=BaseAsyncPage[Any])
SyncPageT = TypeVar("SyncPageT", bound=BaseSyncPage[Any])


@overload
def fan_out(
    paginators: Iterable[AsyncPaginator[T, AsyncPageT]],
    *,
    limit: int = 16,
    ordered: bool = True,
    resume: object | None = None,
) -> AsyncItems[T, AsyncPageT]: ...
@overload
def fan_out(
    paginators: Iterable[SyncPaginator[T, SyncPageT]],
    *,
    limit: int = 16,
    ordered: bool = True,
    resume: object | None = None,
) -> SyncItems[T, SyncPageT]: ...
def fan_out(paginators: Iterable[Any], *, limit: int = 16, ordered: bool = True, resume: object | None = None) -> Any:
    """Go through many lists at once, with their pages fetched side by side.

    ::

        async with trio_api.fan_out([client.get_api_list(...), client.get_api_list(...)]) as items:
            async for item in items:
                ...

    Lists whose later pages are known from the first are fetched side by side themselves. With *ordered* the items of
    the first list come first; lists that must be followed page by page then gain little, so for them prefer
    ``ordered=False``.

    Args:
        paginators: The lists, all of one colour, of one client or several. None at all give no items.
        limit: The most pages in flight over all lists. Up to twice as many wait until it is their turn. Default: 16.
        ordered: Whether items come list by list and in the order of each; or page by page as the pages come.
        resume: What ``items.checkpoint()`` gave for the same lists in the same order, to go on from there.

    Returns:
        The items: an `AsyncItems` for ``async with``, of blocking paginators a `SyncItems` for ``with``.

    Raises:
        TypeError: *paginators* are no paginators, or of both colours; *limit* is no int.
        ValueError: *limit* is less than 1; the token is broken, or of other lists.
        CrossOriginError: The token holds a URL of an origin that is neither trusted nor a list's own.
    """
    lists = _checked(paginators)
    check_count("limit", limit)
    requests = [paginator._list for paginator in lists]  # pyright: ignore[reportPrivateUsage]  # they are our own
    if resume is not None:
        requests = decode_tokens(requests, resume)
    crawl = Crawl[Any, Any].fan_out(requests, limit=limit, ordered=ordered, many=True)
    fetches = [paginator._fetch for paginator in lists]  # pyright: ignore[reportPrivateUsage]
    call = f"trio_api.fan_out(paginators, limit={limit})"
    if not lists:
        return _NoItems(AsyncItems(crawl, (), call), SyncItems(crawl, (), limit, call))
    if isinstance(lists[0], SyncPaginator):
        return SyncItems(crawl, fetches, limit, call)
    return AsyncItems(crawl, fetches, call)


def _checked(paginators: Iterable[Any]) -> list[AsyncPaginator[Any, Any] | SyncPaginator[Any, Any]]:
    if isinstance(paginators, BasePaginator) or not isinstance(cast("object", paginators), Iterable):
        raise TypeError(
            f"paginators must be a list of paginators, got {paginators!r}; "
            "to fetch the pages of one list side by side use paginator.fan_out(limit=...)"
        )
    lists = list(paginators)
    for number, paginator in enumerate(lists):
        if not isinstance(paginator, BasePaginator):
            raise TypeError(f"paginators[{number}] must be a paginator from get_api_list(...), got {paginator!r}")
        colour, first = type(cast("object", paginator)), type(cast("object", lists[0]))
        if colour is not first:
            raise TypeError(
                f"paginators must be of one colour: [0] is {first.__name__}, [{number}] is {colour.__name__}"
            )
    return lists


@final
class _NoItems:
    """The items of no lists, for both kinds of block: there is no list to tell the colour by."""

    def __init__(self, trio_items: AsyncItems[Any, Any], blocking_items: SyncItems[Any, Any]) -> None:
        self._trio = trio_items
        self._blocking = blocking_items
        self.statistics = trio_items.statistics
        self.checkpoint = trio_items.checkpoint

    async def __aenter__(self) -> AsyncItems[Any, Any]:
        return await self._trio.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._trio.__aexit__(kind, error, traceback)  # noqa: ASYNC102  # it waits for tasks it cancels

    def __enter__(self) -> SyncItems[Any, Any]:
        return self._blocking.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._blocking.__exit__(kind, error, traceback)
