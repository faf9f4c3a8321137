"""Lists that come in pages, without a client: pages made by hand, and servers of lists to crawl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import httpx

from trio_api.models import structure
from trio_api.pages import BasePage, Crawl, PagedList, PageInfo, Signal, Ticket
from trio_api.request import FinalRequestOptions, Origins

BASE = "https://api.example.com/v1/"
ORIGINS = Origins(httpx.URL(BASE))


def options(url: str = "/items", method: str = "get", **changes: Any) -> FinalRequestOptions:
    """The request of a list."""
    return FinalRequestOptions(method=method, url=url, **changes)


def listed(url: str = "/items", *, origins: Origins = ORIGINS, **changes: Any) -> PagedList:
    """A list on the server of `BASE`."""
    return PagedList(options=options(url, **changes), origins=origins)


@attrs.frozen
class FakeResponse:
    """As much of a response as a page looks at."""

    url: httpx.URL
    headers: httpx.Headers
    http_response: httpx.Response


def response(url: str = BASE + "items", headers: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> FakeResponse:
    """A response that came from *url*."""
    sent = httpx.Request("GET", url)
    got = httpx.Response(200, headers=headers, request=sent)
    return FakeResponse(sent.url, got.headers, got)


def page_of(
    page_type: Any,
    body: object,
    *,
    url: str = BASE + "items",
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    **changes: Any,
) -> Any:
    """A page built from a JSON body, as the client builds it: *changes* are those of its request."""
    page = structure(body, page_type).value
    page._bind(None, options(**changes), response(url, headers), page_type)
    return page


class FakePage(BasePage[Any]):
    """A page that says what it is told to say."""

    def __init__(
        self,
        items: Sequence[Any],
        following: PageInfo | Exception | None = None,
        rest: Sequence[PageInfo] | None = None,
        url: str = BASE + "items",
    ) -> None:
        self.items = list(items)
        self.following = following
        self.rest = rest
        self._bind(None, options(), response(url))

    def _get_page_items(self) -> list[Any]:
        return self.items

    def next_page_info(self) -> PageInfo | None:
        if isinstance(self.following, Exception):
            raise self.following
        return self.following

    def remaining_page_infos(self) -> Sequence[PageInfo] | None:
        return self.rest


@attrs.frozen
class Book:
    """A list as its server has it: pages of items, and how each names the next one.

    ``style`` is ``"cursor"`` (only the next page is known), ``"number"`` (all are) or ``"link"`` (by URLs).
    """

    pages: Sequence[Sequence[Any]]
    style: str = "number"

    @property
    def items(self) -> list[Any]:
        return [item for page in self.pages for item in page]

    def page(self, request: FinalRequestOptions) -> FakePage:
        """The page that *request* asks for."""
        number = int(request.params.get("page") or httpx.URL(request.url).params.get("page") or 0)
        last = len(self.pages) - 1
        infos = [self._info(later) for later in range(number + 1, last + 1)]
        following = infos[0] if infos else None
        items = self.pages[number] if self.pages else []
        return FakePage(items, following, None if self.style == "cursor" else infos)

    def _info(self, number: int) -> PageInfo:
        if self.style == "link":
            return PageInfo(url=f"{BASE}items?page={number}")
        return PageInfo(params={"page": number})


def book(pages: int, size: int = 3, style: str = "number") -> Book:
    """A list of *pages* pages of *size* consecutive numbers."""
    return Book([range(at * size, (at + 1) * size) for at in range(pages)], style)


class Driver:
    """Drives a crawl by hand: what is in flight arrives when the test says so."""

    def __init__(self, crawl: Crawl[Any, Any], *books: Book) -> None:
        self.crawl = crawl
        self.books = books
        self.in_flight: list[Ticket[Any]] = []
        self.asked: list[FinalRequestOptions] = []

    def start(self) -> list[Ticket[Any]]:
        """Start all that may be started; what was."""
        started = []
        while (ticket := self.crawl.start()) is not None:
            started.append(ticket)
        self.in_flight += started
        self.asked += [ticket.options for ticket in started]
        return started

    def arrive(self, index: int = 0) -> None:
        """Let a request that is in flight be answered."""
        ticket = self.in_flight.pop(index)
        self.crawl.arrived(ticket, self.books[ticket.list_number].page(ticket.options))

    def fail(self, error: BaseException, index: int = 0) -> None:
        """Let a request that is in flight fail."""
        self.crawl.failed(self.in_flight.pop(index), error)

    def item(self) -> Any:
        """The next item, with pages arriving in the order of their requests while the consumer waits."""
        while (got := self.crawl.next_item()) is Signal.WAIT:
            self.start()
            assert self.in_flight, "the crawl has stalled"
            self.arrive()
        return got

    def items(self) -> list[Any]:
        """All items that are left."""
        found = []
        while (item := self.item()) is not Signal.END:
            found.append(item)
        return found
