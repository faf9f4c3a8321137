"""A small server that is faster than any client here: ``python -m tests.bench.server`` prints its port and serves.

It stands in where nginx is not installed, and serves the lists, whose pages take their time. It reads just enough of
a request to answer it: GET, no bodies, connections that stay open.

``/thing`` is the small object of the typed calls. ``/list?pages=200&size=20&delay=0.05`` is a list in pages, by
``page`` (from 1) or by ``page_token``; each page comes *delay* seconds after it was asked for.
"""

from __future__ import annotations

import heapq
import selectors
import socket
import sys
import time
from itertools import count
from typing import cast

from .things import THING

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%b"
END = b"\r\n\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def page(query: bytes) -> tuple[bytes, float]:
    """The page that *query* asks for, as JSON, and how many seconds it takes."""
    asked = dict(part.partition(b"=")[::2] for part in query.split(b"&"))
    number = int(asked.get(b"page_token") or asked.get(b"page") or 1)
    pages, size = int(asked[b"pages"]), int(asked[b"size"])
    first = (number - 1) * size
    items = b",".join(b'{"id":%d,"name":"item","value":1.5}' % place for place in range(first, first + size))
    token = b'"%d"' % (number + 1) if number < pages else b"null"
    body = b'{"page":%d,"total_pages":%d,"next_page_token":%b,"data":[%b]}' % (number, pages, token, items)
    return HEAD % (len(body), body), float(asked.get(b"delay", b"0"))


class Server:
    """One loop over all sockets."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.listener.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.unread: dict[socket.socket, bytes] = {}
        """Of every connection, the part of a request that has come."""
        self.due: list[tuple[float, int, socket.socket, bytes]] = []
        """Answers that wait: when, in which order, to whom, what."""
        self.order = count()
        self.thing = HEAD % (len(THING), THING)

    def serve(self) -> None:
        """Serve for ever."""
        while True:
            for key, _ in self.selector.select(self.patience()):
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.receive(cast("socket.socket", key.fileobj))
            while self.due and self.due[0][0] <= time.perf_counter():
                _, _, connection, answer = heapq.heappop(self.due)
                self.send(connection, answer)

    def patience(self) -> float | None:
        """Seconds until the next answer is due, less the millisecond that a selector may round up by."""
        return max(0.0, self.due[0][0] - time.perf_counter() - 0.001) if self.due else None

    def accept(self) -> None:
        connection, _ = self.listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.unread[connection] = b""
        self.selector.register(connection, selectors.EVENT_READ)

    def receive(self, connection: socket.socket) -> None:
        try:
            piece = connection.recv(65536)
        except OSError:
            piece = b""
        if not piece:
            self.close(connection)
            return
        *requests, self.unread[connection] = (self.unread[connection] + piece).split(END)
        for request in requests:
            self.answer(connection, request)

    def answer(self, connection: socket.socket, request: bytes) -> None:
        target = request.split(b" ", 2)[1]
        path, _, query = target.partition(b"?")
        if path == b"/thing":
            self.send(connection, self.thing)
        elif path == b"/list":
            answer, delay = page(query)
            heapq.heappush(self.due, (time.perf_counter() + delay, next(self.order), connection, answer))
        else:
            self.send(connection, NOT_FOUND)

    def send(self, connection: socket.socket, answer: bytes) -> None:
        """Send *answer*; to wait is right, since it is small, and who asked for it reads it."""
        if connection in self.unread:
            try:
                connection.sendall(answer)
            except OSError:
                self.close(connection)

    def close(self, connection: socket.socket) -> None:
        self.selector.unregister(connection)
        del self.unread[connection]
        connection.close()


def main() -> None:
    server = Server()
    sys.stdout.write(f"{server.listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    main()
