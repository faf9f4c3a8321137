"""What both colours of client share: settings, hooks, and every decision about a call but its order in time.

No IO and no waiting here. `AsyncAPIClient` and `SyncAPIClient` add the driver and the verbs.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar

import attrs
import httpx

from .._constants import DEFAULT_TIMEOUT
from .._errors import APIResponseValidationError, APIStatusError, APITimeoutError, status_error_class
from .._logging import set_up_logging
from .._records import AttemptRecord, Reply
from .._redact import RedactedRequest, redact_url
from .._types import Headers, NotGiven, Query, TimeoutTypes
from ..flow import FIRST_ATTEMPT, Attempt, CallRules, Outcome, call_flow
from ..pages import BasePage
from ..request import (
    Body,
    FinalRequestOptions,
    Querystring,
    build_request,
    is_keyed_method,
    prepare_base_url,
    timeout_parts,
)
from ..responses import BaseAPIResponse, Decoded, ProblemLog, decode, decode_event, make_status_error
from ..retry import ClientStatistics, Failure, FailureKind, OriginBooks, RetryPolicy
from ..streaming import ServerSentEvent
from ..transport import WatchedAuth
from ._call import Call, split_wrapper, whole_options
from ._config import ClientConfig, checked_origins
from ._defaults import DefaultsKeeper, is_overridden
from ._platform import platform_headers
from ._resource import rebind_resources

__all__ = ["BaseClient"]

HttpxClientT = TypeVar("HttpxClientT", bound="httpx.Client | httpx.AsyncClient")
DefaultStreamT = TypeVar("DefaultStreamT")
ClientT = TypeVar("ClientT", bound="BaseClient[Any, Any]")

_QS = Querystring()
_BODY = ("content", "files", "json_data", "extra_json")


class BaseClient(Generic[HttpxClientT, DefaultStreamT]):
    """The half of a client that decides. Subclass `AsyncAPIClient` or `SyncAPIClient`, not this.

    Class attributes:
        idempotency_header: The header that carries the key of a POST or PATCH; None turns keys off.
        header_prefix: What the names of the platform and retry headers begin with.
    """

    idempotency_header: str | None = "Idempotency-Key"
    header_prefix: str = "X-Trio-API"

    _client: HttpxClientT
    _asynchronous = "false"

    def __init__(
        self,
        *,
        http_client: HttpxClientT | None,
        default_http_client: Any,
        transport_options: dict[str, Any],
        base_url: str | httpx.URL,
        retry: Any,
        retry_budget: Any,
        trusted_origins: Any,
        custom_headers: Any,
        custom_query: Any,
        **settings: Any,
    ) -> None:
        url, authorization = prepare_base_url(base_url)
        optional = {"custom_headers": custom_headers, "custom_query": custom_query, "retry": retry}
        self._config = ClientConfig(
            base_url=url,
            authorization=authorization,
            trusted_origins=checked_origins(trusted_origins),
            **settings,
            **{name: value for name, value in optional.items() if value is not None},
            **({} if isinstance(retry_budget, NotGiven) else {"retry_budget": retry_budget}),
        )
        given = {name: value for name, value in transport_options.items() if not isinstance(value, NotGiven)}
        if http_client is not None and given:
            raise TypeError(
                f"{', '.join(sorted(given))} configure the default HTTP client and have no effect beside http_client; "
                "give them to that client instead"
            )
        set_up_logging()
        self._owns_http_client = http_client is None
        self._client = default_http_client(**given) if http_client is None else http_client
        self._problem_log = ProblemLog()
        self._books = OriginBooks(self._config.retry_budget)
        self._kept_defaults = DefaultsKeeper(self._config, BaseClient)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {redact_url(self._config.base_url)}>"

    # -- settings --------------------------------------------------------------------------------------------

    @property
    def base_url(self) -> httpx.URL:
        """The URL that relative paths are appended to, without userinfo and with a trailing slash."""
        return self._config.base_url

    @property
    def max_retries(self) -> int:
        """How many times a call is retried, unless it says otherwise."""
        explicit = self._config.max_retries
        return self._config.retry.max_retries if isinstance(explicit, NotGiven) else explicit

    @property
    def timeout(self) -> TimeoutTypes:
        """Seconds per operation of each attempt, an `httpx.Timeout`, or None for no timeout."""
        if not isinstance(self._config.timeout, NotGiven):
            return self._config.timeout
        return DEFAULT_TIMEOUT if self._owns_http_client else self._client.timeout

    @property
    def total_timeout(self) -> float | None:
        """Seconds for one call with all its attempts and waits, or None."""
        return self._config.total_timeout

    def statistics(self) -> ClientStatistics:
        """How the calls of this client have fared, origin by origin, with those of the copies that share its budget."""
        return self._books.statistics()

    @property
    def _max_response_bytes(self) -> int:
        return self._config.max_response_bytes

    @property
    def _is_strict(self) -> bool:
        return self._config.strict

    @property
    def _origins(self) -> Any:
        return self._config.origins

    # -- hooks for subclasses --------------------------------------------------------------------------------

    @property
    def auth_headers(self) -> Headers:
        """The headers that authenticate; none by default. Asked for on every attempt."""
        return {}

    @property
    def custom_auth(self) -> httpx.Auth | None:
        """An `httpx.Auth` for requests to the base URL's and the trusted origins; None by default."""
        return None

    @property
    def user_agent(self) -> str:
        """The User-Agent: ``<Class>/Python <the client's version>``."""
        return f"{type(self).__name__}/Python {self._config.version}"

    @property
    def default_headers(self) -> Headers:
        """What every request carries unless the call overrides it. Asked for on every attempt."""
        return dict(self._kept_defaults.headers(self))

    @property
    def default_query(self) -> Query:
        """The query parameters that every request carries unless its URL or the call overrides them."""
        return self._config.custom_query

    @property
    def qs(self) -> Querystring:
        """How nested parameters and arrays are written."""
        return _QS

    def platform_headers(self) -> Headers:
        """What requests say of the program that sends them: library, system and runtime."""
        return dict(platform_headers(self.header_prefix, self._asynchronous))

    def _validate_headers(self, headers: httpx.Headers) -> None:
        """Raise here if a request must not be sent with these headers; nothing by default."""

    def _make_status_error(self, message: str, *, body: object, response: httpx.Response) -> APIStatusError:
        """Make the error of a status of 400 or more."""
        return status_error_class(response.status_code)(message, body=body, response=response)

    def _should_retry(self, response: httpx.Response) -> bool | None:
        """Decide whether an error response is retried; None leaves it to the policy."""
        return None

    # -- copies ----------------------------------------------------------------------------------------------

    def _copy(self, *, http_client: Any, retry_budget: Any, **changes: Any) -> Self:
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        for name in self.__dict__:
            if isinstance(getattr(type(self), name, None), functools.cached_property):
                del copied.__dict__[name]  # made from the parent; made anew from the copy when asked for
        copied._config = self._config.with_changes(retry_budget=retry_budget, **changes)
        if not isinstance(retry_budget, NotGiven):
            copied._books = OriginBooks(retry_budget)
        if http_client is not None:
            copied._client, copied._owns_http_client = http_client, False
        copied._kept_defaults = DefaultsKeeper(copied._config, BaseClient)
        rebind_resources(copied, parent=self)
        return copied

    # -- one call --------------------------------------------------------------------------------------------

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
        self, call: Call, options: FinalRequestOptions, body: Body, stream: Any, retries_taken: int
    ) -> RedactedRequest:
        """The request of one attempt. *options* and *body* are the call's, unless a hook changed them."""
        timeout = timeout_parts(self.timeout if isinstance(options.timeout, NotGiven) else options.timeout)
        header = self.idempotency_header
        request = build_request(
            options,
            self._kept_defaults.current(self, self._client),
            body=body,
            stream=stream,
            retries_taken=retries_taken,
            read_timeout=timeout["read"],
            idempotency_key=call.idempotency_key if header is not None and is_keyed_method(options.method) else None,
            extensions={"timeout": timeout},
        )
        base: Any = BaseClient
        if is_overridden(self._validate_headers, base._validate_headers):
            self._validate_headers(request.headers)
        return request

    def _expired(self, call: Call, elapsed: float, time_left: float = 0.0) -> Outcome:
        """The outcome of an attempt that the call's own total_timeout cut off."""
        request = RedactedRequest(call.options.method, redact_url(call.options.url))
        message = f"The call took longer than its total_timeout of {call.total_timeout} seconds"
        failure = Failure(APITimeoutError(message, request=request), FailureKind.EXPIRED)
        return Outcome(request, failure, elapsed, time_left)

    def _body_for(self, call: Call, options: FinalRequestOptions) -> Body:
        """The body of an attempt: the call's own, unless a hook gave another. A stream is never begun twice."""
        given = call.options
        if options is given:
            return call.body
        is_same = all(getattr(options, name) is getattr(given, name) for name in _BODY)
        if is_same and (options.content is not None or options.files is not None):
            return call.body
        return self._new_body(options)

    def _auth_for(self, *, trusted: bool) -> WatchedAuth | None:
        """The auth of an attempt; none where the origin is not trusted."""
        if not trusted:
            return None
        auth = self.custom_auth
        if auth is None:
            auth = self._client.auth
        return None if auth is None else WatchedAuth(auth)

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
