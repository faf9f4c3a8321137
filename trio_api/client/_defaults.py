"""What a client's hooks gave the last time, and what was made of it: made anew only where they give something else.

Hooks are asked on every attempt, since credentials change. What they give is copied, so that a mapping that is changed
in place is seen to be another. Each keeper swaps one tuple at a time: a blocking client may be used by many threads.
"""

from __future__ import annotations

from typing import Final, final

import httpx

from .._types import Headers, Query
from ..request import ClientDefaults, Querystring, merge_headers
from ._config import ClientConfig

__all__ = ["DefaultsKeeper", "HeaderKeeper"]

_PLAIN: Final = (str, int, type(None))  # values that stay what they are, and are sent alike if they are equal


@final
class HeaderKeeper:
    """The default headers of a client with *config*."""

    def __init__(self, config: ClientConfig) -> None:
        self._config = config
        self._kept: tuple[tuple[str, Headers, Headers], Headers] | None = None

    def merged(self, user_agent: str, platform: Headers, auth: Headers) -> Headers:
        """All that the client's requests carry, lowest layer first: what is given here, and the custom headers.

        It is the same mapping as before if all is the same: nobody may change it.

        Raises:
            TypeError, ValueError: A header can't be sent.
        """
        given, kept = (user_agent, platform, auth), self._kept
        if kept is None or kept[0] != given:
            basic = self._config.authorization
            merged = merge_headers(
                {"Accept": "application/json", "User-Agent": user_agent},
                platform,
                {} if basic is None else {"Authorization": basic},
                auth,
                self._config.custom_headers,
            )
            self._kept = kept = (user_agent, dict(platform), dict(auth)), merged
        return kept[1]


@final
class DefaultsKeeper:
    """The `ClientDefaults` of a client with *config*."""

    def __init__(self, config: ClientConfig) -> None:
        self._config = config
        self._kept: tuple[tuple[object, ...], Query, ClientDefaults] | None = None

    def current(
        self,
        *,
        headers: Headers,
        query: Query,
        qs: Querystring,
        idempotency_header: str | None,
        header_prefix: str,
        client_headers: httpx.Headers,
        client_query: httpx.QueryParams,
    ) -> ClientDefaults:
        """The defaults with these values; *headers* must be nobody's to change."""
        given = (headers, qs, idempotency_header, header_prefix, client_headers.raw, client_query)
        kept = self._kept
        if kept is not None and kept[0] == given and _are_same(query, kept[1]):
            return kept[2]
        defaults = ClientDefaults(
            base_url=self._config.base_url,
            origins=self._config.origins,
            headers=headers,
            query=dict(query),
            qs=qs,
            idempotency_header=idempotency_header,
            header_prefix=header_prefix,
            client_headers=client_headers.copy(),
            client_query=client_query,
        )
        self._kept = given, defaults.query, defaults
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
