"""Where the attempts of a call wait before they are made, in threads. What is decided is `trio_api.resilience`'s."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, final

import httpx

from .._redact import RedactedRequest, redact_url
from ..request import FinalRequestOptions
from ..resilience import OriginBook, Pace, Permit, Permits, Refusal, refusal_for_pause
from ..retry import Failure
from ._pacing_blocking import Pacer

__all__ = ["Admission", "turn_away"]

_QUEUES: Final = threading.RLock()
"""Held while a queue for permits is changed, which is soon done: one lock for those of all clients.

Reentrant, since a response that the garbage collector closes gives its permit back in whatever thread that happens.
"""
_WAITING: Final[set[Admission]] = set()
"""Who waits for a permit, of all clients; changed under `_QUEUES`."""


def turn_away() -> None:
    """Wake those who wait for a permit and whose client was closed."""
    with _QUEUES:
        for admission in tuple(_WAITING):
            admission.wake_if_closed()


@final
class Admission:
    """Lets the attempts of one call through, one after the other, and holds what each has to give back.

    Args:
        book: What is known of the origin that the call names.
        options: The call.
        deadline: The end of the call, in seconds of `time.monotonic`.
        is_closed: Whether the client was closed, after which nothing is waited for.
    """

    def __init__(
        self, book: OriginBook, options: FinalRequestOptions, deadline: float, is_closed: Callable[[], bool]
    ) -> None:
        self._book: Final = book
        self._options: Final = options
        self._deadline: Final = deadline
        self._is_closed: Final = is_closed
        self._wake: Callable[[], object] | None = None
        self._permit: Final = Permit()
        self._pacer: Pacer | None = None

    def enter(self) -> Refusal | None:
        """Wait until an attempt may be made.

        Returns:
            Why it must not be made; None if it may. Then `leave` is to be called when its response is closed.
        """
        permits, pace = self._book.permits, self._book.pace
        refusal = None if self._book.throttle is None else self._book.throttled(time.monotonic(), self._request)
        if refusal is None:
            refusal = self._wait_out()
        if refusal is None and permits is not None and self._has_queued(permits):
            if not self._permit.is_held:
                return None  # its time is up, or that of the client, as the driver will see
            refusal = self._wait_out()  # a pause may have begun in the meantime
        if refusal is None and pace is not None:
            refusal = self._keep_pace(pace)
        return refusal

    def leave(self) -> None:
        """Give back what the attempt holds; nothing happens where it holds nothing."""
        if self._book.permits is not None:
            with _QUEUES:
                self._book.permits.leave(self._permit)

    def opened(self) -> None:
        """Take note that the response of the attempt was seen, and is left open."""
        if self._book.permits is not None:
            with _QUEUES:
                self._book.permits.hand_over()

    def _has_queued(self, permits: Permits) -> bool:
        """Take a permit; whether it was waited for. It is not held when the time of the call or the client is up."""
        with _QUEUES:
            if permits.try_take(self._permit):
                return False
            # No Event: the garbage collector may give a permit back while this thread waits, and what an Event takes
            # to be set it has then taken itself.
            woken = threading.Lock()
            woken.acquire()
            self._wake = woken.release
            permits.join(self._permit, self._options.priority, self._wake)
            _WAITING.add(self)
            self.wake_if_closed()  # since it was last looked at
        try:
            while not woken.acquire(timeout=max(0.0, min(self._deadline - time.monotonic(), threading.TIMEOUT_MAX))):
                if time.monotonic() >= self._deadline:
                    break  # `leave` gives up its place
        finally:
            with _QUEUES:
                _WAITING.discard(self)
        return True

    def wake_if_closed(self) -> None:
        """Wait no longer where the client was closed; called under `_QUEUES`."""
        if self._is_closed() and self._permit.place is not None:
            assert self._book.permits is not None
            assert self._wake is not None
            self._book.permits.leave(self._permit)
            self._wake()

    def correct(self, result: httpx.Response | Failure) -> None:
        """Count what the attempt did cost, as its *result* tells, in place of what was expected."""
        if self._pacer is not None and isinstance(result, httpx.Response):
            self._pacer.correct(result)

    def _keep_pace(self, pace: Pace) -> Refusal | None:
        """Wait for a turn, and for room in the rate limits."""
        self._pacer = self._pacer or Pacer(pace, self._options, self._request, self._deadline)
        return self._pacer.enter(self._wait_out)

    def _wait_out(self) -> Refusal | None:
        """Wait until the origin may be asked again."""
        pause = self._book.pause
        if pause is None or not pause.is_on(time.monotonic()):
            return None
        ticket = pause.arrive()
        try:
            while (due := pause.due(ticket, now := time.monotonic(), self._deadline)) > now:
                if due >= self._deadline:
                    return refusal_for_pause(pause, due - now, self._request)
                time.sleep(due - now)
            return None
        finally:
            pause.leave(ticket)

    @property
    def _request(self) -> RedactedRequest:
        return RedactedRequest(self._options.method, redact_url(self._options.url))
