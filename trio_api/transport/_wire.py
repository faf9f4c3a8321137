"""A connected socket, plain or under TLS: sending and receiving bytes, and nothing of HTTP.

Both go below `trio.SocketStream` and `trio.SSLStream`. A request of this library is one ``send``, one wait and one
``recv``, where the streams make of each a checkpoint of its own and try before they wait; and a `trio.SSLStream` can't
be read any more once a write failed or was cancelled, which is when a server that refused an upload has said why.
"""

from __future__ import annotations

import select
import socket
import ssl
from typing import Any, Final, Protocol, final

import trio

from ..request import Origin

__all__ = ["INTERPOSER", "Interposer", "PlainWire", "TLSWire", "Wire"]

_READ_SIZE: Final = 65_536  # bytes asked for at once
_NOTHING: Final = memoryview(b"")


class Interposer(Protocol):
    """Stands between the wires of one run of Trio and the network, or in the place of that: for tests.

    `trio.socket.set_custom_socket_factory` would not do, since a wire takes its socket out of Trio's.
    """

    async def connect(self, origin: Origin) -> Wire | None:
        """Called before each attempt to connect, within its timeout; an `OSError` lets it fail.

        Returns:
            A wire that leads to *origin*, and counts as secured where that is https; None to open one.
        """
        ...

    def socket(self, fileno: int) -> socket.socket:
        """The socket of the open descriptor *fileno*."""
        ...


INTERPOSER: Final = trio.lowlevel.RunVar[Interposer | None]("trio_api.interposer", default=None)
"""Who stands there; None for nobody. It is asked where a connection is opened, and never again."""


class Wire(Protocol):
    """What a connection needs of its socket. What fails raises `OSError`, which `ssl.SSLError` is too."""

    def send_now(self, data: bytes) -> bool:
        """Send *data*, or begin to; False: `flush` has to send the rest."""
        ...

    async def flush(self) -> None:
        """Send what `send_now` left."""
        ...

    async def receive(self) -> bytes:
        """Wait for bytes; empty is the end of the connection."""
        ...

    def receive_now(self) -> bytes | None:
        """What is there without waiting, or None."""
        ...

    def is_readable(self) -> bool:
        """Whether bytes, or the end of the connection, have come and were not received yet."""
        ...

    def is_fit_for_reuse(self) -> bool:
        """Whether an idle connection still is: the server neither closed it nor sent what nobody asked for."""
        ...

    async def wait_for_news(self) -> None:
        """Wait until an idle connection isn't fit any more."""
        ...

    def abort(self) -> None:
        """Close at once; whoever waits for it gets a `trio.ClosedResourceError`."""
        ...

    def extra_info(self, name: str) -> Any:
        """What the network streams of httpcore tell by ``get_extra_info``."""
        ...


@final
class PlainWire:
    """A socket.

    Args:
        stream: What was opened; its socket is taken over.
    """

    def __init__(self, stream: trio.SocketStream) -> None:
        interposer = INTERPOSER.get()
        make_socket = socket.socket if interposer is None else interposer.socket
        self.socket: Final = make_socket(fileno=stream.socket.detach())
        self.socket.setblocking(False)
        self._unsent = _NOTHING
        self._is_closed = False
        self._poll: Any = None
        if hasattr(select, "poll"):  # not on Windows
            self._poll = select.poll()
            self._poll.register(self.socket, select.POLLIN)

    def send_now(self, data: bytes) -> bool:
        """Send *data*, or begin to; False: `flush` has to send the rest."""
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent == len(data):
            return True
        self._unsent = memoryview(data)[sent:]
        return False

    async def flush(self) -> None:  # noqa: ASYNC910  # it waits where something is left
        """Send what `send_now` left."""
        while self._unsent:
            self._check_open()
            await trio.lowlevel.wait_writable(self.socket)
            try:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
            except BlockingIOError:
                continue

    async def receive(self) -> bytes:
        """Wait for bytes; empty is the end of the connection."""
        self._check_open()
        while True:
            await trio.lowlevel.wait_readable(self.socket)
            try:
                return self.socket.recv(_READ_SIZE)
            except BlockingIOError:
                continue

    def receive_now(self) -> bytes | None:
        """What is there without waiting, or None."""
        try:
            return self.socket.recv(_READ_SIZE)
        except BlockingIOError:
            return None

    def is_readable(self) -> bool:
        """Whether bytes, or the end of the connection, have come and were not received yet."""
        if self._poll is None:
            return bool(select.select([self.socket], [], [], 0)[0])
        return bool(self._poll.poll(0))

    def is_fit_for_reuse(self) -> bool:
        """Whether an idle connection still is: the server neither closed it nor sent what nobody asked for."""
        return not self.is_readable()

    async def wait_for_news(self) -> None:
        """Wait until an idle connection isn't fit any more."""
        await trio.lowlevel.wait_readable(self.socket)

    def _check_open(self) -> None:
        if self._is_closed:
            raise trio.ClosedResourceError("the socket was closed")

    def abort(self) -> None:
        """Close at once; whoever waits for it gets a `trio.ClosedResourceError`."""
        if not self._is_closed:
            self._is_closed = True
            trio.lowlevel.notify_closing(self.socket)
            self.socket.close()

    def extra_info(self, name: str) -> Any:
        """What the network streams of httpcore tell by ``get_extra_info``."""
        match name:
            case "client_addr":
                return self.socket.getsockname()
            case "server_addr":
                return self.socket.getpeername()
            case "socket":
                return self.socket
            case "is_readable":
                return self.is_readable()
            case _:
                return None


