"""One exchange with a scripted API, on Trio's clock: what is taken of the request, and what comes back when."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import Final, cast, final

import httpx
import trio

from ._attempts import Entry
from ._fault import Fault, Stage, raised
from ._reply import Piece, Reply
from ._route import Answerer, asked

__all__ = ["Exchange"]

_TIMEOUTS: Final = {
    "connect": httpx.ConnectTimeout,
    "write": httpx.WriteTimeout,
    "read": httpx.ReadTimeout,
}


@final
class Exchange:
    """Answers one request.

    Args:
        request: The request.
        answer: What it is answered with.
        entry: Where it stands in the journal.
    """

    def __init__(self, request: httpx.Request, answer: Reply | Fault | Answerer, entry: Entry) -> None:
        self._request: Final = request
        self._answer: Final = answer
        self._entry: Final = entry

    async def run(self) -> httpx.Response:
        """Take the request, and answer it as the script says.

        Raises:
            httpx.TimeoutException: The client's timeout came before.
            Exception: Whatever the script says.
        """
        try:
            reply = await self._replied()
        except trio.Cancelled:
            self.end("cancelled by the client")
            raise
        except BaseException as error:
            self.end(f"{type(error).__name__} {self._stage().value}", is_broken=True)
            raise
        script = () if self._request.method == "HEAD" else reply.script()  # RFC 9110, 9.3.2
        response = httpx.Response(reply.status, headers=reply.all_headers(), stream=_Body(self, reply.status, script))
        self._entry.note(status=reply.status, answer_headers=response.headers, answer=f"{reply.status}, body unread")
        return response

    async def _replied(self) -> Reply:
        answer = self._answer
        await self._tell("connection.connect_tcp.started")
        if isinstance(answer, Fault) and answer.stage is Stage.CONNECT:
            await self.pass_time(answer.delay, "connect")
            raise raised(answer.error, self._request)
        self._entry.note(is_sent=True)
        await self._tell("http11.send_request_headers.started")
        if isinstance(answer, Fault) and answer.stage is Stage.SEND:
            await self._receive(answer.after_bytes)
            await self.pass_time(answer.delay, "write")
            raise raised(answer.error, self._request)
        await self._receive(None)
        if not isinstance(answer, (Reply, Fault)):
            await trio.lowlevel.checkpoint()
            answer = await asked(answer, self._whole())
        await self.pass_time(answer.delay, "read")
        if isinstance(answer, Fault):
            raise raised(answer.error, self._request)
        await self._tell("http11.receive_response_headers.complete")
        return answer

    async def _tell(self, event: str) -> None:
        """Tell whoever traces the request, as httpcore does: so the client knows whether it was sent."""
        trace = self._request.extensions.get("trace")
        if trace is not None:
            await trace(event, {"request": self._request})
        await trio.lowlevel.checkpoint()

    async def _receive(self, most: int | None) -> None:
        """Take the request's body, or *most* bytes of it."""
        body, is_whole = bytearray(), most is None
        if most != 0:
            pieces = aiter(cast("AsyncIterable[bytes]", self._request.stream))
            async for piece in pieces:
                body += piece
                self._entry.note(body=bytes(body[:most]))
                if most is not None and len(body) >= most:
                    if isinstance(pieces, AsyncGenerator):  # httpx's streams are, and nobody goes on with it
                        await pieces.aclose()
                    break
        self._entry.note(is_whole=is_whole)
        await trio.lowlevel.checkpoint()

    def _whole(self) -> httpx.Request:
        """The request with its body."""
        request, body = self._request, self._entry.attempt.body
        return httpx.Request(
            request.method, request.url, headers=request.headers, content=body, extensions=request.extensions
        )

    def _stage(self) -> Stage:
        attempt = self._entry.attempt
        if not attempt.is_sent:
            return Stage.CONNECT
        return Stage.ANSWER if attempt.is_whole else Stage.SEND

    async def pass_time(self, seconds: float, operation: str) -> None:
        """Let *seconds* pass, or as much of them as the client's timeout of *operation* has.

        Raises:
            httpx.TimeoutException: That came before.
        """
        patience = self._request.extensions.get("timeout", {}).get(operation)
        if patience is not None and seconds > patience:
            await trio.sleep(patience)
            raise _TIMEOUTS[operation](f"nothing within {patience:.3g} seconds", request=self._request)
        await trio.sleep(seconds)

    def break_off(self, error: Exception) -> Exception:
        """What the client meets of a scripted *error*."""
        return raised(error, self._request)

    def end(self, answer: str, *, is_broken: bool = False) -> None:
        """Write down that it is over."""
        self._entry.end(trio.current_time(), answer, is_broken=is_broken)


class _Body(httpx.AsyncByteStream):
    """The body of a reply, by its script.

    Args:
        exchange: What it is a part of.
        status: The reply's.
        script: What is sent.
    """

    def __init__(self, exchange: Exchange, status: int, script: Iterable[Piece]) -> None:
        self._exchange: Final = exchange
        self._status: Final = status
        self._script: Final = iter(script)
        self._given = 0

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        try:
            while (piece := next(self._script, None)) is not None:
                if isinstance(piece, bytes):
                    self._given += len(piece)
                    return piece
                await self._wait_or_break(piece)
        except Exception as error:
            self._exchange.end(f"{self._so_far()}, then {type(error).__name__}", is_broken=True)
            raise
        self._exchange.end(f"{self._status}")
        raise StopAsyncIteration

    async def _wait_or_break(self, piece: Piece) -> None:
        if isinstance(piece, Exception):
            await trio.lowlevel.checkpoint()
            raise self._exchange.break_off(piece)
        assert not isinstance(piece, bytes)  # those are given
        await self._exchange.pass_time(piece, "read")

    async def aclose(self) -> None:
        """Take note that the client reads no further."""
        self._exchange.end(f"{self._so_far()}, then closed by the client")
        await trio.lowlevel.checkpoint()

    def _so_far(self) -> str:
        return f"{self._status} with {self._given} bytes"
