"""What a client's hooks gave the last time, and what was made of it: made anew only where they give something else.

Hooks are asked on every attempt, since credentials change. What they give is copied, so that a mapping that is changed
in place is seen to be another. One tuple is swapped at a time: a blocking client may be used by many threads.
"""

from __future__ import annotations

from typing import Any, Final, Protocol, final

import httpx

from .._types import Headers, Query
from ..request import ClientDefaults, Querystring, merge_headers
from ._config import ClientConfig

__all__ = ["DefaultsKeeper", "is_overridden"]

_PLAIN: Final = (str, int, type(None))  # values that stay what they are, and are sent alike if they are equal


class HookedClient(Protocol):
    """What is asked of a client."""

    @property
    def idempotency_header(self) -> str | None: ...
    @property
    def header_prefix(self) -> str: ...
    @property
    def auth_headers(self) -> Headers: ...
    @property
    def user_agent(self) -> str: ...
    @property
    def default_headers(self) -> Headers: ...
    @property
    def default_query(self) -> Query: ...
    @property
    def qs(self) -> Querystring: ...

    def platform_headers(self) -> Headers: ...


def is_overridden(hook: object, base: object) -> bool:
    """Whether *hook*, a method asked of a client, is another than *base*, the function of the class that has it."""
    return getattr(hook, "__func__", hook) is not base


@final
class DefaultsKeeper:
    """The `ClientDefaults` of one client.

    Args:
        config: The client's settings.
        base: The class whose hooks always give the same.
    """

    def __init__(self, config: ClientConfig, base: Any) -> None:
        self._config: Final = config
        self._base: Final = base
        self._headers: tuple[tuple[object, ...], Headers] | None = None
        self._defaults: tuple[tuple[object, ...], ClientDefaults] | None = None

    def headers(self, client: HookedClient) -> Headers:
        """The default headers as the base class has them; the same mapping while they are, for nobody to change.

        Raises:
            TypeError, ValueError: A header can't be sent.
        """
        of_class: Any = type(client)
        agent = None if of_class.user_agent is self._base.user_agent else client.user_agent
        platform = None
        if is_overridden(client.platform_headers, self._base.platform_headers):
            platform = dict(client.platform_headers())
        auth = dict(client.auth_headers)
        given, kept = (agent, platform, auth, client.header_prefix), self._headers
        if kept is None or kept[0] != given:
            basic = self._config.authorization
            merged = merge_headers(
                {"Accept": "application/json", "User-Agent": client.user_agent if agent is None else agent},
                client.platform_headers() if platform is None else platform,
                {} if basic is None else {"Authorization": basic},
                auth,
                self._config.custom_headers,
            )
            self._headers = kept = given, merged
        return kept[1]

    def current(self, client: HookedClient, http_client: httpx.Client | httpx.AsyncClient) -> ClientDefaults:
        """What *client* and the HTTP client below bring to a request now."""
        of_class: Any = type(client)
        is_own = of_class.default_headers is self._base.default_headers
        # What a subclass has for all its users stands below what the user of this client asked for.
        headers = self.headers(client) if is_own else merge_headers(client.default_headers, self._config.custom_headers)
        query, lowest, lowest_query = client.default_query, http_client.headers, http_client.params
        if of_class.default_query is not self._base.default_query:
            query = {**query, **self._config.custom_query}
        given = (headers, client.qs, client.idempotency_header, client.header_prefix, lowest.raw, lowest_query)
        kept = self._defaults
        if kept is not None and kept[0] == given and _are_same(query, kept[1].query):
            return kept[1]
        defaults = ClientDefaults(
            base_url=self._config.base_url,
            origins=self._config.origins,
            headers=headers,
            query=dict(query),
            qs=client.qs,
            idempotency_header=client.idempotency_header,
            header_prefix=client.header_prefix,
            client_headers=lowest.copy(),
            client_query=lowest_query,
        )
        self._defaults = given, defaults
        return defaults


def _are_same(query: Query, kept: Query) -> bool:
    """Whether two mappings are sent alike, and nobody can have changed one within: then its values are plain."""
    if len(query) != len(kept):
        return False
    for name, value in query.items():
        if name not in kept or type(value) is not type(kept[name]):
            return False
        if not isinstance(value, _PLAIN) or value != kept[name]:
            return False
    return True