@final
class TLSWire:
    """A socket under TLS, by the standard library's `ssl.SSLObject`. `handshake` comes first.

    Args:
        plain: The socket.
        context: httpx's rules of whom to trust, or the caller's.
        server_hostname: Who the server has to be.
    """

    def __init__(self, plain: PlainWire, context: ssl.SSLContext, server_hostname: str) -> None:
        self._plain: Final = plain
        self._incoming: Final = ssl.MemoryBIO()
        self._outgoing: Final = ssl.MemoryBIO()
        self._tls: Final = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)
        self._unencrypted = _NOTHING

    async def handshake(self) -> None:
        """Agree on the keys, and on who the server is."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._send_encrypted()
                await self._fill()
            except ssl.SSLError:
                self._plain.send_now(self._outgoing.read())  # the alert that tells the server why
                raise
            else:
                await self._send_encrypted()
                return

    async def _send_encrypted(self) -> None:  # noqa: ASYNC910  # it waits where not all can be sent
        if not self._plain.send_now(self._outgoing.read()):
            await self._plain.flush()

    async def _fill(self) -> None:
        self._take_in(await self._plain.receive())

    def _take_in(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def send_now(self, data: bytes) -> bool:
        """Send *data*, or begin to; False: `flush` has to send the rest."""
        self._unencrypted = memoryview(data)
        return self._send_records()

    def _send_records(self) -> bool:
        while self._unencrypted:
            self._unencrypted = self._unencrypted[self._tls.write(self._unencrypted) :]
            if not self._plain.send_now(self._outgoing.read()):
                return False
        return True

    async def flush(self) -> None:
        """Send what `send_now` left."""
        await self._plain.flush()
        while not self._send_records():
            await self._plain.flush()

    async def receive(self) -> bytes:
        """Wait for bytes; empty is the end of the connection, which the server has to announce (RFC 9112, 9.8)."""
        while (data := self._decrypted()) is None:
            await self._fill()
        return data  # noqa: ASYNC910  # what is there is given at once

    def _decrypted(self) -> bytes | None:
        try:
            return self._tls.read(_READ_SIZE)
        except ssl.SSLWantReadError:
            return None

    def receive_now(self) -> bytes | None:
        """What is there without waiting, or None."""
        while (data := self._decrypted()) is None:
            encrypted = self._plain.receive_now()
            if encrypted is None:
                return None
            self._take_in(encrypted)
        return data

    def is_readable(self) -> bool:
        """Whether bytes, or the end of the connection, have come and were not received yet."""
        return self._plain.is_readable()

    def is_fit_for_reuse(self) -> bool:
        """Whether an idle connection still is: the server neither closed it nor sent what nobody asked for."""
        return not self._tls.pending() and not self._incoming.pending and not self.is_readable()

    async def wait_for_news(self) -> None:
        """Wait until an idle connection isn't fit any more."""
        await self._plain.wait_for_news()

    def abort(self) -> None:
        """Close at once, without TLS's farewell; whoever waits for it gets a `trio.ClosedResourceError`."""
        self._plain.abort()

    def extra_info(self, name: str) -> Any:
        """What the network streams of httpcore tell by ``get_extra_info``."""
        if name == "ssl_object":
            return self._tls
        if name == "is_readable":
            return not self.is_fit_for_reuse()
        return self._plain.extra_info(name)
