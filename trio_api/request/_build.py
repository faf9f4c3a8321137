"""One attempt as an `httpx.Request`: which header wins, which are added, and what a foreign origin may have.

Nothing is sent and nothing is awaited here. Layers of headers, lowest first: the URL's userinfo, the httpx client's
own, what this module adds (content type, retry count, read timeout, a generated key, the time left), the client's, the
call's key, the call's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from .._types import Headers
from ._address import Address, is_plain_path
from ._body import Body, BytesStream
from ._credentials import filter_for_origin
from ._defaults import ClientDefaults, CommonFields
from ._headers import Fields, HeaderBlock, check_method, encode_headers
from ._lazy_request import Draft, LazyRequest
from ._multipart import Multipart, boundary_in
from ._options import FinalRequestOptions
from ._urls import resolve_url

__all__ = ["build_request", "is_keyed_method"]

_KEYED: Final = frozenset({"POST", "PATCH"})  # the methods that are not idempotent by themselves
_NOTHING_COMMON: Final = HeaderBlock(())
_WITH_CONTENT: Final = frozenset({"POST", "PUT", "PATCH"})  # a length is expected even of nothing: RFC 9110, 8.6
_NOT_OMITTED: Final = ("host", "content-length", "transfer-encoding")  # without them nobody knows where it ends


def is_keyed_method(method: str) -> bool:
    """Whether requests of *method*, in any case, are sent with a generated idempotency key."""
    return method.upper() in _KEYED


def build_request(
    options: FinalRequestOptions,
    defaults: ClientDefaults,
    *,
    body: Body,
    stream: httpx.AsyncByteStream | httpx.SyncByteStream | None = None,
    retries_taken: int = 0,
    read_timeout: float | None = None,
    idempotency_key: str | None = None,
    added: Headers | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> LazyRequest:
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
        added: Headers of this attempt alone; they stand where a generated key does.
        extensions: The request's extensions, such as its timeouts.

    Raises:
        TypeError, ValueError: The URL, method, query or a header can't be sent; the message names it.
    """
    method = check_method(options.method)
    address, authorization, trusted = _aim(options, defaults)
    common = defaults.common_fields(body.content_type, retries_taken, read_timeout)
    host, block = (b"Host", address.netloc), common.block
    own: Fields = {} if added is None else encode_headers(added)
    if idempotency_key is not None and defaults.idempotency_header is not None and method in _KEYED:
        own |= encode_headers({defaults.idempotency_header: idempotency_key})
    if (
        block is None
        or options.headers
        or options.idempotency_key is not None
        or authorization is not None
        or body.form is not None
        or not own.keys().isdisjoint(common.fields)
    ):
        own = _merged_fields(options, defaults, authorization, common, own)
        if body.form is not None:
            _settle_boundary(own, options.headers, body.form)
        host, block = own.pop("host", None) or host, _NOTHING_COMMON
    if own or body.is_given or method in _WITH_CONTENT:
        _frame(own, method, body)
    request = LazyRequest(
        Draft(
            method,
            address,
            host,
            block,
            [field for field in own.values() if field is not None] if own else (),
            body.data or b"" if body.in_memory or stream is None else None,
            None if body.in_memory and isinstance(stream, BytesStream) else stream,
            trusted,
        ),
        {} if extensions is None else dict(extensions),
    )
    if not trusted:
        filter_for_origin(request, defaults.origins)
    return request


def _aim(options: FinalRequestOptions, defaults: ClientDefaults) -> tuple[Address, str | None, bool]:
    """Where the request goes, the URL's own userinfo as a Basic credential, and whether the origin is trusted."""
    if is_plain_path(options.url):
        address = defaults.base.joined(options.url, _merged_query(options, defaults, None, trusted=True))
        if address is not None:
            return address, None, True
    target = resolve_url(defaults.base_url, options.url)
    trusted = target.is_relative or defaults.origins.trusts(target.url)
    url = target.with_query(_merged_query(options, defaults, target.query, trusted=trusted))
    return Address.of(url), target.authorization, trusted


def _merged_query(
    options: FinalRequestOptions, defaults: ClientDefaults, own: str | None, *, trusted: bool
) -> str | None:
    """The query, its layers lowest first: those of *defaults*, the URL's own, the call's parameters."""
    layers = defaults.query_layers if trusted else ()
    if not options.params and not layers:
        return own
    qs = defaults.qs
    if own:
        layers = (*layers, qs.text_layer(own))
    return qs.merge((*layers, qs.layer(options.params)) if options.params else layers) or None


def _merged_fields(
    options: FinalRequestOptions,
    defaults: ClientDefaults,
    authorization: str | None,
    common: CommonFields,
    generated: Fields,
) -> Fields:
    """All layers over one another."""
    fields = {} if authorization is None else encode_headers({"Authorization": authorization})
    fields |= common.fields
    fields |= {name: field for name, field in generated.items() if name not in defaults.fields}
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
