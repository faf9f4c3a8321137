"""The network of a simulation, in place of the world's: every connect of a run comes here."""

from __future__ import annotations

import errno
import itertools
import os
import socket
from collections.abc import Callable
from typing import Final, TypeAlias, final

import trio

from ...request import Origin
from ...transport import Interposer
from ._link import ClientEnd, ServerEnd, link
from ._trace import Trace
from ._weather import Weather

__all__ = ["Network", "Serve"]

Serve: TypeAlias = "Callable[[ServerEnd, str], object]"
"""Begins to serve a connection to an origin."""


@final
class Network(Interposer):
    """Hands out connections.

    Args:
        weather: What goes wrong.
        trace: The run's.
        serve: What is at the other end of every connection.
    """

    def __init__(self, weather: Weather, trace: Trace, serve: Serve) -> None:
        self._weather: Final = weather
        self._trace: Final = trace
        self._serve: Final = serve
        self._numbers: Final = itertools.count(1)
        self._ends: list[ClientEnd] = []

    async def connect(self, origin: Origin) -> ClientEnd:
        """A connection to *origin*."""
        number, weather = next(self._numbers), self._weather
        self._trace.note(f"wire {number}: a connect to {origin}")
        await trio.sleep(weather.latency())
        if weather.happens(weather.chaos.refused, f"wire {number}: refused"):
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        if weather.happens(weather.chaos.unreachable, f"wire {number}: nobody answers"):
            await trio.sleep_forever()
        ours, theirs = link(number, weather, self._trace)
        self._ends = [end for end in self._ends if not end.is_closed]
        self._ends.append(ours)
        self._serve(theirs, str(origin))
        return ours

    def socket(self, fileno: int) -> socket.socket:
        """No wire here has a socket."""
        raise AssertionError("a simulation opens no sockets")

    @property
    def open_wires(self) -> int:
        """How many connections the client has open."""
        return sum(not end.is_closed for end in self._ends)
