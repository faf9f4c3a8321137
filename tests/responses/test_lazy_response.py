"""A response that is made when it is looked at: by then it is httpx's own, whatever was looked at first."""

from __future__ import annotations

import copy
import datetime
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings, strategies as st

from trio_api.request import (
    Body as RequestBody,
    ClientDefaults,
    FinalRequestOptions,
    LazyRequest,
    Origins,
    build_request,
    prepare_base_url,
)
from trio_api.responses import LazyResponse, header_of, raw_headers_of
from trio_api.responses._lazy_response import request_of, url_of

Fields = list[tuple[bytes, bytes]]

REQUEST = httpx.Request("GET", "https://api.test/things")
ON_WIRE = {"http_version": b"HTTP/1.1", "reason_phrase": b"Fine"}
SECONDS = 1.5

TOKENS = st.text("abcXYZ-", min_size=1, max_size=6).map(str.encode)
NAMES = TOKENS | st.sampled_from([b"Content-Type", b"content-type", b"Set-Cookie", b"Link", b"Location", b"X-a"])
VALUES = st.sampled_from(
    [
        b"",
        b"text/html; charset=latin-1",
        b"application/json",
        b"a=1; Path=/",
        b'</next>; rel="next"',
        b"/elsewhere",
        "grüße".encode(),
        "grüße".encode("latin-1"),
    ]
) | st.binary(max_size=8)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
STATUSES = st.sampled_from([200, 201, 204, 301, 302, 304, 404, 429, 500, 599])


class Body(httpx.AsyncByteStream):
    """A body that is still on its way."""


def lazy(status: int = 200, fields: Fields | None = None, **how: Any) -> LazyResponse:
    return LazyResponse(status, fields or [], request=REQUEST, extensions=ON_WIRE, **how)


def stock(status: int, fields: Fields, **how: Any) -> httpx.Response:
    return httpx.Response(status, headers=fields, request=REQUEST, extensions=dict(ON_WIRE), **how)


def lazy_request() -> LazyRequest:
    base_url, _ = prepare_base_url("https://api.test")
    options = FinalRequestOptions(method="GET", url="/things")
    defaults = ClientDefaults(base_url=base_url, origins=Origins(base_url, ()))
    return build_request(options, defaults, body=RequestBody.from_options(options, None))


LOOKS: dict[str, Callable[[httpx.Response], Any]] = {
    "headers": lambda response: response.headers.raw,
    "encoding": lambda response: response.headers.encoding,
    "cookies": lambda response: sorted((cookie.name, str(cookie.value)) for cookie in response.cookies.jar),
    "links": lambda response: response.links,
    "extensions": lambda response: response.extensions,
    "url": lambda response: response.url,
    "request": lambda response: id(response.request),
    "history": lambda response: response.history,
    "next_request": lambda response: response.next_request,
    "is_closed": lambda response: response.is_closed,
    "is_stream_consumed": lambda response: response.is_stream_consumed,
    "default_encoding": lambda response: response.default_encoding,
    "num_bytes_downloaded": lambda response: response.num_bytes_downloaded,
    "repr": repr,
    **{
        name: lambda response, name=name: getattr(response, name)
        for name in dir(httpx.Response)
        if name.startswith(("is_", "has_", "http_", "reason")) or name in {"status_code", "charset_encoding"}
    },
}
READ_LOOKS = {
    "content": lambda response: response.content,
    "text": lambda response: response.text,
    "decoded": lambda response: response.encoding,
    "pickle": lambda response: outlook(pickle.loads(pickle.dumps(response))),
    "copy": lambda response: outlook(copy.copy(response)),
}


def outlook(response: httpx.Response) -> dict[str, Any]:
    """What a response shows that came out of a pickle, which leaves its request behind."""
    return {
        name: LOOKS[name](response) for name in ("headers", "repr", "is_closed", "is_stream_consumed", "extensions")
    }


