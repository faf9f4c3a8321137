"""The server's end of one connection: plain or encrypted, read and written, and ended in every way there is."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from typing import Final, TypeAlias, final

import trio

from ._wire_fault import End

__all__ = ["ClientLeft", "Line", "NoHandshake"]

_CHUNK: Final = 65536  # bytes asked of a socket at once
_LINGER_NOT: Final = struct.pack("ii", 1, 0)  # SO_LINGER of 0 seconds: to close is to reset

_Stream: TypeAlias = "trio.SocketStream | trio.SSLStream[trio.SocketStream]"


class ClientLeft(Exception):
    """The client closed its end where it was to wait or to listen, or reset the connection."""


class NoHandshake(ClientLeft):
    """The client left within the handshake of TLS, or spoke something else; the message says what was wrong."""


@final
class Line:
    """One connection, as the server has it. Whatever waits for the client may raise `ClientLeft`.

    Args:
        below: Its socket.
    """

    def __init__(self, below: trio.SocketStream) -> None:
        self._below = below
        self._stream: _Stream = below
        self._unread = b""  # what came during a pause

    async def encrypt(self, context: ssl.SSLContext) -> None:
        """Begin to speak TLS.

        Raises:
            NoHandshake: The client would not.
        """
        # Not https_compatible, since that would leave out our own farewell (close_notify) too.
        self._stream = trio.SSLStream(self._below, context, server_side=True)
        try:
            await self._stream.do_handshake()
        except trio.BrokenResourceError as error:
            raise NoHandshake(f"{error.__cause__ or error}") from None

    async def receive(self) -> bytes:
        """What comes next; nothing once the client closed its end."""
        if self._unread:
            data, self._unread = self._unread, b""
            await trio.lowlevel.checkpoint()
            return data
        return await self._read()

    async def send(self, data: bytes) -> None:
        """Send *data* as it stands."""
        try:
            await self._stream.send_all(data)
        except trio.BrokenResourceError:
            raise ClientLeft from None

    async def pause(self, seconds: float) -> None:
        """Let *seconds* pass; what comes meanwhile is kept."""
        with trio.move_on_after(seconds):
            while data := await self._read():
                self._unread += data
            raise ClientLeft

    async def end(self, how: End) -> None:
        """End the connection; `close` has to follow."""
        match how:
            case End.RESET:
                self._below.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
                self.close()
                await trio.lowlevel.checkpoint()
            case End.FREEZE:
                await trio.sleep_forever()
            case End.STALL:
                await self._throw_away()
            case _:  # CLOSE or DROP
                if how is End.CLOSE and isinstance(self._stream, trio.SSLStream):
                    # The farewell of TLS closes the socket below it. To linger we keep another descriptor of that.
                    self._below = trio.SocketStream(self._below.socket.dup())
                    await self._stream.aclose()
                with contextlib.suppress(trio.BrokenResourceError):
                    await self._below.send_eof()
                await self._throw_away()

    def close(self) -> None:
        """Close our end at once, whatever was not read."""
        self._below.socket.close()

    async def _read(self) -> bytes:
        try:
            return bytes(await self._stream.receive_some(_CHUNK))
        except trio.BrokenResourceError:
            raise ClientLeft from None

    async def _throw_away(self) -> None:
        try:
            while await self._below.receive_some(_CHUNK):
                pass
        except trio.BrokenResourceError:
            await trio.lowlevel.checkpoint()  # a client that resets has gone too
