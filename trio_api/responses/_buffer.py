"""What a buffered response may grow to: an account of the bytes that were read, with a bound."""

from __future__ import annotations

from typing import Final

import httpx

from .._errors import ResponseTooLargeError
from ._lazy_response import LazyResponse

__all__ = ["BodyBuffer"]


_SLACK: Final = 64 * 1024  # bytes: head and tail of a coding, beside what it makes of bytes that can't be compressed


class BodyBuffer:
    """Collects the decoded body of one response, up to *limit* bytes.

    An error response that is larger is cut there, since its status says more than its size; any other is a
    `ResponseTooLargeError`. So is one of which twice as much comes and makes nothing: codings have empty blocks.
    """

    def __init__(self, response: httpx.Response, limit: int) -> None:
        self._response = response
        self._limit = limit
        self._chunks: list[bytes] = []
        self._size = 0
        self._is_too_large = False

    def add(self, chunk: bytes, received: int) -> bool:
        """Take in what came.

        Args:
            chunk: The next decoded chunk; it may be empty.
            received: Bytes that came over the wire for all chunks.

        Returns:
            False: that is enough, stop reading.
        """
        room = max(self._limit - self._size, 0)
        self._size += len(chunk)
        if chunk:
            self._chunks.append(chunk[:room])
        self._is_too_large = self._size > self._limit or received > 2 * self._limit + _SLACK
        return not self._is_too_large

    def finish(self) -> httpx.Response:
        """The same response with its body in it.

        Raises:
            ResponseTooLargeError: The body of a response that is no error is larger than the limit.
        """
        if self._is_too_large and not self._response.is_error:
            raise ResponseTooLargeError(
                f"the body is larger than max_response_bytes={self._limit}", response=self._with_body(b"")
            )
        return self._with_body(b"".join(self._chunks))

    def _with_body(self, body: bytes) -> httpx.Response:
        if isinstance(self._response, LazyResponse):
            unlooked = self._response.with_content(body)
            if unlooked is not None:
                return unlooked
        response = httpx.Response(
            self._response.status_code,
            content=body,
            request=self._response.request,
            extensions=self._response.extensions,
            history=self._response.history,
            default_encoding=self._response.default_encoding,
        )
        # Only now, since with a Content-Encoding httpx would decode the body again.
        response.headers = self._response.headers
        try:
            response.elapsed = self._response.elapsed
        except RuntimeError:  # httpx: known only of a response that one of its clients got and closed
            pass
        return response
