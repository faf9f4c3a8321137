"""A TCP server on loopback, in a thread, whose script is a function of the socket: what no proper server would send.

For tests that have no Trio loop of their own, such as those of the command line; for what is measured while bytes go
by; and over TLS for a server that tells a client why it was refused, which a `trio.SSLStream` does not. Elsewhere there
is `trio_api.testing.FaultServer`.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Self

Script = Callable[[socket.socket], None]
"""What a server does with one connection, which is closed afterwards."""

PATIENCE = 30.0
"""How long a script waits for a client, in seconds: longer than a busy machine lets anyone wait."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class RawServer:
    """Serves one connection for each script, in order, in a thread of its own: for clients of both colours.

    Args:
        scripts: One for each connection that is expected.
        tls: The server's context where it shall speak TLS.
    """

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = scripts
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # wakes a thread that still waits for a connection
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=2 * PATIENCE)
        assert not self._thread.is_alive(), "a script waits for what the client never sends"

    def _serve(self) -> None:
        for script in self._scripts:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            with connection, contextlib.suppress(OSError):  # a client that is gone is what some tests are about
                if self._tls is None:
                    script(connection)
                    continue
                with self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as encrypted:
                    try:
                        encrypted.do_handshake()
                    except ssl.SSLError:
                        # To close with the client's bytes unread is a reset, which may overtake our alert.
                        with socket.socket(fileno=encrypted.detach()) as plain:
                            plain.settimeout(PATIENCE)
                            never_answer(plain)
                    else:
                        script(encrypted)


def read_head(connection: socket.socket) -> bytes:
    """Read a request up to the end of its headers."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            break
        head += piece
    return head


def answer(*responses: bytes) -> Script:
    """Answer one request after the other, each with the bytes given, then close."""

    def script(connection: socket.socket) -> None:
        for response in responses:
            read_head(connection)
            connection.sendall(response)

    return script


def answer_then_close_on_next(response: bytes = OK) -> Script:
    """Answer a request, keep the connection alive, and close it when the next request comes."""

    def script(connection: socket.socket) -> None:
        answer(response)(connection)
        read_head(connection)

    return script


def answer_then_reset_on_next(response: bytes = OK) -> Script:
    """Answer a request, keep the connection alive, and reset it when the next request comes."""

    def script(connection: socket.socket) -> None:
        answer_then_close_on_next(response)(connection)
        reset(connection)

    return script


def read_then_reset(connection: socket.socket) -> None:
    """Read a request and reset the connection."""
    read_head(connection)
    reset(connection)


def reset(connection: socket.socket) -> None:
    """Make closing the connection send a reset (RST) in place of a proper end (FIN)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def never_answer(connection: socket.socket) -> None:
    """Read what comes until the client goes."""
    while connection.recv(65536):
        pass


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """A port of loopback that refuses connections: bound, so that nobody else takes it, but not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
