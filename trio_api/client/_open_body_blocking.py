"""The body of a response that was left open in a blocking client: read within the call's time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import final

from .._errors import APIError, APITimeoutError, ClientStateError
from .._records import Reply
from ..transport import BlockingIncoming, Trace, failure_of, foreign_errors

__all__ = ["OpenBody"]


@final
class OpenBody:
    """Pulls pieces of an open body; its errors are those of the call that got the response.

    Args:
        reply: What the call came to.
        deadline: The end of the call's ``total_timeout``, by `time.monotonic`.
        incoming: The body, where its reading has begun.
        on_close: Called once, when it is closed.
    """

    def __init__(
        self,
        reply: Reply,
        deadline: float = math.inf,
        incoming: BlockingIncoming | None = None,
        *,
        on_close: Callable[[], object] | None = None,
    ) -> None:
        self._reply = reply
        self._deadline = deadline
        self._incoming = incoming or BlockingIncoming(reply.response)
        self._on_close = on_close
        self._is_closed = False
        self._is_broken = False  # set while it is read: what breaks off or is interrupted there has lost its place

    @property
    def deadline(self) -> float:
        """When the time of the call is up, by `time.monotonic`."""
        return self._deadline

    @property
    def received(self) -> int:
        """Bytes that came over the wire."""
        return self._incoming.received

    def receive(self, until: float = math.inf) -> bytes | None:
        """The next decoded piece, or None at the end of the body.

        Args:
            until: When to give up, by `time.monotonic`. It is looked at between reads; each of them may take as
                long as the read timeout allows.

        Raises:
            APITimeoutError: It took longer than *until*, the call's ``total_timeout`` or the read timeout allow.
            APIConnectionError: The connection broke.
            ClientStateError: The body was closed, or an earlier read of it did not end well.
        """
        if self._is_closed:
            raise ClientStateError("the response is closed: read it inside its block")
        if self._is_broken:
            raise ClientStateError("the body broke off, or its reading did; make the call again")
        request = self._reply.response.request
        if time.monotonic() > min(until, self._deadline):
            what = "No event came within idle_timeout" if until < self._deadline else "The call took over total_timeout"
            raise APITimeoutError(what, sent=True, request=request, attempts=self._reply.attempts)
        self._is_broken = True
        failed: APIError
        try:
            piece = self._incoming.receive()
            self._is_broken = False
            return piece
        except foreign_errors() as error:
            failed = failure_of(error, Trace(sent=True, response_began=True), request).error
        failed.attempts = self._reply.attempts
        raise failed

    def close(self) -> None:
        """Give the connection back if the body was read to its end, else close it."""
        self._is_closed = True
        try:
            self._incoming.close()
        finally:
            on_close, self._on_close = self._on_close, None
            if on_close is not None:
                on_close()
