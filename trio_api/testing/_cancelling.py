"""Cancelling an async function at each of its checkpoints in turn: `cancel_everywhere`."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from typing import Any, Final, cast, final

import trio

from .._checks import check_count, check_seconds
from .._errors import APIError
from ..client import AsyncAPIClient
from ._places import place_of
from ._trials import Injection, TortureReport, Trials, Work

__all__ = ["cancel_everywhere"]

_REASON: Final = "trio_api.testing.cancel_everywhere"


async def cancel_everywhere(
    fn: Work,
    *,
    clients: Iterable[AsyncAPIClient] = (),
    check: Callable[[], object] | None = None,
    raises: tuple[type[Exception], ...] = (APIError,),
    within: float = 5.0,
    every: int = 1,
    only: int | None = None,
) -> TortureReport:
    """Run *fn* once for every checkpoint that it passes, cancelled at that one, and look each time what is left.

    There are two points at each wait of *fn* and of the tasks in it: while it waits, and when what it waited for has
    happened, but the task has not gone on yet. The cancellation is that of a scope around *fn*. After each of them no
    task, socket, file or thread may be open that was not after an undisturbed run, nothing may be held of the
    *clients*, and *fn* has to run well once more.

    What stands around the call is shared by all runs: a client that is opened outside *fn* has warm connections, one
    that is opened in it has none. Other tasks of the run should be at rest, or they are taken for what was left.

    Args:
        fn: An async function without arguments, which runs well undisturbed.
        clients: Open clients that *fn* uses: no call, permit, connection or place in a queue of theirs may be left.
        check: Looks at more, after each run: at files, or at the server. It raises an `AssertionError`.
        raises: What may come out of *fn* in place of the cancellation, where it failed before that reached it.
        within: The most seconds, on Trio's clock, from the cancellation to the end of *fn*.
        every: Cancel at each so-many-th point only.
        only: The number of the one point to cancel at, as a failure tells it.

    Returns:
        Where it was cancelled.

    Raises:
        AssertionError: Something was left, a cancellation was swallowed, or the next run failed. It says at which
            point, and how to run that one alone.
    """
    within, every = check_seconds("within", within), check_count("every", every)
    numbers = itertools.count(1, every) if only is None else [check_count("only", only)]
    trials = Trials("cancel_everywhere", fn, clients, check)
    await trials.begin()
    for number in numbers:
        trial = _Trial(number, fn)
        await trial.run()
        if trial.injection is None:
            if only is not None:
                raise AssertionError(f"cancel_everywhere: there is no point {only}; fn has {trial.points}")
            break
        await trials.survived(trial.injection, trial.complaint(raises, within), f"only={number}")
    return trials.report()


@final
class _Trial(trio.abc.Instrument):
    """One run that is cancelled at its point *number*; not at all where it has fewer."""

    def __init__(self, number: int, fn: Work) -> None:
        self._number: Final = number
        self._fn: Final = fn
        self._scope: Final = trio.CancelScope()
        self._root: trio.lowlevel.Task | None = None
        self._watched: _Watched | None = None
        self._cancelled_at = 0.0
        self._took = 0.0
        self._error: Exception | None = None
        self.points = 0
        """How many points were passed."""
        self.injection: Injection | None = None
        """Where it was cancelled."""

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:  # noqa: ASYNC112  # see below
            # In a task of its own, since all that it starts counts, and nothing that the caller started.
            nursery.start_soon(self._run, name=f"{self._fn!r} under cancel_everywhere")
        if self.injection is None and self._error is not None:
            raise self._error

    async def _run(self) -> None:  # noqa: ASYNC910  # where fn does not
        self._root = trio.lowlevel.current_task()
        self._watched = _Watched(self._fn())
        try:
            with self._scope:
                trio.lowlevel.add_instrument(self)
                try:
                    await self._watched
                finally:
                    trio.lowlevel.remove_instrument(self)
                    self._took = trio.current_time() - self._cancelled_at
        except Exception as error:
            self._error = error

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """A point: what the task waited for has happened."""
        self._pass(task, "cancelled after its wait was over")

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """A point: the task waits."""
        self._pass(task, "cancelled while it waited")

    def _pass(self, task: trio.lowlevel.Task, what: str) -> None:
        if self._watched is None or not self._is_ours(task):
            return
        self.points += 1
        if self.points == self._number:
            place = place_of(self._watched.coroutine if task is self._root else task.coro)
            self.injection = Injection(self._number, what, place)
            self._cancelled_at = trio.current_time()
            self._scope.cancel(reason=_REASON)

    def _is_ours(self, task: trio.lowlevel.Task) -> bool:
        current: trio.lowlevel.Task | None = task
        while current is not None and current is not self._root:
            current = None if current.parent_nursery is None else current.parent_nursery.parent_task
        return current is not None

    def complaint(self, raises: tuple[type[Exception], ...], within: float) -> str | None:
        """What was wrong with the end of the run; None if nothing was."""
        assert self._watched is not None  # it ran
        if self._took > within:
            return f"it took {self._took:.3g} seconds to end"
        if self._scope.cancelled_caught and self._error is None:
            return None
        ended = "it returned" if self._error is None else f"it raised {self._error!r}"
        if self._watched.was_told:
            return f"the cancellation was swallowed: {ended}"
        if self._error is None or isinstance(self._error, raises):
            return None  # it had come to its end before
        return ended


@final
class _Watched:
    """A coroutine that runs as it would, and of which is seen whether the cancellation was raised in it."""

    def __init__(self, awaitable: Awaitable[object]) -> None:
        self.coroutine: Final = cast("Coroutine[Any, Any, object]", awaitable)
        self.was_told = False

    def __await__(self) -> Generator[Any, Any, None]:
        """What Trio sends a task that waited is an `outcome.Outcome`."""
        sent: Any = None
        while True:
            try:
                trap = self.coroutine.send(sent)
            except StopIteration:
                return
            sent = yield trap
            error = getattr(sent, "error", None)
            if isinstance(error, trio.Cancelled) and error.reason == _REASON:
                self.was_told = True
