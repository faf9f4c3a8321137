"""The block in which a response is open whose body is not read until asked for."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar, final

from .._errors import ClientStateError
from .._redact import sealed
from ._responses_blocking import APIResponse

__all__ = ["ResponseManager"]

R = TypeVar("R")


@final
class ResponseManager(Generic[R]):
    """Makes a call when it is entered, and closes its response when it is left.

    Made by the verbs of ``client.with_streaming_response`` only.
    """

    def __init__(self, open_response: Callable[[], APIResponse[R]]) -> None:
        self._open_response = open_response
        self._response: APIResponse[R] | None = None

    @sealed
    def __enter__(self) -> APIResponse[R]:
        """Make the call; its body is read when the response is asked for it.

        Raises:
            APIError: The call failed.
            ClientStateError: The block was entered before.
        """
        if self._response is not None:
            raise ClientStateError("this response was opened before; make the call again")
        self._response = self._open_response()
        return self._response

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the connection back if the body was read to its end, else close it."""
        if self._response is not None:
            self._response._close()  # pyright: ignore[reportPrivateUsage]
