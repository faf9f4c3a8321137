"""Closes the socket that httpcore leaves open where a handshake over it, of TLS or of SOCKS, is cancelled.

httpcore closes it where the handshake fails by an ``Exception``, which what cancels in Trio is not. Which socket it is,
and what becomes of it, is told by the events of its ``trace`` extension.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any

import httpx
import trio

__all__ = ["closing_handshakes"]


@contextlib.contextmanager
def closing_handshakes(request: httpx.Request) -> Generator[None, None, None]:
    """While the block is open, a handshake for *request* that fails closes its socket."""
    trace = request.extensions.get("trace")
    if isinstance(handshake := getattr(trace, "__self__", None), _Handshake):
        trace = handshake.told  # the same request is being sent twice at a time
    request.extensions["trace"] = hook = _Handshake(trace).hook
    try:
        yield
    finally:
        if request.extensions.get("trace") is hook:
            del request.extensions["trace"]
            if trace is not None:
                request.extensions["trace"] = trace


class _Handshake:
    """Follows the connection that is opened for a request."""

    def __init__(self, told: Callable[[str, Mapping[str, Any]], Awaitable[None]] | None) -> None:
        self.told = told
        self._stream: trio.abc.AsyncResource | None = None

    async def hook(self, name: str, info: Mapping[str, Any]) -> None:  # noqa: ASYNC910  # httpcore checkpoints
        """Take an event of httpcore, and tell the request's own trace of it, which may be cancelled in that."""
        try:
            if self.told is not None:
                await self.told(name, info)
        finally:
            match name.split(".")[1:]:
                case ["connect_tcp" | "connect_unix_socket" | "start_tls", "complete"]:
                    self._stream = info["return_value"]
                case ["start_tls" | "setup_socks5_connection", "failed"] if self._stream is not None:
                    await trio.aclose_forcefully(self._stream)
                case _:
                    pass
