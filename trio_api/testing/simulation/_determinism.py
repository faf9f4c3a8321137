"""Everything that would let two runs of one seed differ is held here, Trio's private hooks among it, and nowhere else.

Trio draws the order of tasks that can go on at once, and has a switch by which pytest-trio makes that repeatable under
Hypothesis; it is private. So is the way from a task to the scopes around it, by which a run is ended that is shielded.
The rest is Python's: `random`, `os.urandom` (of which `uuid` and boundaries of multipart bodies are made), the wall
clock, the threads behind `trio.to_thread`, and when garbage is collected.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import random
import time
from collections.abc import Callable, Generator
from typing import Any, Final, cast

import trio

__all__ = ["check_hooks", "deterministic", "make_clock_raise", "unshield"]

_SCHEDULER: Final = "trio._core._run"
_SWITCH: Final = "_ALLOW_DETERMINISTIC_SCHEDULING"
_CHANCE: Final = "_r"
_EPOCH: Final = 1_767_225_600.0  # the wall clock at the start of each run: 2026-01-01, 00:00 UTC
_DISK_SECONDS: Final = 0.002  # the most that what is done in a thread takes


def check_hooks() -> None:
    """See whether Trio still has what this module replaces.

    Raises:
        RuntimeError: It has not; the message names Trio's version.
    """
    scheduler = importlib.import_module(_SCHEDULER)
    for name, kind in ((_SWITCH, bool), (_CHANCE, random.Random), ("Task", type), ("CancelStatus", type)):
        if not isinstance(getattr(scheduler, name, None), kind):
            raise _changed(f"{_SCHEDULER}.{name} is no {kind.__name__} any more")
    for owner, names in (("Task", ("_cancel_status",)), ("CancelStatus", ("_scope", "_parent"))):
        for name in names:
            if not hasattr(getattr(scheduler, owner), name):
                raise _changed(f"{_SCHEDULER}.{owner} has no {name} any more")


def _changed(what: str) -> RuntimeError:
    return RuntimeError(f"trio_api.testing.simulate does not know the scheduler of Trio {trio.__version__}: {what}")


@contextlib.contextmanager
def deterministic(seed: int, now: Callable[[], float]) -> Generator[None]:
    """Let a run of Trio within the block depend on *seed* alone; afterwards everything is as it was.

    Args:
        seed: Of all chance.
        now: The seconds that passed in the run, by its clock.
    """
    check_hooks()
    scheduler = importlib.import_module(_SCHEDULER)
    before, was_collecting = random.getstate(), gc.isenabled()
    with contextlib.ExitStack() as stack:
        stack.callback(random.setstate, before)
        stack.callback(gc.enable if was_collecting else gc.disable)
        random.seed(f"{seed}: random")
        gc.disable()
        for owner, name, value in (
            (scheduler, _SWITCH, True),
            (scheduler, _CHANCE, random.Random(f"{seed}: scheduler")),
            (os, "urandom", random.Random(f"{seed}: os.urandom").randbytes),
            (time, "time", lambda: _EPOCH + now()),
            (trio.to_thread, "run_sync", _in_place(random.Random(f"{seed}: threads"))),
        ):
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)
        yield


def _in_place(chance: random.Random) -> Callable[..., Any]:
    """What does in place what `trio.to_thread.run_sync` does in a thread, and lets some time pass."""

    async def run_sync(
        sync_fn: Callable[..., Any],
        *args: Any,
        thread_name: str | None = None,
        abandon_on_cancel: bool = False,
        limiter: object = None,
    ) -> Any:
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            return sync_fn(*args)
        finally:
            with trio.CancelScope(shield=not abandon_on_cancel):
                await trio.sleep(chance.random() * _DISK_SECONDS)  # noqa: ASYNC102  # a bounded one

    return run_sync


def unshield(task: trio.lowlevel.Task) -> None:
    """Let the cancellations from outside reach *task*, whatever shields it from them."""
    status: Any = cast("Any", task)._cancel_status
    while status is not None:
        status._scope.shield = False
        status = status._parent


def make_clock_raise(clock: trio.abc.Clock, error: BaseException) -> None:
    """Let *clock* raise *error*, by which Trio's loop ends at once: for runs that heed no cancellation."""

    def current_time() -> float:
        raise error

    vars(clock)["current_time"] = current_time
