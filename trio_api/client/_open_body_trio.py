"""The body of a response that was left open on Trio: read within the client's lifetime and the call's time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import final

import trio

from .._errors import APIError, APITimeoutError, ClientStateError
from .._records import Reply
from ..transport import Trace, TrioIncoming, failure_of, foreign_errors
from ._lifetime import Lifetime

__all__ = ["OpenBody"]


@final
class OpenBody:
    """Pulls pieces of an open body; its errors are those of the call that got the response.

    No cancel scope is held between two pulls, so the caller's own code is never cut off: the next pull is.

    Args:
        lifetime: The client's; it closes the body when it ends.
        reply: What the call came to.
        deadline: The end of the call's ``total_timeout``, on Trio's clock.
        incoming: The body, where its reading has begun.
        on_close: Called once, when it is closed.
    """

    def __init__(
        self,
        lifetime: Lifetime,
        reply: Reply,
        deadline: float = math.inf,
        incoming: TrioIncoming | None = None,
        *,
        on_close: Callable[[], object] | None = None,
    ) -> None:
        self._lifetime = lifetime
        self._reply = reply
        self._deadline = deadline
        self._incoming = incoming or TrioIncoming(reply.response)
        self._on_close = on_close
        self._is_closed = False
        self._is_broken = False  # set while it is read: what breaks off or is cancelled there has lost its place
        lifetime.opened(self)

    @property
    def deadline(self) -> float:
        """When the time of the call is up, on Trio's clock."""
        return self._deadline

    @property
    def received(self) -> int:
        """Bytes that came over the wire."""
        return self._incoming.received

    async def receive(self, until: float = math.inf) -> bytes | None:
        """The next decoded piece, or None at the end of the body.

        Args:
            until: When to give up, on Trio's clock.

        Raises:
            APITimeoutError: It took longer than *until*, the call's ``total_timeout`` or the read timeout allow.
            APIConnectionError: The connection broke.
            ClientStateError: The client was closed, or the body was; or an earlier read of it did not end well.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._is_closed:
            self._lifetime.check()
            raise ClientStateError("the response is closed: read it inside its block")
        if self._is_broken:
            raise ClientStateError("the body broke off, or its reading did; make the call again")
        self._is_broken = True
        failed: APIError
        with self._lifetime.call(min(until, self._deadline), in_flight=True):
            try:
                piece = await self._incoming.receive()
                self._is_broken = False
                return piece
            except foreign_errors() as error:
                sent = Trace(sent=True, response_began=True)
                failed = failure_of(error, sent, self._reply.response.request).error
            failed.attempts = self._reply.attempts
            raise failed
        # Only our own scope ends here.
        self._lifetime.check()
        what = "No event came within idle_timeout" if until < self._deadline else "The call took over total_timeout"
        raise APITimeoutError(what, sent=True, request=self._reply.response.request, attempts=self._reply.attempts)

    async def aclose(self) -> None:
        """Give the connection back if the body was read to its end, else close it; shielded and bounded."""
        self._is_closed = True
        try:
            await self._incoming.aclose()
        finally:
            self._lifetime.closed(self)
            on_close, self._on_close = self._on_close, None
            if on_close is not None:
                on_close()
