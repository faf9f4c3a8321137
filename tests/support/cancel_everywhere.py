"""Cancellation at every step that a task takes, one run for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import trio

__all__ = ["cancelled_at", "every_step"]


class _CancelAtStep(trio.abc.Instrument):
    def __init__(self, step: int, scope: trio.CancelScope) -> None:
        self._left = step
        self._scope = scope
        self._task = trio.lowlevel.current_task()

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if task is self._task:
            self._left -= 1
            if self._left == 0:
                self._scope.cancel(reason="the test says so")


async def cancelled_at(step: int, act: Callable[[], Awaitable[object]]) -> bool:
    """Run *act* and cancel it when its task is about to take its *step*-th step; whether it took so many."""
    with trio.CancelScope() as scope:
        instrument = _CancelAtStep(step, scope)
        trio.lowlevel.add_instrument(instrument)
        try:
            await act()
        finally:
            trio.lowlevel.remove_instrument(instrument)
    return scope.cancel_called


def every_step(limit: int = 1000) -> Iterator[int]:
    """The steps to try, until the caller breaks; *limit* is a hang."""
    yield from range(1, limit)
    raise AssertionError(f"the task took more than {limit} steps")
