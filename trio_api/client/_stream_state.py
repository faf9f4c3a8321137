"""What both colours of event stream decide alike: no IO, no waiting."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs
import httpx

from .._checks import check_seconds
from .._errors import APIConnectionError, APIError, APIResponseValidationError, APIStreamTruncatedError, APITimeoutError
from .._logging import log_retry
from .._records import Reply
from .._types import Headers
from ..flow import Attempt
from ..models import NotJSON, loads
from ..request import FinalRequestOptions, merge_headers
from ..responses import BaseAPIResponse
from ..streaming import EventReader, ServerSentEvent, StreamDialect
from ._call import Call

if TYPE_CHECKING:
    from ._base import BaseClient

__all__ = ["DRAIN_BYTES", "DRAIN_SECONDS", "StreamPlan", "StreamState"]

DRAIN_BYTES: Final = 4096  # of a body after its terminal event: the last chunk, a comment or two
DRAIN_SECONDS: Final = 0.1  # that its end may take: it was sent together with the terminal event, or is not awaited
_NO_CONTENT: Final = 204
_PROBLEMS_KEPT: Final = 1000  # of a stream: it may have no end, and memory has


class StreamPlan(NamedTuple):
    """What `stream` was asked for, checked."""

    cast_to: Any
    dialect: StreamDialect | None
    idle_timeout: float
    """Seconds; infinite where there is no bound."""
    reconnect: bool

    @classmethod
    def checked(cls, *, cast_to: Any, dialect: object, idle_timeout: float | None, reconnect: bool) -> StreamPlan:
        """The plan, if these arguments can be one.

        Raises:
            TypeError, ValueError: They can't; the message names the argument.
        """
        if dialect is not None and not isinstance(dialect, StreamDialect):
            raise TypeError(f"dialect must be a StreamDialect such as StreamDialect.sse(), got {dialect!r}")
        if reconnect and dialect is not None and dialect.format != "sse":
            raise ValueError("reconnect=True needs server-sent events: JSON Lines have no ids to go on from")
        idle = math.inf if idle_timeout is None else check_seconds("idle_timeout", idle_timeout)
        return cls(cast_to=cast_to, dialect=dialect, idle_timeout=idle, reconnect=bool(reconnect))

    def with_accept(self, options: FinalRequestOptions, custom_headers: Headers) -> FinalRequestOptions:
        """*options* with an Accept header for streams, unless the caller or the client's owner gave one."""
        if any(name.lower() == "accept" for name in (*options.headers, *custom_headers)):
            return options
        accepted = (StreamDialect.sse(), StreamDialect.json_lines()) if self.dialect is None else (self.dialect,)
        accept = ", ".join(dialect.accept for dialect in accepted)
        return attrs.evolve(options, headers={**options.headers, "Accept": accept})


