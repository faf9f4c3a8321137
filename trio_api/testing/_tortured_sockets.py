"""Sockets of which one operation, the n-th of all, goes wrong."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any, Final, Literal, TypeAlias, final

import trio

from ..request import Origin
from ..transport import Interposer
from ._places import place_of_caller

__all__ = ["IOFault", "TorturedSockets"]

IOFault: TypeAlias = Literal["error", "end", "byte", "stall"]
"""What goes wrong with a connect, a read or a write."""


@final
class TorturedSockets(Interposer):
    """Counts the connects, reads and writes of all sockets of a run, and lets one of them go wrong."""

    def __init__(self) -> None:
        self._number = 0
        self._fault: IOFault = "error"
        self._ends_at_once = False
        self._muted: Final[list[socket.socket]] = []
        self.operations = 0
        """How many operations there were since it was armed."""
        self.done: tuple[str, str] | None = None
        """What went wrong, and where, once it did."""

    def arm(self, number: int, fault: IOFault) -> None:
        """Let the operation *number* from now, the first is 1, go wrong by *fault*."""
        self.operations, self._number, self._fault, self.done = 0, number, fault, None
        self._ends_at_once = False

    def disarm(self) -> None:
        """Let nothing go wrong from now on, and close what stood in for the other end of connections."""
        self._number = 0
        self._ends_at_once = False
        self.close()

    def close(self) -> None:
        """Close what stood in for the other end of connections."""
        while self._muted:
            self._muted.pop().close()

    def turn(self, operation: str) -> IOFault | None:
        """Count an operation; what goes wrong with it, or None."""
        self.operations += 1
        if self.operations != self._number or (operation == "connect" and self._fault == "byte"):
            return None
        self.done = (f"{operation}: {self._fault}", place_of_caller(__file__))
        return self._fault

    async def connect(self, origin: Origin) -> None:
        """Called before each attempt to connect."""
        await trio.lowlevel.checkpoint()
        match self.turn("connect"):
            case "error":
                raise _error(errno.ECONNREFUSED)
            case "end":
                self._ends_at_once = True
            case "stall":
                await trio.sleep_forever()
            case _:
                pass

    def socket(self, fileno: int) -> socket.socket:
        """The socket of the open descriptor *fileno*."""
        made = _TorturedSocket(self, fileno)
        made.has_ended, self._ends_at_once = self._ends_at_once, False
        return made

    def mute(self, fileno: int) -> None:
        """Put a connection at *fileno* over which nothing ever comes, and which takes nothing."""
        ours, theirs = socket.socketpair()
        with ours:
            ours.setblocking(False)
            try:
                while True:
                    ours.send(bytes(65_536))
            except BlockingIOError:
                os.dup2(ours.fileno(), fileno, inheritable=False)
        self._muted.append(theirs)


@final
class _TorturedSocket(socket.socket):
    """A socket that asks *sockets* at each operation."""

    def __init__(self, sockets: TorturedSockets, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self._sockets = sockets
        self.has_ended = False
        self._broken: OSError | None = None

    def send(self, data: Any, flags: int = 0) -> int:
        self._raise_if_broken()
        if self.has_ended:
            raise _error(errno.EPIPE)
        match self._sockets.turn("write"):
            case "byte":
                return super().send(memoryview(data)[:1], flags)
            case "stall":
                self._sockets.mute(self.fileno())
            case "error":
                self._break(errno.EPIPE)
            case "end":
                self._end()
                raise _error(errno.EPIPE)
            case None:
                pass
        return super().send(data, flags)

    def recv(self, size: int, flags: int = 0) -> bytes:
        self._raise_if_broken()
        if self.has_ended:
            return b""
        super().recv(1, flags | socket.MSG_PEEK)  # where nothing is there, it is no read: so the count is stable
        match self._sockets.turn("read"):
            case "byte":
                return super().recv(1, flags)
            case "stall":
                self._sockets.mute(self.fileno())
            case "error":
                self._break(errno.ECONNRESET)
            case "end":
                self._end()
                return b""
            case None:
                pass
        return super().recv(size, flags)

    def _raise_if_broken(self) -> None:
        if self._broken is not None:
            raise self._broken

    def _break(self, number: int) -> None:
        self._broken = _error(number)
        raise self._broken

    def _end(self) -> None:
        self.has_ended = True
        try:
            self.shutdown(socket.SHUT_RDWR)  # who waits for it to be readable, or is asked whether it is, sees it
        except OSError:  # the other end was faster
            pass


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
