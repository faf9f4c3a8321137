"""A request that is made when it is looked at: its bytes are those of the request that it would be."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api._types import omit
from trio_api.request import (
    Body,
    ClientDefaults,
    FinalRequestOptions,
    LazyRequest,
    Origin,
    Origins,
    build_request,
    filter_for_origin,
    may_have_credentials,
    prepare_base_url,
)


def origins(base_url: str = "https://api.example.com/v1") -> Origins:
    """Those of a client; ``https://cdn.example.com`` is trusted."""
    return Origins(prepare_base_url(base_url)[0], ["https://cdn.example.com"])


def lazy(
    method: str = "GET",
    url: str = "/items/41",
    *,
    base_url: str = "https://api.example.com/v1",
    client: dict[str, Any] | None = None,
    attempt: dict[str, Any] | None = None,
    **given_options: Any,
) -> LazyRequest:
    """The request of a call with these options."""
    options = FinalRequestOptions(method=method, url=url, **given_options)
    base, _ = prepare_base_url(base_url)
    defaults = ClientDefaults(base_url=base, origins=origins(base_url), **(client or {}))
    return build_request(options, defaults, body=Body.from_options(options), **(attempt or {}))


def rendered(request: httpx.Request) -> bytes:
    """The head of *request* as a transport renders it that knows httpx's objects only."""
    lines = [b"%b: %b" % field for field in request.headers.raw]
    start = b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)
    return b"\r\n".join([start, *lines, b"", b""])


def is_made(request: LazyRequest) -> bool:
    """Whether httpx's part was made."""
    return "headers" in vars(request)


class Pieces(httpx.SyncByteStream):
    """A stream of two pieces."""

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"a", b"b")


# -- the head ------------------------------------------------------------------------------------------------

text = st.text("abcXYZ019-._~%/?=&+ é", max_size=12)
names = st.sampled_from(["X-A", "x-a", "Accept", "User-Agent", "Content-Type", "Idempotency-Key", "Cookie", "Host"])
values = st.one_of(st.just(omit), st.from_regex(r"[!-~]([ -~]{0,6}[!-~])?", fullmatch=True))
headers = st.dictionaries(names, values, max_size=4)
queries = st.dictionaries(text, st.one_of(text, st.integers(), st.lists(text, max_size=2)), max_size=2)


@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PATCH", "HEAD", "put"]),
    base_url=st.sampled_from(
        [
            "https://api.example.com/v1",
            "http://127.0.0.1:8080",
            "https://[::1]:8443/a%20b/?k=1",
            "http://bücher.example",
        ]
    ),
    url=st.one_of(text, st.just("https://u:p@cdn.example.com/x?y=1"), st.just("https://other.example/z")),
    client=st.fixed_dictionaries(
        {},
        optional={
            "headers": headers,
            "query": queries,
            "idempotency_header": st.none(),
            "client_headers": st.just(httpx.Headers({"Idempotency-Key": "k", "Accept": "*/*"})),
        },
    ),
    options=st.fixed_dictionaries(
        {},
        optional={
            "headers": headers,
            "params": queries,
            "json_data": st.just({"a": 1}),
            "idempotency_key": st.just("of-the-call"),
        },
    ),
    attempt=st.fixed_dictionaries(
        {"retries_taken": st.integers(0, 3)},
        optional={"read_timeout": st.floats(0, 600), "idempotency_key": st.just("generated")},
    ),
)
def test_the_head_is_that_of_the_request_it_would_be(
    method: str, base_url: str, url: str, client: Any, options: Any, attempt: Any
) -> None:
    """Byte for byte, whatever the call, the client and the attempt; the origin and the body alike."""
    try:
        request = lazy(method, url, base_url=base_url, client=client, attempt=attempt, **options)
    except ValueError:
        return
    head, origin, body, location = request.wire_head(), request.origin, request.body_bytes, request.location
    expected = rendered(request)
    if head is None:
        assert url == "https://other.example/z"  # what it may not have was taken from it
    else:
        assert (head, body) == (expected, request.content)
    assert origin == request.origin
    assert location == request.location == request.url
    assert may_have_credentials(request, origins(base_url)) is (head is not None)


