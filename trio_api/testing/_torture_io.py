"""Failures of the network below the client, at each operation of a socket in turn: `torture_io`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Final, get_args

import trio

from .._checks import check_count, check_seconds
from .._errors import APIError
from ..client import AsyncAPIClient
from ..transport import INTERPOSER
from ._tortured_sockets import IOFault, TorturedSockets
from ._trials import Injection, TortureReport, Trials, Work

__all__ = ["torture_io"]

_FAULTS: Final[tuple[IOFault, ...]] = get_args(IOFault)


async def torture_io(
    fn: Work,
    *,
    clients: Iterable[AsyncAPIClient] = (),
    check: Callable[[], object] | None = None,
    raises: tuple[type[Exception], ...] = (APIError,),
    faults: Sequence[IOFault] = _FAULTS,
    within: float = 60.0,
    every: int = 1,
    only: tuple[int, IOFault] | None = None,
) -> TortureReport:
    """Run *fn* once for every connect, read and write below it and every fault, and look each time what is left.

    The faults: ``"error"``, the operation raises an `OSError`, and so do those that follow on this socket; ``"end"``,
    the server has closed the connection; ``"byte"``, one byte is read or written and no more, which must not be
    noticed; ``"stall"``, nothing happens any more, until the caller's own timeout. *fn* may fail by one of *raises*, or
    get over it. After that no task, socket, file or thread may be open that was not after an undisturbed run, nothing
    may be held of the *clients*, and *fn* has to run well once more.

    The sockets are those of a `TrioTransport`, by which an `AsyncAPIClient` sends unless it was given something else,
    and which are opened meanwhile. So a client is opened in *fn*, or was not used before.

    Args:
        fn: An async function without arguments, which runs well undisturbed.
        clients: Open clients that *fn* uses: no call, permit, connection or place in a queue of theirs may be left.
        check: Looks at more, after each run: at files, or at the server. It raises an `AssertionError`.
        raises: What *fn* may raise. Default: the errors of this library.
        faults: Which of the faults.
        within: The most seconds, on Trio's clock, that *fn* may take: more than the timeouts of its calls.
        every: Disturb each so-many-th operation only.
        only: The number and the fault of the one to inject, as a failure tells it.

    Returns:
        The faults that were injected.

    Raises:
        AssertionError: Something was left, another exception came out, *fn* did not end, or the next run failed. It
            says at which point, and how to run that one alone.
    """
    within, every = check_seconds("within", within), check_count("every", every)
    if only is not None:
        check_count("only", only[0])
    for fault in faults if only is None else [only[1]]:
        if fault not in _FAULTS:
            raise ValueError(f"faults must be of {', '.join(map(repr, _FAULTS))}, got {fault!r}")
    sockets = TorturedSockets()
    before = INTERPOSER.set(sockets)
    try:
        trials = Trials("torture_io", fn, clients, check)
        await trials.begin()
        if only is not None:
            if not await _one(trials, sockets, *only, raises=raises, within=within):
                raise AssertionError(f"torture_io: fn does nothing that {only!r} could disturb")
            return trials.report()
        for number in itertools.count(1, every):
            for fault in faults:
                await _one(trials, sockets, number, fault, raises=raises, within=within)
            if sockets.operations < number:
                break
    finally:
        INTERPOSER.reset(before)
        sockets.close()
    report = trials.report()
    if not report.injections:
        raise AssertionError("torture_io: fn opened no socket of a TrioTransport; open its client in it")
    return report


async def _one(
    trials: Trials,
    sockets: TorturedSockets,
    number: int,
    fault: IOFault,
    *,
    raises: tuple[type[Exception], ...],
    within: float,
) -> bool:
    """Inject one fault; whether there was something to disturb."""
    sockets.arm(number, fault)
    wrong: str | None = None
    with trio.move_on_after(within) as scope:  # noqa: ASYNC912  # where fn does not
        try:
            await trials.work()
        except Exception as error:
            if not isinstance(error, raises):
                wrong = f"it raised {error!r}, which is not documented"
            elif fault == "byte":
                wrong = f"it raised {error!r}, though nothing had failed"
            if sockets.done is None:
                raise
    if scope.cancelled_caught:
        wrong = f"it did not end within {within:g} seconds"
    done = sockets.done
    sockets.disarm()
    if done is not None:
        await trials.survived(Injection(number, *done), wrong, f"only=({number}, {fault!r})")
    return done is not None  # noqa: ASYNC910
