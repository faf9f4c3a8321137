"""What a client was told: one immutable value, checked when it is made; a copy of a client evolves it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import attrs
import httpx

from .._checks import bytes_field, check_mapping, check_max_retries, check_seconds, kind_field
from .._constants import DEFAULT_MAX_RESPONSE_BYTES
from .._types import Headers, NotGiven, Query, TimeoutTypes, not_given
from ..request import Origins, check_field_name, check_timeout, merge_headers, prepare_base_url
from ..resilience import OriginRules
from ..responses import Revalidation
from ..retry import RetryPolicy

__all__ = ["ClientConfig", "check_http_client", "checked_origins"]


def _check_auth(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not isinstance(value, httpx.Auth):
        raise TypeError(
            f"auth must be an httpx.Auth, such as BearerAuth(token) or httpx.BasicAuth(name, password), got "
            f"{type(value).__name__}"
        )


def _checked_query(value: object) -> Query:
    return dict(check_mapping("custom_query", value))


def _checked_headers(value: object) -> Headers:
    return merge_headers(check_mapping("custom_headers", value))  # names and values are checked there


def _checked_max_retries(value: int | NotGiven) -> int | NotGiven:
    return value if isinstance(value, NotGiven) else check_max_retries(value)


def _checked_timeout(value: TimeoutTypes | NotGiven) -> TimeoutTypes | NotGiven:
    return value if isinstance(value, NotGiven) else check_timeout(value)


def _checked_total_timeout(value: float | None) -> float | None:
    return None if value is None else check_seconds("total_timeout", value)


def _checked_deadline_header(value: object) -> str | None:
    return None if value is None else check_field_name("deadline_header", value)


def _origins_of(config: ClientConfig) -> Origins:
    return Origins(config.base_url, config.trusted_origins)


def _policy_of(config: ClientConfig) -> RetryPolicy:
    if isinstance(config.max_retries, NotGiven):
        return config.retry
    return attrs.evolve(config.retry, max_retries=config.max_retries)


@attrs.frozen(kw_only=True, repr=False)
class ClientConfig:
    """The settings of one client or copy. Its repr shows none of them, since some are credentials."""

    version: str = attrs.field(validator=kind_field(str))
    base_url: httpx.URL
    """Without userinfo, with a trailing ``/`` before any query."""
    authorization: str | None
    """The base URL's userinfo as a Basic credential."""
    max_retries: int | NotGiven = attrs.field(default=not_given, converter=_checked_max_retries)
    """Not given: the policy's."""
    timeout: TimeoutTypes | NotGiven = attrs.field(default=not_given, converter=_checked_timeout)
    """Not given: the caller's HTTP client's, or the default."""
    total_timeout: float | None = attrs.field(default=None, converter=_checked_total_timeout)
    deadline_header: str | None = attrs.field(default=None, converter=_checked_deadline_header)
    custom_headers: Headers = attrs.field(factory=dict[str, Any], converter=_checked_headers)
    custom_query: Query = attrs.field(factory=dict[str, Any], converter=_checked_query)
    auth: httpx.Auth | None = attrs.field(default=None, validator=_check_auth)
    retry: RetryPolicy = attrs.field(factory=RetryPolicy, validator=kind_field(RetryPolicy))
    rules: OriginRules = attrs.field(factory=OriginRules)
    """What it goes by towards each origin."""
    revalidation: Revalidation | None = attrs.field(default=None, validator=kind_field(Revalidation, or_none=True))
    """How much is kept to be asked about again; None: nothing."""
    single_flight: bool = attrs.field(default=False, validator=kind_field(bool))
    """Whether calls in flight that are the same are one; of the Trio client only."""
    max_response_bytes: int = attrs.field(default=DEFAULT_MAX_RESPONSE_BYTES, validator=bytes_field)
    trusted_origins: tuple[str, ...] = ()
    follow_redirects: bool = attrs.field(default=True, validator=kind_field(bool))
    strict: bool = attrs.field(default=False, validator=kind_field(bool))
    origins: Origins = attrs.field(init=False, default=attrs.Factory(_origins_of, takes_self=True))
    """The base URL's origin and the trusted ones."""
    policy: RetryPolicy = attrs.field(init=False, default=attrs.Factory(_policy_of, takes_self=True))
    """`retry` with the client's own *max_retries*, where it has one."""

    def with_changes(
        self,
        *,
        base_url: str | httpx.URL | NotGiven = not_given,
        custom_headers: Headers | None = None,
        set_custom_headers: Headers | None = None,
        custom_query: Query | None = None,
        set_custom_query: Query | None = None,
        trusted_origins: Iterable[str] | NotGiven = not_given,
        **others: Any,
    ) -> ClientConfig:
        """The settings of a copy: what is `not_given` stays, ``custom_*`` merge, ``set_custom_*`` replace.

        Raises:
            ValueError: A ``custom_*`` stands beside its ``set_custom_*``.
        """
        changes = {name: value for name, value in others.items() if not isinstance(value, NotGiven)}
        if not isinstance(base_url, NotGiven):
            changes["base_url"], changes["authorization"] = prepare_base_url(base_url)
        if not isinstance(trusted_origins, NotGiven):
            changes["trusted_origins"] = checked_origins(trusted_origins)
        for name, added, replaced in (
            ("custom_headers", custom_headers, set_custom_headers),
            ("custom_query", custom_query, set_custom_query),
        ):
            if added is not None and replaced is not None:
                raise ValueError(f"{name} and set_{name} exclude each other: the first merges, the second replaces")
            if replaced is not None:
                changes[name] = replaced
        if custom_headers is not None:
            changes["custom_headers"] = merge_headers(self.custom_headers, _checked_headers(custom_headers))
        if custom_query is not None:
            changes["custom_query"] = {**self.custom_query, **check_mapping("custom_query", custom_query)}
        return attrs.evolve(self, **changes)


def check_http_client(http_client: object, kind: type[httpx.AsyncClient | httpx.Client]) -> None:
    """Refuse what is no HTTP client of the client's colour.

    Raises:
        TypeError: It is none.
    """
    if http_client is not None and not isinstance(http_client, kind):
        raise TypeError(f"http_client must be an httpx.{kind.__name__}, got {type(http_client).__name__}")


def checked_origins(value: object) -> tuple[str, ...]:
    """Return *value* as a tuple of origins; each is parsed by `Origins`.

    Raises:
        TypeError: It is one text, or no iterable at all.
    """
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(
            f'trusted_origins must be a list of origins, such as ["https://cdn.example.com"], got {value!r}'
        )
    return tuple(cast("Iterable[str]", value))
