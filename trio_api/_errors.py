"""Every exception that the library raises by itself.

    TrioAPIError
    ├── ClientStateError, CrossOriginError, PaginationLoopError
    └── APIError                        a call failed
        ├── APIConnectionError          no (whole) response came
        │   ├── APITimeoutError
        │   └── APIThrottledError       it was not even asked for one
        ├── APIResponseValidationError  a response came that does not fit
        │   └── ResponseTooLargeError
        ├── APIStreamError              a stream of events said so, or broke off
        │   ├── APIStreamDecodeError
        │   └── APIStreamTruncatedError
        ├── TokenError                  no access token could be had
        ├── OperationError              a long-running operation did not come to its result
        │   ├── OperationFailedError
        │   └── OperationTimeoutError
        └── APIStatusError              the server said no
            ├── BadRequestError 400, AuthenticationError 401, PermissionDeniedError 403, NotFoundError 404,
            ├── RequestTimeoutError 408, ConflictError 409, UnprocessableEntityError 422, RateLimitError 429
            └── InternalServerError >= 500

Wrong arguments are plain `TypeError` and `ValueError`, raised before any IO. Exceptions of the application
(hooks, auth callbacks, body iterators) and cancellation pass through as they are. Errors pickle, with redacted copies
of their request and response.
"""

from __future__ import annotations

import copyreg
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from ._checks import is_mapping
from ._records import AttemptRecord, ValidationProblem
from ._redact import redacted_request, redacted_response

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APIStreamDecodeError",
    "APIStreamError",
    "APIStreamTruncatedError",
    "APIThrottledError",
    "APITimeoutError",
    "AuthenticationError",
    "BadRequestError",
    "ClientStateError",
    "ConflictError",
    "CrossOriginError",
    "InternalServerError",
    "NotFoundError",
    "OperationError",
    "OperationFailedError",
    "OperationTimeoutError",
    "PaginationLoopError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestTimeoutError",
    "ResponseTooLargeError",
    "TokenError",
    "TrioAPIError",
    "UnprocessableEntityError",
    "status_error_class",
]


class TrioAPIError(Exception):
    """The root of the tree: ``except TrioAPIError`` catches all that the library raises by itself."""


class ClientStateError(TrioAPIError):
    """A client was used outside its ``async with`` block, entered twice, or closed under a call."""


class CrossOriginError(TrioAPIError):
    """A next link, or where an operation is asked after, is of an origin that is neither the base URL's nor trusted."""


class PaginationLoopError(TrioAPIError):
    """A page names a next page that was asked for before, or one more than the ``max_pages`` of the list."""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None if value is None or isinstance(value, (dict, list)) else str(value)


class APIError(TrioAPIError):
    """A call failed.

    Args:
        message: What went wrong.
        request: The last request that was sent or tried, if any.
        body: The decoded body of the error response, or its text, or None.
        attempts: One record for each attempt of the call.
        retry_after: Seconds that the server asked to wait, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        request: httpx.Request | None = None,
        body: object | None = None,
        attempts: Sequence[AttemptRecord] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        """What went wrong; a server's own words stand in it as they came."""
        self.request = request
        """The last request that was sent or tried, if any."""
        self.body = body
        """The decoded body of the error response, unwrapped from ``{"error": ...}``; its text; or None."""
        self.attempts: tuple[AttemptRecord, ...] = tuple(attempts)
        """One record for each attempt of the call, in order."""
        self.retry_after = retry_after
        """Seconds that the server asked to wait, or None."""
        details: Mapping[str, object] = body if is_mapping(body) else {}
        self.code: str | None = _text(details.get("code"))
        """The body's ``code`` as text, or None."""
        self.param: str | None = _text(details.get("param"))
        """The body's ``param``, or None."""
        self.type: str | None = _text(details.get("type"))
        """The body's ``type``, or None."""
        self.events_received = 0
        """How many events a stream had given before it failed."""
        self.received: tuple[Any, ...] = ()
        """What ``until_done()`` had collected of a stream before it failed."""

    def __reduce__(self) -> tuple[Any, ...]:
        state = dict(self.__dict__)
        if self.request is not None:
            state["request"] = redacted_request(self.request)
        if isinstance(response := state.get("response"), httpx.Response):
            state["response"] = redacted_response(response)
        # The state comes apart from the arguments: the last of `attempts` may name this very error.
        return copyreg.__newobj__, (type(self), *self.args), state  # type: ignore[attr-defined]  # typeshed lacks it


