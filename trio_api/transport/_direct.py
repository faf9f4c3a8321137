"""The transport of requests that go by no proxy: Trio's own, unless somebody patched httpx's."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self, final

import httpx
import trio

from .._constants import CLEANUP_SECONDS
from ._gate import GatedTransport
from ._native import TrioTransport
from ._seams import transport_is_patched

__all__ = ["DirectTransport"]


@final
class DirectTransport(httpx.AsyncBaseTransport):
    """Sends by *native*; by *stand_in* where a mock or a tracer waits for what httpx's transport sends.

    Args:
        native: The transport.
        stand_in: What to send by in that case; None never leaves *native*.
    """

    def __init__(self, native: TrioTransport, stand_in: GatedTransport | None) -> None:
        self.native: Final = native
        self._stand_in: Final = stand_in
        self.answered: Final[dict[httpx.Request, httpx.Response]] = {}
        """Requests whose response is there already, for the next to ask for it."""

    def goes_native(self) -> bool:
        """Whether requests go to *native*, and nobody waits for them here either: a tracer may patch one transport."""
        is_rerouted = self._stand_in is not None and transport_is_patched()
        return not is_rerouted and "handle_async_request" not in self.__dict__

    def handle_async_request(self, request: httpx.Request) -> Any:
        """Send *request*. No coroutine of its own: that of the transport is given as it is."""
        if self.answered and request in self.answered:
            return _given(self.answered.pop(request))
        if self._stand_in is not None and transport_is_patched():
            return self._stand_in.handle_async_request(request)
        return self.native.handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection."""
        await self.native.aclose()
        if self._stand_in is not None:
            await self._stand_in.aclose()

    async def __aenter__(self) -> Self:
        await self.native.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        try:
            await self.native.__aexit__(exc_type, exc_value, traceback)  # noqa: ASYNC102  # it aborts, and waits for nobody
        finally:
            if self._stand_in is not None:
                with trio.move_on_after(CLEANUP_SECONDS, shield=True):
                    await self._stand_in.aclose()


async def _given(response: httpx.Response) -> httpx.Response:  # noqa: ASYNC124  # what a transport gives is awaited
    return response  # noqa: ASYNC910  # the request that it answers did checkpoint
