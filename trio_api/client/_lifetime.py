"""The time in which a Trio client is open: one nursery, and the calls that other tasks have in flight.

Shared by a client and its copies; who enters first opens it, and closes it.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, Protocol, final

import trio

from .._constants import CLEANUP_SECONDS
from .._errors import ClientStateError
from ..transport import HiddenNursery

__all__ = ["CallScope", "Lifetime"]


class _State(enum.Enum):
    NEW = "was not entered"
    OPEN = "is open"
    CLOSING = "is closing"
    CLOSED = "is closed"


class _Closable(Protocol):
    async def aclose(self) -> None: ...


class Lifetime:
    """Opens and closes with the ``async with`` block of a client.

    Args:
        owner: The name of the client's class, for messages.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._state = _State.NEW
        self._nursery = HiddenNursery()
        self._tasks: trio.Nursery | None = None
        self._calls: set[CallScope] = set()
        self._uncut = 0
        self.uncut: Final = UncutCall(self)
        """What a call runs in that needs no scope, since all that it waits for ends with the transport."""
        self._bodies: set[_Closable] = set()
        self._change = trio.lowlevel.ParkingLot()  # where the end of a call or a body is waited for

    @property
    def is_open(self) -> bool:
        """Whether calls may begin."""
        return self._state is _State.OPEN

    def held(self) -> dict[str, int]:
        """What is under way, by what it is."""
        return {"call": len(self._calls) + self._uncut, "open response": len(self._bodies)}

    def check(self) -> None:
        """Raise `ClientStateError`, with the right form, unless the client is open."""
        if self._state is not _State.OPEN:
            raise ClientStateError(
                f"this {self._owner} {self._state.value}. Use it inside its block:\n"
                f"    async with {self._owner}(...) as client:\n"
                "        await client.get(...)"
            )

    async def open(self) -> trio.Nursery:
        """Open the nursery, in which the background tasks of the client run.

        Raises:
            ClientStateError: It is open already, or was before.
        """
        if self._state is not _State.NEW:
            raise ClientStateError(
                f"this {self._owner} {self._state.value} and can't be entered again: make another, or use "
                "client.with_options(...), which shares the connections of the open one"
            )
        self._tasks = await self._nursery.__aenter__()
        self._state = _State.OPEN
        return self._tasks

    def start(self, task: Callable[..., Awaitable[object]], *args: Any, name: str) -> None:
        """Start a background task, for what outlives the call that began it; it has the context of that call.

        What it meets it has to pass on as a value: an exception that comes out of it is an error of this library.

        Raises:
            ClientStateError: The client is not open.
        """
        self.check()
        assert self._tasks is not None  # it is as long as the client is open
        self._tasks.start_soon(task, *args, name=name)

    def call(self, deadline: float = math.inf, *, in_flight: bool = False) -> CallScope:
        """The scope that a call runs in.

        Args:
            deadline: Its end, in seconds of Trio's clock.
            in_flight: Whether it is a part of a call that began before, which may go on while the client closes.
        """
        return CallScope(self, deadline, in_flight)

    def check_not_closed(self) -> None:
        """Raise `ClientStateError` if the client was closed under a call that had begun."""
        if self._state is _State.CLOSED:
            self.check()

    async def finish_calls(self, grace: float, cut: Callable[[], object]) -> None:  # noqa: ASYNC910  # see below
        """Begin to close: give the calls of other tasks *grace* seconds, then cut them off and see them out.

        It waits only where a call is in flight.

        Args:
            grace: Seconds.
            cut: Ends what calls wait for that have no scope.
        """
        self._state = _State.CLOSING
        try:
            with trio.move_on_after(grace):  # noqa: ASYNC912
                while self._calls or self._uncut or self._bodies:
                    await self._change.park()
        finally:
            self._state = _State.CLOSED
            for call in self._calls:
                call.scope.cancel(reason="the client was closed")
            if self._uncut:
                cut()
            with trio.move_on_after(CLEANUP_SECONDS, shield=True):  # noqa: ASYNC912
                while self._calls or self._uncut:
                    await self._change.park()
            for body in tuple(self._bodies):
                await body.aclose()

    async def close(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        """Cancel the background tasks and close the nursery; what the body raised comes out single."""
        self._tasks = None
        return await self._nursery.__aexit__(kind, error, traceback)

    def opened(self, body: _Closable) -> None:
        """Take charge of a response that was left open."""
        self._bodies.add(body)

    def closed(self, body: _Closable) -> None:
        """The response is closed."""
        self._bodies.discard(body)
        self._change.unpark_all()

    def _enter(self, call: CallScope) -> None:
        if not (call.in_flight and self._state is _State.CLOSING):
            self.check()
        self._calls.add(call)

    def _leave(self, call: CallScope) -> None:
        self._calls.discard(call)
        if self._state is not _State.OPEN:
            self._change.unpark_all()

    def _enter_uncut(self) -> None:
        self.check()
        self._uncut += 1

    def _leave_uncut(self) -> bool:
        self._uncut -= 1
        if self._state is not _State.OPEN:
            self._change.unpark_all()
        return False


@final
class CallScope:
    """The cancel scope of one call: its own deadline, and the end of the client."""

    __slots__ = ("_lifetime", "in_flight", "scope")

    def __init__(self, lifetime: Lifetime, deadline: float, in_flight: bool) -> None:
        self._lifetime: Final = lifetime
        self.in_flight: Final = in_flight
        self.scope: Final = trio.CancelScope(deadline=deadline)

    def __enter__(self) -> trio.CancelScope:
        self._lifetime._enter(self)  # pyright: ignore[reportPrivateUsage]  # one noun in three classes
        return self.scope.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        try:
            return self.scope.__exit__(kind, error, traceback)
        finally:
            self._lifetime._leave(self)  # pyright: ignore[reportPrivateUsage]


@final
class UncutCall:
    """Counts a call that has no cancel scope, which would cost it a tenth of its time. One serves for all calls."""

    __slots__ = ("_lifetime",)

    def __init__(self, lifetime: Lifetime) -> None:
        self._lifetime: Final = lifetime

    def __enter__(self) -> None:
        self._lifetime._enter_uncut()  # pyright: ignore[reportPrivateUsage]  # one noun in three classes

    def __exit__(self, *exc_info: object) -> bool:
        return self._lifetime._leave_uncut()  # pyright: ignore[reportPrivateUsage]
