"""What the paginators of both colours share: the list that they describe, and where in it they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast, get_origin

import attrs

from .._checks import check_count
from .._redact import redact_url, sealed
from ..pages import BasePage, PagedList, decode_positions
from ..request import FinalRequestOptions, Origins

if TYPE_CHECKING:
    from typing import Self

__all__ = ["BasePaginator", "PageClient", "checked_page_type", "paged_list"]

T = TypeVar("T")
PageT = TypeVar("PageT", bound=BasePage[Any])
ClientT = TypeVar("ClientT", bound="PageClient")


class PageClient(Protocol):
    """What pages ask of a client, besides the fetching of its colour."""

    @property
    def _origins(self) -> Origins: ...
    @property
    def idempotency_header(self) -> str | None: ...


def paged_list(client: PageClient, options: FinalRequestOptions, max_pages: int | None = None) -> PagedList:
    """The list that begins with the page that *options* ask for, and may have so many."""
    return PagedList(
        options=options,
        origins=client._origins,  # pyright: ignore[reportPrivateUsage]  # the protocol between client and pages
        idempotency_header=client.idempotency_header,
        max_pages=None if max_pages is None else check_count("max_pages", max_pages),
    )


class BasePaginator(Generic[T, PageT, ClientT]):
    """A list that comes in pages, of which nothing was fetched yet. Made by ``client.get_api_list(...)``.

    It can be iterated any number of times, each time from its beginning.

    Args:
        client: The client to fetch with.
        options: The request of the first page.
        page: The page class, ``AsyncCursorPage[Item]``; or without the type of the items, then it gets *model*.
        model: What an item is built into.
        max_pages: The most pages that it may have; None for no bound.

    Raises:
        TypeError: *page* is no page class of the client's colour, or *max_pages* no int.
        ValueError: *max_pages* is less than 1.
    """

    _page_base: type[BasePage[Any]]

    def __init__(
        self,
        client: ClientT,
        options: FinalRequestOptions,
        page: type[PageT],
        model: Any = None,
        max_pages: int | None = None,
    ) -> None:
        self._client = client
        self._page_type = checked_page_type(page, model, self._page_base)
        self._list = paged_list(client, options, max_pages)

    def __repr__(self) -> str:
        options = self._list.options
        return f"<{type(self).__name__} {options.method.upper()} {redact_url(options.url)}>"

    @sealed
    def resume(self, token: object) -> Self:
        """The rest of the list, from where a checkpoint was taken.

        Args:
            token: What ``checkpoint()`` gave, or its copy through JSON.

        Returns:
            A paginator of what was not consumed then. The token may come from another way of iterating.

        Raises:
            TypeError: The token is no dict.
            ValueError: The token is broken, or of another list; the message says what is wrong.
            CrossOriginError: The token holds a URL of an origin that is neither trusted nor the list's own.
        """
        return self._at(decode_positions(self._list, token))

    def _at(self, request: PagedList) -> Self:
        """The same paginator, of the list as *request* begins it."""
        resumed = object.__new__(type(self))
        resumed._client, resumed._page_type, resumed._list = self._client, self._page_type, request
        return resumed

    def _first(self) -> PagedList:
        """The list up to its first page.

        Raises:
            RuntimeError: Nothing is left of it.
        """
        if not self._list.positions:
            raise RuntimeError("there is no page: the list was consumed whole when its checkpoint was taken")
        return attrs.evolve(self._list, positions=self._list.positions[:1])


def checked_page_type(page: object, model: Any, base: type[BasePage[Any]]) -> Any:
    """The page class with the type of its items.

    Args:
        page: The page class, ``AsyncCursorPage[Item]``; or without the type of the items, then it gets *model*.
        model: What an item is built into.
        base: What page classes of the client's colour inherit from.

    Raises:
        TypeError: *page* is no such class.
    """
    cls = get_origin(page) or page
    if not (isinstance(cls, type) and issubclass(cls, base)):
        colour = base.__name__.removeprefix("Base").removesuffix("Page")
        raise TypeError(
            f"page must be a subclass of {base.__name__}, such as page={colour}CursorPage[Item], got {page!r}"
        )
    generic = cast("Any", page)
    return generic[model] if page is cls and len(getattr(generic, "__parameters__", ())) == 1 else generic
