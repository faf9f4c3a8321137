"""Where the attempts of a call wait before they are made, in threads. What is decided is `trio_api.resilience`'s."""

from __future__ import annotations

import time
from typing import Final, final

from .._redact import RedactedRequest, redact_url
from ..request import FinalRequestOptions
from ..resilience import OriginBook, Pause, Refusal, refusal_for_pause

__all__ = ["Admission"]


@final
class Admission:
    """Lets the attempts of one call through, one after the other, and holds what each has to give back.

    Args:
        book: What is known of the origin that the call names.
        options: The call.
        deadline: The end of the call, in seconds of `time.monotonic`.
    """

    def __init__(self, book: OriginBook, options: FinalRequestOptions, deadline: float) -> None:
        self._book: Final = book
        self._options: Final = options
        self._deadline: Final = deadline

    def enter(self) -> Refusal | None:
        """Wait until an attempt may be made.

        Returns:
            Why it must not be made; None if it may. Then `leave` is to be called when its response is closed.
        """
        refusal = None if self._book.throttle is None else self._book.throttled(time.monotonic(), self._request)
        if refusal is None and self._book.pause is not None:
            refusal = self._wait_out(self._book.pause)
        return refusal

    def leave(self) -> None:
        """Give back what the attempt holds; nothing happens where it holds nothing."""

    def _wait_out(self, pause: Pause) -> Refusal | None:
        """Wait until the origin may be asked again."""
        if not pause.is_on(time.monotonic()):
            return None
        ticket = pause.arrive()
        try:
            while (due := pause.due(ticket, now := time.monotonic())) > now:
                if due >= self._deadline:
                    return refusal_for_pause(pause, due - now, self._request)
                time.sleep(due - now)
            return None
        finally:
            pause.leave(ticket)

    @property
    def _request(self) -> RedactedRequest:
        return RedactedRequest(self._options.method, redact_url(self._options.url))
