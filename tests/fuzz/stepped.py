"""One run of Trio for very many inputs: to begin a run takes longer than to fuzz an input.

It is a guest of a host that only steps it: where no input is checked nothing runs, so that a fuzzer, which calls a
function for each input, need not be asynchronous. Its clock never waits.
"""

from __future__ import annotations

import atexit
import queue
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import trio
from outcome import Error, Outcome, Value
from trio.testing import MockClock

__all__ = ["end_run", "run_stepped"]

T = TypeVar("T")

_HANG = 10.0  # real seconds without a step: something waits for what is outside of Trio


class _Stepped:
    def __init__(self) -> None:
        self._ticks: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._work: Callable[[], Awaitable[Any]] | None = None
        self._outcome: Outcome[Any] | None = None
        self._is_ending = self._is_over = False
        trio.lowlevel.start_guest_run(
            self._serve,
            run_sync_soon_threadsafe=self._ticks.put,
            done_callback=self._ended,
            host_uses_signal_set_wakeup_fd=True,
            clock=MockClock(autojump_threshold=0),
        )

    async def _serve(self) -> None:
        while not self._is_ending:
            if self._work is not None:
                work, self._work = self._work, None
                try:
                    self._outcome = Value(await work())
                except Exception as error:
                    self._outcome = Error(error)
            await trio.lowlevel.checkpoint()

    def _ended(self, outcome: Outcome[None]) -> None:
        self._is_over = True
        outcome.unwrap()

    def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        self._work, self._outcome = work, None
        while self._outcome is None:
            self._ticks.get(timeout=_HANG)()
        return self._outcome.unwrap()

    def end(self) -> None:
        self._is_ending = True
        while not self._is_over:
            self._ticks.get(timeout=_HANG)()


_run: list[_Stepped] = []


def run_stepped(work: Callable[[], Awaitable[T]]) -> T:
    """Run *work* to its end in the one run, which begins now if it did not yet. No other may run meanwhile."""
    if not _run:
        _run.append(_Stepped())
    return cast("T", _run[0].run(work))


@atexit.register
def end_run() -> None:
    """End the run, so that others may begin in this thread."""
    while _run:
        _run.pop().end()
