"""What becomes of the errors of the HTTP stack: real faults on loopback, through httpx in both colours."""

from __future__ import annotations

import pickle
import socket
import ssl
import threading
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeAlias

import attrs
import h11
import httpx
import pytest
import trio
import trustme

from support.raw_server import (
    OK,
    RawServer,
    answer,
    answer_then_close_on_next,
    answer_then_reset_on_next,
    never_answer,
    read_then_reset,
    refusing_port,
)
from trio_api._errors import APIConnectionError, APITimeoutError
from trio_api.retry import Failure, FailureKind
from trio_api.transport._failures import Trace, failure_of, foreign_errors

SECRET = "hunter2"
NETWORK, STALE, FINAL = FailureKind.NETWORK, FailureKind.STALE, FailureKind.FINAL


@attrs.frozen
class Ask:
    """A request to send."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = attrs.field(factory=dict)
    content: bytes | None = None
    hold: bool = False
    """Leave the response unread, and so keep its connection."""

    def build(self, client: httpx.Client | httpx.AsyncClient, hook: object) -> httpx.Request:
        return client.build_request(
            self.method, self.url, headers=self.headers, content=self.content, extensions={"trace": hook}
        )


Result: TypeAlias = "int | Failure"
Exchange: TypeAlias = Callable[..., list[Result]]


def exchange_blocking(*asks: Ask, **options: Any) -> list[Result]:
    results: list[Result] = []
    with httpx.Client(**{"trust_env": False, **options}) as client:
        for ask in asks:
            trace = Trace()
            request = ask.build(client, trace.hook)
            try:
                results.append(client.send(request, stream=ask.hold).status_code)
            except foreign_errors() as error:
                results.append(failure_of(error, trace, request))
    return results


def exchange_trio(*asks: Ask, **options: Any) -> list[Result]:
    async def main() -> list[Result]:
        results: list[Result] = []
        async with httpx.AsyncClient(**{"trust_env": False, **options}) as client:
            for ask in asks:
                trace = Trace()
                request = ask.build(client, trace.async_hook)
                try:
                    results.append((await client.send(request, stream=ask.hold)).status_code)
                except foreign_errors() as error:
                    results.append(failure_of(error, trace, request))
        return results

    return trio.run(main)


@pytest.fixture(params=[exchange_blocking, exchange_trio], ids=["blocking", "trio"])
def exchange(request: pytest.FixtureRequest) -> Exchange:
    """Send each `Ask` in turn by one client: the status of what came, or the failure."""
    chosen: Exchange = request.param
    return chosen


def last_failure(results: list[Result]) -> Failure:
    """The failure of the last request; all before it succeeded."""
    *before, last = results
    assert all(result == 200 for result in before)
    assert isinstance(last, Failure), last
    return last


def facts(failure: Failure) -> tuple[FailureKind, bool | None, type[APIConnectionError]]:
    return failure.kind, failure.error.sent, type(failure.error)


# -- before anything is sent ---------------------------------------------------------------------------------


def test_refused(exchange: Exchange) -> None:
    """A refused connection: nothing was sent, and the message says to whom."""
    with refusing_port() as port:
        failure = last_failure(exchange(Ask(f"http://127.0.0.1:{port}/items")))
    assert facts(failure) == (NETWORK, False, APIConnectionError)
    assert failure.error.message.startswith(f"Could not connect: GET http://127.0.0.1:{port}/items (")


def test_a_name_that_dns_does_not_know(exchange: Exchange) -> None:
    """A host that can't be found: nothing was sent."""
    failure = last_failure(exchange(Ask("http://nothing.invalid/")))
    assert facts(failure) == (NETWORK, False, APIConnectionError)


