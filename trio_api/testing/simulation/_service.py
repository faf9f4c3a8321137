"""The server of a simulation: HTTP/1.1 over connections that are none, answered by routes and by chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, cast, final

import h11
import httpx
import trio

from .._attempts import Entry
from .._fault import Fault, Stage
from .._reply import Reply
from .._route import Answerer, asked
from ._link import Gone, ServerEnd
from ._trace import Trace
from ._weather import Weather

__all__ = ["Found", "Service"]

Found: TypeAlias = "Callable[[httpx.Request, float], tuple[Entry, Reply | Fault | Answerer]]"
"""Writes a request down, and finds what it is answered with."""


@final
class Service:
    """Serves connections, each in a task of its own.

    Args:
        find: What requests are answered with.
        weather: What goes wrong.
        trace: The run's.
    """

    def __init__(self, find: Found, weather: Weather, trace: Trace) -> None:
        self._find: Final = find
        self._weather: Final = weather
        self._trace: Final = trace

    async def serve(self, end: ServerEnd, origin: str) -> None:
        """Answer what comes over one connection.

        Raises:
            Exception: A function that gives an answer failed, or there is none.
        """
        try:
            conversation = _Conversation(end, origin)
            while (request := await conversation.request()) is not None and await self._answer(conversation, request):
                pass
        except (Gone, h11.RemoteProtocolError):  # within a request or an answer
            end.reset()
        finally:
            end.close()
        await trio.lowlevel.checkpoint()

    async def _answer(self, conversation: _Conversation, request: httpx.Request) -> bool:
        """Answer one request; whether another may come."""
        entry, answer = self._find(request, trio.current_time())
        body = request.content
        entry.note(is_sent=True, body=body, is_whole=True)
        name = f"{request.method} {entry.attempt.path}"
        reply: Reply | Fault | None = await self._refusal(name)
        if reply is None:
            self._trace.note(f"the server takes {name}")
            reply = await self._worked(request, answer, name)
        if isinstance(reply, Reply):
            self._trace.note(f"the server answers {name} by {reply.status}")
            entry.note(status=reply.status, answer_headers=reply.all_headers())
            try:
                broke = await conversation.reply(reply, is_head=request.method == "HEAD")
            except Gone:
                entry.end(trio.current_time(), f"{reply.status}, but nobody was there", is_broken=True)
                raise
            entry.end(trio.current_time(), f"{reply.status}", is_broken=broke)
            if not broke and not self._weather.happens(self._weather.chaos.closed, "the server closes unannounced"):
                return conversation.next_one()
        else:
            self._trace.note(f"the server does not answer {name}")
            entry.end(trio.current_time(), f"{type(reply.error).__name__} {reply.stage.value}", is_broken=True)
            await conversation.break_off(reply.error)
        return False

    async def _refusal(self, name: str) -> Reply | None:
        """What is answered in place of any effect; None for nothing."""
        weather = self._weather
        await trio.lowlevel.checkpoint()
        if weather.happens(weather.chaos.slow, f"{name} takes its time"):
            await trio.sleep(weather.chance.random() * weather.chaos.slowness)
        if not weather.happens(weather.chaos.unavailable, f"{name} is refused"):
            return None
        status = weather.chance.choice([429, 503])
        headers = {"Retry-After": str(weather.chance.randint(1, 3))} if weather.chance.random() < 0.5 else {}
        return Reply(status, json={"error": "refused"}, headers=headers)

    async def _worked(self, request: httpx.Request, answer: Reply | Fault | Answerer, name: str) -> Reply | Fault:
        """The answer to a request that has its effect; chance may replace it then."""
        if not isinstance(answer, (Reply, Fault)):
            answer = await asked(answer, request)
        elif isinstance(answer, Fault) and answer.stage is Stage.CONNECT:
            raise TypeError(f"{name} had come when its route was found: it is too late for {answer!r}; see Chaos")
        await trio.sleep(answer.delay)
        weather, chaos = self._weather, self._weather.chaos
        if weather.happens(chaos.lost, f"the answer to {name} is lost"):
            error = weather.chance.choice([httpx.ReadError("reset"), httpx.RemoteProtocolError("closed")])
            return Fault(Stage.ANSWER, error)
        if weather.happens(chaos.failed, f"the answer to {name} fails"):
            return Reply(weather.chance.choice([500, 502, 504]), json={"error": "failed"})
        return answer


@final
class _Conversation:
    """HTTP/1.1 over one connection, as a server speaks it."""

    def __init__(self, end: ServerEnd, origin: str) -> None:
        self._end: Final = end
        self._origin: Final = origin
        self._http: Final = h11.Connection(h11.SERVER)

    async def request(self) -> httpx.Request | None:
        """The next request, as a whole; None: no further one comes."""
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = await self._event()
            match event:
                case h11.Request():
                    head = event
                case h11.Data():
                    body += event.data
                case h11.EndOfMessage():
                    head = cast("h11.Request", head)
                    url = self._origin + head.target.decode("ascii")
                    return httpx.Request(
                        head.method.decode("ascii"), url, headers=head.headers.raw_items(), content=bytes(body)
                    )
                case _:  # the connection was closed
                    return None

    async def _event(self) -> object:
        """What comes next."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._end.receive())
        return event  # noqa: ASYNC910  # what is there is given at once

    async def reply(self, reply: Reply, *, is_head: bool) -> bool:
        """Send *reply*; whether it broke off, as its script says."""
        head = h11.Response(status_code=reply.status, headers=reply.all_headers().raw)
        await self._send(head)
        for piece in () if is_head else reply.script():
            if isinstance(piece, Exception):
                await self.break_off(piece)
                return True
            if isinstance(piece, bytes):
                await self._send(h11.Data(data=piece))
            else:
                await trio.sleep(piece)
        await self._send(h11.EndOfMessage())
        return False

    async def _send(self, event: h11.Event) -> None:
        await self._end.send(self._http.send(event) or b"")

    def next_one(self) -> bool:
        """Whether another request may come over this connection."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def break_off(self, error: Exception) -> None:
        """Close the connection, or reset it, as the client would meet *error*."""
        await trio.lowlevel.checkpoint()
        if not isinstance(error, httpx.RemoteProtocolError):
            self._end.reset()