class StreamState:
    """One stream, over all its connections."""

    def __init__(self, client: BaseClient[Any, Any], call: Call, plan: StreamPlan) -> None:
        self._client = client
        self.call = call
        self.plan = plan
        self._dialect = plan.dialect or StreamDialect.sse()
        self.reader = EventReader(self._dialect)
        self.given = 0
        """How many events were given to the caller."""
        self._is_stream = True
        self._problems: dict[Any, None] = {}

    def begin(self, response: httpx.Response) -> bool:
        """Get ready for the body of *response*; False: it is no stream, and not to be read as one."""
        content_type = response.headers.get("content-type", "")
        if self.given:
            self.reader.resume()
        else:
            self._dialect = self.plan.dialect or StreamDialect.for_content_type(content_type)
            self.reader = EventReader(self._dialect)
        if response.status_code == _NO_CONTENT:
            self.reader.end()  # WHATWG HTML, 9.2.3: the server asks not to come back
            return True
        self._is_stream = self._dialect.reads(content_type, strict=self._client._is_strict)  # pyright: ignore[reportPrivateUsage]
        return self._is_stream

    def bound_reads(self, request: httpx.Request) -> None:
        """Let no read of the body take longer than idle_timeout, where none can be cancelled."""
        if math.isfinite(self.plan.idle_timeout):
            timeouts: dict[str, float | None] = request.extensions["timeout"]  # httpcore looks when the body begins
            read = timeouts.get("read")
            timeouts["read"] = self.plan.idle_timeout if read is None else min(read, self.plan.idle_timeout)

    def check_begun(self, request: httpx.Request) -> None:
        """Raise if the body ended before its first event, which makes the attempt a failure."""
        if self.reader.is_cut_off:
            raise APIStreamTruncatedError("the stream ended before its first event", request=request)

    @property
    def is_stream(self) -> bool:
        """Whether the response is a stream at all."""
        return self._is_stream

    def no_stream(self, reply: Reply) -> APIResponseValidationError:
        """The error of a response that is no stream; it has been read."""
        response = reply.response
        try:
            body = loads(response.content)
        except NotJSON:
            body = None
        got = response.headers.get("content-type") or "none"
        return APIResponseValidationError(
            f"expected an event stream, got content type {got[:80]!r}", response=response, body=body
        )

    def wrap(self, response: BaseAPIResponse[Any]) -> None:
        """Let the wrapper of the response show what the stream met, and nobody else read its body."""
        response._claim("stream")  # pyright: ignore[reportPrivateUsage]
        response._problems = self._problems  # pyright: ignore[reportPrivateUsage]

    def is_worth_draining(self, response: httpx.Response) -> bool:
        """Whether reading the rest of a body saves its connection: an HTTP/2 one is not lost with a stream."""
        return self.reader.is_terminated and response.http_version != "HTTP/2"

    def value(self, event: ServerSentEvent, reply: Reply) -> Any:
        """What the caller asked for, built from *event*.

        Raises:
            APIStreamDecodeError: The data is no JSON.
            APIResponseValidationError: It does not fit.
        """
        decoded = self._client._decode_event(event, self.plan.cast_to, reply.response)  # pyright: ignore[reportPrivateUsage]
        if decoded.problems and len(self._problems) < _PROBLEMS_KEPT:
            self._problems.update(dict.fromkeys(decoded.problems))
        parser = self.call.options.post_parser
        return decoded.value if parser is None else parser(decoded.value)

    def told(self, error: APIError, reply: Reply) -> APIError:
        """*error* with what is known of the stream that it ended."""
        error.request = error.request or reply.response.request
        error.attempts = error.attempts or reply.attempts
        error.events_received = self.given
        return error

    def resumption(self, error: APIError, reply: Reply, call_left: float, time_left: float) -> Call | None:
        """The call that goes on where *error* broke the stream off; None: it has to be raised.

        Args:
            error: How it broke off.
            reply: The response that it broke off in.
            call_left: Seconds that the call's ``total_timeout`` leaves.
            time_left: Seconds to the nearest deadline of all, the caller's among them.
        """
        call = self.call
        policy = self._client._policy_for(call.options)  # pyright: ignore[reportPrivateUsage]
        if not self.plan.reconnect or not self.given or not call.body.replayable:
            return None
        if isinstance(error, APITimeoutError) or not isinstance(error, (APIConnectionError, APIStreamTruncatedError)):
            return None
        headers = self._resuming_headers()
        if headers is None:
            error.add_note("The stream can't be resumed: it gave no event id that a header can hold.")
            return None
        asked = None if self.reader.retry is None else self.reader.retry / 1000
        wait = policy.delay(0, retry_after=asked, time_left=time_left) if policy.max_retries else None
        if wait is None:
            return None
        # Only this record keeps the error: with frames and older attempts a long stream would hoard them.
        error.__traceback__, error.attempts = None, ()
        record = attrs.evolve(reply.attempts[-1], number=0, error=error, waited=wait)
        log_retry(reply.response.request, record, 1, policy.max_retries)
        if policy.on_retry is not None:
            policy.on_retry(record)
        total_timeout = None if math.isinf(call_left) else call_left
        options = attrs.evolve(call.options, headers=headers, total_timeout=total_timeout)
        resumed = self._client._new_call(options, first=Attempt(1, after=wait), earlier=(record,))  # pyright: ignore[reportPrivateUsage]
        return attrs.evolve(resumed, body=call.body, idempotency_key=call.idempotency_key)

    def _resuming_headers(self) -> Headers | None:
        """The headers of a request that resumes; None where no id came, or one that no header can hold."""
        # "encoded as UTF-8" (WHATWG HTML, 9.2.3); a str header is sent as Latin-1
        value = self.reader.last_event_id.encode("utf-8", "replace").decode("latin-1").strip(" \t")
        if not value:
            return None
        try:
            return merge_headers(self.call.options.headers, {"Last-Event-ID": value})
        except ValueError:
            return None
