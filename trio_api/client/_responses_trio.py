"""The response wrapper of the Trio client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, final, overload

import trio

from .._redact import sealed
from ..responses import BaseAPIResponse

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
        await trio.lowlevel.checkpoint()
        return self._parse(to)

    async def read(self) -> bytes:
        """The decoded body."""
        await trio.lowlevel.checkpoint()
        return self.http_response.content

    async def text(self) -> str:
        """The body as text, by the charset of its Content-Type, else UTF-8."""
        await trio.lowlevel.checkpoint()
        return self.http_response.text

    async def json(self) -> Any:
        """The body as plain JSON values.

        Raises:
            APIResponseValidationError: The body is no JSON.
        """
        return await self.parse(object)
