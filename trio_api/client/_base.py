"""What both colours of client share: every decision about a call but its order in time.

No IO and no waiting here. `AsyncAPIClient` and `SyncAPIClient` add the driver and the verbs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

import attrs
import httpx

from .._errors import APIResponseValidationError, APIStatusError, APITimeoutError
from .._records import AttemptRecord, Reply
from .._redact import RedactedRequest, redact_url
from .._types import Headers, NotGiven
from ..flow import FIRST_ATTEMPT, Attempt, CallRules, Outcome, call_flow
from ..pages import BasePage
from ..request import (
    Body,
    FinalRequestOptions,
    attempt_headers,
    build_request,
    is_keyed_method,
    named_origin,
    timeout_parts,
)
from ..resilience import OriginBook
from ..responses import BaseAPIResponse, Decoded, Inquiry, decode, decode_event, make_status_error
from ..retry import Failure, FailureKind, RetryPolicy
from ..streaming import ServerSentEvent
from ..transport import WatchedAuth
from ._call import Call, split_wrapper, whole_options
from ._defaults import is_overridden
from ._settings import ClientSettings

__all__ = ["BaseClient"]

HttpxClientT = TypeVar("HttpxClientT", bound="httpx.Client | httpx.AsyncClient")
DefaultStreamT = TypeVar("DefaultStreamT")
_BODY = ("content", "files", "json_data", "extra_json")


class BaseClient(ClientSettings[HttpxClientT, DefaultStreamT], Generic[HttpxClientT, DefaultStreamT]):
    """The half of a client that decides. Subclass `AsyncAPIClient` or `SyncAPIClient`, not this.

    Class attributes:
        idempotency_header: The header that carries the key of a POST or PATCH; None turns keys off.
        header_prefix: What the names of the platform and retry headers begin with.
    """

    def _new_call(
        self,
        options: FinalRequestOptions | Mapping[str, Any],
        first: Attempt = FIRST_ATTEMPT,
        earlier: Sequence[AttemptRecord] = (),
    ) -> Call:
        """Everything about a call that is settled before its first attempt; how it begins is the flow's.

        Raises:
            TypeError, ValueError: The options can't be a call.
        """
        options = whole_options(options)
        config = self._config
        follow = config.follow_redirects if options.follow_redirects is None else options.follow_redirects
        total = config.total_timeout if isinstance(options.total_timeout, NotGiven) else options.total_timeout
        rules = CallRules(
            policy=self._policy_for(options),
            origins=config.origins,
            follow_redirects=follow,
            idempotency_header=self.idempotency_header,
            should_retry=self._should_retry,
            status_error=self._status_error,
            books=self._books,
        )
        return Call(
            options=options,
            body=self._new_body(options),
            flow=call_flow(rules, first, earlier),
            total_timeout=math.inf if total is None else total,
            follow_redirects=follow,
        )

    def _book_of(self, call: Call) -> OriginBook:
        """What is known of the origin that *call* names."""
        return self._books.of(named_origin(call.options.url, self._config.origins))

    def _new_body(self, options: FinalRequestOptions) -> Body:
        return Body.from_options(options, None if options.files is None else self.qs)

    def _status_error(self, response: httpx.Response) -> APIStatusError:
        return make_status_error(response, self._make_status_error)

    def _policy_for(self, options: FinalRequestOptions) -> RetryPolicy:
        """The retry policy of a call."""
        retries = self.max_retries if isinstance(options.max_retries, NotGiven) else options.max_retries
        policy = self._config.policy
        return policy if retries == policy.max_retries else attrs.evolve(policy, max_retries=retries)

    def _build(
        self,
        call: Call,
        options: FinalRequestOptions,
        body: Body,
        stream: Any,
        retries_taken: int,
        time_left: float = math.inf,
    ) -> RedactedRequest:
        """The request of one attempt. *options* and *body* are the call's, unless a hook changed them.

        *time_left* is what the server is told of the deadline, in seconds.
        """
        timeout = timeout_parts(self.timeout if isinstance(options.timeout, NotGiven) else options.timeout)
        header, deadline_header = self.idempotency_header, self._config.deadline_header
        added: Headers | None = None
        if deadline_header is not None and time_left < math.inf:
            added = {deadline_header: f"{max(time_left, 0.0):.3f}"}
        request = build_request(
            options,
            self._kept_defaults.current(self, self._client),
            body=body,
            stream=stream,
            retries_taken=retries_taken,
            read_timeout=timeout["read"],
            idempotency_key=call.idempotency_key if header is not None and is_keyed_method(options.method) else None,
            added=added,
            extensions={"timeout": timeout},
        )
        base: Any = BaseClient
        if is_overridden(self._validate_headers, base._validate_headers):
            self._validate_headers(request.headers)
        return request

    def _expired(self, call: Call, began: float, ended: float) -> Outcome:
        """The outcome of an attempt that the call's own total_timeout cut off, or kept from being made.

        Args:
            call: The call.
            began: When it was sent, in seconds of the driver's clock; not before *ended* if it never was.
            ended: When the time was up.
        """
        error = self._timeout_of(call)
        assert error.request is not None
        failure = Failure(error, FailureKind.EXPIRED)
        return Outcome(error.request, failure, max(0.0, ended - began), time_left=0.0, ended=ended)

    def _timeout_of(self, call: Call) -> APITimeoutError:
        """The error of a call whose own total_timeout is over."""
        request = RedactedRequest(call.options.method, redact_url(call.options.url))
        message = f"The call took longer than its total_timeout of {call.total_timeout} seconds"
        return APITimeoutError(message, request=request)

    def _body_for(self, call: Call, options: FinalRequestOptions) -> Body:
        """The body of an attempt: the call's own, unless a hook gave another. A stream is never begun twice."""
        given = call.options
        if options is given:
            return call.body
        if not isinstance(cast("object", options), FinalRequestOptions):
            raise TypeError(f"_prepare_options must return FinalRequestOptions, got {type(options).__name__}")
        is_same = all(getattr(options, name) is getattr(given, name) for name in _BODY)
        if is_same and (options.content is not None or options.files is not None):
            return call.body
        return self._new_body(options)

    def _auth_for(self, *, trusted: bool) -> WatchedAuth | None:
        """The auth of an attempt; none where the origin is not trusted."""
        auth = self._own_auth() if trusted else None
        return None if auth is None else WatchedAuth(auth)

    def _headers_of_attempt(self) -> frozenset[bytes]:
        """Names, in lower case, of the headers that tell of the attempt and not of what is asked for."""
        names, deadline_header = attempt_headers(self.header_prefix), self._config.deadline_header
        return names if deadline_header is None else names | {deadline_header.lower().encode("ascii")}

    def _inquiry_of(self, request: httpx.Request, auth: WatchedAuth | None, *, is_buffered: bool) -> Inquiry | None:
        """What an exchange has to do with the answers that are kept; they are, where this is asked."""
        assert self._revalidator is not None
        return self._revalidator.ask(
            request,
            None if auth is None else auth.credentials,
            is_buffered=is_buffered,
            limit=self._config.max_response_bytes,
            without=self._headers_of_attempt(),
        )

    def _settle(self, inquiry: Inquiry, call: Call, response: httpx.Response) -> httpx.Response:
        """What an exchange comes to: *response*, or the answer that was kept if it says that this still holds."""
        settled = inquiry.settle(response)
        if settled is not response:
            self._book_of(call).tally.revalidated += 1
        return settled

    def _own_auth(self) -> httpx.Auth | None:
        """The auth of this client, or else of the HTTP client below."""
        auth = self.custom_auth
        return self._client.auth if auth is None else auth

    # -- what a response comes to ----------------------------------------------------------------------------

    def _decode(self, response: httpx.Response, cast_to: Any) -> Decoded:
        decoded = decode(response, cast_to, strict=self._config.strict)
        if decoded.problems:
            self._problem_log.report(cast_to, decoded.problems)
        return decoded

    def _decode_event(self, event: ServerSentEvent, cast_to: Any, response: httpx.Response) -> Decoded:
        decoded = decode_event(event, cast_to, response=response, strict=self._config.strict)
        if decoded.problems:
            self._problem_log.report(cast_to, decoded.problems)
        return decoded

    def _wrap(
        self, reply: Reply, call: Call, cast_to: Any, default: Callable[..., BaseAPIResponse[Any]]
    ) -> BaseAPIResponse[Any]:
        """The wrapper of the reply: the kind that *cast_to* names, or the client's own."""
        wrapper, inner = split_wrapper(cast_to)

        def adopt(value: Any, response: BaseAPIResponse[Any], built: Any, is_default: bool) -> Any:
            self._bind_page(value, call, response, built)
            if is_default and call.options.post_parser is not None:
                return call.options.post_parser(value)
            return value

        return (wrapper or default)(reply, owner=self, options=call.options, cast_to=inner, adopt=adopt)

    def _bind_page(self, value: object, call: Call, response: BaseAPIResponse[Any], page_type: Any) -> None:
        if isinstance(value, BasePage):
            page: BasePage[Any] = value  # pyright: ignore[reportUnknownVariableType]  # mypy knows the argument, and takes a cast for redundant
            page._bind(self, call.options, response, page_type)  # pyright: ignore[reportPrivateUsage]

    def _result(self, reply: Reply, call: Call, cast_to: Any, default: Callable[..., BaseAPIResponse[Any]]) -> Any:
        """What the call gives: the value, or the wrapper where *cast_to* names one."""
        if split_wrapper(cast_to)[0] is not None:
            return self._wrap(reply, call, cast_to, default)
        try:
            decoded = self._decode(reply.response, cast_to)
        except APIResponseValidationError as error:
            error.attempts = reply.attempts
            raise
        value: Any = decoded.value
        if isinstance(decoded.value, BasePage):  # it keeps the response that it came in
            return self._wrap(reply, call, cast_to, default)._take(decoded)  # pyright: ignore[reportPrivateUsage]
        return value if call.options.post_parser is None else call.options.post_parser(value)
