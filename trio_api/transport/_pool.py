"""Who gets which connection: the account of a pool, without IO and without time.

A *slot* is the right to have one connection open; there are ``max_connections`` of them. It is held by whoever opens
or uses a connection, or by an idle connection. Everything here takes the same time however many there are.
"""

from __future__ import annotations

import collections
import enum
import math
from collections.abc import Callable, Hashable, Iterator
from typing import Final, Generic, TypeVar

import httpx

__all__ = ["SLOT", "Pool", "Waiter"]

ConnectionT = TypeVar("ConnectionT", bound=Hashable)


class _Slot(enum.Enum):
    SLOT = "the right to open a connection"


SLOT: Final = _Slot.SLOT


class Waiter(Generic[ConnectionT]):
    """Somebody in the queue.

    Args:
        origin: Whom the connection is to lead to.
        wake: Called once with nothing, after *granted* was set; without that, the waiter goes away empty-handed.
        fresh: Whether it has to be a new connection.
    """

    __slots__ = ("fresh", "granted", "origin", "wake")

    def __init__(self, origin: Hashable, wake: Callable[[], object], *, fresh: bool = False) -> None:
        self.origin: Final = origin
        self.wake: Final = wake
        self.fresh: Final = fresh
        self.granted: ConnectionT | _Slot | None = None
        """What the waiter holds from now on; None while it waits."""


class Pool(Generic[ConnectionT]):
    """The account.

    Args:
        limits: httpx's: ``max_connections`` and ``max_keepalive_connections``; the expiry is for who has a clock.
        discard: Closes a connection that has to go; called with those whose slot is given to somebody else.
    """

    def __init__(self, limits: httpx.Limits, discard: Callable[[ConnectionT], object]) -> None:
        self.most: Final = math.inf if limits.max_connections is None else limits.max_connections
        self._most_idle: Final = (
            math.inf if limits.max_keepalive_connections is None else limits.max_keepalive_connections
        )
        self._discard: Final = discard
        self._slots_held = 0
        # Ordered by when they became idle. A dict would take ever longer to find its first entry.
        self._idle: Final[collections.OrderedDict[ConnectionT, Hashable]] = collections.OrderedDict()
        self._stacks: Final[dict[Hashable, dict[ConnectionT, None]]] = {}
        self._queue: Final[collections.OrderedDict[Waiter[ConnectionT], None]] = collections.OrderedDict()

    @property
    def slots_held(self) -> int:
        """Connections that are open, and those being opened."""
        return self._slots_held

    @property
    def waiting(self) -> int:
        """How many are in the queue."""
        return len(self._queue)

    @property
    def idle_count(self) -> int:
        """How many connections are idle."""
        return len(self._idle)

    def idle(self) -> Iterator[ConnectionT]:
        """The idle connections, the one that is idle the longest first."""
        return iter(tuple(self._idle))

    def take(self, origin: Hashable, *, fresh: bool = False) -> ConnectionT | _Slot | None:
        """An idle connection to *origin*, or the right to open one, or None: get in the queue.

        Args:
            origin: Whom it is to lead to.
            fresh: Whether it has to be a new connection.
        """
        stack = self._stacks.get(origin)
        if stack and not fresh:  # the last one used is the least likely to be closed by the server
            connection, _ = stack.popitem()
            del self._idle[connection]
            if not stack:
                del self._stacks[origin]
            return connection
        # Who asks overtakes nobody: while somebody waits all slots are held, and no connection is idle.
        if self._slots_held < self.most:
            self._slots_held += 1
            return SLOT
        if self._idle:
            self._discard(self._forget(next(iter(self._idle))))
            return SLOT
        return None

    def join(self, waiter: Waiter[ConnectionT]) -> None:
        """Get in the queue."""
        self._queue[waiter] = None

    def leave(self, waiter: Waiter[ConnectionT]) -> None:
        """Leave the queue with nothing."""
        del self._queue[waiter]

    def dismiss(self) -> None:
        """Send everybody in the queue away with nothing."""
        while self._queue:
            waiter, _ = self._queue.popitem(last=False)
            waiter.wake()

    def release(self, connection: ConnectionT, origin: Hashable) -> bool:
        """Give back a connection that another request may use; whether it is idle now."""
        if self._queue:
            waiter, _ = self._queue.popitem(last=False)
            if waiter.origin == origin and not waiter.fresh:
                waiter.granted = connection
            else:
                self._discard(connection)
                waiter.granted = SLOT
            waiter.wake()
            return False
        if len(self._idle) < self._most_idle:
            self._idle[connection] = origin
            self._stacks.setdefault(origin, {})[connection] = None
            return True
        self._discard(connection)
        self._slots_held -= 1
        return False

    def give_up(self) -> None:
        """Give back the slot of a connection that is closed, or was never opened."""
        if self._queue:
            waiter, _ = self._queue.popitem(last=False)
            waiter.granted = SLOT
            waiter.wake()
        else:
            self._slots_held -= 1

    def evict(self, connection: ConnectionT) -> bool:
        """Discard *connection* if it is idle; False if it is not."""
        if connection not in self._idle:
            return False
        self._discard(self._forget(connection))
        self.give_up()
        return True

    def _forget(self, connection: ConnectionT) -> ConnectionT:
        origin = self._idle.pop(connection)
        stack = self._stacks[origin]
        del stack[connection]
        if not stack:
            del self._stacks[origin]
        return connection
