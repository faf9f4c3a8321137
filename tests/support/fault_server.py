"""An HTTP server on loopback whose answers go wrong as a script says: h11 over a Trio listener.

It speaks proper HTTP up to the fault: chunked bodies, keep-alive, one task a connection. For clients of both
colours: it runs in a Trio loop of its own, in a thread, while its block is open.
"""

from __future__ import annotations

import contextlib
import functools
import math
import queue
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Self, TypeAlias

import attrs
import h11
import trio

__all__ = ["Answer", "BadChunk", "Close", "Drip", "FaultServer", "Raw", "Request", "Reset", "Stall"]


@attrs.frozen
class Drip:
    """Send *data* in pieces of *size* bytes, *seconds* apart, for ever where *endless*."""

    data: bytes
    seconds: float
    size: int = 1
    endless: bool = False


@attrs.frozen
class Stall:
    """Send nothing more for so many seconds; by default until the client goes."""

    seconds: float = math.inf


@attrs.frozen
class Close:
    """Close the connection properly, in the middle of the answer: the body is truncated."""


@attrs.frozen
class Reset:
    """Reset the connection (RST)."""


@attrs.frozen
class BadChunk:
    """Send a chunk whose size is no number."""


@attrs.frozen
class Raw:
    """Send these bytes as they are, without any framing."""

    data: bytes


Step: TypeAlias = "bytes | Drip | Stall | Close | Reset | BadChunk | Raw"
"""What comes next of a body; bytes are one chunk of it."""


@attrs.frozen
class Answer:
    """An answer in steps. After the last step the body ends as it should."""

    steps: Sequence[Step] = ()
    status: int = 200
    headers: Sequence[tuple[str, str]] = (("Content-Type", "text/event-stream"),)
    early: bool = False
    """Whether it is sent before the request's body was read, as a server does that refuses an upload."""


@attrs.frozen
class Request:
    """A request that came."""

    connection: int
    """Which connection it came over, from 0."""
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class _Gone(Exception):
    """The connection is to be closed now."""


class FaultServer:
    """Answers the n-th request with the n-th answer, over any number of connections, and later ones with the last.

    Args:
        answers: What requests are answered with: an `Answer` or a function of the request that gives one.
    """

    def __init__(self, *answers: Answer | Callable[[Request], Answer]) -> None:
        self._answers = list(answers)
        self._ready: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._stop = trio.Event()
        self._thread = threading.Thread(target=trio.run, args=[self._main], daemon=True)
        self.requests: list[Request] = []
        """What came so far."""
        self.connections = 0
        """How many connections were made so far."""
        self.open_connections = 0
        """How many of them are open."""

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._ready.get(timeout=10)
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._stop.set)
        self._thread.join(timeout=10)
        assert not self._thread.is_alive(), "the fault server does not stop"

    def wait_until_idle(self, seconds: float = 5.0) -> None:
        """Wait until no connection is open: the clients let go of all of them."""
        done = threading.Event()
        for _ in range(int(seconds / 0.01)):
            if self.open_connections == 0:
                return
            done.wait(0.01)
        raise AssertionError(f"{self.open_connections} connections are still open")

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        async with trio.open_nursery() as nursery:
            await nursery.start(functools.partial(trio.serve_listeners, self._serve, [listener]))
            self._ready.put(listener.socket.getsockname()[1])
            await self._stop.wait()
            nursery.cancel_scope.cancel()

    async def _serve(self, stream: trio.SocketStream) -> None:
        number = self.connections
        self.connections += 1
        self.open_connections += 1
        try:
            with contextlib.suppress(_Gone, trio.BrokenResourceError, h11.RemoteProtocolError):
                while await self._serve_one(stream, h11.Connection(h11.SERVER), number):
                    pass
        finally:
            self.open_connections -= 1
            await trio.aclose_forcefully(stream)

    async def _serve_one(self, stream: trio.SocketStream, http: h11.Connection, number: int) -> bool:
        """Answer one request; False: there is none, or the connection is not kept alive."""
        head = await _receive(stream, http)
        if not isinstance(head, h11.Request):
            return False
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
        request = Request(number, head.method.decode(), head.target.decode(), headers, b"")
        is_early = isinstance(answer, Answer) and answer.early
        if not is_early:
            request = attrs.evolve(request, body=await _body(stream, http))
        self.requests.append(request)
        if not isinstance(answer, Answer):
            answer = answer(request)
        framing = [] if any(name.lower() == "content-length" for name, _ in answer.headers) else [CHUNKED]
        response = h11.Response(status_code=answer.status, headers=[*answer.headers, *framing])
        await _send(stream, http, response)
        for step in answer.steps:
            await _play(stream, http, step)
        await _send(stream, http, h11.EndOfMessage())
        if is_early:
            raise _Gone
        return http.our_state is h11.DONE


CHUNKED = ("Transfer-Encoding", "chunked")


async def _receive(stream: trio.SocketStream, http: h11.Connection) -> object:
    while (event := http.next_event()) is h11.NEED_DATA:
        http.receive_data(await stream.receive_some(65536))
    return event


async def _body(stream: trio.SocketStream, http: h11.Connection) -> bytes:
    body = b""
    while isinstance(event := await _receive(stream, http), h11.Data):
        body += bytes(event.data)
    return body


async def _send(stream: trio.SocketStream, http: h11.Connection, event: h11.Event) -> None:
    await stream.send_all(http.send(event) or b"")


async def _play(stream: trio.SocketStream, http: h11.Connection, step: Step) -> None:
    match step:
        case bytes():
            await _send(stream, http, h11.Data(data=step))
        case Drip():
            while True:
                for start in range(0, len(step.data), step.size):
                    await _send(stream, http, h11.Data(data=step.data[start : start + step.size]))
                    await trio.sleep(step.seconds)
                if not step.endless:
                    break
        case Stall():
            await _wait_for_the_client_to_go(stream, step.seconds)
        case Close():
            raise _Gone
        case Reset():
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise _Gone
        case BadChunk():
            await stream.send_all(b"not-hex\r\nabc\r\n")
            raise _Gone
        case Raw():
            await stream.send_all(step.data)


async def _wait_for_the_client_to_go(stream: trio.SocketStream, seconds: float) -> None:
    with trio.move_on_after(seconds):
        while await stream.receive_some(65536):
            pass
        raise _Gone
