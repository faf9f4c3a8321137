"""One attempt as a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import httpx
import pytest
from hypothesis import given, strategies as st

from trio_api._types import omit
from trio_api.request import (
    Body,
    ClientDefaults,
    FinalRequestOptions,
    Origins,
    Querystring,
    build_request,
    prepare_base_url,
)


def defaults(base_url: str = "https://api.example.com/v1", **given_defaults: Any) -> ClientDefaults:
    """A client's defaults; ``https://cdn.example.com`` is trusted."""
    base, _ = prepare_base_url(base_url)
    return ClientDefaults(base_url=base, origins=Origins(base, ["https://cdn.example.com"]), **given_defaults)


def build(
    method: str = "GET",
    url: str = "/x",
    *,
    client: ClientDefaults | None = None,
    stream: Any = None,
    attempt: dict[str, Any] | None = None,
    **given_options: Any,
) -> httpx.Request:
    """Build a request of a call with these options."""
    options = FinalRequestOptions(method=method, url=url, **given_options)
    body = Body.from_options(options)
    return build_request(options, client or defaults(), body=body, stream=stream, **(attempt or {}))


class NoStream(httpx.SyncByteStream):
    """Stands for a stream of the transport; it is never read here."""

    def __iter__(self) -> Iterator[bytes]:
        raise NotImplementedError


# -- query ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "params", "target"),
    [
        ("/x", {}, "/v1/x"),
        ("/x?", {}, "/v1/x?"),
        ("/x?tag=a&tag=b", {}, "/v1/x?tag=a&tag=b"),
        ("/x?tag=a&tag=b", {"n": {"m": 1}}, "/v1/x?tag=a&tag=b&n%5Bm%5D=1"),
        ("/x?tag=a&tag=b&y=1", {"tag": "c"}, "/v1/x?y=1&tag=c"),
        ("/x?a=1", {"a": None}, "/v1/x"),
        ("/x", {"a": None}, "/v1/x"),
        ("/x?filter[s]=a%20b+c", {"y": 1}, "/v1/x?filter[s]=a%20b+c&y=1"),
        pytest.param("/x", {"a": "b" * 5000}, f"/v1/x?a={'b' * 5000}", id="long"),
    ],
)
def test_the_query_of_a_call(url: str, params: dict[str, object], target: str) -> None:
    """The call's parameters are laid over the URL's own, which keep their bytes."""
    assert build(url=url, params=params).url.raw_path.decode() == target


def test_the_layers_of_a_query() -> None:
    """From low to high: the httpx client's, the base URL's, the client's, the URL's own, the call's."""
    client = defaults(
        "https://api.example.com/v1?a=base&b=base&z=base",
        query={"b": "client", "c": ["client", "client"], "d": "client"},
        client_query=httpx.QueryParams({"a": "httpx", "y": "httpx"}),
    )
    sent = build(url="/x?c=url&d=url", params={"d": "call"}, client=client)
    assert sent.url.query == b"y=httpx&a=base&z=base&b=client&c=url&d=call"
    assert build(client=client).url.query == b"y=httpx&a=base&z=base&b=client&c=client&c=client&d=client"


def test_the_style_of_the_client_is_used() -> None:
    """`qs` says how all parameters are written."""
    client = defaults(query={"a": [1, 2]}, qs=Querystring(array_format="comma"))
    assert build(client=client, params={"b": [3, 4]}).url.query == b"a=1,2&b=3,4"


# -- headers -------------------------------------------------------------------------------------------------


def test_what_every_request_carries() -> None:
    """Host, Accept and how many retries came before; nothing about a body that is not there."""
    assert dict(build().headers) == {
        "host": "api.example.com",
        "accept": "application/json",
        "x-trio-api-retry-count": "0",
    }


def test_what_an_attempt_says_of_itself() -> None:
    """The retries taken and the seconds that a read may take, under the client's prefix."""
    client = defaults(header_prefix="X-Acme")
    headers = build(client=client, attempt={"retries_taken": 2, "read_timeout": 600.0}).headers
    assert (headers["x-acme-retry-count"], headers["x-acme-read-timeout"]) == ("2", "600")
    assert build(attempt={"read_timeout": 0.25}).headers["x-trio-api-read-timeout"] == "0.25"
    assert "x-trio-api-read-timeout" not in build(attempt={"read_timeout": None}).headers


