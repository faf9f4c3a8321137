"""A request and its reply as values, and the error replies as exceptions."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec

__all__ = ["Refusal", "Reply", "Request"]


@attrs.frozen
class Request:
    """What a client sent, read whole."""

    method: str
    path: str
    """The path with percent-escapes resolved: ``/cursor/characters``."""
    query: Mapping[str, str]
    """The query parameters; of a repeated one the last."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    origin: str
    """Where the server is reached: ``http://127.0.0.1:8000``."""


@attrs.frozen
class Reply:
    """What is sent back."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Refusal(Exception):
    """A request that is answered with an error, in the manner of the large vendors' APIs.

    Args:
        status: The status code.
        message: What is wrong with the request, in one line.
        headers: Further headers of the reply.
    """

    def __init__(self, status: int, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers

    def reply(self) -> Reply:
        """The reply that says so."""
        error = {"message": self.message, "type": "invalid_request_error", "code": _CODES.get(self.status, "error")}
        return Reply(self.status, msgspec.json.encode({"error": error}), self.headers)


_CODES = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "rate_limited",
    503: "unavailable",
}
