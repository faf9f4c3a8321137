"""The Trio client: its settings, its lifetime, and lists. What it does to make a call is the driver's."""

from __future__ import annotations

import enum
import functools
from collections.abc import Awaitable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx
import trio

from .._checks import check_seconds
from .._constants import CLEANUP_SECONDS, DEFAULT_MAX_RESPONSE_BYTES
from .._records import Reply
from .._redact import sealed
from .._types import Headers, NotGiven, Query, TimeoutTypes, not_given
from .._version import __version__
from ..request import FinalRequestOptions
from ..resilience import AdaptiveConcurrency, CoolDown, Hedge, RateLimit, RateLimitStore, RetryBudget, Throttling
from ..responses import Revalidation
from ..retry import RetryPolicy
from ..transport import BearerAuth, DefaultTrioHttpxClient
from ._call import OptionsTypes, final_options, split_wrapper
from ._config import check_http_client
from ._copies_trio import AsyncCopies
from ._defaults import is_overridden
from ._open_body_trio import OpenBody
from ._open_stream_trio import AsyncStreams
from ._operation_trio import AsyncOperations
from ._pages_trio import AsyncPaginator, BaseAsyncPage
from ._resource import APIResource
from ._responses_trio import AsyncAPIResponse
from ._streaming_verbs_trio import AsyncStreamingResponses
from ._verbs_trio import AsyncRawResponses, AsyncVerbs
from ._views import AsyncStreamingView

if TYPE_CHECKING:
    from typing import Self

    from typing_extensions import TypeForm

__all__ = ["AsyncAPIClient"]

R = TypeVar("R")
T = TypeVar("T")
AsyncPageT = TypeVar("AsyncPageT", bound="BaseAsyncPage[Any]")


def _is_nothing_to_cut() -> None:
    """The calls of a client that sends by its caller's HTTP client each have a scope."""


class _Entry(enum.Enum):
    OWNER = "this client's block opened what it shares with its copies"
    GUEST = "the block of another client did"


