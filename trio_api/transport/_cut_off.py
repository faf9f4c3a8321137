"""An end to a blocking read that may take too long."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Generator
from typing import Any

import httpx

__all__ = ["cut_off_after"]


@contextlib.contextmanager
def cut_off_after(seconds: float, response: httpx.Response) -> Generator[None, None, None]:
    """Shut down the connection of *response* if the block takes longer than *seconds*.

    A read that blocks can't be cancelled, and httpcore takes no other timeout once a body has begun; but a read of
    a socket that was shut down comes back at once. A transport that shows no socket is left alone.
    """
    stream: Any = response.extensions.get("network_stream")
    connection: Any = None if stream is None else stream.get_extra_info("socket")
    if connection is None:
        yield
        return
    timer = threading.Timer(seconds, _shut_down, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # when this is over it either did it or never will


def _shut_down(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the server was faster
        connection.shutdown(socket.SHUT_RDWR)