@pytest.mark.parametrize("name", ["Accept", "User-Agent", "X-Trio-API-Retry-Count", "X-Trio-API-Read-Timeout"])
def test_the_call_wins_over_the_client_and_the_client_over_what_is_automatic(name: str) -> None:
    """Each layer overrides the ones below, in any case of the name, and removes with `omit`."""
    lowest = httpx.Headers({"User-Agent": "httpx"})
    attempt = {"read_timeout": 1.0}
    of_client = defaults(headers={name.lower(): "client"}, client_headers=lowest)
    assert build(client=of_client, attempt=attempt).headers[name] == "client"
    assert build(client=of_client, attempt=attempt, headers={name.upper(): "call"}).headers[name] == "call"
    assert name not in build(client=of_client, attempt=attempt, headers={name: omit}).headers
    assert name not in build(client=defaults(headers={name: omit}, client_headers=lowest), attempt=attempt).headers


def test_headers_of_the_httpx_client_are_the_lowest_layer() -> None:
    """They are sent, unless anything above gives or omits them."""
    client = defaults(client_headers=httpx.Headers({"X-A": "httpx", "X-B": "httpx", "Accept": "*/*"}))
    headers = build(client=client, headers={"x-b": omit}).headers
    assert (headers["x-a"], "x-b" in headers, headers["accept"]) == ("httpx", False, "application/json")


@pytest.mark.parametrize(
    ("method", "given_options", "content_type"),
    [
        ("POST", {"json_data": {}}, "application/json"),
        ("DELETE", {"json_data": [1]}, "application/json"),
        ("GET", {"json_data": 1}, "application/json"),
        ("POST", {"content": "text"}, "text/plain; charset=utf-8"),
        ("POST", {"content": b"bytes"}, None),
        ("POST", {}, None),
        ("DELETE", {}, None),
        ("HEAD", {}, None),
        (
            "POST",
            {"json_data": {}, "headers": {"content-type": "application/vnd.api+json"}},
            "application/vnd.api+json",
        ),
        ("POST", {"json_data": {}, "headers": {"Content-Type": omit}}, None),
    ],
)
def test_the_content_type_is_that_of_the_body(
    method: str, given_options: dict[str, Any], content_type: str | None
) -> None:
    """It is sent only with a body, and the caller's wins."""
    assert build(method, **given_options).headers.get("content-type") == content_type


@pytest.mark.parametrize(
    ("method", "given_options", "framing"),
    [
        ("GET", {}, {}),
        ("DELETE", {}, {}),
        ("POST", {}, {"content-length": "0"}),
        ("PUT", {}, {"content-length": "0"}),
        ("PATCH", {}, {"content-length": "0"}),
        ("GET", {"content": b""}, {"content-length": "0"}),
        ("GET", {"content": b"abc"}, {"content-length": "3"}),
        ("POST", {"content": "é"}, {"content-length": "2"}),
        ("POST", {"content": iter([b"a"])}, {"transfer-encoding": "chunked"}),
        ("POST", {"content": iter([b"a"]), "headers": {"Content-Length": "1"}}, {"content-length": "1"}),
        ("POST", {"content": b"abc", "headers": {"Content-Length": "3"}}, {"content-length": "3"}),
        ("POST", {"content": b"abc", "headers": {"Transfer-Encoding": "Chunked"}}, {"transfer-encoding": "Chunked"}),
    ],
)
def test_the_server_is_told_where_the_body_ends(method: str, given_options: dict[str, Any], framing: object) -> None:
    """By its length where that is known, else in chunks; a POST, PUT or PATCH of nothing says so (RFC 9110, 8.6)."""
    headers = build(method, stream=NoStream(), **given_options).headers
    assert {
        name: value for name, value in headers.items() if name in ("content-length", "transfer-encoding")
    } == framing


@pytest.mark.parametrize(
    ("given_options", "message"),
    [
        ({"content": b"abc", "headers": {"Content-Length": "2"}}, "'Content-Length' is '2', but the body has 3 bytes"),
        ({"headers": {"Content-Length": "1"}}, "'Content-Length' is '1', but the body has 0 bytes"),
        ({"content": iter([b"a"]), "headers": {"Content-Length": "+1"}}, "'Content-Length' is '.1'"),
        ({"content": b"abc", "headers": {"Transfer-Encoding": "gzip"}}, "'Transfer-Encoding' can only be 'chunked'"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "'Transfer-Encoding' can only be 'chunked'"),
        (
            {"content": b"abc", "headers": {"Transfer-Encoding": "chunked", "Content-Length": "3"}},
            "'Transfer-Encoding' can only be",
        ),
        ({"headers": {"HOST": omit}}, "'host' can't be omitted"),
        ({"content": b"abc", "headers": {"Content-Length": omit}}, "'content-length' can't be omitted"),
        ({"headers": {"X-Key": "a\r\nb"}}, "header 'X-Key'"),
        ({"idempotency_key": "a\nb"}, "header 'Idempotency-Key'"),
        ({"method": "GE T"}, "method must be a token"),
        ({"url": "../x"}, "path '../x'"),
    ],
)
def test_what_would_break_the_exchange_is_refused(given_options: dict[str, Any], message: str) -> None:
    """A ValueError names it before anything is sent; with two ends to a request, or none, another is smuggled in."""
    with pytest.raises(ValueError, match=message):
        build(**{"method": "POST", **given_options})


