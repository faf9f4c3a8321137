"""Cancelling a coroutine at each of its checkpoints in turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

__all__ = ["cancel_everywhere"]


class CancelAt(trio.abc.Instrument):
    """Cancels *scope* when the task that entered this block has been scheduled *count* times within it.

    ::

        with trio.CancelScope() as scope, CancelAt(scope, 3):
            await work()

    Where *work* has fewer checkpoints it is not cancelled: so a loop over the counts ends.
    """

    def __init__(self, scope: trio.CancelScope, count: int) -> None:
        self._scope = scope
        self._left = count
        self._task: trio.lowlevel.Task | None = None

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if task is self._task:
            self._left -= 1
            if self._left == 0:
                self._scope.cancel(reason="the test's turn")

    def __enter__(self) -> None:
        self._task = trio.lowlevel.current_task()
        trio.lowlevel.add_instrument(self)

    def __exit__(self, *_: object) -> None:
        trio.lowlevel.remove_instrument(self)


async def cancel_everywhere(work: Callable[[], Awaitable[object]], after: Callable[[], Awaitable[object]]) -> int:
    """Run *work* again and again, cancelled at its first checkpoint, its second, ... until it runs through.

    Args:
        work: What is cancelled.
        after: What is checked each time; it has to leave the world as *work* found it.

    Returns:
        How many times it was cancelled.
    """
    for count in range(1, 10_000):
        with trio.CancelScope() as scope, CancelAt(scope, count):
            await work()
        await after()
        if not scope.cancelled_caught:
            return count - 1
    raise AssertionError("there is no end to it")
