"""Where the attempts of a call wait for their turn and for room in the rate limits, on Trio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, final

import httpx
import trio

from .._errors import APIError
from ..request import FinalRequestOptions
from ..resilience import Pace, Place, RateClaim, Refusal, refusal_for_pace

__all__ = ["Pacer"]


@final
class Pacer:
    """Keeps the attempts of one call to the pace of their origin, one after the other.

    Args:
        pace: The pace.
        options: The call.
        request: What stands for it in errors.
    """

    def __init__(self, pace: Pace, options: FinalRequestOptions, request: httpx.Request) -> None:
        self._pace: Final = pace
        self._options: Final = options
        self._request: Final = request
        self._claim: RateClaim | None = None  # what the next attempt takes, where that was asked already
        self._place: Place | None = None

    def has_room(self) -> bool:
        """Whether an attempt may be made now, with nothing to wait for; then `enter_nowait` has to follow at once."""
        self._claim = self._pace.claim(self._options)
        return self._pace.has_room(self._claim, trio.current_time())

    def enter_nowait(self) -> None:
        """Take what an attempt costs; there is room for it."""
        assert self._claim is not None
        self._place = self._pace.arrive(self._claim)
        self._pace.take(self._place, trio.current_time())
        self._pace.leave(self._place)
        self._claim = None

    async def enter(self, wait_out: Callable[[], Awaitable[Refusal | None]]) -> Refusal | None:
        """Wait until an attempt may be made, and take what it costs.

        Args:
            wait_out: Waits until the origin may be asked at all; called before each look at the limits.

        Returns:
            Why it must not be made, with nothing taken; None if it may.
        """
        pace = self._pace
        claim, self._claim = self._claim, None
        place = pace.arrive(claim or pace.claim(self._options))
        try:
            while True:
                await trio.lowlevel.checkpoint_if_cancelled()  # who is cancelled takes nothing
                is_first = pace.is_first(place)
                if is_first and (refusal := await wait_out()):
                    return refusal  # noqa: ASYNC910  # there is no time
                now = trio.current_time()
                due = pace.due(place, now)
                if is_first and due <= now and pace.store is not None:
                    try:
                        wait = await pace.store.take(place.claim)
                    except APIError as error:
                        error.request = error.request or self._request
                        return Refusal(self._request, error, "Not sent: it could not be counted.", None)
                    now = trio.current_time()
                    due = now + wait
                if is_first and due <= now:
                    pace.take(place, now)
                    self._place = place
                    return None  # noqa: ASYNC910  # the caller does checkpoint
                if due >= (deadline := trio.current_effective_deadline()):
                    return refusal_for_pace(due - now, deadline - now, self._request)  # noqa: ASYNC910  # no time
                place.has_waited = True
                woken = trio.Event()
                place.wake = woken.set
                with trio.CancelScope(deadline=due) if is_first else trio.CancelScope():
                    await woken.wait()
        finally:
            pace.leave(place)

    async def correct(self, response: httpx.Response) -> None:  # noqa: ASYNC910  # it waits for a store alone
        """Count what the last attempt did cost, as its response tells."""
        place = self._place
        if place is None or not response.is_success:
            return  # noqa: ASYNC910  # nothing to count
        costs = self._pace.spent(place, response)
        if costs is not None:
            self._pace.correct(place, costs)
            if self._pace.store is not None:
                await self._pace.store.correct(place.claim, costs)
