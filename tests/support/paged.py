"""Lists that come in pages, without a client: pages made by hand, and servers of lists to crawl."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_origin

import attrs
import httpx
import trio

from trio_api.models import structure
from trio_api.pages import BasePage, Crawl, CursorPage, PagedList, PageInfo, Signal, Ticket
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


def response(
    url: str = BASE + "items", headers: Mapping[str, str] | Sequence[tuple[str, str]] = (), content: bytes = b""
) -> FakeResponse:
    """A response that came from *url*."""
    sent = httpx.Request("GET", url)
    got = httpx.Response(200, headers=headers, content=content, request=sent)
    return FakeResponse(sent.url, got.headers, got)


def page_of(
    page_type: Any,
    body: object,
    *,
    asked: str = "/items",
    url: str = BASE + "items",
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    **changes: Any,
) -> Any:
    """A page built from a JSON body, as the client builds it: *asked* and *changes* are what its request had."""
    page = structure(body, page_type).value
    page._bind(None, options(asked, **changes), response(url, headers, json.dumps(body).encode()), page_type)
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
        self._bind(None, options(), response(url), type(self))

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


class PagesOnly:
    """As much of a client as pages ask of it: a server of pages of consecutive numbers, by page number or cursor.

    Args:
        pages: How many pages there are.
        size: How many items a page has.
        seconds: How long a page takes.
        failing: What comes in place of a page, by its number from 1.
    """

    _origins = ORIGINS
    idempotency_header = "Idempotency-Key"

    def __init__(
        self, pages: int = 5, size: int = 3, *, seconds: float = 1.0, failing: Mapping[int, BaseException] | None = None
    ) -> None:
        self.pages = pages
        self.size = size
        self.seconds = seconds
        self.failing = failing or {}
        self.asked: list[int] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.alive: weakref.WeakSet[Any] = weakref.WeakSet()
        self.most_alive = 0

    @property
    def items(self) -> list[int]:
        return list(range(self.pages * self.size))

    def begin(self, request: FinalRequestOptions) -> int:
        """Note that a page is asked for; its number."""
        number = int(request.params.get("page", 1))
        if "after" in request.params:
            number = int(request.params["after"]) // self.size + 2
        self.asked.append(number)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        return number

    def answer(self, number: int, page_type: Any, request: FinalRequestOptions) -> Any:
        """The page, or what comes in place of it."""
        if number in self.failing:
            raise self.failing[number]
        numbers = range((number - 1) * self.size, number * self.size)
        cursor = issubclass(get_origin(page_type) or page_type, CursorPage)
        body: dict[str, Any] = {"data": [{"id": each} for each in numbers] if cursor else list(numbers)}
        body |= {"has_more": number < self.pages} if cursor else {"page": number, "total_pages": self.pages}
        page = structure(body, page_type).value
        page._bind(self, request, response(), page_type)
        self.alive.add(page)
        self.most_alive = max(self.most_alive, len(self.alive))
        return page


class TrioPages(PagesOnly):
    """The same for Trio: a page takes its time on Trio's clock."""

    async def _fetch_page(self, page_type: Any, request: FinalRequestOptions) -> Any:
        number = self.begin(request)
        try:
            await trio.sleep(self.seconds)
            return self.answer(number, page_type, request)
        finally:
            self.in_flight -= 1


class ThreadPages(PagesOnly):
    """The same for threads: a page comes when `gate` lets it."""

    def __init__(self, *args: Any, gate: Callable[[int], object] = lambda number: None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gate = gate
        self.lock = threading.Lock()

    def _fetch_page(self, page_type: Any, request: FinalRequestOptions) -> Any:
        with self.lock:
            number = self.begin(request)
        try:
            self.gate(number)
            return self.answer(number, page_type, request)
        finally:
            with self.lock:
                self.in_flight -= 1
