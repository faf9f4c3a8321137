"""The block in which a response is open whose body is not read until asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, TypeVar, final

from .._errors import ClientStateError
from .._redact import sealed
from ._responses_trio import AsyncAPIResponse

__all__ = ["AsyncResponseManager"]

R = TypeVar("R")


@final
class AsyncResponseManager(Generic[R]):
    """Makes a call when it is entered, and closes its response when it is left.

    Made by the verbs of ``client.with_streaming_response`` only.
    """

    def __init__(self, open_response: Callable[[], Awaitable[AsyncAPIResponse[R]]]) -> None:
        self._open_response = open_response
        self._response: AsyncAPIResponse[R] | None = None

    @sealed
    async def __aenter__(self) -> AsyncAPIResponse[R]:
        """Make the call; its body is read when the response is asked for it.

        Raises:
            APIError: The call failed.
            ClientStateError: The block was entered before.
        """
        if self._response is not None:
            raise ClientStateError("this response was opened before; make the call again")
        self._response = await self._open_response()
        return self._response

    async def __aexit__(  # noqa: ASYNC910  # closing waits only where something is open
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the connection back if the body was read to its end, else close it."""
        if self._response is not None:
            await self._response._close()  # pyright: ignore[reportPrivateUsage]  # noqa: ASYNC102  # shielded inside