def shown(look: Callable[[httpx.Response], Any], response: httpx.Response) -> Any:
    """What *look* sees, or which error it ends in."""
    try:
        return look(response)
    except Exception as error:
        return type(error), str(error)


@settings(max_examples=50)
@given(status=STATUSES, fields=FIELDS, order=st.permutations([*LOOKS]))
def test_unread_it_is_httpx_own(status: int, fields: Fields, order: list[str]) -> None:
    """Whichever attribute is asked for first, each is what httpx says of the same bytes."""
    body = Body()
    ours, theirs = lazy(status, fields, stream=body), stock(status, fields, stream=body)
    assert {name: shown(LOOKS[name], ours) for name in order} == {name: shown(LOOKS[name], theirs) for name in order}
    assert ours.stream is body
    assert shown(READ_LOOKS["content"], ours) == shown(READ_LOOKS["content"], theirs)


@settings(max_examples=50)
@given(
    status=STATUSES,
    fields=FIELDS.filter(lambda fields: all(name.lower() != b"content-length" for name, _ in fields)),
    content=st.binary(max_size=20),
    order=st.permutations([*LOOKS, *READ_LOOKS]),
)
def test_read_it_is_httpx_own(status: int, fields: Fields, content: bytes, order: list[str]) -> None:
    """With its body in memory, too."""
    looks = {**LOOKS, **READ_LOOKS}
    ours, theirs = lazy(status, fields, content=content), stock(status, fields, content=content)
    theirs.headers = httpx.Headers(fields)  # httpx adds the length that the wire did not have
    assert {name: shown(looks[name], ours) for name in order} == {name: shown(looks[name], theirs) for name in order}


@example(fields=[(b"a", "grüße".encode()), (b"b", b"\xff")], name="a")
@given(fields=FIELDS, name=st.sampled_from(["content-type", "Content-Type", "X-A", "link", "abc", "b"]))
def test_a_header_without_making_it(fields: Fields, name: str) -> None:
    """`header_of` says what ``headers.get`` would, of any header list, before the response is made and after."""
    response = lazy(fields=fields, stream=Body())
    expected = httpx.Headers(fields).get(name)
    assert header_of(response, name) == expected
    assert response.headers.raw == fields
    assert header_of(response, name) == expected


def test_the_url_without_making_it() -> None:
    """A crawl asks each page for its URL: neither the response nor its request is made for that."""
    request = lazy_request()
    response = LazyResponse(200, [], request=request, extensions=ON_WIRE, content=b"")
    assert url_of(response) == httpx.URL("https://api.test/things")
    assert request_of(response) is request
    assert response.is_read  # as only one is that nobody looked at
    assert request.wire_head() is not None
    request.url = httpx.URL("https://api.test/other")
    assert url_of(response) == request.url


@pytest.mark.parametrize("response", [lazy(), stock(200, [])], ids=["lazy", "httpx"])
def test_the_url_of_a_request_of_httpx_own(response: httpx.Response) -> None:
    """`request_of` and `url_of` take any response."""
    assert request_of(response) is REQUEST
    assert url_of(response) is REQUEST.url


def test_the_request_of_a_response_that_has_none() -> None:
    """It is httpx's own error."""
    with pytest.raises(RuntimeError, match="request"):
        request_of(LazyResponse(200, [], extensions=ON_WIRE))


def test_a_header_of_httpx_own() -> None:
    """`header_of` takes any response."""
    assert header_of(httpx.Response(200, headers={"A": "b"}), "a") == "b"
    assert header_of(httpx.Response(200), "a") is None


def test_all_headers_without_making_it() -> None:
    """`raw_headers_of` gives them as they came, before the response is made and after, and of any response."""
    fields = [(b"A", b"1"), (b"a", b"2")]
    response = lazy(fields=fields, stream=Body())
    assert raw_headers_of(response) is fields
    assert response.headers["a"] == "1, 2"
    assert raw_headers_of(response) == fields
    assert raw_headers_of(httpx.Response(200, headers=fields)) == fields


