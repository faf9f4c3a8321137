"""The load: tasks that share what has few connections, and are cancelled at any moment."""

from __future__ import annotations

import collections
import random

import attrs
import trio

from .phase import Phase
from .senders import Sender

__all__ = ["Load", "Plan"]

MOMENT = 0.003  # seconds after which a request is cancelled, on average: most are somewhere on their way then


@attrs.frozen
class Plan:
    """What a soak does."""

    requests: int
    tasks: int
    cancelled: float
    """The part of the requests that are cancelled, if they are not through before."""
    stall: float
    """Seconds without any progress after which it is dead."""
    seed: int


class Load:
    """Runs a plan.

    Args:
        sender: What to send by.
        plan: What to do.
    """

    def __init__(self, sender: Sender, plan: Plan) -> None:
        self._sender = sender
        self._plan = plan
        self._dice = random.Random(plan.seed)
        self.requests = plan.requests
        self.begun = 0
        self.ended = 0
        self.outcomes: collections.Counter[str] = collections.Counter()
        """How many were answered, cancelled, or failed by which exception."""
        self.cancelled_while: collections.Counter[str] = collections.Counter()
        """What those that were cancelled were at. Half of them do not tell."""
        self.is_alive = True
        """Whether there was progress at all times, and the last request succeeded."""

    async def run(self) -> None:
        """Send all requests; then one more, which has to succeed."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, nursery.cancel_scope)
            async with trio.open_nursery() as tasks:
                for _ in range(self._plan.tasks):
                    tasks.start_soon(self._task)
            nursery.cancel_scope.cancel(reason="all requests were sent")
        if self.is_alive:
            self.is_alive = await self._last()

    async def _watch(self, scope: trio.CancelScope) -> None:
        ended = -1
        while ended != self.ended:
            ended = self.ended
            await trio.sleep(self._plan.stall)
        self.is_alive = False
        scope.cancel(reason="nothing goes on any more")

    async def _last(self) -> bool:
        try:
            return await self._sender.last() == b"{}"
        except self._sender.errors:
            return False

    async def _task(self) -> None:
        while self.begun < self._plan.requests:
            self.begun += 1
            await self._request()
            self.ended += 1

    async def _request(self) -> None:
        """One request, cancelled or not: some time after it began, or after it came to a certain point."""
        dice = self._dice
        scope = trio.CancelScope()
        phase = Phase(self._sender.phases[0]) if dice.random() < 0.5 else None
        if dice.random() < self._plan.cancelled:
            patience = dice.choice([0.0, dice.expovariate(1 / MOMENT)])
            if phase is None:
                scope.deadline = trio.current_time() + patience
            else:
                phase.cancel(scope, dice.choice(self._sender.phases), patience)
        with scope:
            try:
                await self._sender.exchange(dice, phase)
                self.outcomes["answered"] += 1
            except self._sender.errors as error:
                self.outcomes[type(error).__name__] += 1
        if scope.cancelled_caught:
            self.outcomes["cancelled"] += 1
            if phase is not None:
                self.cancelled_while[phase.name] += 1
