"""Looks on while a run goes: who takes a step, for the digest, and whether it ever ends."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final, final

import trio

from .._places import place_of
from ._determinism import make_clock_raise, unshield
from ._trace import Trace

__all__ = ["Stuck", "Watch"]

_MOST_TURNS: Final = 100_000  # of Trio's loop without time passing
_GRACE: Final = 600.0  # virtual seconds for what is shielded, once a run was cancelled


class Stuck(Exception):
    """A run that does not even end by a cancellation."""


@final
class Watch(trio.abc.Instrument):
    """Watches one run.

    Args:
        clock: The run's.
        within: The seconds after which it should have ended.
        scope: Around all that is to end; its deadline is that time.
        trace: The run's.
    """

    def __init__(self, clock: trio.abc.Clock, within: float, scope: trio.CancelScope, trace: Trace) -> None:
        self._clock: Final = clock
        self._within: Final = within
        self._scope: Final = scope
        self._trace: Final = trace
        self._ids: Final = itertools.count(1)
        self._numbers: Final[dict[trio.lowlevel.Task, int]] = {}
        self._now = 0.0
        self._turns = 0
        self._ends_at = within
        self._attempts = 0
        self.complaint: str | None = None
        """Why the run had to be ended; None where it had not."""

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        """Give a task its number, which is the same in all runs of a seed."""
        self._numbers[task] = next(self._ids)

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        """Forget it."""
        del self._numbers[task]

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """The order of the steps is a part of what happened."""
        self._trace.mark(b"%d," % self._numbers[task])

    def before_io_wait(self, timeout: float) -> None:
        """A turn of Trio's loop."""
        now = self._clock.current_time()
        if now != self._now:
            self._now, self._turns = now, 0
            self._trace.mark(b"%a;" % now)
        self._turns += 1
        if self._turns > _MOST_TURNS:
            self._end(f"Trio's loop turned {_MOST_TURNS} times at {now:.6f} s, and no time passed")
        elif now >= self._ends_at:
            self._end(f"it did not end within {self._within:g} seconds of its clock")

    def _end(self, complaint: str) -> None:
        """Cancel the run; if that did not do, in spite of all shields; if that did not do, end Trio."""
        self._turns, self._ends_at = 0, self._now + _GRACE
        self._attempts += 1
        if self._attempts == 1:
            self.complaint = "\n  ".join([f"{complaint}; its tasks:", *(_shown(task) for task in _tasks())])
            self._scope.cancel(reason="the simulation took too long")
        elif self._attempts == 2:
            for task in _tasks():
                unshield(task)
        else:
            make_clock_raise(self._clock, Stuck())


def _tasks() -> Iterator[trio.lowlevel.Task]:
    """The tasks of the run."""
    root = trio.lowlevel.current_root_task()
    nurseries = [] if root is None else list(root.child_nurseries)
    while nurseries:
        for task in nurseries.pop(0).child_tasks:
            nurseries.extend(task.child_nurseries)
            yield task


def _shown(task: trio.lowlevel.Task) -> str:
    return f"{task.name} in {place_of(task.coro)}"
