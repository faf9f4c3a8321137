"""A connection that is none, with its two ends: a `Wire` for the transport, and what the server reads and writes."""

from __future__ import annotations

from typing import Any, Final, final

import trio

from ...transport import Wire
from ._line import Line
from ._trace import Trace, shown_bytes
from ._weather import Weather

__all__ = ["ClientEnd", "Gone", "ServerEnd", "link"]

_NOTHING: Final = memoryview(b"")


class Gone(Exception):
    """The client left, or the connection to it is broken: what a server meets, apart from errors of its functions."""


def link(number: int, weather: Weather, trace: Trace) -> tuple[ClientEnd, ServerEnd]:
    """The two ends of a new connection."""
    up, down = Line(f"wire {number}, up,", weather), Line(f"wire {number}, down,", weather)
    up.breaks_off, down.breaks_off = down.break_now, up.break_now
    return ClientEnd(number, up, down, trace), ServerEnd(up, down)


@final
class ClientEnd(Wire):
    """What a connection of the transport sends and receives by."""

    def __init__(self, number: int, up: Line, down: Line, trace: Trace) -> None:
        self._name: Final = f"wire {number}"
        self._up: Final = up
        self._down: Final = down
        self._trace: Final = trace
        self._unsent = _NOTHING
        self.is_closed = False
        """Whether the client closed it."""

    def send_now(self, data: bytes) -> bool:
        """Send *data*, or begin to; False: `flush` has to send the rest."""
        self._trace.note(f"{self._name}: the client sends {shown_bytes(data)}")
        self._unsent = memoryview(data)
        self._send()
        return not self._unsent

    def _send(self) -> None:
        self._unsent = self._unsent[self._up.push(bytes(self._unsent)) :]

    async def flush(self) -> None:  # noqa: ASYNC910  # it waits where something is left
        """Send what `send_now` left."""
        while self._unsent:
            self._check_open()
            await self._up.wait_for_room()
            self._check_open()
            self._send()

    async def receive(self) -> bytes:
        """Wait for bytes; empty is the end of the connection."""
        self._check_open()
        while True:
            await self._down.wait_for_news()
            if (data := self.receive_now()) is not None:
                return data

    def receive_now(self) -> bytes | None:
        """What is there without waiting, or None."""
        data = self._down.pull()
        if data is not None:
            self._trace.note(f"{self._name}: the client receives {shown_bytes(data)}")
        return data

    def is_readable(self) -> bool:
        """Whether bytes, or the end of the connection, have come and were not received yet."""
        return self._down.has_news()

    def is_fit_for_reuse(self) -> bool:
        """Whether an idle connection still is: the server neither closed it nor sent what nobody asked for."""
        return not self.is_readable()

    async def wait_for_news(self) -> None:
        """Wait until an idle connection isn't fit any more."""
        await self._down.wait_for_news()

    def abort(self) -> None:
        """Close at once; whoever waits for it gets a `trio.ClosedResourceError`."""
        if not self.is_closed:
            self.is_closed = True
            self._trace.note(f"{self._name}: the client closes")
            self._down.give_up()
            self._up.finish()

    def extra_info(self, name: str) -> Any:
        """What the network streams of httpcore tell by ``get_extra_info``."""
        return self.is_readable() if name == "is_readable" else None

    def _check_open(self) -> None:
        if self.is_closed:
            raise trio.ClosedResourceError("the wire was closed")


@final
class ServerEnd:
    """What the server receives and sends by."""

    def __init__(self, up: Line, down: Line) -> None:
        self._up: Final = up
        self._down: Final = down

    async def receive(self) -> bytes:
        """Wait for bytes; empty is the end of the connection.

        Raises:
            Gone: The connection is broken.
        """
        try:
            while True:
                await self._up.wait_for_news()
                if (data := self._up.pull()) is not None:
                    return data
        except OSError as error:
            raise Gone from error

    async def send(self, data: bytes) -> None:
        """Send *data*, all of it.

        Raises:
            Gone: The connection is broken, or the client closed it.
        """
        await trio.lowlevel.checkpoint()
        try:
            while data:
                data = data[self._down.push(data) :]
                await self._down.wait_for_room()
        except OSError as error:
            raise Gone from error

    def close(self) -> None:
        """Send and receive nothing more; what is under way arrives."""
        self._down.finish()
        self._up.give_up()

    def reset(self) -> None:
        """Break the connection; what is under way is lost."""
        self._down.break_now()
        self._up.break_now()
        self._up.give_up()
