"""What a client is told, and the hooks by which a subclass changes what it does; how it is copied.

No IO and no waiting here.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Generic, Self, TypeVar

import httpx

from .._constants import DEFAULT_TIMEOUT
from .._errors import APIStatusError, status_error_class
from .._logging import set_up_logging
from .._redact import redact_url
from .._types import Headers, NotGiven, Query, TimeoutTypes
from ..request import Origins, Querystring, prepare_base_url
from ..resilience import ClientStatistics, OriginBooks, OriginRules, given_names
from ..responses import ProblemLog, Revalidator
from ._config import ClientConfig, checked_origins
from ._defaults import DefaultsKeeper
from ._platform import platform_headers
from ._resource import rebind_resources

__all__ = ["ClientSettings"]

HttpxClientT = TypeVar("HttpxClientT", bound="httpx.Client | httpx.AsyncClient")
DefaultStreamT = TypeVar("DefaultStreamT")

_QS = Querystring()


class ClientSettings(Generic[HttpxClientT, DefaultStreamT]):
    """The settings and hooks of a client.

    Class attributes:
        idempotency_header: The header that carries the key of a POST or PATCH; None turns keys off.
        header_prefix: What the names of the platform and retry headers begin with.
    """

    idempotency_header: str | None = "Idempotency-Key"
    header_prefix: str = "X-Trio-API"

    _client: HttpxClientT
    _asynchronous = "false"
    _is_copy = False
    _not_copied: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        *,
        http_client: HttpxClientT | None,
        default_http_client: Any,
        transport_options: dict[str, Any],
        base_url: str | httpx.URL,
        retry: Any,
        rules: Mapping[str, Any],
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
            rules=OriginRules().with_changes(rules),
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
        self._books = OriginBooks(self._config.rules)
        self._revalidator = self._new_revalidator()
        self._kept_defaults = DefaultsKeeper(self._config, ClientSettings)

    @staticmethod
    def _new_guard() -> AbstractContextManager[Any]:
        """What is held while something is changed that threads may share: nothing, where they do not."""
        return contextlib.nullcontext()

    def _new_revalidator(self) -> Revalidator | None:
        rules = self._config.revalidation
        return None if rules is None else Revalidator(rules, self._new_guard())

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
    def _origins(self) -> Origins:
        return self._config.origins

    # -- hooks for subclasses --------------------------------------------------------------------------------

    @property
    def auth_headers(self) -> Headers:
        """The headers that authenticate; none by default. Asked for on every attempt."""
        return {}

    @property
    def custom_auth(self) -> httpx.Auth | None:
        """An `httpx.Auth` for requests to the base URL's and the trusted origins; by default the client's ``auth``.

        Asked for on every attempt, and when a Trio client is opened.
        """
        return self._config.auth

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

    def _copy(self, *, http_client: Any, rules: Mapping[str, Any], revalidation: Any, **changes: Any) -> Self:
        copied = object.__new__(type(self))
        copied.__dict__.update({name: value for name, value in self.__dict__.items() if name not in self._not_copied})
        copied._is_copy = True
        for name in self.__dict__:
            if isinstance(getattr(type(self), name, None), functools.cached_property):
                del copied.__dict__[name]  # made from the parent; made anew from the copy when asked for
        copied._config = self._config.with_changes(
            rules=self._config.rules.with_changes(rules), revalidation=revalidation, **changes
        )
        if own := given_names(rules):
            copied._books = OriginBooks(copied._config.rules, self._books, own)
        if http_client is not None:
            copied._client, copied._owns_http_client = http_client, False
        if http_client is not None or not isinstance(revalidation, NotGiven):
            # What another HTTP client gets may be for other eyes: it has a certificate, a proxy, hooks of its own.
            copied._revalidator = copied._new_revalidator()
        copied._kept_defaults = DefaultsKeeper(copied._config, ClientSettings)
        rebind_resources(copied, parent=self)
        return copied