def test_the_host_may_be_set_by_hand() -> None:
    """A virtual host is asked for by its name."""
    assert build(headers={"Host": "virtual.example"}).headers.raw[0] == (b"Host", b"virtual.example")
    assert build(client=defaults("http://[::1]:8080")).headers["host"] == "[::1]:8080"


# -- idempotency ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "given_options", "key"),
    [
        ("POST", {}, "generated"),
        ("patch", {}, "generated"),
        ("PUT", {}, None),
        ("GET", {}, None),
        ("DELETE", {}, None),
        ("POST", {"idempotency_key": "mine"}, "mine"),
        ("DELETE", {"idempotency_key": "mine"}, "mine"),
        ("POST", {"headers": {"idempotency-key": "header"}}, "header"),
        ("POST", {"idempotency_key": "mine", "headers": {"idempotency-key": "header"}}, "header"),
        ("POST", {"headers": {"Idempotency-Key": omit}}, None),
    ],
)
def test_the_key_of_a_call(method: str, given_options: dict[str, Any], key: str | None) -> None:
    """POST and PATCH carry the generated key; one that the caller gives is sent with any method, and wins."""
    request = build(method, attempt={"idempotency_key": "generated"}, **given_options)
    assert request.headers.get("idempotency-key") == key


def test_the_key_of_a_call_wins_over_a_header_of_the_client() -> None:
    """What is said of this call is said last."""
    client = defaults(headers={"Idempotency-Key": "client"})
    assert build("POST", client=client, idempotency_key="mine").headers["idempotency-key"] == "mine"
    assert build("POST", client=client, attempt={"idempotency_key": "x"}).headers["idempotency-key"] == "client"


def test_keys_have_the_header_of_the_client_or_none() -> None:
    """`idempotency_header` renames the header; None turns keys off."""
    named = build("POST", client=defaults(idempotency_header="X-Key"), attempt={"idempotency_key": "k"})
    assert (named.headers["x-key"], "idempotency-key" in named.headers) == ("k", False)
    off = build("POST", client=defaults(idempotency_header=None), idempotency_key="k", attempt={"idempotency_key": "k"})
    assert "k" not in off.headers.values()


# -- credentials and origins ---------------------------------------------------------------------------------

SECRETS = {"Authorization": "canary", "X-API-Key": "canary", "Cookie": "canary", "X-Trio-API-Lang": "canary"}


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "http://api.example.com/v1/x", "https://api.example.com:8443/"]
)
def test_a_foreign_origin_gets_no_credentials(url: str) -> None:
    """Neither the client's nor the call's headers, the client's query, nor the URL's own userinfo go there."""
    client = defaults(
        "https://api.example.com/v1?key=canary",
        headers={**SECRETS, "User-Agent": "Test/1"},
        query={"token": "canary"},
        client_headers=httpx.Headers({"Authorization": "canary", "Accept-Encoding": "gzip"}),
        client_query=httpx.QueryParams({"secret": "canary"}),
    )
    request = build(
        "POST",
        url.replace("://", "://user:canary@") + "?own=1",
        client=client,
        headers={"X-Call": "canary", "Host": "canary"},
        params={"mine": 2},
        json_data={"a": 1},
        idempotency_key="canary",
    )
    assert "canary" not in f"{request.headers.raw} {request.url}"
    assert request.url.query == b"own=1&mine=2"
    assert dict(request.headers) == {
        "host": request.url.netloc.decode(),
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "Test/1",
        "content-type": "application/json",
        "content-length": "7",
    }


@pytest.mark.parametrize("url", ["https://cdn.example.com/x", "https://api.example.com/other", "/x"])
def test_home_and_trusted_origins_get_everything(url: str) -> None:
    """The client's headers and query are for the base URL's origin and the trusted ones."""
    request = build(url=url, client=defaults(headers=SECRETS, query={"a": 1}))
    assert {name: request.headers[name] for name in SECRETS} == SECRETS
    assert request.url.query == b"a=1"


