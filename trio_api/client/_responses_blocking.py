"""The response wrapper of the blocking client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, final, overload

from .._redact import sealed
from ..responses import BaseAPIResponse

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["APIResponse"]

R = TypeVar("R")
T = TypeVar("T")


@final
class APIResponse(BaseAPIResponse[R]):
    """A response with what the call took to get it. Made by the client only."""

    @overload
    def parse(self) -> R: ...
    @overload
    def parse(self, to: TypeForm[T]) -> T: ...
    @sealed
    def parse(self, to: Any = None) -> Any:
        """Build what the call asked for, or *to*, from the body; once per type.

        Raises:
            APIResponseValidationError: The body does not fit.
        """
        return self._parse(to)

    def read(self) -> bytes:
        """The decoded body."""
        return self.http_response.content

    def text(self) -> str:
        """The body as text, by the charset of its Content-Type, else UTF-8."""
        return self.http_response.text

    def json(self) -> Any:
        """The body as plain JSON values.

        Raises:
            APIResponseValidationError: The body is no JSON.
        """
        return self.parse(object)
