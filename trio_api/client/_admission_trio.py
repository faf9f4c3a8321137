"""Where the attempts of a call wait before they are made, on Trio. What is decided stands in `trio_api.resilience`."""

from __future__ import annotations

import functools
from typing import Final, final

import httpx
import trio

from .._redact import RedactedRequest, redact_url
from ..request import FinalRequestOptions
from ..resilience import OriginBook, Pace, Permit, Permits, Refusal, refusal_for_pause
from ..retry import Failure
from ._pacing_trio import Pacer

__all__ = ["Admission"]


@final
class Admission:
    """Lets the attempts of one call through, one after the other, and holds what each has to give back.

    Args:
        book: What is known of the origin that the call names.
        options: The call.
    """

    def __init__(self, book: OriginBook, options: FinalRequestOptions) -> None:
        self._book: Final = book
        self._options: Final = options
        self._permit: Final = Permit()
        self._pacer: Pacer | None = None

    def refusal(self) -> Refusal | None:
        """Why an attempt must not even wait; None if it may."""
        book = self._book
        return None if book.throttle is None else book.throttled(trio.current_time(), self._request)

    def enter_nowait(self) -> bool:
        """Let an attempt through if nothing has to be waited for; whether it is."""
        pause, permits, pace = self._book.pause, self._book.permits, self._book.pace
        if pause is not None and pause.is_on(trio.current_time()):
            return False
        pacer = None if pace is None else self._pacer_of(pace)
        if pacer is not None and not pacer.has_room():
            return False
        if permits is not None and not permits.try_take(self._permit):
            return False
        if pacer is not None:
            pacer.enter_nowait()
        return True

    async def enter(self) -> Refusal | None:
        """Wait until an attempt may be made.

        Returns:
            Why it must not be made; None if it may. Then `leave` is to be called when its response is closed.
        """
        permits, pace = self._book.permits, self._book.pace
        refusal = await self._wait_out()
        if refusal is None and permits is not None and not permits.try_take(self._permit):
            await self._queue_up(permits)
            refusal = await self._wait_out()  # a pause may have begun in the meantime
        if refusal is None and pace is not None:
            refusal = await self._pacer_of(pace).enter(self._wait_out)
        await trio.lowlevel.checkpoint_if_cancelled()
        return refusal

    def leave(self) -> None:
        """Give back what the attempt holds; nothing happens where it holds nothing."""
        if self._book.permits is not None:
            self._book.permits.leave(self._permit)

    def opened(self) -> None:
        """Take note that the response of the attempt was seen, and is left open."""
        if self._book.permits is not None:
            self._book.permits.hand_over()

    async def _queue_up(self, permits: Permits) -> None:
        """Wait for a permit."""
        task = trio.lowlevel.current_task()
        permits.join(self._permit, self._options.priority, functools.partial(trio.lowlevel.reschedule, task))

        def abort(_: object) -> trio.lowlevel.Abort:
            permits.leave(self._permit)
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)

    async def correct(self, result: httpx.Response | Failure) -> None:  # noqa: ASYNC910  # it seldom waits
        """Count what the attempt did cost, as its *result* tells, in place of what was expected."""
        if self._pacer is not None and isinstance(result, httpx.Response):
            await self._pacer.correct(result)

    def _pacer_of(self, pace: Pace) -> Pacer:
        if self._pacer is None:
            self._pacer = Pacer(pace, self._options, self._request)
        return self._pacer

    async def _wait_out(self) -> Refusal | None:
        """Wait until the origin may be asked again."""
        pause = self._book.pause
        if pause is None or not pause.is_on(trio.current_time()):
            return None  # noqa: ASYNC910  # nothing to wait for
        ticket = pause.arrive()
        try:
            while True:
                now, latest = trio.current_time(), trio.current_effective_deadline()
                due = pause.due(ticket, now, latest)
                if due <= now:
                    return None  # noqa: ASYNC910  # it may go
                if due >= latest:
                    return refusal_for_pause(pause, due - now, self._request)  # noqa: ASYNC910  # there is no time
                await trio.sleep_until(due)
        finally:
            pause.leave(ticket)

    @property
    def _request(self) -> RedactedRequest:
        return RedactedRequest(self._options.method, redact_url(self._options.url))