class AsyncAPIClient(AsyncVerbs, AsyncStreams, AsyncOperations, AsyncCopies):
    """A client of an HTTP/JSON API, for Trio; subclass it to write an SDK.

    Use it as ``async with AsyncAPIClient(base_url=...) as client:``. The block owns the connection pool and every
    background task: when it is left, nothing of the client is left running or open.

    Args:
        version: The version that the User-Agent names.
        base_url: What relative paths are appended to. Its userinfo is sent as Basic credentials.
        max_retries: How many times a call is retried; wins over the policy's. Default: 2.
        timeout: Seconds per operation (connect, read, write, pool) of each attempt, an `httpx.Timeout`, or None
            for no timeout. Default: the *http_client*'s own, else 600 with 5 to connect.
        total_timeout: Seconds for one call with all its attempts and waits; None for no bound.
        deadline_header: The header by which each attempt tells the server how many seconds are left until the nearest
            deadline that is known: ``12.345``. There is no standard for its name. None, the default, for no header.
        http_client: An open `httpx.AsyncClient` to send by; its owner closes it.
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
        rate_limit_store: Keeps the count of several processes, a `RedisRateLimitStore` for example; None, the default,
            where this client keeps its own.
        throttling: How attempts are held back while most of those to their origin fail; None, the default, for not.
        hedge: When a request that takes long is sent once more; None, the default, for never. Not beside a
            `rate_limit_store`, which a hedge could not wait for.
        max_concurrency: How many attempts at an origin there are at a time, those of copies too: a number, or an
            `AdaptiveConcurrency` that finds it; None for no limit. Default: None.
        single_flight: Whether GETs that are the same, by the same credentials, are one call while it is in flight,
            each caller with a deadline and a cancellation of its own.
        revalidation: How many answers with an ``ETag`` are kept, for the server to say whether they still hold; None
            for none. Copies share them, but for one with another ``http_client``.
        max_response_bytes: The most, in bytes, that a buffered response may decode to.
        trusted_origins: Origins besides the base URL's that credentials may go to: ``"https://cdn.example.com"``.
        follow_redirects: Whether redirects are followed.
        shutdown_grace: Seconds that calls of other tasks may take to finish when the block is left.
        limits, verify, cert, proxy, trust_env, http2: Passed to the default HTTP client, as httpx has them.

    Raises:
        TypeError, ValueError: An argument can't be what it is meant to be; the message names it.
    """

    _entry: _Entry | None = None
    _not_copied = ("_entry", "_flights")

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
        http_client: httpx.AsyncClient | None = None,
        custom_headers: Headers | None = None,
        custom_query: Query | None = None,
        auth: httpx.Auth | None = None,
        retry: RetryPolicy | None = None,
        retry_budget: RetryBudget | NotGiven | None = not_given,
        cool_down: CoolDown | NotGiven | None = not_given,
        rate_limit: RateLimit | Iterable[RateLimit] | None = None,
        rate_limit_store: RateLimitStore | None = None,
        throttling: Throttling | NotGiven | None = not_given,
        hedge: Hedge | NotGiven | None = not_given,
        max_concurrency: int | AdaptiveConcurrency | None = None,
        single_flight: bool = False,
        revalidation: Revalidation | None = None,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        trusted_origins: Iterable[str] = (),
        follow_redirects: bool = True,
        shutdown_grace: float = 0.0,
        limits: httpx.Limits | NotGiven = not_given,
        verify: Any = not_given,
        cert: Any = not_given,
        proxy: Any = not_given,
        trust_env: bool | NotGiven = not_given,
        http2: bool | NotGiven = not_given,
        _strict_response_validation: bool = False,
    ) -> None:
        check_http_client(http_client, httpx.AsyncClient)
        self._shutdown_grace = check_seconds("shutdown_grace", shutdown_grace)
        super().__init__(
            http_client=http_client,
            default_http_client=DefaultTrioHttpxClient,
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
                "rate_limit_store": rate_limit_store,
                "throttling": throttling,
                "hedge": hedge,
                "max_concurrency": max_concurrency,
            },
            single_flight=single_flight,
            revalidation=revalidation,
            max_response_bytes=max_response_bytes,
            trusted_origins=trusted_origins,
            follow_redirects=follow_redirects,
            strict=_strict_response_validation,
        )

    # -- lifetime --------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Open the client; a copy of an open client is open already, and closes nothing.

        Raises:
            ClientStateError: It is open already, or was closed.
        """
        if self._entry is None and self._lifetime.is_open:
            self._entry = _Entry.GUEST
        else:
            auth = self._own_auth()
            nursery = await self._lifetime.open()
            self._entry = _Entry.OWNER
            if self._owns_http_client:
                cast("Any", self._client).keep_house_in(nursery)  # it is a DefaultTrioHttpxClient
            if isinstance(auth, BearerAuth):
                auth.keep_fresh_in(nursery)
        return self  # noqa: ASYNC910  # as trio.open_nursery does it, entering neither waits nor checkpoints

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        """Close the client, if this block opened it: calls in flight, connections, background tasks."""
        entry, self._entry = self._entry, None
        if entry is not _Entry.OWNER:
            return None  # noqa: ASYNC910  # there is nothing to close
        try:
            cut = cast("Any", self._client).abort if self._owns_http_client else _is_nothing_to_cut
            await self._lifetime.finish_calls(self._shutdown_grace, cut)  # noqa: ASYNC102  # a cancellation ends the grace
        finally:
            if self._owns_http_client:
                try:
                    with trio.move_on_after(CLEANUP_SECONDS, shield=True):
                        await self._client.aclose()
                finally:
                    cast("Any", self._client).abort()  # whatever stands in its transport's place by now
            suppressed = await self._lifetime.close(kind, error, traceback)  # noqa: ASYNC102  # its tasks are cancelled
        return suppressed

    # -- calls -----------------------------------------------------------------------------------------------

    async def _respond(self, cast_to: Any, options: FinalRequestOptions | Mapping[str, Any]) -> Any:
        call = self._new_call(options)
        return self._wrap(await self._reply_to(call), call, cast_to, AsyncAPIResponse)

    async def _respond_open(self, cast_to: Any, options: FinalRequestOptions | Mapping[str, Any]) -> Any:
        call = self._new_call(options)
        reply, body = await self._open(call)
        return self._wrap(reply, call, split_wrapper(cast_to)[1], functools.partial(AsyncAPIResponse[Any], body=body))

    async def _open_again(self, options: FinalRequestOptions) -> tuple[Reply, OpenBody]:
        return await self._open(self._new_call(options))

    @sealed
    async def request(self, cast_to: TypeForm[R], options: FinalRequestOptions | Mapping[str, Any]) -> R:
        """Make one call.

        Args:
            cast_to: What the response is built into.
            options: The whole call.

        Returns:
            The value; or what the options' ``post_parser`` makes of it.

        Raises:
            APIError: The call failed.
            ClientStateError: The client is not open.
            TypeError, ValueError: The call can't be made as it is described.
        """
        result: R = await self._value_of(cast_to, options)
        return result

    def _verb_request(self, cast_to: TypeForm[R], options: FinalRequestOptions) -> Awaitable[R]:
        if is_overridden(self.request, AsyncAPIClient.request):
            return self.request(cast_to, options)
        return self._value_of(cast_to, options)

    async def _value_of(self, cast_to: Any, options: FinalRequestOptions | Mapping[str, Any]) -> Any:
        call = self._new_call(options)
        return self._result(await self._reply_to(call), call, cast_to, AsyncAPIResponse)

    async def _fetch_page(self, page_type: Any, options: FinalRequestOptions) -> Any:
        return await self.request(page_type, options)

    @sealed
    def get_api_list(
        self,
        path: str,
        *,
        model: TypeForm[T],
        page: type[AsyncPageT],
        body: object = not_given,
        options: OptionsTypes | None = None,
        method: str = "get",
        max_pages: int | None = None,
    ) -> AsyncPaginator[T, AsyncPageT]:
        """Describe a list that comes in pages; nothing is sent yet.

        Args:
            path: Where the list is.
            model: What each item is built into.
            page: The page class: ``AsyncCursorPage[Item]``.
            body: The JSON body of each page's request, for lists that are asked for by POST.
            options: What the requests override.
            method: The method of each page's request.
            max_pages: The most pages that iteration asks for; where the server names one more, that is a
                `PaginationLoopError` in its place. Default: None, no bound.

        Returns:
            The paginator: ``await`` it for the first page, iterate it for the items of all.
        """
        return AsyncPaginator(self, final_options(method, path, options, json_data=body), page, model, max_pages)

    @property
    def with_raw_response(self) -> AsyncRawResponses:
        """The verbs, giving the response in its wrapper rather than the value."""
        return AsyncRawResponses(self)

    @property
    def with_streaming_response(self) -> AsyncStreamingResponses:
        """The verbs, each giving a block in which the response is open, its body not read until asked for."""
        return AsyncStreamingResponses(self)

    def _streaming_view(self, resource: APIResource) -> AsyncStreamingView:
        """What a resource of this client gives as its ``with_streaming_response``."""
        return AsyncStreamingView(resource)
