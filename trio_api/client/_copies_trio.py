"""How a Trio client is copied with other settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import httpx

from .._redact import sealed
from .._types import Headers, NotGiven, Query, TimeoutTypes, not_given
from ..resilience import AdaptiveConcurrency, CoolDown, Hedge, RateLimit, RateLimitStore, RetryBudget, Throttling
from ..responses import Revalidation
from ..retry import RetryPolicy
from ._config import check_http_client
from ._shared_calls_trio import SharingDriver

if TYPE_CHECKING:
    from typing import Self

__all__ = ["AsyncCopies"]


class AsyncCopies(SharingDriver):
    """The half of the Trio client that makes copies of it."""

    @sealed
    def copy(
        self,
        *,
        base_url: str | httpx.URL | NotGiven = not_given,
        timeout: TimeoutTypes | NotGiven = not_given,
        total_timeout: float | None | NotGiven = not_given,
        deadline_header: str | None | NotGiven = not_given,
        max_retries: int | NotGiven = not_given,
        custom_headers: Headers | None = None,
        set_custom_headers: Headers | None = None,
        custom_query: Query | None = None,
        set_custom_query: Query | None = None,
        http_client: httpx.AsyncClient | None = None,
        auth: httpx.Auth | NotGiven | None = not_given,
        retry: RetryPolicy | NotGiven = not_given,
        retry_budget: RetryBudget | NotGiven | None = not_given,
        cool_down: CoolDown | NotGiven | None = not_given,
        rate_limit: RateLimit | Iterable[RateLimit] | NotGiven | None = not_given,
        rate_limit_store: RateLimitStore | NotGiven | None = not_given,
        throttling: Throttling | NotGiven | None = not_given,
        hedge: Hedge | NotGiven | None = not_given,
        max_concurrency: int | AdaptiveConcurrency | NotGiven | None = not_given,
        single_flight: bool | NotGiven = not_given,
        revalidation: Revalidation | NotGiven | None = not_given,
        max_response_bytes: int | NotGiven = not_given,
        trusted_origins: Iterable[str] | NotGiven = not_given,
        follow_redirects: bool | NotGiven = not_given,
    ) -> Self:
        """Make a client that shares the connections and the lifetime of this one, and differs in what is given.

        The copy of an open client is ready for use; leaving a block of its own closes nothing of the parent's.

        Args:
            base_url: In place of the parent's.
            timeout: In place of the parent's.
            total_timeout: In place of the parent's.
            deadline_header: In place of the parent's.
            max_retries: In place of the parent's.
            custom_headers: Merged over the parent's.
            set_custom_headers: In place of the parent's.
            custom_query: Merged over the parent's.
            set_custom_query: In place of the parent's.
            http_client: An open `httpx.AsyncClient` to send by; its owner closes it.
            auth: In place of the parent's; None for none but the HTTP client's own.
            retry: In place of the parent's.
            retry_budget: In place of the one shared with the parent: a full one, with statistics of its own.
            cool_down: In place of what is shared with the parent.
            rate_limit: In place of the parent's, with a count of its own.
            rate_limit_store: In place of the parent's, with a count of its own.
            throttling: In place of what is shared with the parent.
            hedge: In place of what is shared with the parent.
            max_concurrency: In place of what is shared with the parent.
            single_flight: In place of the parent's; calls of the copy are never one with the parent's.
            revalidation: In place of the parent's: with nothing kept at first.
            max_response_bytes: In place of the parent's.
            trusted_origins: In place of the parent's.
            follow_redirects: In place of the parent's.

        Raises:
            TypeError, ValueError: An argument is none that there may be, or ``custom_*`` is beside ``set_custom_*``.
        """
        check_http_client(http_client, httpx.AsyncClient)
        return self._copy(
            http_client=http_client,
            base_url=base_url,
            timeout=timeout,
            total_timeout=total_timeout,
            deadline_header=deadline_header,
            max_retries=max_retries,
            custom_headers=custom_headers,
            set_custom_headers=set_custom_headers,
            custom_query=custom_query,
            set_custom_query=set_custom_query,
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
        )

    with_options = copy
