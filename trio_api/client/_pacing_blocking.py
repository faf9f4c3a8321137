"""Where the attempts of a call wait for their turn and for room in the rate limits, in threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, final

import httpx

from ..request import FinalRequestOptions
from ..resilience import Pace, Place, Refusal, refusal_for_pace

__all__ = ["Pacer"]

_ONE_AT_A_TIME: Final = threading.Lock()  # for every pace: it is held for microseconds


@final
class Pacer:
    """Keeps the attempts of one call to the pace of their origin, one after the other.

    Args:
        pace: The pace.
        options: The call.
        request: What stands for it in errors.
        deadline: The end of the call, in seconds of `time.monotonic`.
    """

    def __init__(self, pace: Pace, options: FinalRequestOptions, request: httpx.Request, deadline: float) -> None:
        self._pace: Final = pace
        self._options: Final = options
        self._request: Final = request
        self._deadline: Final = deadline
        self._place: Place | None = None

    def enter(self, wait_out: Callable[[], Refusal | None]) -> Refusal | None:
        """Wait until an attempt may be made, and take what it costs.

        Args:
            wait_out: Waits until the origin may be asked at all; called before each look at the limits.

        Returns:
            Why it must not be made, with nothing taken; None if it may.
        """
        claim = self._pace.claim(self._options)
        with _ONE_AT_A_TIME:
            place = self._pace.arrive(claim)
        try:
            return self._wait(place, wait_out)
        finally:
            with _ONE_AT_A_TIME:
                self._pace.leave(place)

    def _wait(self, place: Place, wait_out: Callable[[], Refusal | None]) -> Refusal | None:
        pace = self._pace
        while True:
            woken = threading.Event()
            with _ONE_AT_A_TIME:
                place.wake = woken.set
                is_first = pace.is_first(place)
            if is_first and (refusal := wait_out()):
                return refusal
            with _ONE_AT_A_TIME:
                now = time.monotonic()
                due = pace.due(place, now)
                if is_first and due <= now:
                    pace.take(place, now)
                    self._place = place
                    return None
            if due >= self._deadline:
                return refusal_for_pace(due - now, self._deadline - now, self._request)
            place.has_waited = True
            if is_first:
                time.sleep(due - now)
            else:
                woken.wait(min(self._deadline - now, threading.TIMEOUT_MAX))

    def correct(self, response: httpx.Response) -> None:
        """Count what the last attempt did cost, as its response tells."""
        place = self._place
        if place is None or not response.is_success:
            return
        costs = self._pace.spent(place, response)
        if costs is not None:
            with _ONE_AT_A_TIME:
                self._pace.correct(place, costs)
