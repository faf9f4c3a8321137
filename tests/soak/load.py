"""The load: tasks that share a transport with few connections, and are cancelled at any moment."""

from __future__ import annotations

import collections
import random
from typing import Any, Final

import attrs
import httpx
import trio

__all__ = ["Load", "Plan"]

WEIGHTS = {
    "fast": 8,
    "late": 4,
    "drip": 3,
    "long": 1,
    "goodbye": 1,
    "sudden": 1,
    "vanish": 1,
    "refuse": 1,
}
MOMENT = 0.003  # seconds after which a request is cancelled, on average: most are somewhere on their way then
LAST_ONE = 5.0  # seconds that the last request may wait for a connection
PIECE = 65_536
UPLOAD = 4 * PIECE
FRAMINGS = [{"Content-Length": str(UPLOAD)}, {"Transfer-Encoding": "chunked"}]


@attrs.frozen
class Plan:
    """What a soak does."""

    requests: int
    tasks: int
    cancelled: float
    """The part of the requests that are cancelled, if they are not through before."""
    stall: float
    """Seconds without any progress after which the transport is dead."""
    seed: int


class Upload(httpx.AsyncByteStream):
    """A body that comes in pieces, slower than it could."""

    def __init__(self) -> None:
        self._left = UPLOAD

    def __aiter__(self) -> Upload:
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if not self._left:
            raise StopAsyncIteration
        self._left -= PIECE
        return b"x" * PIECE


class Load:
    """Runs a plan.

    Args:
        transport: An open one.
        url: The server.
        plan: What to do.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, url: str, plan: Plan) -> None:
        self._transport = transport
        self._url = url
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
            self.is_alive = await self._send_last()

    async def _watch(self, scope: trio.CancelScope) -> None:
        ended = -1
        while ended != self.ended:
            ended = self.ended
            await trio.sleep(self._plan.stall)
        self.is_alive = False
        scope.cancel(reason="nothing goes on any more")

    async def _send_last(self) -> bool:
        timeouts = {"pool": LAST_ONE, "connect": LAST_ONE, "read": LAST_ONE, "write": LAST_ONE}
        request = httpx.Request("GET", f"{self._url}/fast", extensions={"timeout": timeouts})
        try:
            response = await self._transport.handle_async_request(request)
            await response.aread()
            await response.aclose()
        except httpx.TransportError:
            return False
        return response.content == b"{}"

    async def _task(self) -> None:
        while self.begun < self._plan.requests:
            self.begun += 1
            await self._request()
            self.ended += 1

    async def _request(self) -> None:
        """One request, cancelled or not: some time after it began, or after it came to a certain point."""
        dice = self._dice
        scope = trio.CancelScope()
        phase = Phase() if dice.random() < 0.5 else None
        if dice.random() < self._plan.cancelled:
            patience = dice.choice([0.0, dice.expovariate(1 / MOMENT)])
            if phase is None:
                scope.deadline = trio.current_time() + patience
            else:
                phase.cancel(scope, dice.choice(Phase.ALL), patience)
        with scope:
            try:
                await self._exchange(phase)
                self.outcomes["answered"] += 1
            except httpx.TransportError as error:
                self.outcomes[type(error).__name__] += 1
        if scope.cancelled_caught:
            self.outcomes["cancelled"] += 1
            if phase is not None:
                self.cancelled_while[phase.name] += 1

    async def _exchange(self, phase: Phase | None) -> None:
        """Send a request, and read of its answer all, a part or nothing."""
        dice = self._dice
        [path] = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))
        is_upload = path == "refuse" or dice.random() < 0.1
        extensions: dict[str, Any] = {"timeout": {"read": dice.choice([None, 0.005, 5.0]), "pool": 60.0}}
        if phase is not None:
            extensions["trace"] = phase.trace
        request = httpx.Request(
            "POST" if is_upload else "GET",
            f"{self._url}/{path}",
            headers={"Host": "soak", **dice.choice(FRAMINGS)} if is_upload else None,
            stream=Upload() if is_upload else None,
            extensions=extensions,
        )
        response = await self._transport.handle_async_request(request)
        if phase is not None:
            phase.enter("reading the body")
        try:
            if dice.random() < 0.8:
                await response.aread()
            elif dice.random() < 0.5:
                await anext(aiter(response.stream), None)
        finally:
            await response.aclose()


class Phase:
    """How far a request is, by what its transport traces."""

    _NAMES: Final = {
        "connect_tcp": "connecting",
        "send_request_headers": "sending",
        "send_request_body": "sending",
        "receive_response_headers": "waiting",
    }
    ALL: Final = ["in the queue", "connecting", "sending", "waiting", "reading the body"]

    def __init__(self) -> None:
        self.name = self.ALL[0]
        self._scope = trio.CancelScope()
        self._target = ""
        self._patience = 0.0

    def cancel(self, scope: trio.CancelScope, target: str, patience: float) -> None:
        """Cancel *scope* so many seconds after the request came to the phase *target*."""
        self._scope, self._target, self._patience = scope, target, patience
        self.enter(self.name)

    def enter(self, name: str) -> None:
        """Be in another phase."""
        self.name = name
        if name == self._target:
            self._scope.deadline = trio.current_time() + self._patience

    async def trace(self, name: str, _: dict[str, Any]) -> None:
        """Take an event of the transport."""
        what, _, when = name.partition(".")[2].partition(".")
        if when == "started" and what in self._NAMES:
            self.enter(self._NAMES[what])
