"""One attempt as an `httpx.Request`: which header wins, which are added, and what a foreign origin may have.

Nothing is sent and nothing is awaited here. Layers of headers, lowest first: the httpx client's own, the URL's
userinfo, what this module adds (content type, retry count, read timeout, a generated key), the client's, the
call's key, the call's.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

import attrs
import httpx

from .._redact import RedactedRequest, redact_url
from .._types import Headers, Query
from ._body import Body, BytesStream
from ._headers import Fields, check_method, encode_headers, merge_raw_headers
from ._multipart import Multipart, boundary_in
from ._options import FinalRequestOptions
from ._origins import Origins, filter_for_origin
from ._query import Querystring
from ._urls import ResolvedURL, resolve_url

__all__ = ["ClientDefaults", "build_request"]

_KEYED: Final = frozenset({"POST", "PATCH"})  # the methods that are not idempotent by themselves
_WITH_CONTENT: Final = frozenset({"POST", "PUT", "PATCH"})  # a length is expected even of nothing: RFC 9110, 8.6
_NOT_OMITTED: Final = ("host", "content-length", "transfer-encoding")  # without them nobody knows where it ends


@attrs.frozen(kw_only=True, repr=False)
class ClientDefaults:
    """What a client brings to each of its requests. The repr shows nothing of it but the base URL."""

    base_url: httpx.URL
    """From `prepare_base_url`; its query is the client's too."""
    headers: Headers = attrs.field(factory=dict[str, str])
    """The client's headers, its credentials among them."""
    query: Query = attrs.field(factory=dict[str, object])
    """The client's query parameters."""
    qs: Querystring = attrs.field(factory=Querystring)
    """How query parameters are written."""
    origins: Origins
    """Where credentials may go."""
    idempotency_header: str | None = "Idempotency-Key"
    """The header of the idempotency key, or None for no key at all."""
    header_prefix: str = "X-Trio-API"
    """What the names of the headers that each attempt gets begin with."""
    client_headers: httpx.Headers = attrs.field(factory=httpx.Headers)
    """The headers of the httpx client below; they are the lowest layer."""
    client_query: httpx.QueryParams = attrs.field(factory=httpx.QueryParams)
    """The query parameters of the httpx client below; they are the lowest layer."""

    @functools.cached_property
    def fields(self) -> Fields:
        """`headers` as they are sent, checked and encoded once for all requests that these defaults serve."""
        return encode_headers(self.headers)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({redact_url(self.base_url)!r})"


