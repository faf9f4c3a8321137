"""One connection to a real server, from its first byte to its end: requests are read, and scripts are played."""

from __future__ import annotations

import inspect
import ssl
from collections.abc import Iterator
from typing import Final, cast, final

import h11
import trio

from .._fault import Stage
from .._reply import Reply
from ._line import ClientLeft, Line, NoHandshake
from ._rendered import rendered
from ._request_reader import NoRequest, RequestReader
from ._served import Served
from ._turns import Answering, Turns, script_of
from ._wire_fault import End, WireFault, end_of

__all__ = ["Service"]

_NO_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@final
class Service:
    """Serves one connection.

    Args:
        stream: Its socket.
        turns: What attempts meet, over this connection and others.
        served: Where it is written down.
        tls: The context where TLS is spoken.
    """

    def __init__(self, stream: trio.SocketStream, turns: Turns, served: Served, tls: ssl.SSLContext | None) -> None:
        self._line: Final = Line(stream)
        self._turns: Final = turns
        self._served: Final = served
        self._tls: Final = tls
        self._number: Final = served.connect()
        self._reader: Final = RequestReader(self._line)

    async def run(self) -> None:
        """Serve until either end has closed the connection.

        Raises:
            Exception: What a function of the test raises, or that what it gives is no answer.
        """
        try:
            await self._serve()
        except ClientLeft:
            await trio.lowlevel.checkpoint()  # as clients do
        finally:
            self._line.close()
            self._served.note_connection(self._number, is_open=False)

    async def _serve(self) -> None:
        if not await self._begin():
            return
        try:
            while (head := await self._reader.head()) is not None:
                if not await self._meet(head):
                    return
        except NoRequest as error:
            self._served.note_connection(self._number, failure=f"{error}")
            await self._line.send(_NO_REQUEST)
        await self._line.end(End.CLOSE)

    async def _begin(self) -> bool:
        """Let the connection meet what it is to meet, and shake hands; False: it is over."""
        await trio.lowlevel.checkpoint()
        if self._turns.is_for_a_connection and not await self._play(cast("WireFault", self._turns.take())):
            return False
        if self._tls is not None:
            try:
                await self._line.encrypt(self._tls)
            except NoHandshake as error:
                self._served.note_connection(self._number, failure=f"{error}")
                raise
            self._served.note_connection(self._number, is_encrypted=True)
        return True

    async def _meet(self, head: h11.Request) -> bool:
        """Let a request meet what it is to meet; False: the connection is over."""
        number, method, body = self._served.ask(self._number, head), head.method.decode("ascii"), bytearray()
        if self._turns.is_for_a_connection:  # which this request did not make
            await self._line.end(End.CLOSE)
            return False
        script = self._turns.take()
        if isinstance(script, WireFault) and script.stage is Stage.SEND:
            await self._read(number, body, script.after_bytes)
            if not await self._play(script, method):
                return False
            await self._read(number, body)
        else:
            await self._read(number, body)
            if not await self._play(await self._script_of(script, number), method):
                return False
        if not self._reader.goes_on:
            await self._line.end(End.CLOSE)
        return self._reader.goes_on

    async def _read(self, number: int, body: bytearray, least: int | None = None) -> None:
        try:
            await self._reader.body(body, least)
        finally:
            self._served.note_request(number, body=bytes(body), is_whole=self._reader.is_whole)

    async def _script_of(self, script: WireFault | Answering, number: int) -> WireFault:
        """What a request is answered with, where a function says it."""
        await trio.lowlevel.checkpoint()
        if isinstance(script, WireFault):
            return script
        given = script(self._served.requests[number - 1])
        answer = script_of(await given if inspect.isawaitable(given) else given)
        if not isinstance(answer, WireFault) or answer.stage is not Stage.ANSWER:
            raise TypeError(
                "a function is asked when the whole request is there, so it can give neither another function nor "
                f"WireFault.connecting(...) or .sending(...), got {answer!r}; give those themselves"
            )
        return answer

    async def _play(self, script: WireFault, method: str = "GET") -> bool:
        """Do what *script* says; False: the connection is over."""
        together = bytearray()  # what no pause parts comes at once: nobody has to be quick to meet the end of it
        for piece in _pieces(script, method, closes=self._turns.is_for_a_connection):
            if isinstance(piece, bytes):
                together += piece
                continue
            await self._line.send(bytes(together))
            together.clear()
            if isinstance(piece, End):
                await self._line.end(piece)
                return False
            if script.stage is Stage.ANSWER:
                await self._line.pause(piece)
            else:  # who looks for the client's end would read what is not to be read yet
                await trio.sleep(piece)
        await self._line.send(bytes(together))
        return True


def _pieces(script: WireFault, method: str, *, closes: bool) -> Iterator[bytes | float | End]:
    """What *script* is on the wire, to its end; *closes*, whether the connection is not to be used for another."""
    *before, last = script.steps
    for step in before:
        if isinstance(step, Reply):
            yield from rendered(step, method)
        else:
            yield step
    if not isinstance(last, Reply):
        yield last
        return
    yield from rendered(last, method, is_last=closes)
    end = end_of(last, closes=closes)
    if end is not None:
        yield end