class APIConnectionError(APIError):
    """No response came, or not the whole of it: refused, reset, timed out, a certificate that is not trusted.

    Args:
        message: What went wrong, in one line.
        sent: Whether the request reached the wire: False, True, or None where that is not known.
        request: The last request that was sent or tried, if any.
        attempts: One record for each attempt of the call.
    """

    def __init__(
        self,
        message: str = "Connection error.",
        *,
        sent: bool | None = None,
        request: httpx.Request | None = None,
        attempts: Sequence[AttemptRecord] = (),
    ) -> None:
        super().__init__(message, request=request, attempts=attempts)
        self.sent = sent
        """Whether the request reached the wire: False, True, or None where that is not known."""


class APITimeoutError(APIConnectionError):
    """An operation took longer than its timeout, or the call longer than its ``total_timeout``."""


class APIThrottledError(APIConnectionError):
    """An attempt was not made: most of those before it failed, and the client holds back (`Throttling`)."""


class APIResponseValidationError(APIError):
    """A response came whose body is not what the call asked for.

    Args:
        message: What went wrong, in one line; by default the first problems.
        response: The response.
        problems: Every value that does not fit.
        body: The body, decoded as far as that went.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        response: httpx.Response,
        problems: Sequence[ValidationProblem] = (),
        body: object | None = None,
    ) -> None:
        if message is None:
            shown = "; ".join(str(problem) for problem in problems[:5])
            more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
            message = f"The response does not fit its model: {shown}{more}"
        super().__init__(message, request=_request_of(response), body=body)
        self.response = response
        """The response, read."""
        self.status_code: int = response.status_code
        """The response's status."""
        self.problems: tuple[ValidationProblem, ...] = tuple(problems)
        """Every value that does not fit, in the order of the body."""


class ResponseTooLargeError(APIResponseValidationError):
    """The decoded body is larger than ``max_response_bytes``; reading stopped there."""


class APIStreamError(APIError):
    """A stream sent an error event; its data is the `body`."""


class APIStreamDecodeError(APIStreamError):
    """An event of a stream is not what its dialect says: not JSON, not UTF-8, too large."""


class APIStreamTruncatedError(APIStreamError):
    """A stream ended without the terminal event that its dialect declares."""


class TokenError(APIError):
    """No access token could be had from a token endpoint; its OAuth ``error`` is the `code`, where it gave one."""


class OperationError(APIError):
    """A long-running operation did not come to its result; each call about it succeeded.

    Args:
        message: What went wrong, in one line.
        value: The last value that an answer had, or None.
        token: Where to go on.
        request: The last poll, if any was answered.
        attempts: One record for each attempt of the last poll.
        retry_after: Seconds that the last answer asked to wait, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        value: Any = None,
        token: dict[str, Any] | None = None,
        request: httpx.Request | None = None,
        attempts: Sequence[AttemptRecord] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, request=request, attempts=attempts, retry_after=retry_after)
        self.value: Any = value
        """The last value that an answer had, as ``cast_to`` says, or None."""
        self.token = token
        """What ``client.poll(token, ...)`` goes on with, here or in another process. None in an error that was pickled:
        the URL in it may be a credential."""

    def __reduce__(self) -> tuple[Any, ...]:
        restore, arguments, state = super().__reduce__()
        return restore, arguments, {**state, "token": None}


class OperationFailedError(OperationError):
    """The server says that the operation failed."""


class OperationTimeoutError(OperationError):
    """The operation goes on at the server, but the time to wait for it is up, or is before the next poll."""


class APIStatusError(APIError):
    """The server answered with a status of 400 or more.

    Args:
        message: What went wrong; the server's own words stand in it as they came.
        response: The response.
        body: Its decoded body, or its text, or None.
    """

    def __init__(self, message: str, *, response: httpx.Response, body: object | None = None) -> None:
        super().__init__(message, request=_request_of(response), body=body)
        self.response = response
        """The response, read."""
        self.status_code: int = response.status_code
        """The response's status."""
        self.request_id: str | None = response.headers.get("x-request-id")
        """The response's ``x-request-id`` header."""


class BadRequestError(APIStatusError):
    """Status 400."""


class AuthenticationError(APIStatusError):
    """Status 401."""


class PermissionDeniedError(APIStatusError):
    """Status 403."""


class NotFoundError(APIStatusError):
    """Status 404."""


class RequestTimeoutError(APIStatusError):
    """Status 408."""


class ConflictError(APIStatusError):
    """Status 409."""


class UnprocessableEntityError(APIStatusError):
    """Status 422."""


class RateLimitError(APIStatusError):
    """Status 429."""


class InternalServerError(APIStatusError):
    """Status 500 and above."""


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: RequestTimeoutError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}


def status_error_class(status_code: int) -> type[APIStatusError]:
    """The class of the tree for a status code."""
    return _BY_STATUS.get(status_code, InternalServerError if status_code >= 500 else APIStatusError)


def _request_of(response: httpx.Response) -> httpx.Request | None:
    try:
        return response.request
    except RuntimeError:  # httpx: the response was made by hand, without a request
        return None