@given(
    base_url=st.sampled_from(
        ["https://api.example.com/v1", "http://h:81", "http://h/a%2Fb/(c);d/?q=%20[1]", "https://bücher.example/ü"]
    ),
    path=st.text("aZ0-_~./@:%? \\", max_size=10),
    params=queries,
)
def test_a_short_cut_leads_to_the_same_place(base_url: str, path: str, params: dict[str, object]) -> None:
    """What is sent without asking httpx's parser is what httpx's parser makes of it."""
    try:
        request = lazy(url=path, base_url=base_url, params=params)
    except ValueError:
        return
    head, origin = request.wire_head(), request.origin
    base = str(prepare_base_url(base_url)[0]).partition("?")[0]
    parsed = httpx.URL(base + path.partition("?")[0].removeprefix("/"))
    assert head is not None
    assert head.split(b" ")[1].partition(b"?")[0] == parsed.raw_path
    assert head.split(b"\r\n")[1] == b"Host: " + parsed.netloc
    assert (origin.scheme, origin.host) == (parsed.scheme, parsed.raw_host.decode())


def test_the_head_of_an_ordinary_call_needs_nothing_of_httpx() -> None:
    """Neither URL nor headers are made for it."""
    request = lazy("POST", json_data={"a": 1}, attempt={"idempotency_key": "k"})
    assert request.wire_head() == (
        b"POST /v1/items/41 HTTP/1.1\r\nHost: api.example.com\r\nAccept: application/json\r\n"
        b"X-Trio-API-Retry-Count: 0\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\n"
        b"Content-Length: 7\r\n\r\n"
    )
    assert (request.origin, request.body_bytes) == (Origin("https", "api.example.com", 443), b'{"a":1}')
    assert not is_made(request)


@pytest.mark.parametrize(
    "look",
    [
        lambda request: request.url,
        lambda request: request.headers,
        lambda request: request.content,
        lambda request: setattr(request, "url", httpx.URL("https://api.example.com/other")),
        lambda request: setattr(request, "headers", httpx.Headers({"X-A": "1"})),
        lambda request: setattr(request, "method", "PUT"),
        repr,
    ],
)
def test_what_somebody_looked_at_is_rendered_anew(look: Callable[[LazyRequest], object]) -> None:
    """They may have changed it, and may do so at any time."""
    request = lazy()
    look(request)
    assert request.wire_head() is None
    assert request.body_bytes is None
    assert not request.is_trusted
    assert request.origin == Origin("https", "api.example.com", 443)


# -- httpx's part --------------------------------------------------------------------------------------------


def test_it_is_a_request_of_httpx() -> None:
    """With everything that httpx's own has."""
    request = lazy("POST", "/x?y=1", json_data=[1], attempt={"extensions": {"timeout": {"read": 1.0}}})
    assert isinstance(request, httpx.Request)
    assert (request.method, str(request.url)) == ("POST", "https://api.example.com/v1/x?y=1")
    assert (request.content, request.read(), request.headers["content-length"]) == (b"[1]", b"[1]", "3")
    assert request.extensions == {"timeout": {"read": 1.0}}
    assert b"".join(request.stream) == b"[1]"  # type: ignore[arg-type]  # a stream for both colours


def test_what_was_set_before_anybody_looked_stays() -> None:
    """Making the rest does not undo it."""
    request = lazy()
    stream, extensions = httpx.ByteStream(b"other"), request.extensions
    request.stream, request.method = stream, "PUT"
    request.url = httpx.URL("https://cdn.example.com/x")
    assert request.headers["accept"] == "application/json"
    assert (request.stream, request.method, str(request.url)) == (stream, "PUT", "https://cdn.example.com/x")
    assert request.extensions is extensions


def test_the_body_of_another_stream_is_not_known() -> None:
    """One that reports progress, or that somebody put in the place of the first."""
    options = FinalRequestOptions(method="POST", url="/x", json_data=1)
    defaults = ClientDefaults(base_url=prepare_base_url("https://api.example.com")[0], origins=origins())
    stream = Pieces()
    watched = build_request(options, defaults, body=Body.from_options(options), stream=stream)
    assert watched.body_bytes is None
    assert watched.wire_head() is not None
    assert (watched.stream, watched.content) == (stream, b"1")
    replaced = lazy("POST", json_data=1)
    replaced.stream = stream
    assert replaced.body_bytes is None