def test_connecting_times_out(exchange: Exchange) -> None:
    """A server that never shakes hands: nothing was sent, and the message says which timeout ran out."""
    with RawServer(never_answer) as server:
        url = server.url.replace("http:", "https:")
        failure = last_failure(exchange(Ask(url), timeout=httpx.Timeout(5, connect=0.05)))
    assert facts(failure) == (NETWORK, False, APITimeoutError)
    assert failure.error.message == f"Connecting timed out after 0.05 s: GET {url}"


def test_no_connection_becomes_free(exchange: Exchange) -> None:
    """All connections in use for too long: nothing was sent."""
    limits, timeout = httpx.Limits(max_connections=1), httpx.Timeout(5, pool=0.05)
    with RawServer(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"")) as server:
        failure = last_failure(exchange(Ask(server.url, hold=True), Ask(server.url), limits=limits, timeout=timeout))
    assert facts(failure) == (FailureKind.QUEUED, False, APITimeoutError)


def answer_in_plain_text(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_plain_http_where_tls_was_expected(exchange: Exchange) -> None:
    """A server that speaks no TLS is a failed connection, and the message says why."""
    with RawServer(answer_in_plain_text) as server:
        failure = last_failure(exchange(Ask(server.url.replace("http:", "https:"))))
    assert facts(failure) == (NETWORK, False, APIConnectionError)
    assert "SSL" in failure.error.message


def test_an_unsupported_protocol(exchange: Exchange) -> None:
    """A scheme that is not HTTP's is final."""
    failure = last_failure(exchange(Ask("ftp://127.0.0.1/")))
    assert facts(failure) == (FINAL, False, APIConnectionError)


def test_a_header_that_http_does_not_have(exchange: Exchange) -> None:
    """What h11 refuses to write is final, was not sent, and is quoted neither in the message nor in the cause."""
    with RawServer(never_answer) as server:
        failure = last_failure(exchange(Ask(server.url, headers={"X-Key": f" {SECRET} "})))
    assert facts(failure) == (FINAL, False, APIConnectionError)
    assert SECRET not in "".join(traceback.format_exception(failure.error))


# -- certificates --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_an_unknown_certificate_authority(exchange: Exchange, server_context: ssl.SSLContext) -> None:
    """A certificate that nobody vouches for is final."""
    with RawServer(never_answer, tls=server_context) as server:
        failure = last_failure(exchange(Ask(server.url), verify=ssl.create_default_context()))
    assert facts(failure) == (FINAL, False, APIConnectionError)
    assert failure.error.message.startswith(f"The TLS certificate was not accepted: GET {server.url} (")
    assert "certificate verify failed" in failure.error.message


def test_a_certificate_for_another_host(
    exchange: Exchange, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """A certificate that names another host is final."""
    with RawServer(never_answer, tls=server_context) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        failure = last_failure(exchange(Ask(url), verify=client_context))
    assert facts(failure) == (FINAL, False, APIConnectionError)
    assert "localhost" in failure.error.message


def test_the_server_asks_for_a_client_certificate(
    exchange: Exchange, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """A server that refuses us for want of a certificate is final; with TLS 1.3 it says so after the request."""
    server_context.verify_mode = ssl.CERT_REQUIRED
    with RawServer(never_answer, tls=server_context) as server:
        failure = last_failure(exchange(Ask(server.url), verify=client_context))
    assert failure.kind is FINAL


def test_a_trusted_certificate_is_no_failure(
    exchange: Exchange, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """The certificates of these tests do work where nothing is wrong."""
    with RawServer(answer(OK), tls=server_context) as server:
        assert exchange(Ask(server.url), verify=client_context) == [200]


# -- after sending -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [answer(b""), read_then_reset], ids=["closed", "reset"])
def test_a_fresh_connection_breaks(exchange: Exchange, script: Callable[..., None]) -> None:
    """A server that takes the request and breaks off may have acted on it."""
    with RawServer(script) as server:
        failure = last_failure(exchange(Ask(server.url)))
    assert facts(failure) == (NETWORK, True, APIConnectionError)


@pytest.mark.parametrize("script", [answer_then_close_on_next(), answer_then_reset_on_next()], ids=["closed", "reset"])
def test_a_kept_alive_connection_was_dead(exchange: Exchange, script: Callable[..., None]) -> None:
    """A kept-alive connection that ends before a byte of the response came is stale, by close and by reset."""
    with RawServer(script) as server:
        failure = last_failure(exchange(Ask(server.url), Ask(server.url)))
    assert facts(failure) == (STALE, True, APIConnectionError)


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", id="short body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", id="no last chunk"),
    ],
)
@pytest.mark.parametrize("earlier", [0, 1])
def test_a_broken_response(exchange: Exchange, response: bytes, earlier: int) -> None:
    """Once bytes came back the connection was alive: a response that breaks off is not stale."""
    with RawServer(answer(*[OK] * earlier, response)) as server:
        failure = last_failure(exchange(*[Ask(server.url)] * (earlier + 1)))
    assert facts(failure) == (NETWORK, True, APIConnectionError)


def test_the_response_is_not_quoted(exchange: Exchange) -> None:
    """A header line of the response that h11 quotes may be a cookie: it is shown nowhere."""
    with RawServer(answer(b"HTTP/1.1 200 OK\r\nSet-Cookie " + SECRET.encode() + b"\r\n\r\n")) as server:
        failure = last_failure(exchange(Ask(server.url)))
    assert facts(failure) == (NETWORK, True, APIConnectionError)
    assert SECRET not in "".join(traceback.format_exception(failure.error))


def test_reading_times_out(exchange: Exchange) -> None:
    """A server that does not answer may have acted on the request."""
    with RawServer(never_answer) as server:
        failure = last_failure(exchange(Ask(server.url), timeout=0.05))
    assert facts(failure) == (NETWORK, True, APITimeoutError)
    assert failure.error.message == f"Reading the response timed out after 0.05 s: GET {server.url}"


@pytest.mark.filterwarnings(
    "ignore:Async generator 'http:ResourceWarning"
)  # httpx's own, and httpcore's, left to the collector
def test_writing_times_out(exchange: Exchange) -> None:
    """A server that does not read the whole request may have acted on a part of it."""
    done = threading.Event()
    with RawServer(lambda _: done.wait(5) and None) as server:
        ask = Ask(server.url, "POST", content=bytes(32 * 1024 * 1024))
        failure = last_failure(exchange(ask, timeout=httpx.Timeout(5, write=0.05)))
        done.set()
    assert facts(failure) == (NETWORK, True, APITimeoutError)


def test_a_body_of_another_length_than_declared(exchange: Exchange) -> None:
    """h11 finds the fault after the headers went out, and httpx lets its error through: final, and sent."""
    with RawServer(never_answer) as server:
        failure = last_failure(exchange(Ask(server.url, "POST", {"Content-Length": "9"}, b"{}")))
    assert facts(failure) == (FINAL, True, APIConnectionError)
    assert "Content-Length" in failure.error.message


@pytest.mark.filterwarnings(
    "ignore:Async generator 'http:ResourceWarning"
)  # httpx's own, and httpcore's, left to the collector
def test_a_broken_content_encoding(exchange: Exchange) -> None:
    """A body that is no gzip though it says so is final: the server would send it again."""
    response = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"
    with RawServer(answer(response)) as server:
        failure = last_failure(exchange(Ask(server.url)))
    assert facts(failure) == (FINAL, True, APIConnectionError)


def test_too_many_redirects(exchange: Exchange) -> None:
    """A client that follows redirects by itself and loses patience is final."""
    redirect = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
    with RawServer(answer(*[redirect] * 3)) as server:
        failure = last_failure(exchange(Ask(server.url), follow_redirects=True, max_redirects=2))
    assert facts(failure) == (FINAL, True, APIConnectionError)


# -- through a proxy -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "response", [b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", b""], ids=["407", "closed"]
)
def test_the_tunnel_is_refused(exchange: Exchange, response: bytes) -> None:
    """CONNECT is the proxy's business: a request whose tunnel never opened was not sent."""
    with RawServer(answer(response)) as proxy:
        failure = last_failure(exchange(Ask("https://api.example.com/"), proxy=proxy.url))
    assert facts(failure) == (NETWORK, False, APIConnectionError)


def test_tls_fails_within_the_tunnel(exchange: Exchange) -> None:
    """A handshake that fails within the tunnel: CONNECT was sent, the request was not."""

    def script(connection: socket.socket) -> None:
        answer(b"HTTP/1.1 200 Connection established\r\n\r\n")(connection)
        answer_in_plain_text(connection)

    with RawServer(script) as proxy:
        failure = last_failure(exchange(Ask("https://api.example.com/"), proxy=proxy.url))
    assert facts(failure) == (NETWORK, False, APIConnectionError)


# -- the trace -----------------------------------------------------------------------------------------------


def traced(*events: str, method: bytes = b"POST", exception: Exception | None = None) -> Trace:
    trace = Trace()
    info = {"request": SimpleNamespace(method=method), "exception": exception}
    for event in events:
        trace.hook(event, info)
    return trace


CONNECT = ("connection.connect_tcp.started", "connection.connect_tcp.complete")
UNIX = ("connection.connect_unix_socket.started", "connection.connect_unix_socket.complete")
H1_SENT = ("http11.send_request_headers.started", "http11.send_request_headers.complete")
H2_SENT = ("http2.send_request_headers.started", "http2.send_request_headers.complete")
H2_INIT = ("http2.send_connection_init.started", "http2.send_connection_init.complete")
ANSWERED = ("http11.receive_response_headers.started", "http11.receive_response_headers.complete")
H2_ANSWERED = ("http2.receive_response_headers.started", "http2.receive_response_headers.complete")


@pytest.mark.parametrize(
    ("events", "sent", "reused", "response_began"),
    [
        ((), None, False, False),
        (CONNECT[:1], False, False, False),
        (CONNECT, False, False, False),
        ((*CONNECT, "connection.start_tls.started"), False, False, False),
        ((*CONNECT, H1_SENT[0]), True, False, False),
        ((*UNIX, *H1_SENT), True, False, False),
        ((*CONNECT, *H1_SENT, *ANSWERED[:1]), True, False, False),
        ((*CONNECT, *H1_SENT, *ANSWERED), True, False, True),
        (H1_SENT, True, True, False),
        ((*H1_SENT, *ANSWERED), True, True, True),
        ((*CONNECT, *H2_INIT), False, False, False),
        ((*CONNECT, *H2_INIT, *H2_SENT), True, False, False),
        (H2_SENT, True, True, False),
        ((*H2_SENT, *H2_ANSWERED), True, True, True),
        # an httpx.Auth sends several requests in one attempt: the last counts
        ((*CONNECT, *H1_SENT, *ANSWERED, *H1_SENT), True, True, False),
        ((*H1_SENT, *ANSWERED, *CONNECT), False, True, True),
        ((*H1_SENT, *ANSWERED, *CONNECT, *H1_SENT), True, False, False),
    ],
)
def test_what_the_trace_tells(events: tuple[str, ...], sent: bool | None, reused: bool, response_began: bool) -> None:
    """From the events of httpcore follows what became of the last request."""
    trace = traced(*events)
    assert (trace.sent, trace.reused, trace.response_began) == (sent, reused, response_began)


def test_connect_is_not_the_request() -> None:
    """The CONNECT that opens a tunnel tells nothing of the request that goes through it."""
    trace = traced(*CONNECT, *H1_SENT, *ANSWERED, method=b"CONNECT")
    assert trace.sent is False
    trace.hook(H1_SENT[0], {"request": SimpleNamespace(method=b"GET")})
    assert (trace.sent, trace.reused, trace.response_began) == (True, False, False)


@pytest.mark.parametrize(
    ("exception", "sent"), [(h11.LocalProtocolError("bad header"), False), (httpx.WriteError("broken"), True)]
)
def test_headers_that_were_refused_were_not_sent(exception: Exception, sent: bool) -> None:
    """What could not be rendered was not sent; what broke in the writing may have been."""
    trace = traced(*CONNECT, H1_SENT[0], "http11.send_request_headers.failed", exception=exception)
    assert trace.sent is sent


async def test_the_async_hook_records_the_same() -> None:
    """Async clients take a coroutine function."""
    trace = Trace()
    await trace.async_hook(H1_SENT[0], {"request": SimpleNamespace(method=b"GET")})
    same = traced(H1_SENT[0])
    assert (trace.sent, trace.reused) == (same.sent, same.reused) == (True, True)


# -- the table -----------------------------------------------------------------------------------------------

REQUEST = httpx.Request("GET", f"https://user:{SECRET}@api.example.com/v1/items?key={SECRET}")


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        (httpx.ConnectError(""), (NETWORK, False, APIConnectionError)),
        (httpx.ConnectTimeout(""), (NETWORK, False, APITimeoutError)),
        (httpx.PoolTimeout(""), (FailureKind.QUEUED, False, APITimeoutError)),
        (httpx.ProxyError(""), (NETWORK, False, APIConnectionError)),
        (httpx.ReadError(""), (NETWORK, True, APIConnectionError)),
        (httpx.ReadTimeout(""), (NETWORK, True, APITimeoutError)),
        (httpx.RemoteProtocolError(""), (NETWORK, True, APIConnectionError)),
        (httpx.WriteError(""), (NETWORK, None, APIConnectionError)),
        (httpx.WriteTimeout(""), (NETWORK, None, APITimeoutError)),
        (httpx.CloseError(""), (NETWORK, None, APIConnectionError)),
        (httpx.TimeoutException(""), (NETWORK, None, APITimeoutError)),
        (httpx.TransportError(""), (NETWORK, None, APIConnectionError)),
        (httpx.RequestError(""), (NETWORK, None, APIConnectionError)),
        (httpx.UnsupportedProtocol(""), (FINAL, False, APIConnectionError)),
        (httpx.InvalidURL(""), (FINAL, False, APIConnectionError)),
        (httpx.LocalProtocolError(""), (FINAL, None, APIConnectionError)),
        (httpx.DecodingError(""), (FINAL, True, APIConnectionError)),
        (httpx.TooManyRedirects(""), (FINAL, True, APIConnectionError)),
        (h11.LocalProtocolError("x"), (FINAL, None, APIConnectionError)),
        (ssl.SSLError(), (NETWORK, None, APIConnectionError)),
        (trio.BrokenResourceError(), (NETWORK, None, APIConnectionError)),
        (trio.ClosedResourceError(), (NETWORK, None, APIConnectionError)),
    ],
)
def test_without_a_trace_the_type_decides(
    exception: Exception, expected: tuple[FailureKind, bool | None, type[APIConnectionError]]
) -> None:
    """A transport that tells nothing leaves it to the exception's type whether the request was sent."""
    assert isinstance(exception, foreign_errors())
    assert facts(failure_of(exception, Trace(), REQUEST)) == expected


