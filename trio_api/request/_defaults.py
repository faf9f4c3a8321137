"""What a client brings to each of its requests, made ready once for all of them."""

from __future__ import annotations

import functools
from typing import Final

import httpx

from .._redact import redact_url
from .._types import Headers, Query
from ._address import BaseAddress
from ._headers import Fields, HeaderBlock, encode_headers, merge_raw_headers
from ._origins import Origins
from ._query import QueryLayer, Querystring

__all__ = ["ClientDefaults", "CommonFields", "attempt_headers"]

_MOST_KEPT: Final = 64  # combinations of content type, retry count and read timeout that are kept rendered
_RETRY_COUNT: Final = "Retry-Count"
_READ_TIMEOUT: Final = "Read-Timeout"  # seconds
_FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding"})


@functools.lru_cache(maxsize=64)
def attempt_headers(prefix: str) -> frozenset[bytes]:
    """Names, in lower case, of the headers that every request has and that tell of the attempt only.

    Args:
        prefix: What they begin with.
    """
    return frozenset(f"{prefix}-{name}".lower().encode("ascii") for name in (_RETRY_COUNT, _READ_TIMEOUT))


class CommonFields:
    """The fields that all requests of a client with the same body type, retry count and read timeout have in common.

    Args:
        fields: With those that are omitted.
    """

    __slots__ = ("block", "fields")

    def __init__(self, fields: Fields) -> None:
        self.fields: Final = fields
        self.block: Final = (
            None if fields.keys() & _FRAMING else HeaderBlock(field for field in fields.values() if field is not None)
        )
        """What is left of them, to be sent as it is; None where they say something of a body or host of their own."""


class ClientDefaults:
    """What a client brings to each of its requests. The repr shows nothing of it but the base URL.

    Args:
        base_url: From `prepare_base_url`; its query is the client's too.
        origins: Where credentials may go.
        headers: The client's headers, its credentials among them.
        query: The client's query parameters.
        qs: How query parameters are written.
        idempotency_header: The header of the idempotency key, or None for no key at all.
        header_prefix: What the names of the headers that each attempt gets begin with.
        client_headers: The headers of the httpx client below; they are the lowest layer.
        client_query: The query parameters of the httpx client below; they are the lowest layer.
    """

    def __init__(
        self,
        *,
        base_url: httpx.URL,
        origins: Origins,
        headers: Headers | None = None,
        query: Query | None = None,
        qs: Querystring | None = None,
        idempotency_header: str | None = "Idempotency-Key",
        header_prefix: str = "X-Trio-API",
        client_headers: httpx.Headers | None = None,
        client_query: httpx.QueryParams | None = None,
    ) -> None:
        self.base_url: Final = base_url
        self.origins: Final = origins
        self.headers: Final[Headers] = headers or {}
        self.query: Final[Query] = query or {}
        self.qs: Final = qs or Querystring()
        self.idempotency_header: Final = idempotency_header
        self.header_prefix: Final = header_prefix
        self.client_headers: Final = client_headers or httpx.Headers()
        self.client_query: Final = client_query or httpx.QueryParams()
        self._common: dict[tuple[str | None, int, float | None], CommonFields] = {}

    @functools.cached_property
    def base(self) -> BaseAddress:
        """The base URL, for paths to be appended."""
        return BaseAddress(self.base_url, self.origins.base)

    @functools.cached_property
    def query_layers(self) -> tuple[QueryLayer, ...]:
        """The query parameters of every request, lowest first: the httpx client's, the base URL's, the client's."""
        texts = (str(self.client_query), self.base.query)
        layers = (*map(self.qs.text_layer, texts), self.qs.layer(self.query))
        return tuple(layer for layer in layers if layer.claims)

    @functools.cached_property
    def fields(self) -> Fields:
        """`headers` as they are sent."""
        return encode_headers(self.headers)

    def common_fields(self, content_type: str | None, retries_taken: int, read_timeout: float | None) -> CommonFields:
        """What every attempt says unless the call says otherwise; checked, encoded and rendered once.

        Args:
            content_type: The body's.
            retries_taken: How many retries came before.
            read_timeout: Seconds that a read may take, for the server to know; None for no bound.

        Raises:
            TypeError, ValueError: A header can't be sent.
        """
        key = (content_type, retries_taken, read_timeout)
        common = self._common.get(key)
        if common is None:
            automatic = {"Accept": "application/json", f"{self.header_prefix}-{_RETRY_COUNT}": str(retries_taken)}
            if read_timeout is not None:
                automatic[f"{self.header_prefix}-{_READ_TIMEOUT}"] = str(read_timeout).removesuffix(".0")
            if content_type is not None:
                automatic["Content-Type"] = content_type
            fields = merge_raw_headers(self.client_headers.raw) | encode_headers(automatic) | self.fields
            if len(self._common) >= _MOST_KEPT:  # forms have a boundary each
                self._common.clear()
            self._common[key] = common = CommonFields(fields)
        return common

    def __repr__(self) -> str:
        return f"{type(self).__name__}({redact_url(self.base_url)!r})"
