"""Calls in flight that several tasks wait for, each within its own scopes; for Trio."""

from __future__ import annotations

import functools
import math
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, TypeAlias, final

import trio

from .._records import Reply

__all__ = ["Flight", "Flights", "Landed"]

Landed: TypeAlias = Reply | Exception | None
"""What came of a flight: a reply, what was raised, or nothing, since it was cut off."""


@final
class Flight:
    """One call for all who wait for it.

    It runs in a task of the client's, since it belongs to none of them. It ends when the last of them would give up, so
    that it knows what time it has: out of time where theirs is their ``total_timeout``, else cancelled, as each of
    them would be. And it is cancelled when the last of them leaves, who waits until it has come to its end.

    Args:
        leave_table: Called when nobody can join it any more; more than once has no further effect.
        time: The scope that the call runs in. Where that ends it, the call is out of time.
    """

    def __init__(self, leave_table: Callable[[Flight], None], time: trio.CancelScope) -> None:
        self._leave_table: Final = leave_table
        self._scope: Final = trio.CancelScope()
        self._time: Final = time
        self._deadlines: Final[dict[object, tuple[float, bool]]] = {}  # of those who wait, and whether they are calls'
        self._done: Final = trio.Event()
        self._landed: Landed = None

    async def run(self, send: Callable[[], Awaitable[Reply]]) -> None:  # noqa: ASYNC910  # nobody may be left to wait
        """Make the call. Whatever it raises of `Exception` is for those who wait."""
        try:
            with self._scope:
                try:
                    self._landed = await send()
                except Exception as error:
                    self._landed = None if self._time.cancelled_caught else error
        finally:
            self._leave_table(self)
            self._done.set()

    async def wait(self, ends: float) -> Landed:
        """Wait for what comes of it, no longer than the scopes around the caller last; *ends* is its own call's."""
        place, deadline = object(), trio.current_effective_deadline()
        self._deadlines[place] = deadline, deadline == ends
        self._tell()
        try:
            await self._done.wait()
        finally:
            del self._deadlines[place]
            self._tell()
            if not self._deadlines and not self._done.is_set():
                with trio.CancelScope(shield=True):  # it is over when it is over for the last, as one made alone is
                    await self._done.wait()
        return self._landed

    def _tell(self) -> None:
        """Have the call know how long it is waited for."""
        if self._deadlines:
            latest, is_of_call = max(self._deadlines.values())
            self._time.deadline = latest if is_of_call else math.inf
            self._scope.deadline = math.inf if is_of_call else latest
        elif not self._done.is_set():
            self._leave_table(self)
            if trio.current_time() < self._time.deadline:  # else it ends by itself, in this very moment
                self._scope.cancel(reason="nobody waits for the call any more")


@final
class Flights:
    """The flights of one client that can be joined."""

    def __init__(self) -> None:
        self._flights: Final[dict[Hashable, Flight]] = {}

    def find(self, key: Hashable) -> Flight | None:
        """The flight that is known by *key*."""
        return self._flights.get(key)

    def open(self, key: Hashable, time: trio.CancelScope) -> Flight:
        """A flight that is known by *key* from now on, until it has landed or nobody waits for it; `Flight`."""
        flight = self._flights[key] = Flight(functools.partial(self._close, key), time)
        return flight

    def _close(self, key: Hashable, flight: Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
