"""The response wrapper of the Trio client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, final, overload

import trio

from .._redact import sealed
from ..flow import Reply
from ..responses import BaseAPIResponse
from ._open_body_trio import OpenBody

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["AsyncAPIResponse"]

R = TypeVar("R")
T = TypeVar("T")


@final
class AsyncAPIResponse(BaseAPIResponse[R]):
    """A response with what the call took to get it. Made by the client only.

    The methods are async, so that code reads the same whether the body was read before or not.
    """

    def __init__(self, reply: Reply, *, body: OpenBody | None = None, **context: Any) -> None:
        super().__init__(reply, **context)
        self._body = body  # what was left open

    @overload
    async def parse(self) -> R: ...
    @overload
    async def parse(self, to: TypeForm[T]) -> T: ...
    @sealed
    async def parse(self, to: Any = None) -> Any:
        """Build what the call asked for, or *to*, from the body; once per type.

        Raises:
            APIResponseValidationError: The body does not fit.
        """
        await self.read()
        return self._parse(to)

    async def read(self) -> bytes:
        """The decoded body, read to its end if it was not before.

        Raises:
            ResponseTooLargeError: It is larger than ``max_response_bytes``.
            APIConnectionError: The connection broke.
        """
        if self._body is None:
            await trio.lowlevel.checkpoint()
        else:
            buffer = self._buffer()
            while (piece := await self._body.receive()) is not None and buffer.add(piece):
                pass
            await self._close()
            self._set_read(buffer.finish())
        return self.http_response.content

    async def _close(self) -> None:
        if self._body is not None:
            body, self._body = self._body, None
            await body.aclose()

    async def text(self) -> str:
        """The body as text, by the charset of its Content-Type, else UTF-8."""
        await self.read()
        return self.http_response.text

    async def json(self) -> Any:
        """The body as plain JSON values.

        Raises:
            APIResponseValidationError: The body is no JSON.
        """
        return await self.parse(object)