def test_what_was_said_before_it_was_made() -> None:
    """Attributes that were set on a response that nobody had looked at are not forgotten."""
    response = lazy(fields=[(b"a", b"b")], content=b"gr\xfc\xdfe")
    other = httpx.Request("GET", "https://other.test/")
    response.request = other
    response.status_code = 418
    response.history = [httpx.Response(302)]
    response.default_encoding = "latin-1"
    assert response.headers["a"] == "b"
    assert response.request is other
    assert response.status_code == 418
    assert [each.status_code for each in response.history] == [302]
    assert response.text == "grüße"


@pytest.mark.parametrize("is_made", [False, True])
def test_elapsed(is_made: bool) -> None:
    """The time that it took is known once it was told, before it is made or after; before that httpx says so."""
    response = lazy(stream=Body())
    if is_made:
        assert not response.is_closed
        with pytest.raises(RuntimeError, match="elapsed"):
            _ = response.elapsed
    response.set_elapsed(SECONDS)
    assert response.elapsed == datetime.timedelta(seconds=SECONDS)


def test_elapsed_goes_with_the_content() -> None:
    """The response that has the body says the time of the one that had the stream."""
    response = lazy(stream=Body())
    response.set_elapsed(SECONDS)
    read = response.with_content(b"{}")
    assert read is not None
    assert read.elapsed == datetime.timedelta(seconds=SECONDS)


@pytest.mark.parametrize("is_made", [False, True])
def test_closed_by_who_took_its_stream(is_made: bool) -> None:
    """Whoever reads the stream below it tells it of the end."""
    response = lazy(stream=Body())
    if is_made:
        assert not response.is_closed
    response.set_closed()
    assert response.is_closed
    assert response.is_stream_consumed


def test_the_stream_of_the_wire() -> None:
    """It is there until somebody looks, who may have begun to read it."""
    body = Body()
    response = lazy(stream=body)
    assert response.wire_stream is body
    assert response.headers == {}
    assert response.wire_stream is None
    assert response.stream is body


def test_no_content_for_a_response_that_was_looked_at() -> None:
    """It may have been changed."""
    response = lazy(stream=Body())
    response.headers["changed"] = "yes"
    assert response.with_content(b"{}") is None


def test_content_that_was_decoded() -> None:
    """The body is given as it was decoded; the headers say how it came."""
    response = lazy(fields=[(b"content-encoding", b"gzip")], stream=Body()).with_content(b"{}")
    assert response is not None
    assert response.content == b"{}"
    assert response.headers["content-encoding"] == "gzip"
    assert response.json() == {}


def test_no_such_attribute() -> None:
    """What a response does not have is an `AttributeError`, of the made and of the unmade."""
    response = lazy(stream=Body())
    for _ in range(2):
        with pytest.raises(AttributeError, match="'LazyResponse' object has no attribute 'colour'") as caught:
            _ = response.colour
        assert (caught.value.name, caught.value.obj) == ("colour", response)
    with pytest.raises(AttributeError):  # nor has one that is being made, by `copy` for example
        _ = LazyResponse.__new__(LazyResponse).colour


def test_its_extensions_are_its_own() -> None:
    """What somebody adds to them is on no other response."""
    response = lazy(stream=Body())
    response.extensions["mine"] = True
    assert ON_WIRE.keys() == {"http_version", "reason_phrase"}


def test_pickled_before_anybody_looked() -> None:
    """What was not made yet is made for the pickle, and comes out of it whole."""
    response = LazyResponse(200, [(b"X-Request-Id", b"r1")], extensions={}, content=b"body")
    copied = pickle.loads(pickle.dumps(response))
    assert (copied.status_code, copied.content, copied.headers["x-request-id"]) == (200, b"body", "r1")
