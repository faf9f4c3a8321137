"""What happens to connections while no request looks after them: timeouts, idle expiry, closes by the server.

One task for all timeouts of all connections: to arm one is to set an attribute, where a cancel scope for each wait
would cost a third of a request. The task wakes at the earliest of them, which with the usual timeouts is seldom.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final, final

import trio

from ._connection import Connection
from ._pool import Pool

__all__ = ["Housekeeper"]

_WATCHED_AFTER: Final = 1.0  # seconds idle after which the close of the server is waited for, not just found at reuse


@final
class Housekeeper:
    """Looks after the connections of one pool while its `run` runs.

    Args:
        pool: Where the idle ones are.
        active: The ones in use.
        expiry: Seconds after which an idle one is closed, or None.
    """

    def __init__(self, pool: Pool[Connection], active: Iterable[Connection], expiry: float | None) -> None:
        self._pool: Final = pool
        self._active: Final = active
        self._expiry: Final = math.inf if expiry is None else expiry
        self._scope = trio.CancelScope()
        self._nursery: trio.Nursery | None = None
        self._is_over = False
        self.is_running = False
        self.now: Callable[[], float] = trio.current_time
        """Trio's clock; while `run` runs, without looking for the clock each time."""
        self.next_look = math.inf
        """When the connections are looked at next, in seconds of Trio's clock."""

    def look_at(self, time: float) -> None:
        """Have a look at the connections at *time*, or before."""
        if time < self.next_look:
            self.next_look = self._scope.deadline = time

    def idle(self, connection: Connection) -> None:
        """*connection* is idle from now on."""
        self.look_at(connection.idle_since + min(self._expiry, _WATCHED_AFTER))

    def has_expired(self, connection: Connection) -> bool:
        """Whether *connection* was idle for too long."""
        return self.now() >= connection.idle_since + self._expiry  # the sum that `_look` waits for, to the last bit

    async def run(self, nursery: trio.Nursery) -> None:  # noqa: ASYNC910  # it may be stopped before it began
        """Look after the connections until `stop`, with further tasks in *nursery*."""
        self._nursery = nursery
        self.is_running = True
        self.now = trio.lowlevel.current_clock().current_time
        try:
            while not self._is_over:
                # Shielded: whoever is cancelled may still make a request in a shielded cleanup, and wait for a timeout.
                with trio.CancelScope(deadline=self.next_look, shield=True) as self._scope:
                    await trio.sleep_forever()
                self.next_look = self._look(trio.current_time())
        finally:
            self.is_running = False
            self.now = trio.current_time

    def stop(self) -> None:
        """End `run`: there is nothing left to look after."""
        self._is_over = True
        self._scope.cancel(reason="the transport was closed")

    def _look(self, now: float) -> float:
        """Do what is due; give when the next thing is."""
        due = math.inf
        for connection in tuple(self._active):
            deadline = min(connection.read_deadline, connection.write_deadline)
            if deadline > now:
                due = min(due, deadline)
            elif connection.read_deadline <= now and connection.wire.is_readable():
                due = now  # what has come is read first, however late it is looked at: so it is with a cancel scope
            else:
                connection.expire()
        for connection in self._pool.idle():
            if self.has_expired(connection):
                self._pool.evict(connection)
                continue
            due = min(due, connection.idle_since + self._expiry)
            if connection.watch is None:
                watched_from = connection.idle_since + _WATCHED_AFTER
                if now >= watched_from:
                    self._watch(connection)
                else:
                    due = min(due, watched_from)
        return due

    def _watch(self, connection: Connection) -> None:
        assert self._nursery is not None  # nobody looks before `run`
        connection.watch = trio.CancelScope()
        self._nursery.start_soon(self._wait_for_close, connection, connection.watch)

    async def _wait_for_close(self, connection: Connection, watch: trio.CancelScope) -> None:
        with watch:
            await trio.lowlevel.checkpoint_if_cancelled()  # it may be used again before this task began
            try:
                await connection.wire.wait_for_news()
            except trio.ClosedResourceError:
                return  # discarded meanwhile
            self._pool.evict(connection)
