"""Running Trio until the work is done or a signal says stop."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import trio

from ..transport import HiddenNursery
from ._complaints import CommandError, ExitCode

__all__ = ["run_until_signal"]

T = TypeVar("T")
SIGNALS: Final[Sequence[signal.Signals]] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def run_until_signal(work: Callable[[], Awaitable[T]]) -> T:
    """Run *work* under Trio.

    The first SIGINT, SIGTERM or SIGHUP cancels it, so that it cleans up, which Trio code bounds; the second ends the
    process at once. A signal that is ignored stays so: under nohup a hangup is none of our business.

    Raises:
        CommandError: A signal came; its code is 128 and the number of the signal.
    """
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    return trio.run(_until_signal, work, heeded)


async def _until_signal(work: Callable[[], Awaitable[T]], heeded: Sequence[signal.Signals]) -> T:
    scope = trio.CancelScope()
    caught: list[int] = []

    async def watch() -> None:
        with trio.open_signal_receiver(*heeded) as signals:
            watching.set()
            async for number in signals:
                if caught:
                    os._exit(ExitCode.SIGNALLED + number)
                caught.append(number)
                scope.cancel(reason=f"signal {number}")

    watching = trio.Event()
    async with HiddenNursery() as nursery:
        if heeded:
            nursery.start_soon(watch)
            await watching.wait()
        with scope:
            return await work()
    raise CommandError(signal.Signals(caught[0]).name, ExitCode.SIGNALLED + caught[0])
