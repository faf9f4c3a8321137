"""A hostile server in the place of a socket: what it sends, in which pieces, and how it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import trio

from trio_api.transport._connect import Destination

__all__ = ["Ending", "ScriptedConnector", "ScriptedWire"]

_ENOUGH: Final = 10  # times that the end of a connection may be received

Ending: TypeAlias = Literal["close", "reset", "silence"]


class ScriptedWire:
    """A `trio_api.transport._wire.Wire`: after each request come the next pieces; after the last of them, the end.

    Args:
        answers: The pieces that follow each request.
        ending: What the server does when nothing is left.
    """

    def __init__(self, answers: Sequence[Sequence[bytes]], ending: Ending) -> None:
        self._answers = deque(answers)
        self._pieces: deque[bytes] = deque()
        self._ending = ending
        self._closed = trio.Event()
        self._ends = 0  # how often the end was received
        self.requests = 0
        """How many were sent."""
        self.given = 0
        """Bytes that were received."""

    @property
    def is_closed(self) -> bool:
        """Whether our side closed it."""
        return self._closed.is_set()

    @property
    def waits(self) -> bool:
        """Whether the server waits for a request, or for nothing at all, once it has sent what it was to send."""
        return bool(self._answers) or self._ending == "silence"

    @property
    def _is_ended(self) -> bool:
        return not self._pieces and not self.waits

    def send_now(self, data: bytes) -> bool:
        assert data.endswith(b"\r\n\r\n")  # each request is one piece, since none has a body
        self.requests += 1
        if self._answers:
            self._pieces.extend(self._answers.popleft())
        return True

    async def flush(self) -> None:
        raise AssertionError("nothing is left to be sent")

    async def receive(self) -> bytes:
        # No checkpoint where there is something: a step of Trio takes longer than all the rest.
        data = None if self.is_closed else self.receive_now()
        if data is None:
            await self._closed.wait()
            raise trio.ClosedResourceError
        return data

    def receive_now(self) -> bytes | None:
        if self._pieces:
            piece = self._pieces.popleft()
            self.given += len(piece)
            return piece
        if not self._is_ended:
            return None
        self._ends += 1
        assert self._ends < _ENOUGH, "the end is asked for again and again"
        if self._ending == "reset":
            raise ConnectionResetError
        return b""

    def is_readable(self) -> bool:
        return bool(self._pieces) or self._is_ended

    def is_fit_for_reuse(self) -> bool:
        return not self.is_readable()

    async def wait_for_news(self) -> None:
        if self.is_readable():
            await trio.lowlevel.checkpoint()
        else:
            await self._closed.wait()

    def abort(self) -> None:
        self._closed.set()

    def extra_info(self, name: str) -> Any:
        return None


class ScriptedConnector:
    """Stands in the place of a transport's connector, and gives these wires one after the other."""

    def __init__(self, wires: Sequence[ScriptedWire]) -> None:
        self._wires = iter(wires)

    async def open(self, destination: Destination, timeout: float | None) -> ScriptedWire:
        await trio.lowlevel.checkpoint()  # a chance for the transport's housekeeping to begin
        return next(self._wires)

    def abort(self) -> None:
        pass
