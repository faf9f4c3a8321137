"""One attempt as several requests of which the first answer counts. What is decided is `trio_api.resilience`'s."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, final

import httpx
import trio

from ..flow import Attempt, Outcome, take_note
from ..request import FinalRequestOptions
from ..resilience import HEDGED_METHODS, OriginBook, is_answer
from ..transport import HiddenNursery
from ._admission_trio import Admission
from ._call import Call

__all__ = ["can_be_hedged", "hedged"]

Send: TypeAlias = Callable[[], Awaitable[Outcome]]
"""Makes one request and reads its response."""


def can_be_hedged(call: Call, attempt: Attempt) -> bool:
    """Whether the requests of *attempt* may be sent twice at the same time, as far as *call* says."""
    return (
        attempt.redirect is None
        and call.options.method.upper() in HEDGED_METHODS
        and call.body.in_memory
        and call.options.progress is None
    )


async def hedged(send: Send, book: OriginBook, options: FinalRequestOptions) -> Outcome:
    """Send a request, and once more if it takes long.

    Args:
        send: Makes one request.
        book: What is known of the origin.
        options: The call.

    Returns:
        The first answer; where there is none, what came of the last that ended. It took as long as they all.

    Raises:
        Exception: The application's own hooks or auth raised it, for one of the requests.
    """
    hedging = book.hedging
    assert hedging is not None
    delay, began = hedging.begin(), trio.current_time()
    if delay is None:
        outcome = await send()
    else:
        outcome = await _Race(send, book, options, delay).run(hedging.rules.max_extra)
        outcome = outcome._replace(elapsed=outcome.ended - began)
    if _is_answer(outcome):
        hedging.answered(outcome.elapsed)
    return outcome


def _is_answer(outcome: Outcome) -> bool:
    return isinstance(outcome.result, httpx.Response) and is_answer(outcome.result.status_code)


@final
class _Race:
    """The requests of one attempt. The first runs in the caller's task, each hedge in one of its own.

    All of them end when one is answered, or with the caller.
    """

    def __init__(self, send: Send, book: OriginBook, options: FinalRequestOptions, delay: float) -> None:
        self._send: Final = send
        self._book: Final = book
        self._options: Final = options
        self._delay: Final = delay
        self._end: Final = trio.Event()
        self._in_flight = 0
        self._costs = 0  # tokens
        self._result: Outcome | Exception | None = None

    async def run(self, max_extra: int) -> Outcome:
        """See who is first."""
        async with HiddenNursery() as nursery:
            nursery.start_soon(self._hedge, max_extra, nursery)
            if not await self._compete():
                await self._end.wait()
        if isinstance(self._result, Exception):
            raise self._result
        assert self._result is not None
        return self._result

    async def _hedge(self, left: int, nursery: trio.Nursery) -> None:
        """Wait whether there is an answer, and send the request once more."""
        await trio.sleep(self._delay)
        admission = Admission(self._book, self._options)
        try:
            if not self._book.may_hedge(trio.current_time()) or not admission.enter_nowait():
                return
            self._costs += self._book.pay_hedge()
            if left > 1:
                nursery.start_soon(self._hedge, left - 1, nursery)
            if await self._compete(is_hedge=True):
                nursery.cancel_scope.cancel(reason="another request of the attempt was answered")
        finally:
            admission.leave()

    async def _compete(self, *, is_hedge: bool = False) -> bool:
        """Make one request; whether it was the last that is worth waiting for."""
        self._in_flight += 1
        outcome: Outcome | Exception
        try:
            outcome = await self._send()
        except Exception as error:  # of the application's hooks or auth: it goes to the caller, single
            outcome = error
        finally:
            self._in_flight -= 1
        if self._result is not None:
            return True  # noqa: ASYNC910  # it did checkpoint; another was answered in this very step
        if isinstance(outcome, Outcome):
            if _is_answer(outcome):
                self._book.settle_hedges(self._costs, won=is_hedge)
            elif self._in_flight:
                take_note(self._book, outcome)
                return False  # noqa: ASYNC910
        self._result = outcome
        self._end.set()
        return True  # noqa: ASYNC910
