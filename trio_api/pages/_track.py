"""One list in a crawl: the pages that were planned, asked for and not yet given out, in the order of the list.

The law of an ordered crawl: it gives out exactly what following `next_page_info` from page to page would give.
What a page tells of the later ones is a plan by which they are asked for early; each page that comes confirms
the next step of the plan, or overthrows all of it.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Generic, TypeVar

import httpx

from .._errors import APIResponseValidationError, CrossOriginError, PaginationLoopError
from .._logging import logger
from .._redact import redact_url
from ._info import PageInfo
from ._loops import LoopDetector
from ._page import BasePage
from ._steps import PagedList, Position, Step

__all__ = ["Board", "Slot", "SlotState", "Track"]

PageT = TypeVar("PageT", bound=BasePage[Any])


class SlotState(enum.Enum):
    """What has become of the request for a page."""

    WAITING = "not yet sent"
    IN_FLIGHT = "sent"
    ARRIVED = "answered; the page waits to be given out"
    FAILED = "failed; the error waits to be raised"
    GIVEN = "its page was given out, or its error raised"
    DROPPED = "no part of the list after all"


class Slot(Generic[PageT]):
    """The place of one page in its list.

    Args:
        track: The list.
        step: The request of the page.
        skip: How many items were given out before the crawl began.
        follow: Whether what comes after it is still to be planned, once it has come.
        isolated: Whether it comes from a token in which the pages after it stand for themselves.
    """

    __slots__ = ("error", "follow", "isolated", "items", "page", "skip", "state", "step", "successor", "track")

    def __init__(
        self, track: Track[PageT], step: Step, skip: int = 0, follow: bool = True, *, isolated: bool = False
    ) -> None:
        self.track: Final = track
        self.step: Final = step
        self.skip: Final = skip
        self.follow: bool = follow
        self.isolated: Final = isolated
        self.successor: Step | None = None
        """The next step of the plan that this page has to confirm."""
        self.state: SlotState = SlotState.WAITING
        self.page: PageT | None = None
        self.items: Sequence[Any] = ()
        self.error: BaseException | None = None


class Board(Generic[PageT]):
    """Where the pages of all lists of a crawl stand. The keys of a dict are a set that keeps its order."""

    def __init__(self) -> None:
        self.in_flight: int = 0
        self.ready: dict[Slot[PageT], None] = {}
        """In the order of arrival."""
        self.failed: dict[Slot[PageT], None] = {}

    def settle(self, slot: Slot[PageT], state: SlotState) -> None:
        """Note what has become of a slot."""
        slot.state = state
        self.ready.pop(slot, None)
        self.failed.pop(slot, None)
        if state is SlotState.ARRIVED:
            self.ready[slot] = None
        elif state is SlotState.FAILED:
            self.failed[slot] = None


class Track(Generic[PageT]):
    """The state of one list.

    Args:
        request: The list.
        board: The board of the crawl.
        side_by_side: Whether pages that are known beforehand are fetched side by side.
        ordered: Whether they are given out in the order of the list.
    """

    def __init__(self, request: PagedList, board: Board[PageT], *, side_by_side: bool, ordered: bool) -> None:
        self.request: Final = request
        self.slots: Final[deque[Slot[PageT]]] = deque(
            Slot(self, at.step, at.skip, at.follow, isolated=not at.follow) for at in request.positions
        )
        self.later_pages_known: bool | None = None
        """Whether the pages could be known beforehand; None until one has come."""
        self._board = board
        self._side_by_side = side_by_side
        self._ordered = ordered
        self._unsent = deque(self.slots)
        self._plan: Iterator[Step] = iter(())
        self._planned: Step | None = None  # the next step of the plan that has no slot yet
        self._seen = LoopDetector()

    # -- asking ----------------------------------------------------------------------------------------------

    @property
    def is_finished(self) -> bool:
        """Whether every page was given out."""
        return not self.slots and self._planned is None

    @property
    def can_send(self) -> bool:
        """Whether a request is known that was not sent yet."""
        return bool(self._unsent) or self._planned is not None

    def send(self) -> Slot[PageT]:
        """The next slot whose page is to be fetched; ask `can_send` first."""
        if not self._unsent:
            assert self._planned is not None
            slot = self._add(self._planned)
            slot.successor = self._planned = self._next_planned()
            slot.follow = slot.successor is None
        slot = self._unsent.popleft()
        self._board.settle(slot, SlotState.IN_FLIGHT)
        return slot

    def put_back(self, slot: Slot[PageT]) -> None:
        """Take note that the fetch was given up: the slot waits again, before all others."""
        if slot.state is not SlotState.DROPPED:
            self._board.settle(slot, SlotState.WAITING)
            self._unsent.appendleft(slot)

    # -- what came -------------------------------------------------------------------------------------------

    def fail(self, slot: Slot[PageT], error: BaseException) -> None:
        """Take note that a page could not be got."""
        if slot.state is not SlotState.DROPPED:
            slot.error = error
            self._board.settle(slot, SlotState.FAILED)

    def arrive(self, slot: Slot[PageT], page: PageT) -> None:
        """Take a page, and plan or check what comes after it."""
        if slot.state is SlotState.DROPPED:
            return
        try:
            slot.items = list(page._get_page_items() or ())  # pyright: ignore[reportPrivateUsage]  # the pages' hook
        except Exception as error:
            self.fail(slot, error)
            return
        slot.page = page
        self._board.settle(slot, SlotState.ARRIVED)
        if slot.isolated:
            return
        try:
            following = self._following(slot, page)
            if slot.successor is None:
                self._plan_after(slot, page, following)
            elif following is None or not following.may_be(slot.successor):
                self._replan_after(slot, following)
        except Exception as error:
            # What comes after this page can't be known: that is raised once the page was given out.
            self._drop_after(slot)
            self.slots.append(failure := Slot(self, slot.step, len(slot.items)))
            self.fail(failure, error)

    def give(self, slot: Slot[PageT]) -> None:
        """Take note that the page is given out."""
        self._board.settle(slot, SlotState.GIVEN)
        self.slots.remove(slot)
        self._seen.add(slot.step.digest)

    def positions(self, current: Slot[PageT] | None, given: int) -> list[Position]:
        """What is still to be given out.

        Args:
            current: The slot whose page is being given out, if it is of this list and not at its end.
            given: How many of its items were given out.
        """
        found: list[Position] = []
        for slot in [*([] if current is None else [current]), *self.slots]:
            skip = given if slot is current else slot.skip
            if self._ordered and not slot.isolated:
                return [*found, Position(slot.step, skip)]  # all that comes after can be found again from there
            found.append(Position(slot.step, skip, slot.follow))
        return found if self._planned is None else [*found, Position(self._planned)]

    # -- the plan --------------------------------------------------------------------------------------------

    def _following(self, slot: Slot[PageT], page: PageT) -> Step | None:
        info = page.next_page_info()
        if info is None or not page.has_next_page():
            return None
        try:
            return self.request.step_after(slot.step, info, page.response.url)
        except ValueError as error:
            message = f"The page at {redact_url(page.response.url)} names a next page, but {error}"
            raise APIResponseValidationError(message, response=page.response.http_response) from None

    def _plan_after(self, slot: Slot[PageT], page: PageT, following: Step | None) -> None:
        slot.follow = False
        infos = page.remaining_page_infos() if self._side_by_side else None
        if following is None:
            self.later_pages_known = infos is not None
            return
        self._plan = self._steps(slot.step, infos or (), page.response.url)
        first = self._next_planned()
        self.later_pages_known = first is not None and following.may_be(first)
        if self.later_pages_known:
            self._planned = first
        else:  # none is, or the page disagrees with itself: what it says of the next page counts
            self._chain(following)

    def _next_planned(self) -> Step | None:
        """The plan's next step. A plan that comes back to where it was ends: the page before will say so itself."""
        step = None if self._is_full() else next(self._plan, None)
        return None if step is None or self._is_known(step) else step

    def _steps(self, step: Step, infos: Iterable[PageInfo], page_url: httpx.URL) -> Iterator[Step]:
        for info in infos:
            try:
                yield self.request.step_after(step, info, page_url)
            except (CrossOriginError, ValueError, TypeError):
                return  # the plan ends here; the page before it will say by itself where it leads

    def _replan_after(self, slot: Slot[PageT], following: Step | None) -> None:
        """Overthrow the plan: the page says that the list goes on in another way, or not at all."""
        if following is not None and not self._ordered:
            logger.warning(
                "%s: a page names another next page than the plan from the first page has; out of order that can't "
                "be put right, and items may be missing or come twice; use ordered=True",
                type(slot.page).__name__,
            )
            return
        self._drop_after(slot)
        if following is not None:
            self._side_by_side = False  # once bitten: the rest page by page
            self._chain(following)

    def _chain(self, step: Step) -> None:
        """Go on with the page that the last one names, unless it was asked for before."""
        if self._is_known(step):
            raise PaginationLoopError(
                f"a page of {redact_url(self.request.options.url)} names a next page that was asked for before, "
                "so the list would never end"
            )
        if self._is_full():
            raise PaginationLoopError(
                f"{redact_url(self.request.options.url)} has more pages than the max_pages={self.request.max_pages} "
                "that were allowed"
            )
        self._add(step)

    def _is_full(self) -> bool:
        """Whether the list has as many pages as it may: what was given out is in a set, the rest in the slots."""
        limit = self.request.max_pages
        return limit is not None and len(self._seen) + len(self.slots) >= limit

    def _is_known(self, step: Step) -> bool:
        """Whether the same was asked for before; what was given out is in a set, the rest is in the slots."""
        return step.digest in self._seen or any(step.digest == slot.step.digest for slot in self.slots)

    def _add(self, step: Step) -> Slot[PageT]:
        slot = Slot(self, step)
        self.slots.append(slot)
        self._unsent.append(slot)
        return slot

    def _drop_after(self, slot: Slot[PageT]) -> None:
        """Forget every page after *slot*, sent or not."""
        while self.slots[-1] is not slot:
            self._board.settle(self.slots.pop(), SlotState.DROPPED)
        self._unsent.clear()
        self._planned = None
