"""One direction of a connection that is none: bytes under way, in order, each piece with the time of its coming."""

from __future__ import annotations

import errno
import math
import os
from collections import deque
from typing import Final, final

import trio

from ._weather import Weather

__all__ = ["Line"]

_READ_SIZE: Final = 65_536  # bytes after which no further piece is taken at once


@final
class Line:
    """Carries bytes from one end to the other.

    Args:
        name: Of the connection and the direction, for the trace.
        weather: What happens on the way.
    """

    def __init__(self, name: str, weather: Weather) -> None:
        self._name: Final = name
        self._weather: Final = weather
        self._pieces: Final[deque[tuple[float, bytes]]] = deque()
        self._under_way = 0
        self._last_due = 0.0
        self._ends_at = math.inf
        self._breaks_at = math.inf
        self._is_silent = False
        self._is_finished = False
        self._is_given_up = False
        self._news: Final = trio.lowlevel.ParkingLot()
        self.breaks_off = _nothing
        """Called once where the connection breaks on the way."""

    # -- the sender ------------------------------------------------------------------------------------------

    def push(self, data: bytes) -> int:
        """Send what there is room for of *data*; how many bytes that is.

        Raises:
            OSError: The connection is broken, or nobody reads.
        """
        if self._breaks_at < math.inf:
            raise _error(errno.ECONNRESET)
        if self._is_given_up or self._is_finished:
            raise _error(errno.EPIPE)
        taken = data[: max(0, self._weather.chaos.buffer - self._under_way)]
        if not taken:
            return 0
        self._under_way += len(taken)
        if self._is_silent:
            return len(taken)
        chaos, chance = self._weather.chaos, self._weather.chance
        if self._weather.happens(chaos.broken, f"{self._name} breaks"):
            self._carry(taken[: chance.randrange(len(taken))])
            if chance.random() < 0.5:
                self.finish()
            else:
                self._breaks_at = self._due()
            self.breaks_off()
        elif self._weather.happens(chaos.silent, f"{self._name} falls silent"):
            self._carry(taken[: chance.randrange(len(taken))])
            self._is_silent = True
        else:
            self._carry(taken)
        self._news.unpark_all()
        return len(taken)

    def _carry(self, data: bytes) -> None:
        for piece in self._weather.pieces(data) if data else ():
            self._pieces.append((self._due(), piece))

    def _due(self) -> float:
        self._last_due = max(self._last_due, trio.current_time() + self._weather.latency())
        return self._last_due

    def finish(self) -> None:
        """Send nothing more: the other end sees it once everything has come, unless all is silent."""
        if not self._is_finished:
            self._is_finished = True
            if not self._is_silent:
                self._ends_at = max(self._last_due, trio.current_time())
            self._news.unpark_all()

    async def wait_for_room(self) -> None:
        """Wait until `push` has something to say."""
        await trio.lowlevel.checkpoint()
        while self._under_way >= self._weather.chaos.buffer and not (self._is_finished or self._is_given_up):
            if self._breaks_at < math.inf:
                break
            await self._news.park()

    # -- the receiver ----------------------------------------------------------------------------------------

    def pull(self) -> bytes | None:
        """What has come; empty at the end; None: nothing, for now.

        Raises:
            OSError: The connection is broken.
        """
        now, taken = trio.current_time(), bytearray()
        while self._pieces and self._pieces[0][0] <= now and len(taken) < _READ_SIZE:
            taken += self._pieces.popleft()[1]
        if taken:
            self._under_way -= len(taken)
            self._news.unpark_all()
            return bytes(taken)
        if self._pieces:
            return None
        if self._breaks_at <= now:
            raise _error(errno.ECONNRESET)
        return b"" if self._ends_at <= now else None

    def has_news(self) -> bool:
        """Whether bytes, the end or a break have come."""
        return self._next_news() <= trio.current_time()

    def _next_news(self) -> float:
        return self._pieces[0][0] if self._pieces else min(self._breaks_at, self._ends_at)

    async def wait_for_news(self) -> None:
        """Wait until something has come.

        Raises:
            trio.ClosedResourceError: The receiver itself gave up.
        """
        await trio.lowlevel.checkpoint()
        while True:
            if self._is_given_up:
                raise trio.ClosedResourceError("the wire was closed")
            if self.has_news():
                return
            with trio.move_on_at(self._next_news()):
                await self._news.park()

    def give_up(self) -> None:
        """Receive nothing more."""
        self._is_given_up = True
        self._news.unpark_all()

    # -- both ------------------------------------------------------------------------------------------------

    def break_now(self) -> None:
        """Lose what is under way, and break."""
        self._pieces.clear()
        self._breaks_at = trio.current_time()
        self._news.unpark_all()


def _nothing() -> None:
    """What is called where nobody listens."""


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
