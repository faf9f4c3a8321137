"""What a buffered response may grow to: an account of the bytes that were read, with a bound."""

from __future__ import annotations

import httpx

from .._errors import ResponseTooLargeError
from ._lazy_response import LazyResponse

__all__ = ["BodyBuffer"]


class BodyBuffer:
    """Collects the decoded body of one response, up to *limit* bytes.

    An error response that is larger is cut there, since its status says more than its size; any other is a
    `ResponseTooLargeError`.
    """

    def __init__(self, response: httpx.Response, limit: int) -> None:
        self._response = response
        self._limit = limit
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> bool:
        """Take in a decoded chunk; False: that is enough, stop reading."""
        room = max(self._limit - self._size, 0)
        self._size += len(chunk)
        self._chunks.append(chunk[:room])
        return self._size <= self._limit

    def finish(self) -> httpx.Response:
        """The same response with its body in it.

        Raises:
            ResponseTooLargeError: The body of a response that is no error is larger than the limit.
        """
        if self._size > self._limit and not self._response.is_error:
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