def test_a_body_that_is_not_in_memory_is_its_stream() -> None:
    """It has no content until it was read."""
    options = FinalRequestOptions(method="POST", url="/x", content=iter([b"a"]))
    defaults = ClientDefaults(base_url=prepare_base_url("https://api.example.com")[0], origins=origins())
    stream = Pieces()
    request = build_request(options, defaults, body=Body.from_options(options), stream=stream)
    head = request.wire_head()
    assert head is not None
    assert b"Transfer-Encoding: chunked\r\n" in head
    assert (request.body_bytes, request.stream) == (None, stream)
    with pytest.raises(httpx.RequestNotRead):
        request.content  # noqa: B018  # asking is what raises


def test_a_body_that_the_caller_wants_in_chunks_is_its_stream() -> None:
    """The bytes alone would not be what the head announces."""
    request = lazy("POST", content=b"abc", headers={"Transfer-Encoding": "chunked"})
    head = request.wire_head()
    assert head is not None
    assert b"Transfer-Encoding: chunked\r\n" in head
    assert b"content-length" not in head.lower()
    assert (request.body_bytes, request.content) == (None, b"abc")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda request: pickle.loads(pickle.dumps(request))])
def test_copies_are_requests_too(copied: Callable[[LazyRequest], httpx.Request]) -> None:
    """Of one that nobody looked at as well; as httpx has it, they lose their extensions."""
    twin = copied(lazy("POST", json_data={"a": 1}))
    assert (twin.method, str(twin.url), twin.content) == ("POST", "https://api.example.com/v1/items/41", b'{"a":1}')
    assert twin.headers["content-length"] == "7"
    assert (twin.extensions, repr(twin)) == ({}, "<Request('POST', 'https://api.example.com/v1/items/41')>")


def test_no_attribute_is_made_up() -> None:
    """What httpx's requests have not, it has not either."""
    with pytest.raises(AttributeError, match="'LazyRequest' object has no attribute 'nothing'"):
        lazy().nothing  # type: ignore[attr-defined]  # noqa: B018


def test_what_is_kept_of_headers_is_bounded() -> None:
    """However many combinations a client sends, the memory for them ends."""
    defaults = ClientDefaults(base_url=prepare_base_url("https://api.example.com")[0], origins=origins())
    options = FinalRequestOptions(method="GET", url="/x")
    for seconds in range(1000):
        request = build_request(options, defaults, body=Body.from_options(options), read_timeout=float(seconds))
        assert request.headers["x-trio-api-read-timeout"] == str(seconds)
    assert len(defaults._common) <= 64


# -- credentials ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["/x", "https://api.example.com/x", "https://cdn.example.com/x"])
def test_a_trusted_request_is_let_pass_unseen(url: str) -> None:
    """Nobody has to look at it to know that it may have what it has."""
    request = lazy(url=url)
    filter_for_origin(request, origins())
    assert may_have_credentials(request, origins())
    assert request.is_trusted
    assert not is_made(request)


def test_a_request_that_was_turned_elsewhere_is_filtered() -> None:
    """Being trusted once does not help where a hook set another URL."""
    request = lazy(headers={"X-API-Key": "secret"})
    request.url = httpx.URL("https://evil.example/")
    assert not may_have_credentials(request, origins())
    filter_for_origin(request, origins())
    assert "x-api-key" not in request.headers


def test_a_field_is_added_while_nobody_looks() -> None:
    """It goes last, on the wire and for httpx; not where there is one of its name, nor once somebody looked."""
    request = lazy(headers={"X-A": "1"})
    assert request.add_field(b"Authorization", b"Bearer t")
    assert not request.add_field(b"authorization", b"Bearer u")
    assert not request.add_field(b"x-a", b"2")
    head = request.wire_head()
    assert head is not None
    assert head.endswith(b"\r\nAuthorization: Bearer t\r\n\r\n")
    assert request.headers["authorization"] == "Bearer t"
    assert not request.add_field(b"X-B", b"1")
