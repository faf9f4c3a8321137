"""The blocking client: its settings, its lifetime, and lists. What it does to make a call is the driver's."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from .._constants import DEFAULT_MAX_RESPONSE_BYTES
from .._errors import ClientStateError
from .._records import Reply
from .._redact import sealed
from .._types import Headers, NotGiven, Query, TimeoutTypes, not_given
from .._version import __version__
from ..request import FinalRequestOptions
from ..resilience import AdaptiveConcurrency, CoolDown, RateLimit, RetryBudget, Throttling
from ..responses import Revalidation
from ..retry import RetryPolicy
from ..transport import DefaultHttpxClient, check_blocking_auth
from ._admission_blocking import turn_away
from ._call import OptionsTypes, final_options, split_wrapper
from ._config import check_http_client
from ._copies_blocking import SyncCopies
from ._defaults import is_overridden
from ._open_body_blocking import OpenBody
from ._open_stream_blocking import SyncStreams
from ._operation_blocking import SyncOperations
from ._pages_blocking import BaseSyncPage, SyncPaginator
from ._resource import APIResource
from ._responses_blocking import APIResponse
from ._streaming_verbs_blocking import StreamingResponses
from ._verbs_blocking import RawResponses, SyncVerbs
from ._views import StreamingView

if TYPE_CHECKING:
    from typing import Self

    from typing_extensions import TypeForm

__all__ = ["SyncAPIClient"]


R = TypeVar("R")
T = TypeVar("T")
SyncPageT = TypeVar("SyncPageT", bound="BaseSyncPage[Any]")


class SyncAPIClient(SyncVerbs, SyncStreams, SyncOperations, SyncCopies):
    """A client of an HTTP/JSON API, for programs without an event loop; subclass it to write an SDK.

    Works with or without ``with``; `close` it, or leave its block, to close its connections. What it decides it
    shares with `AsyncAPIClient`.

    Args:
        version: The version that the User-Agent names.
        base_url: What relative paths are appended to. Its userinfo is sent as Basic credentials.
        max_retries: How many times a call is retried; wins over the policy's. Default: 2.
        timeout: Seconds per operation (connect, read, write, pool) of each attempt, an `httpx.Timeout`, or None
            for no timeout. Default: the *http_client*'s own, else 600 with 5 to connect.
        total_timeout: Seconds for one call with all its attempts and waits; None for no bound.
        deadline_header: The header by which each attempt tells the server how many seconds are left until the nearest
            deadline that is known: ``12.345``. There is no standard for its name. None, the default, for no header.
        http_client: An open `httpx.Client` to send by; its owner closes it.
        custom_headers: Headers that every request carries; `omit` removes one.
        custom_query: Query parameters that every request carries.
        auth: An `httpx.Auth` for requests to the base URL's and the trusted origins, such as `BearerAuth`; a
            subclass's `custom_auth` wins over it. Default: the *http_client*'s own.
        retry: The retry policy.
        retry_budget: What the retries of all calls to an origin are paid from, those of copies too; None for retries
            without bound. Default: ``RetryBudget()``.
        cool_down: How all calls to an origin heed what it asked of one of them, those of copies too; None for each
            on its own. Default: ``CoolDown()``.
        rate_limit: How much each origin is sent in a time, by this client and its copies together: one limit or
            several, which all have to allow it. None, the default, for no limit.
        throttling: How attempts are held back while most of those to their origin fail; None, the default, for not.
        max_concurrency: How many attempts at an origin there are at a time, those of copies too: a number, or an
            `AdaptiveConcurrency` that finds it; None for no limit. Default: None.
        revalidation: How many answers with an ``ETag`` are kept, for the server to say whether they still hold; None
            for none. Copies share them, but for one with another ``http_client``.
        max_response_bytes: The most, in bytes, that a buffered response may decode to.
        trusted_origins: Origins besides the base URL's that credentials may go to: ``"https://cdn.example.com"``.
        follow_redirects: Whether redirects are followed.
        limits, verify, cert, proxy, trust_env, http2: Passed to the default HTTP client, as httpx has them.

    Raises:
        TypeError, ValueError: An argument can't be what it is meant to be; the message names it.
    """

    _is_entered = False
    _not_copied = ("_is_entered",)

    @sealed
    def __init__(
        self,
        *,
        version: str = __version__,
        base_url: str | httpx.URL,
        max_retries: int | NotGiven = not_given,
        timeout: TimeoutTypes | NotGiven = not_given,
        total_timeout: float | None = None,
        deadline_header: str | None = None,
        http_client: httpx.Client | None = None,
        custom_headers: Headers | None = None,
        custom_query: Query | None = None,
        auth: httpx.Auth | None = None,
        retry: RetryPolicy | None = None,
        retry_budget: RetryBudget | NotGiven | None = not_given,
        cool_down: CoolDown | NotGiven | None = not_given,
        rate_limit: RateLimit | Iterable[RateLimit] | None = None,
        throttling: Throttling | NotGiven | None = not_given,
        max_concurrency: int | AdaptiveConcurrency | None = None,
        revalidation: Revalidation | None = None,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        trusted_origins: Iterable[str] = (),
        follow_redirects: bool = True,
        limits: httpx.Limits | NotGiven = not_given,
        verify: Any = not_given,
        cert: Any = not_given,
        proxy: Any = not_given,
        trust_env: bool | NotGiven = not_given,
        http2: bool | NotGiven = not_given,
        _strict_response_validation: bool = False,
    ) -> None:
        check_http_client(http_client, httpx.Client)
        check_blocking_auth(auth)
        self._closed = threading.Event()
        super().__init__(
            http_client=http_client,
            default_http_client=DefaultHttpxClient,
            transport_options={
                "limits": limits,
                "verify": verify,
                "cert": cert,
                "proxy": proxy,
                "trust_env": trust_env,
                "http2": http2,
            },
            version=version,
            base_url=base_url,
            max_retries=max_retries,
            timeout=timeout,
            total_timeout=total_timeout,
            deadline_header=deadline_header,
            custom_headers=custom_headers,
            custom_query=custom_query,
            auth=auth,
            retry=retry,
            rules={
                "retry_budget": retry_budget,
                "cool_down": cool_down,
                "rate_limit": rate_limit,
                "throttling": throttling,
                "max_concurrency": max_concurrency,
            },
            revalidation=revalidation,
            max_response_bytes=max_response_bytes,
            trusted_origins=trusted_origins,
            follow_redirects=follow_redirects,
            strict=_strict_response_validation,
        )

    # -- lifetime --------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Use the client as a block that closes it; the block of a copy closes nothing.

        Raises:
            ClientStateError: It was closed, or this is within its block.
        """
        self._check_open()
        if self._is_entered:
            raise ClientStateError(
                f"this {type(self).__name__} is open and can't be entered again: make another, or use "
                "client.with_options(...), which shares the connections of the open one"
            )
        self._is_entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the client."""
        self._is_entered = False
        self.close()

    def close(self) -> None:
        """Close the client, its copies, and its connections, but not those of a caller's ``http_client``.

        On a copy it does nothing. Calls of other threads fail with `ClientStateError` once they come to it; those that
        wait for a permit, at once.
        """
        if self._is_copy:
            return
        self._closed.set()
        if self._owns_http_client:
            self._client.close()
        turn_away()

    # -- calls -----------------------------------------------------------------------------------------------

    def _respond(self, cast_to: Any, options: FinalRequestOptions | Mapping[str, Any]) -> Any:
        call = self._new_call(options)
        return self._wrap(self._send(call), call, cast_to, APIResponse)

    def _respond_open(self, cast_to: Any, options: FinalRequestOptions | Mapping[str, Any]) -> Any:
        call = self._new_call(options)
        reply, body = self._open(call)
        return self._wrap(reply, call, split_wrapper(cast_to)[1], functools.partial(APIResponse[Any], body=body))

    def _open_again(self, options: FinalRequestOptions) -> tuple[Reply, OpenBody]:
        return self._open(self._new_call(options))

    @sealed
    def request(self, cast_to: TypeForm[R], options: FinalRequestOptions | Mapping[str, Any]) -> R:
        """Make one call.

        Args:
            cast_to: What the response is built into.
            options: The whole call.

        Returns:
            The value; or what the options' ``post_parser`` makes of it.

        Raises:
            APIError: The call failed.
            ClientStateError: The client is closed.
            TypeError, ValueError: The call can't be made as it is described.
        """
        result: R = self._value_of(cast_to, options)
        return result

    def _verb_request(self, cast_to: TypeForm[R], options: FinalRequestOptions) -> R:
        if is_overridden(self.request, SyncAPIClient.request):
            return self.request(cast_to, options)
        result: R = self._value_of(cast_to, options)
        return result

    def _value_of(self, cast_to: Any, options: FinalRequestOptions | Mapping[str, Any]) -> Any:
        call = self._new_call(options)
        return self._result(self._send(call), call, cast_to, APIResponse)

    def _fetch_page(self, page_type: Any, options: FinalRequestOptions) -> Any:
        return self.request(page_type, options)

    @sealed
    def get_api_list(
        self,
        path: str,
        *,
        model: TypeForm[T],
        page: type[SyncPageT],
        body: object = not_given,
        options: OptionsTypes | None = None,
        method: str = "get",
        max_pages: int | None = None,
    ) -> SyncPaginator[T, SyncPageT]:
        """Describe a list that comes in pages; nothing is sent yet.

        Args:
            path: Where the list is.
            model: What each item is built into.
            page: The page class: ``SyncCursorPage[Item]``.
            body: The JSON body of each page's request, for lists that are asked for by POST.
            options: What the requests override.
            method: The method of each page's request.
            max_pages: The most pages that iteration asks for; where the server names one more, that is a
                `PaginationLoopError` in its place. Default: None, no bound.

        Returns:
            The paginator; iterate it for the items of all pages; ``first_page()`` gives the first.
        """
        return SyncPaginator(self, final_options(method, path, options, json_data=body), page, model, max_pages)

    @property
    def with_raw_response(self) -> RawResponses:
        """The verbs, giving the response in its wrapper rather than the value."""
        return RawResponses(self)

    @property
    def with_streaming_response(self) -> StreamingResponses:
        """The verbs, each giving a block in which the response is open, its body not read until asked for."""
        return StreamingResponses(self)

    def _streaming_view(self, resource: APIResource) -> StreamingView:
        """What a resource of this client gives as its ``with_streaming_response``."""
        return StreamingView(resource)