def build_request(
    options: FinalRequestOptions,
    defaults: ClientDefaults,
    *,
    body: Body,
    stream: httpx.AsyncByteStream | httpx.SyncByteStream | None = None,
    retries_taken: int = 0,
    read_timeout: float | None = None,
    idempotency_key: str | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> RedactedRequest:
    """Make the request of one attempt.

    Args:
        options: The call.
        defaults: What the client brings.
        body: The call's body.
        stream: How the transport reads *body*; None is as it stands in memory.
        retries_taken: How many retries came before.
        read_timeout: Seconds that a read may take, for the server to know; None for no bound.
        idempotency_key: The call's generated key. It is sent with POST and PATCH; a key of *options* with every
            method.
        extensions: The request's extensions, such as its timeouts.

    Raises:
        TypeError, ValueError: The URL, method, query or a header can't be sent; the message names it.
    """
    method = check_method(options.method)
    target = resolve_url(defaults.base_url, options.url)
    trusted = target.is_relative or defaults.origins.trusts(target.url)
    url = target.with_query(_merged_query(options, defaults, target, trusted=trusted))
    automatic = _automatic(defaults, body, retries_taken, read_timeout)
    if idempotency_key is not None and defaults.idempotency_header is not None and method in _KEYED:
        automatic[defaults.idempotency_header] = idempotency_key
    fields = _merged_fields(options, defaults, target, automatic)
    if body.form is not None:
        _settle_boundary(fields, options.headers, body.form)
    _frame(fields, method, body)
    host = fields.pop("host", None) or (b"Host", url.netloc)
    sent = [host, *(field for field in fields.values() if field is not None)]
    is_known = body.data is not None or not body.is_given
    known = BytesStream(body.data or b"") if is_known or stream is None else stream
    request = RedactedRequest(method, url, headers=sent, stream=known, extensions=dict(extensions or {}))
    if is_known:
        request.read()  # so that hooks and errors have its `content`
    if stream is not None:
        request.stream = stream
    if not trusted:
        filter_for_origin(request, defaults.origins)
    return request


def _merged_query(
    options: FinalRequestOptions, defaults: ClientDefaults, target: ResolvedURL, *, trusted: bool
) -> str | None:
    """The query, its layers lowest first: the httpx client's, the base URL's, the client's, the URL's, the call's."""
    base_query = defaults.base_url.query.decode("ascii")
    if not options.params and not (trusted and (defaults.client_query or base_query or defaults.query)):
        return target.query
    qs = defaults.qs
    layers = [qs.text_layer(target.query or ""), qs.layer(options.params)]
    if trusted:
        layers[:0] = [qs.text_layer(str(defaults.client_query)), qs.text_layer(base_query), qs.layer(defaults.query)]
    return qs.merge(layers) or None


def _automatic(defaults: ClientDefaults, body: Body, retries_taken: int, read_timeout: float | None) -> dict[str, str]:
    """What every attempt says of itself unless the client or the call says otherwise."""
    automatic = {"Accept": "application/json", f"{defaults.header_prefix}-Retry-Count": str(retries_taken)}
    if read_timeout is not None:
        automatic[f"{defaults.header_prefix}-Read-Timeout"] = str(read_timeout).removesuffix(".0")
    if body.content_type is not None:
        automatic["Content-Type"] = body.content_type
    return automatic


def _merged_fields(
    options: FinalRequestOptions, defaults: ClientDefaults, target: ResolvedURL, automatic: Headers
) -> Fields:
    fields: Fields = {}
    if target.authorization is not None:
        fields |= encode_headers({"Authorization": target.authorization})
    fields |= merge_raw_headers(defaults.client_headers.raw)
    fields |= encode_headers(automatic)
    fields |= defaults.fields
    if options.idempotency_key is not None and defaults.idempotency_header is not None:
        fields |= encode_headers({defaults.idempotency_header: options.idempotency_key})
    fields |= encode_headers(options.headers)
    for name in _NOT_OMITTED:
        if name in fields and fields[name] is None:
            raise ValueError(f"header {name!r} can't be omitted: without it the server can't tell what the request is")
    return fields


def _settle_boundary(fields: Fields, of_call: Headers, form: Multipart) -> None:
    """Have the form and its Content-Type agree on one boundary: the one that the header names, if it does.

    A Content-Type of the client's own, meant for other bodies, gives way; one of the call's has to be multipart.
    """
    given = fields.get("content-type")
    text = "" if given is None else given[1].decode("latin-1")
    try:
        boundary = boundary_in(text)
    except ValueError:
        if any(name.lower() == "content-type" for name in of_call):
            raise
        text, boundary = "multipart/form-data", None
    if boundary is not None:
        form.boundary = boundary
    else:
        fields["content-type"] = (b"Content-Type", f"{text}; boundary={form.boundary}".encode("latin-1"))


def _frame(fields: Fields, method: str, body: Body) -> None:
    """Say where the body ends: its length, or chunks (RFC 9112, 6); what the caller says of it must be true."""
    length, coding = fields.get("content-length"), fields.get("transfer-encoding")
    if coding is not None:
        if coding[1].lower() != b"chunked" or length is not None or not body.is_given:
            raise ValueError("header 'Transfer-Encoding' can only be 'chunked', with a body and no Content-Length")
        return
    known = body.length if body.is_given else 0
    if length is not None:
        if not length[1].isdigit() or (known is not None and length[1] != b"%d" % known):
            raise ValueError(
                f"header 'Content-Length' is {length[1].decode('latin-1')!r}, but the body has {known} bytes"
            )
    elif known is None:
        fields["transfer-encoding"] = (b"Transfer-Encoding", b"chunked")
    elif body.is_given or method in _WITH_CONTENT:
        fields["content-length"] = (b"Content-Length", b"%d" % known)