def test_userinfo_of_a_url_is_sent_as_a_header() -> None:
    """Never in the URL; and any Authorization that a header gives or omits is stronger."""
    url = "https://user:pw@api.example.com/v1/x"
    request = build(url=url)
    assert (str(request.url), request.headers["authorization"]) == (
        "https://api.example.com/v1/x",
        "Basic dXNlcjpwdw==",
    )
    assert build(url=url, client=defaults(headers={"Authorization": "a"})).headers["authorization"] == "a"
    assert build(url=url, headers={"authorization": "b"}).headers["authorization"] == "b"
    assert "authorization" not in build(url=url, headers={"authorization": omit}).headers


# -- the request itself --------------------------------------------------------------------------------------


def test_a_body_in_memory_can_be_looked_at() -> None:
    """Hooks that sign and errors that carry the request have its `content`."""
    assert build("POST", content=b"abc").content == b"abc"
    assert build("GET").content == b""


def test_a_streamed_body_is_the_transports_stream() -> None:
    """It is not read here."""
    stream = NoStream()
    assert build("POST", content=iter([b"a"]), stream=stream).stream is stream


def test_extensions_are_the_requests_own() -> None:
    """What a transport adds to them stays with the attempt."""
    extensions = {"timeout": {"read": 1.0}}
    request = build(attempt={"extensions": extensions})
    assert request.extensions == extensions
    assert request.extensions is not extensions


def test_nothing_shows_a_secret() -> None:
    """The repr of a request has no query, that of the defaults nothing but the base URL."""
    client = defaults("https://api.example.com/v1?key=canary", headers=SECRETS, query={"a": "canary"})
    assert repr(client) == "ClientDefaults('https://api.example.com/v1/')"
    assert repr(build(client=client)) == "<Request('GET', 'https://api.example.com/v1/x')>"


@given(
    st.dictionaries(st.text("ab-", min_size=1, max_size=2), st.sampled_from(["1", "2", omit]), max_size=3),
    st.dictionaries(st.text("AB-", min_size=1, max_size=2), st.sampled_from(["3", "4", omit]), max_size=3),
)
def test_headers_of_a_request_are_the_merged_layers(of_client: dict[str, Any], of_call: dict[str, Any]) -> None:
    """Whatever is given and omitted at whatever layer, the last word on a header is what is sent."""
    headers = build(client=defaults(headers=of_client), headers=of_call).headers
    expected = {
        **{name.lower(): v for name, v in of_client.items()},
        **{name.lower(): v for name, v in of_call.items()},
    }
    assert {name: headers.get(name, omit) for name in expected} == expected


@given(
    method=st.sampled_from(["GET", "POST"]) | st.text(max_size=5),
    url=st.text(),
    params=st.dictionaries(st.text(), st.text(), max_size=2),
    headers=st.dictionaries(st.text("aB-\r\n: ", max_size=4), st.text(), max_size=2),
    content=st.none() | st.binary(max_size=20),
)
def test_a_server_parses_exactly_one_request(
    method: str, url: str, params: Any, headers: Any, content: bytes | None
) -> None:
    """Whatever text is put into a call, it is refused, or a server finds one request with just that in it."""
    try:
        request = build(method, f"/{url}", params=params, headers=headers, content=content)
    except ValueError:
        return
    wire = b""
    client = h11.Connection(h11.CLIENT)
    for event in (
        h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw),
        h11.Data(request.content),
        h11.EndOfMessage(),
    ):
        wire += client.send(event) or b""
    server = h11.Connection(h11.SERVER)
    server.receive_data(wire)
    head, body = server.next_event(), b""
    while isinstance(event := server.next_event(), h11.Data):
        body += event.data
    assert isinstance(head, h11.Request)
    assert isinstance(event, h11.EndOfMessage)
    assert server.trailing_data == (b"", False)
    assert (head.method.decode(), body) == (method.upper(), content or b"")
    target = urlsplit("//h" + head.target.decode())
    assert unquote(target.path) == unquote(f"/v1/{url.partition('?')[0]}")
    parsed = dict(parse_qsl(target.query, keep_blank_values=True))
    assert {name: parsed.get(name) for name in params} == params
    assert {name: value for name, value in head.headers if name.decode() in folded(headers)} == {
        name.encode(): value.encode("latin-1") for name, value in folded(headers).items()
    }


def folded(headers: dict[str, str]) -> dict[str, str]:
    """The headers by lower-case name."""
    return {name.lower(): value for name, value in headers.items()}