def test_the_trace_knows_better_than_the_type() -> None:
    """A read error of a connection that carried nothing yet was not sent."""
    assert failure_of(httpx.ReadError(""), traced(*CONNECT), REQUEST).error.sent is False
    assert failure_of(httpx.WriteError(""), traced(*CONNECT, *H1_SENT), REQUEST).error.sent is True


def test_a_write_that_fails_on_a_kept_alive_connection_is_stale() -> None:
    """A dead connection may be met while writing."""
    assert failure_of(httpx.WriteError(""), traced(H1_SENT[0]), REQUEST).kind is STALE


def test_a_reset_within_the_body_is_not_stale() -> None:
    """A kept-alive connection that gave the headers of a response was alive."""
    assert failure_of(httpx.ReadError(""), traced(*H1_SENT, *ANSWERED), REQUEST).kind is NETWORK


def test_a_timeout_on_a_kept_alive_connection_is_not_stale() -> None:
    """A server that is slow is there."""
    assert failure_of(httpx.ReadTimeout(""), traced(*H1_SENT), REQUEST).kind is NETWORK


def test_a_certificate_failure_known_by_its_text() -> None:
    """A transport that keeps no cause is understood by OpenSSL's name of the reason."""
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert failure_of(error, Trace(), REQUEST).kind is FINAL


