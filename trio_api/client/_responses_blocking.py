"""The response wrapper of the blocking client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, final, overload

from .._redact import sealed
from ..flow import Reply
from ..responses import BaseAPIResponse
from ._open_body_blocking import OpenBody

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["APIResponse"]

R = TypeVar("R")
T = TypeVar("T")


@final
class APIResponse(BaseAPIResponse[R]):
    """A response with what the call took to get it. Made by the client only."""

    def __init__(self, reply: Reply, *, body: OpenBody | None = None, **context: Any) -> None:
        super().__init__(reply, **context)
        self._body = body  # what was left open

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
        self.read()
        return self._parse(to)

    def read(self) -> bytes:
        """The decoded body, read to its end if it was not before.

        Raises:
            ResponseTooLargeError: It is larger than ``max_response_bytes``.
            APIConnectionError: The connection broke.
        """
        if self._body is not None:
            buffer = self._buffer()
            while (piece := self._body.receive()) is not None and buffer.add(piece):
                pass
            self._close()
            self._set_read(buffer.finish())
        return self.http_response.content

    def _close(self) -> None:
        if self._body is not None:
            body, self._body = self._body, None
            body.close()

    def text(self) -> str:
        """The body as text, by the charset of its Content-Type, else UTF-8."""
        self.read()
        return self.http_response.text

    def json(self) -> Any:
        """The body as plain JSON values.

        Raises:
            APIResponseValidationError: The body is no JSON.
        """
        return self.parse(object)
