"""Where the attempts of a call wait before they are made, on Trio. What is decided stands in `trio_api.resilience`."""

from __future__ import annotations

from typing import Final, final

import trio

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
    """

    def __init__(self, book: OriginBook, options: FinalRequestOptions) -> None:
        self._book: Final = book
        self._options: Final = options

    async def enter(self) -> Refusal | None:
        """Wait until an attempt may be made.

        Returns:
            Why it must not be made; None if it may. Then `leave` is to be called when its response is closed.
        """
        refusal = None if self._book.throttle is None else self._book.throttled(trio.current_time(), self._request)
        if refusal is None and self._book.pause is not None:
            refusal = await self._wait_out(self._book.pause)
        await trio.lowlevel.checkpoint_if_cancelled()
        return refusal

    def leave(self) -> None:
        """Give back what the attempt holds; nothing happens where it holds nothing."""

    async def _wait_out(self, pause: Pause) -> Refusal | None:
        """Wait until the origin may be asked again."""
        if not pause.is_on(trio.current_time()):
            return None  # noqa: ASYNC910  # nothing to wait for
        ticket = pause.arrive()
        try:
            while (due := pause.due(ticket, now := trio.current_time())) > now:
                if due >= trio.current_effective_deadline():
                    return refusal_for_pause(pause, due - now, self._request)  # noqa: ASYNC910  # there is no time
                await trio.sleep_until(due)
            return None  # noqa: ASYNC910
        finally:
            pause.leave(ticket)

    @property
    def _request(self) -> RedactedRequest:
        return RedactedRequest(self._options.method, redact_url(self._options.url))
