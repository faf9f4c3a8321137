"""One run of a simulation, from its seed to what is left of it."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, final

import trio

from ...transport import INTERPOSER
from .._holdings import all_at_rest, holdings
from ._chaos import Chaos
from ._determinism import deterministic
from ._link import ServerEnd
from ._network import Network
from ._report import Run
from ._service import Service
from ._simulation import Simulation
from ._trace import Trace
from ._watch import Watch
from ._weather import Weather

__all__ = ["OneRun", "Simulated"]

_SHOWN: Final = 40  # lines of the trace that a failure shows

Simulated: TypeAlias = "Callable[[Simulation], Awaitable[object]]"


@final
class OneRun:
    """One run.

    Args:
        fn: What is run.
        seed: Of its chance.
        chaos: What goes wrong.
        within: The most seconds that it may take.
    """

    def __init__(self, fn: Simulated, seed: int, chaos: Chaos, within: float) -> None:
        from trio.testing import MockClock  # only now: trio.testing imports pytest where that is installed

        self._fn: Final = fn
        self._seed: Final = seed
        self._clock: Final = MockClock(autojump_threshold=0)
        self._trace: Final = Trace(self._clock.current_time)
        self._weather: Final = Weather(chaos, random.Random(f"{seed}: network"), self._trace)
        self._simulation: Final = Simulation(seed, self._weather, self._trace)
        self._service: Final = Service(self._simulation.begin, self._weather, self._trace)
        self._network: Final = Network(self._weather, self._trace, self._start)
        self._nursery: trio.Nursery | None = None
        self._scope: Final = trio.CancelScope(deadline=within)
        self._watch: Final = Watch(self._clock, within, self._scope, self._trace)
        self._failure: BaseException | None = None

    def run(self) -> Run:
        """Run it.

        Raises:
            AssertionError: It did not end, left something, or asked for what no route answers.
            BaseException: What the function raised, or one of its routes did.
        """
        with deterministic(self._seed, self._clock.current_time):
            try:
                trio.run(self._main, clock=self._clock, instruments=[self._watch])
            except Exception as error:  # of Trio itself: nurseries that were not closed, a loop that was ended
                self._failure = self._failure or error
        if self._watch.complaint is not None:
            self._failure = AssertionError(self._watch.complaint)
        if self._failure is not None:
            raise self._told(self._failure)
        requests, seconds = len(self._simulation.journal), self._clock.current_time()
        return Run(self._trace.digest, tuple(self._trace.lines), requests, self._weather.faults, seconds)

    def _told(self, failure: BaseException) -> BaseException:
        """*failure*, with what is needed to have it again."""
        again = f"simulate(..., seed={self._seed}, runs=1)"
        told = f"The run of seed {self._seed} failed. To have it alone: {again}"
        sys.stderr.write(f"simulate: {told}\n")
        failure.add_note(told)
        lines = self._trace.lines[-_SHOWN:]
        failure.add_note("\n".join([f"The last {len(lines)} things that happened:", *lines]))
        return failure

    async def _main(self) -> None:
        allowed = holdings(())
        with self._scope:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                INTERPOSER.set(self._network)
                try:
                    await self._fn(self._simulation)
                    self._simulation.assert_expected()
                except trio.Cancelled:
                    raise
                except BaseException as error:  # alone, where the nursery would wrap it
                    self._fail(error)
                nursery.cancel_scope.cancel(reason="the function has ended")
        if self._failure is None and self._watch.complaint is None:
            await all_at_rest(0)
            left = holdings(self._simulation.clients) + Counter({"connection": self._network.open_wires}) - allowed
            if left:
                listed = ", ".join(f"{count} x {what}" for what, count in sorted(left.items()))
                self._fail(AssertionError(f"left: {listed}"))

    def _start(self, end: ServerEnd, origin: str) -> None:
        assert self._nursery is not None  # who connects does so within the run
        self._nursery.start_soon(self._serve, end, origin)

    async def _serve(self, end: ServerEnd, origin: str) -> None:  # noqa: ASYNC910  # where its server fails
        try:
            await self._service.serve(end, origin)
        except Exception as error:
            self._fail(error)

    def _fail(self, failure: BaseException) -> None:
        """End the run by its first failure."""
        if self._failure is None:
            self._failure = failure
            self._scope.cancel(reason="the simulation failed")
