"""What to fetch now, and what to give out next: the one engine behind every way to go through lists of pages.

The drivers of both colours ask it what may be fetched (`start`), tell it what came (`arrived`, `failed`,
`gave_up`), and take from it what is next (`next_item`, `next_page`). It never waits: `Signal.WAIT` says to.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar, final

import attrs

from ..request import FinalRequestOptions
from ._page import BasePage
from ._steps import PagedList
from ._tokens import encode_positions, encode_tokens
from ._track import Board, Slot, SlotState, Track

__all__ = ["Crawl", "CrawlMode", "CrawlStatistics", "Signal", "Ticket"]

T = TypeVar("T")
PageT = TypeVar("PageT", bound=BasePage[Any])

CrawlMode: TypeAlias = Literal["lazy", "prefetch", "fan_out"]


@final
class Signal(enum.Enum):
    """What there is in place of an item or a page."""

    WAIT = "the next one has not come yet"
    END = "there are no more"


@final
@attrs.frozen(eq=False, repr=False)
class Ticket(Generic[PageT]):
    """The permit to fetch one page, to be given back with what came."""

    list_number: int
    """Which of the lists the page is of, from 0."""
    options: FinalRequestOptions
    """The request of the page."""
    slot: Slot[PageT]


@final
@attrs.frozen
class CrawlStatistics:
    """How far a crawl is."""

    mode: CrawlMode
    """``"fan_out"`` if pages are fetched side by side, ``"prefetch"`` if one after the other and ahead of the
    consumer, ``"lazy"`` if not before they are asked for."""
    pages_fetched: int
    """Pages that came, with those that were not given out."""
    pages_delivered: int
    """Pages that were given out, whole or item by item."""
    items_delivered: int
    """Items that were given out, those of whole pages too."""
    in_flight: int
    """Pages that are being fetched."""
    buffered: int
    """Pages that came and wait to be given out."""


@final
class Crawl(Generic[T, PageT]):
    """A way through one list or many. Make one with `lazy`, `prefetch` or `fan_out`.

    Args:
        requests: The lists.
        mode: How pages are fetched.
        limit: The most pages in flight.
        window: The most pages fetched or in flight beyond the one being consumed. The page that the consumer waits
            for is the one being consumed: before it asks there are *window*, while it waits one more.
        ordered: Whether pages are given out in the order of the lists, and of the pages in each.
        many: Whether a token holds one token for each list.
    """

    def __init__(
        self, requests: Sequence[PagedList], *, mode: CrawlMode, limit: int, window: int, ordered: bool, many: bool
    ) -> None:
        self._mode: CrawlMode = mode
        self._limit = limit
        self._window = window
        self._ordered = ordered
        self._many = many
        self._board: Board[PageT] = Board()
        self._all = tuple(
            Track(request, self._board, side_by_side=mode == "fan_out", ordered=ordered) for request in requests
        )
        self._numbers: Final = {track: number for number, track in enumerate(self._all)}
        self._open = {track: None for track in self._all if not track.is_finished}
        self._waiting = False
        self._failed = False
        self._current: Slot[PageT] | None = None
        self._given = 0  # items of the current page, those of an earlier crawl included
        self._fetched = self._pages = self._items = 0

    @classmethod
    def lazy(cls, request: PagedList) -> Crawl[T, PageT]:
        """One page after the other, each when it is asked for."""
        return cls([request], mode="lazy", limit=1, window=0, ordered=True, many=False)

    @classmethod
    def prefetch(cls, request: PagedList, ahead: int) -> Crawl[T, PageT]:
        """One page after the other, at most *ahead* of them beyond the one being consumed."""
        return cls([request], mode="prefetch", limit=1, window=ahead, ordered=True, many=False)

    @classmethod
    def fan_out(
        cls, requests: Sequence[PagedList], *, limit: int, ordered: bool, many: bool = False
    ) -> Crawl[T, PageT]:
        """At most *limit* pages side by side, and twice as many waiting until it is their turn."""
        return cls(requests, mode="fan_out", limit=limit, window=2 * limit, ordered=ordered, many=many)

    # -- fetching --------------------------------------------------------------------------------------------

    def start(self) -> Ticket[PageT] | None:
        """The page that is to be fetched now; None until something else has happened."""
        board = self._board
        room = self._window + self._waiting - board.in_flight - len(board.ready)
        if board.in_flight >= self._limit or room <= 0 or self._failed or (board.failed and not self._ordered):
            return None
        for track in self._open:
            if any(slot.track is track for slot in board.failed):
                return None  # what comes after an error is not given out
            if track.can_send:
                board.in_flight += 1
                slot = track.send()
                return Ticket(self._numbers[track], track.request.options_at(slot.step), slot)
            if self._ordered and room == 1:
                return None  # the last place is kept for the list being consumed, or the others would take it too
        return None

    def arrived(self, ticket: Ticket[PageT], page: PageT) -> None:
        """Take the page of a ticket."""
        self._board.in_flight -= 1
        self._fetched += 1
        track = ticket.slot.track
        track.arrive(ticket.slot, page)
        if self._mode == "fan_out" and not self._many and track.later_pages_known is False:
            self._mode, self._window = "prefetch", self._limit

    def failed(self, ticket: Ticket[PageT], error: BaseException) -> None:
        """Take the error that came in place of a page; it is raised when it is the page's turn."""
        self._board.in_flight -= 1
        ticket.slot.track.fail(ticket.slot, error)

    def gave_up(self, ticket: Ticket[PageT]) -> None:
        """Take a ticket back unused: the fetch was cancelled, and may be started again."""
        self._board.in_flight -= 1
        ticket.slot.track.put_back(ticket.slot)

    # -- giving out ------------------------------------------------------------------------------------------

    def next_item(self) -> T | Signal:
        """Give out the next item.

        Raises:
            BaseException: What came in place of the next page; after that the crawl is at its end.
        """
        while (slot := self._current) is None or self._given >= len(slot.items):
            if (signal := self._turn_page()) is not None:
                return signal
        item: T = slot.items[self._given]
        self._given += 1
        self._items += 1
        return item

    def next_page(self) -> PageT | Signal:
        """Give out the next page, whole.

        Raises:
            RuntimeError: Some items of the current page were given out and some were not.
            BaseException: What came in place of the next page; after that the crawl is at its end.
        """
        self._check_whole()
        while (signal := self._turn_page()) is None:
            self._check_whole()
            slot = self._current
            assert slot is not None
            assert slot.page is not None
            if not slot.skip:  # else all of it was given out before
                self._given = len(slot.items)
                self._items += self._given
                return slot.page
        return signal

    def _check_whole(self) -> None:
        if self._current is not None and 0 < self._given < len(self._current.items):
            raise RuntimeError(
                f"{self._given} items of this page were given out one by one, so the page can't be given out whole: "
                "iterate items until the page is used up, or iterate pages() from the start"
            )

    def _turn_page(self) -> Signal | None:
        """Make the next page the current one; or say why there is none."""
        self._current = None
        slot = None if self._failed else self._next_slot()
        if slot is None:
            self._waiting = bool(self._open) and not self._failed
            return Signal.WAIT if self._waiting else Signal.END
        self._waiting = False
        if slot.error is not None:
            self._failed = True  # the slot keeps its place, so that a checkpoint taken now tries it again
            raise slot.error
        slot.track.give(slot)
        if slot.track.is_finished:
            del self._open[slot.track]
        self._current, self._given = slot, slot.skip
        self._pages += 1
        return None

    def _next_slot(self) -> Slot[PageT] | None:
        """The slot whose page is to be given out now, or whose error is to be raised."""
        if self._ordered:
            track = next(iter(self._open), None)
            head = track.slots[0] if track is not None and track.slots else None
            return head if head is not None and head.state in (SlotState.ARRIVED, SlotState.FAILED) else None
        if self._board.ready:
            return next(iter(self._board.ready))
        # An error is raised once nothing that comes before it is in flight.
        in_order = (slot for track in self._open for slot in track.slots) if self._board.failed else iter(())
        first = next((slot for slot in in_order if slot.state is not SlotState.WAITING), None)
        return first if first is not None and first.state is SlotState.FAILED else None

    # -- what stands where -----------------------------------------------------------------------------------

    def statistics(self) -> CrawlStatistics:
        """How far the crawl is."""
        board = self._board
        return CrawlStatistics(self._mode, self._fetched, self._pages, self._items, board.in_flight, len(board.ready))

    def checkpoint(self) -> dict[str, Any]:
        """The token of what was given out: `decode_positions` or `decode_tokens` reads it."""
        current = self._current
        if current is not None and self._given >= len(current.items):
            current = None
        tokens = [
            encode_positions(
                track.request,
                track.positions(current if current is not None and current.track is track else None, self._given),
            )
            for track in self._all
        ]
        return encode_tokens(tokens) if self._many else tokens[0]
