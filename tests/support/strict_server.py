"""A real server on loopback whose parser is h11: what it makes of the bytes that clients send, and nothing kinder."""

from __future__ import annotations

import socket
import threading
from typing import Any, Self

import attrs
import h11

__all__ = ["Parsed", "StrictServer"]


@attrs.frozen
class Parsed:
    """One request, as the parser read it."""

    method: bytes
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    rest: bytes
    """Bytes behind its end: a second request, or what somebody could take for one."""

    def values(self, name: str) -> list[bytes]:
        """All values of a header."""
        return [value for key, value in self.headers if key == name.lower().encode("latin-1")]


class StrictServer:
    """Answers every request with ``{}``, and keeps what it read of each connection's bytes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.received: list[Parsed | h11.RemoteProtocolError] = []

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=10)
            assert not thread.is_alive()

    def take(self) -> list[Any]:
        """What came since the last time."""
        taken, self.received = self.received, []
        return taken

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=1024 * 1024)
        with connection:
            while (request := _read(connection, parser)) is not None:
                self.received.append(request)
                if isinstance(request, h11.RemoteProtocolError):
                    return
                events = [h11.Response(status_code=200, headers=[("Content-Length", "2")]), h11.Data(data=b"{}")]
                sent = [
                    parser.send(event) for event in events if not (request.method == b"HEAD" and event is events[1])
                ]
                connection.sendall(b"".join(filter(None, [*sent, parser.send(h11.EndOfMessage())])))
                if parser.our_state is not h11.DONE:
                    return
                parser.start_next_cycle()


def _read(connection: socket.socket, parser: h11.Connection) -> Any:
    """The next request, what is wrong with it, or None at the end."""
    head: h11.Request | None = None
    body = b""
    while True:
        try:
            event = parser.next_event()
        except h11.RemoteProtocolError as error:
            return error
        match event:
            case h11.NEED_DATA:
                parser.receive_data(connection.recv(65536))
            case h11.Request():
                head = event
            case h11.Data():
                body += bytes(event.data)
            case h11.EndOfMessage():
                assert head is not None
                return Parsed(head.method, head.target, list(head.headers), body, parser.trailing_data[0])
            case _:
                return None
