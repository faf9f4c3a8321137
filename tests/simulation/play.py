"""One activity of a run: its client, its place in the server's journal, and how what it finds wrong is told."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import trio

from trio_api import AsyncAPIClient, TrioAPIError
from trio_api.testing import Chaos, MockAttempt, Simulation

__all__ = ["Breach", "Outcome", "Play"]


@attrs.frozen
class Breach:
    """Something that must not be: the name of the invariant, and what was seen."""

    invariant: str
    what: str


@attrs.frozen
class Outcome:
    """What came of a call: a value; or nothing, since it failed or the caller gave up."""

    is_done: bool
    value: Any = None


@attrs.define
class Play:
    """One activity in one run.

    Args:
        sim: The run.
        name: Of the activity, another for each in a run.
        breaches: Where it writes down what it finds.
        folder: For its files.
        planted: Settings that its clients are given in place of those that it asks for: how a bug is planted.
    """

    sim: Simulation
    name: str
    breaches: list[Breach]
    folder: Path
    planted: dict[str, Any] = attrs.field(factory=dict)
    is_patient: bool = False
    """Whether the callers never give up by themselves."""

    @property
    def chance(self) -> Any:
        return self.sim.random

    def client(self, kind: type[AsyncAPIClient] = AsyncAPIClient, **settings: Any) -> AsyncAPIClient:
        """A client whose requests are known at the server."""
        made_with = {"custom_headers": {"X-Play": self.name}, "timeout": self.chance.uniform(2, 10), **settings}
        return self.sim.client(self.planted.get("kind", kind), **made_with | self.planted.get("settings", {}))

    def path(self, *parts: object) -> str:
        """A path at the server that is this activity's own."""
        return "/".join(["", self.name, *map(str, parts)])

    def attempts(self) -> Iterator[MockAttempt]:
        """Its requests that came to the server."""
        return (attempt for attempt in self.sim.journal if attempt.headers.get("X-Play") == self.name)

    def breach(self, invariant: str, what: object) -> None:
        """Write down that *invariant* does not hold."""
        self.sim.note(f"{self.name}: {invariant}: {what}")
        self.breaches.append(Breach(invariant, f"{self.name}: {what}"))

    async def outcome(self, call: Callable[[], Awaitable[Any]]) -> Outcome:
        """Make a call: it may fail, but only by an error of the library, and alone; or be cancelled at any time."""
        is_patient = self.is_patient or self.chance.random() < 0.75
        patience = math.inf if is_patient else self.chance.uniform(0, 8)
        with trio.move_on_after(patience):
            try:
                return Outcome(True, await call())
            except TrioAPIError as error:
                self.sim.note(f"{self.name}: {type(error).__name__}: {error}")
            except (Exception, BaseExceptionGroup) as error:
                self.breach("every error is of the tree, and single", repr(error))
        return Outcome(False)

    async def side_by_side(self, count: int, call: Callable[[int], Awaitable[object]], seconds: float = 5.0) -> None:
        """Make *count* calls, each from a moment of chance on within some seconds."""

        async def one(number: int) -> None:
            await trio.sleep(self.chance.uniform(0, seconds))
            await call(number)

        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(one, number)


def keeps_whole(chaos: Chaos) -> bool:
    """Whether the server's answers come, all of them, so that it can count what goes on at the client."""
    return not (chaos.refused or chaos.unreachable or chaos.broken or chaos.silent)
