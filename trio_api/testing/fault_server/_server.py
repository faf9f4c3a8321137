"""A real server on loopback that goes wrong as a script says, and keeps a journal: `FaultServer`."""

from __future__ import annotations

import functools
import ssl
from types import TracebackType
from typing import Final, Self, final

import trio

from ...transport import HiddenNursery
from ._served import Served, ServedConnection, ServedRequest
from ._service import Service
from ._turns import ServerAnswer, Turns

__all__ = ["FaultServer"]


@final
class FaultServer:
    """A real server on 127.0.0.1 that answers by a script, byte by byte where it is to go wrong.

    It speaks HTTP/1.1, and runs in the test's own Trio loop while its block is open::

        async with FaultServer(WireFault.answering(End.RESET), {"id": 7}) as server:
            async with AsyncAPIClient(base_url=server.url) as client:
                await client.get("/reports/7", cast_to=Report)
        assert len(server.journal) == 2

    When the block is left, its connections are closed at once.

    Bytes cross the loopback in real time. `trio.testing.MockClock` jumps when every task waits, for bytes too; so give
    it a moment: ``autojump_threshold=0.01``. A blocking client is run in a worker thread, and on the real clock, which
    is the only one that waits for threads.

    Args:
        *answers: What attempts are answered with, in turn, over any number of connections; the last one is for all
            further attempts: a `Reply`, a status, the JSON of a success (a mapping or a list), an `httpx.Response`, a
            `WireFault`, or a function of the `ServedRequest`, plain or async, that gives one of these. What such a
            function raises comes out of the block.
        tls: The server's context where it shall speak TLS.

    Raises:
        TypeError, ValueError: An argument can't be what it is meant to be; the message names it.
    """

    def __init__(self, *answers: ServerAnswer, tls: ssl.SSLContext | None = None) -> None:
        if tls is not None and not isinstance(tls, ssl.SSLContext):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"tls must be an ssl.SSLContext, or None for plain HTTP, got {tls!r}")
        self._turns: Final = Turns(answers)
        self._tls: Final = tls
        self._hidden: Final = HiddenNursery()
        self._nursery: trio.Nursery | None = None
        self._served: Served | None = None
        self._port = 0
        self._failure: Exception | None = None

    @property
    def url(self) -> str:
        """Where it is reached, to be used as a base URL: ``http://127.0.0.1:<port>``, or ``https:``.

        Raises:
            RuntimeError: It was not opened.
        """
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port, one that was free.

        Raises:
            RuntimeError: It was not opened.
        """
        self._opened()
        return self._port

    @property
    def journal(self) -> tuple[ServedRequest, ...]:
        """The requests that came, in the order of their heads."""
        return () if self._served is None else tuple(self._served.requests)

    @property
    def connections(self) -> tuple[ServedConnection, ...]:
        """The connections that were made, in order: also those over which no request came."""
        return () if self._served is None else tuple(self._served.connections)

    async def wait_until_idle(self) -> None:
        """Wait until no connection is open, so until the clients let go of all of them.

        Raises:
            RuntimeError: It was not opened.
        """
        await self._opened().until_idle()

    async def __aenter__(self) -> Self:
        if self._served is not None:
            raise RuntimeError("a FaultServer is opened once; make another for another block")
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self._served = Served()
        self._port = listeners[0].socket.getsockname()[1]
        self._nursery = nursery = await self._hidden.__aenter__()
        # The system takes connections from now on: nobody has to wait until the task began.
        serve = functools.partial(trio.serve_listeners, self._serve, listeners, handler_nursery=nursery)
        nursery.start_soon(serve)  # noqa: ASYNC113
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        # Not shielded: nothing that is cancelled here waits for anything.
        is_over = await self._hidden.__aexit__(kind, error, traceback)  # noqa: ASYNC102
        if self._failure is not None:
            raise self._failure
        return is_over

    async def _serve(self, stream: trio.SocketStream) -> None:
        served, nursery = self._opened(), self._nursery
        assert nursery is not None
        try:
            await Service(stream, self._turns, served, self._tls).run()
        except Exception as failure:  # of the test, whose block is to end by it, and by it alone
            self._failure = self._failure or failure
            nursery.cancel_scope.cancel(reason="an answer of the FaultServer failed")
            await trio.lowlevel.checkpoint()

    def _opened(self) -> Served:
        if self._served is None:
            raise RuntimeError("a FaultServer is there within its block: async with FaultServer(...) as server")
        return self._served
