"""The requests of one connection, read by h11: heads, bodies as far as they are asked for, and the next."""

from __future__ import annotations

from typing import Final, final

import h11
import trio

from ._line import Line

__all__ = ["NoRequest", "RequestReader"]

_MOST_OF_A_HEAD: Final = 1024 * 1024  # bytes: more than clients send, and an end for what is no HTTP


class NoRequest(Exception):
    """What came is no request, or it broke off; the message says why."""


@final
class RequestReader:
    """Reads what comes over a line. Whatever reads may raise `NoRequest`, or the line's own errors.

    Args:
        line: The connection.
    """

    def __init__(self, line: Line) -> None:
        self._line: Final = line
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_OF_A_HEAD)
        self.is_whole = False
        """Whether the last request was read to its end."""

    @property
    def goes_on(self) -> bool:
        """Whether the client wants to send another behind it."""
        return self._http.their_state is h11.DONE

    async def head(self) -> h11.Request | None:
        """The head of the next request; None where the client left before."""
        self.is_whole = False
        rest, has_ended = self._http.trailing_data
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_OF_A_HEAD)
        if rest or has_ended:
            self._http.receive_data(rest)
        event = await self._next()
        return event if isinstance(event, h11.Request) else None

    async def body(self, into: bytearray, least: int | None = None) -> None:
        """Read the body of the request.

        Args:
            into: Where it is put, piece by piece.
            least: How many bytes of it are enough; all, by default.
        """
        while not self.is_whole and (least is None or len(into) < least):
            if self._http.they_are_waiting_for_100_continue:
                await self._line.send(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            event = await self._next()
            if isinstance(event, h11.Data):
                into += event.data
            self.is_whole = isinstance(event, h11.EndOfMessage)
        await trio.lowlevel.checkpoint()

    async def _next(self) -> object:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._line.receive())
        except h11.RemoteProtocolError as error:
            raise NoRequest(f"{error}") from None
        await trio.lowlevel.checkpoint()
        return event