def test_the_message_shows_no_secret() -> None:
    """The message has the method, the origin and the path, and neither userinfo nor query."""
    error = failure_of(httpx.ReadError("reset"), Trace(), REQUEST).error
    assert error.message == "Connection broken while reading the response: GET https://api.example.com/v1/items (reset)"
    assert error.request is REQUEST


def test_an_invalid_url_is_not_quoted() -> None:
    """Httpx quotes parts of a URL that it can't parse, and a password may be one of them."""
    error = failure_of(httpx.InvalidURL(f"Invalid port: {SECRET!r}"), Trace(), REQUEST).error
    assert error.message == "Invalid URL: GET https://api.example.com/v1/items"
    assert error.__cause__ is None


@pytest.mark.parametrize("url", [f"https://user:{SECRET}@h/", f"https://h/?key={SECRET}", f"ftp://{SECRET}@h"])
def test_a_url_is_not_quoted(url: str) -> None:
    """Transports and proxies that others wrote may name the whole URL that they could not get to."""
    error = failure_of(httpx.ConnectError(f"no route to {url}"), Trace(), REQUEST).error
    assert error.message == "Could not connect: GET https://api.example.com/v1/items"
    assert error.__cause__ is None


def test_the_cause_is_kept_without_its_frames() -> None:
    """The chain of causes stays readable, but holds no frame whose locals are headers."""
    group = ExceptionGroup("all attempts failed", [OSError("refused")])

    def send(headers: dict[str, str]) -> None:
        try:
            try:
                raise group
            except ExceptionGroup as error:
                raise OSError("no connection") from error
        except OSError as error:
            raise httpx.ConnectError("no connection") from error

    with pytest.raises(httpx.ConnectError) as caught:
        send({"Authorization": SECRET})
    error = failure_of(caught.value, Trace(), REQUEST).error
    assert error.__cause__ is caught.value
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.__cause__ is group
    assert [caught.value.__traceback__, caught.value.__cause__.__traceback__, group.__traceback__] == [None] * 3


def test_what_the_application_was_handling_is_left_alone() -> None:
    """An exception that the application handles while it calls is not the call's: its traceback stays."""
    own = LookupError("not in the cache")

    def call() -> httpx.ReadError:
        try:
            raise own
        except LookupError:
            trace = Trace()
            with pytest.raises(httpx.ReadError) as caught:
                raise httpx.ReadError("reset")  # noqa: B904  # the implicit context is what this is about
            failure_of(caught.value, trace, REQUEST)
            return caught.value

    assert call().__context__ is own
    assert own.__traceback__ is not None


def test_a_circle_of_causes_ends() -> None:
    """Causes that name each other are each looked at once."""
    first, second = httpx.ReadError("first"), httpx.ReadError("second")
    first.__cause__, second.__cause__ = second, first
    assert failure_of(first, Trace(), REQUEST).error.__cause__ is first


def test_the_error_pickles_without_secrets() -> None:
    """An error made here may cross a process border."""
    error = failure_of(httpx.ReadError("reset"), Trace(), REQUEST).error
    assert SECRET.encode() not in pickle.dumps(error)
    assert pickle.loads(pickle.dumps(error)).sent is True
