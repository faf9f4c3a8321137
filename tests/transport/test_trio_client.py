"""The client that an `AsyncAPIClient` opens: httpx's in all that can be seen, though most requests skip its steps."""

from __future__ import annotations

import functools
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from support.answering import Answering, answering
from trio_api import DefaultAsyncHttpxClient, DefaultTrioHttpxClient
from trio_api.responses import LazyResponse
from trio_api.transport import TrioTransport
from trio_api.transport._direct import DirectTransport
from trio_api.transport._gate import GatedTransport

ANSWERS = {
    "/moved": b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 2\r\n\r\nno",
    "/nowhere": b"HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nno",
    "/cookies": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2; Path=/\r\nContent-Length: 2\r\n\r\n{}",
    "/missing": b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone",
    "/latin": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\n\xe4",
    "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
    "/gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n"
    + bytes.fromhex("1f8b08000000000002ffabae050043bfa6a302000000"),
}


@pytest.fixture
async def server() -> AsyncIterator[Answering]:
    async with answering(ANSWERS) as serving:
        yield serving


def client(**settings: Any) -> httpx.AsyncClient:
    """The client, with nothing of the environment's."""
    return DefaultTrioHttpxClient(**{"trust_env": False, **settings})


def took_the_short_way(response: httpx.Response) -> bool:
    """Whether httpx's own steps were skipped: they would have wrapped the stream."""
    return isinstance(response, LazyResponse) and type(response.stream).__module__.startswith("trio_api")


# -- the same as httpx ---------------------------------------------------------------------------------------


def seen(response: httpx.Response) -> dict[str, Any]:
    """All that a response shows but for times and ports."""
    next_request = response.next_request
    return {
        "status": (response.status_code, response.reason_phrase, response.http_version),
        "headers": response.headers.raw,
        "body": (response.content, response.text, response.encoding, response.num_bytes_downloaded),
        "request": (response.request.method, response.url.path, response.request.headers.raw),
        "history": [(earlier.url.path, earlier.content) for earlier in response.history],
        "next": next_request and (next_request.method, next_request.url.path),
        "state": (response.is_closed, response.is_stream_consumed, response.has_redirect_location),
        "elapsed": response.elapsed.total_seconds() > 0,
    }


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize("path", ["/", *(path for path in ANSWERS if path != "/short")])
async def test_a_response_is_as_httpxs_own(server: Answering, path: str, follow: bool) -> None:
    """Status, headers, body, request, history, next request, state, cookies: all the same."""
    shown = []
    for kind in (DefaultAsyncHttpxClient, DefaultTrioHttpxClient):
        async with kind(trust_env=False) as http:
            response = await http.get(server.url + path, follow_redirects=follow)
            shown.append((seen(response), dict(http.cookies)))
    assert shown[0] == shown[1]


async def test_the_ordinary_case_takes_the_short_way(server: Answering) -> None:
    """No auth, no hooks, no log, no mounts: what the transport gave is what the caller gets."""
    async with client() as http:
        for path in ("/", "/cookies", "/missing", "/nowhere"):
            assert took_the_short_way(await http.get(server.url + path))
        async with http.stream("GET", server.url) as response:
            assert took_the_short_way(response)
            assert await response.aread() == b"{}"


async def test_a_redirect_is_followed_without_being_asked_for_twice(server: Answering) -> None:
    """Httpx takes over with the response that is there already."""
    async with client() as http:
        response = await http.get(f"{server.url}/moved")
        assert [head.split()[1] for head in server.heads] == ["/moved", "/there"]
        assert response.history[0].elapsed > response.elapsed * 0


async def test_a_body_that_breaks_off_raises_with_its_request() -> None:
    """As with httpx."""

    async def serve_short(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some()
            await stream.send_all(ANSWERS["/short"])

    async with client() as http, trio.open_nursery() as nursery:
        (listener,) = await nursery.start(functools.partial(trio.serve_tcp, serve_short, 0, host="127.0.0.1"))
        with pytest.raises(httpx.RemoteProtocolError) as caught:
            await http.get(f"http://127.0.0.1:{listener.socket.getsockname()[1]}/")
        assert caught.value.request.url.path == "/"
        nursery.cancel_scope.cancel()


async def test_a_read_that_is_cancelled_gives_the_connection_back(server: Answering) -> None:
    """``stream=False`` reads within `send`: what it opened, it closes."""
    async with client(limits=httpx.Limits(max_connections=1), timeout=httpx.Timeout(5, pool=0.5)) as http:
        await http.get(server.url)
        for _ in range(3):
            with trio.move_on_after(0.05) as scope:
                await http.get(f"{server.url}/short")
            assert scope.cancelled_caught
        assert (await http.get(server.url)).content == b"{}"


# -- what only httpx's own steps do --------------------------------------------------------------------------


async def test_auth_is_applied(server: Answering) -> None:
    """The client's, the call's, and the userinfo of a URL."""
    basic = "Authorization: Basic dTpw"
    async with client(auth=("u", "p")) as http:
        await http.get(server.url)
        assert basic in server.heads.pop()
        await http.get(server.url, auth=None)
        assert basic not in server.heads.pop()
    async with client() as http:
        await http.get(server.url, auth=("u", "p"))
        assert basic in server.heads.pop()
        await http.get(server.url.replace("//", "//u:p@"))
        assert basic in server.heads.pop()
        http.auth = ("u", "p")
        await http.get(server.url)
        assert basic in server.heads.pop()


async def test_hooks_are_called(server: Answering) -> None:
    """Those given at first, and those added later."""
    told: list[str] = []

    async def note(message: httpx.Request | httpx.Response) -> None:
        told.append(type(message).__name__)

    async with client(event_hooks={"request": [note]}) as http:
        await http.get(server.url)
        assert told == ["Request"]
        http.event_hooks = {"response": [note]}
        await http.get(server.url)
        assert told[1].endswith("Response")


async def test_httpxs_log_line_is_written_where_it_is_wanted(
    server: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    """At INFO, one a request; nothing is formatted where nobody listens."""
    async with client() as http:
        await http.get(server.url)
        with caplog.at_level(logging.INFO, httpx.__name__):
            await http.get(server.url)
    (record,) = (record for record in caplog.records if record.name == httpx.__name__)
    assert record.getMessage().startswith("HTTP Request: GET http://127.0.0.1")


async def test_the_default_encoding_is_heeded(server: Answering) -> None:
    """The text of a response without charset is decoded by it."""
    async with client(default_encoding="latin-1") as http:
        assert (await http.get(f"{server.url}/latin")).text == "ä"


async def test_the_clients_timeout_is_that_of_a_request_without_one(server: Answering) -> None:
    """A request made by hand gets it as httpx gives it."""
    async with client(timeout=7) as http:
        request = httpx.Request("GET", server.url)
        await http.send(request)
        assert request.extensions["timeout"]["read"] == 7


async def test_a_body_for_threads_is_refused(server: Answering) -> None:
    """With httpx's words."""
    async with client() as http:
        with pytest.raises(RuntimeError, match="sync request with an AsyncClient"):
            await http.post(server.url, content=iter([b"a"]))


async def test_the_trace_extension_is_told(server: Answering) -> None:
    """By the transport's own events."""
    events: list[str] = []

    async def trace(name: str, info: Any) -> None:
        events.append(name)

    async with client() as http:
        await http.get(server.url, extensions={"trace": trace})
    assert {"connection.connect_tcp.started", "http11.send_request_headers.started"} <= set(events)


# -- lifetime ------------------------------------------------------------------------------------------------


async def test_closed_it_refuses_as_httpx_does(server: Answering) -> None:
    """The same `RuntimeError`, after its block and after `aclose`, whether or not it was entered."""
    async with client() as entered:
        await entered.get(server.url)
    not_entered = client()
    await not_entered.get(server.url)
    await not_entered.get(server.url)
    await not_entered.aclose()
    for http in (entered, not_entered):
        assert http.is_closed
        with pytest.raises(RuntimeError, match="client has been closed"):
            await http.get(server.url)
        with pytest.raises(RuntimeError, match="Cannot reopen"):
            await http.__aenter__()


async def test_it_is_entered_once(server: Answering) -> None:
    """Nor is it entered after its first request."""
    async with client() as http:
        with pytest.raises(RuntimeError, match="more than once"):
            await http.__aenter__()
    used = client()
    await used.get(server.url)
    with pytest.raises(RuntimeError, match="more than once"):
        await used.__aenter__()
    await used.aclose()


async def test_it_may_be_closed_within_its_block(server: Answering) -> None:
    """As httpx's may."""
    async with client() as http:
        await http.get(server.url)
        await http.aclose()
        assert http.is_closed


class Noted(httpx.MockTransport):
    """Notes that it was closed."""

    is_closed = False

    async def aclose(self) -> None:
        self.is_closed = True


async def test_left_by_a_cancellation_it_closes_everything(server: Answering) -> None:
    """The transports of the mounts too; what is left to do for the own one needs no wait that could be cancelled."""
    mounted = Noted(lambda request: httpx.Response(200))
    with trio.CancelScope() as scope:
        async with client(mounts={"https://": mounted}) as http:
            await http.get(server.url)
            scope.cancel()
    assert mounted.is_closed
    assert "open=0" in repr(http.direct.native)  # type: ignore[attr-defined]


# -- transports ----------------------------------------------------------------------------------------------


def test_it_sends_by_its_own_transport_unless_told_otherwise() -> None:
    """HTTP/2 and proxies go by httpx's behind a gate; a transport that is given is used as it is."""
    mock = httpx.MockTransport(lambda request: httpx.Response(200))
    assert isinstance(client()._transport, DirectTransport)
    assert isinstance(client(transport=TrioTransport())._transport, DirectTransport)
    assert isinstance(client(http2=True)._transport, GatedTransport)
    assert client(transport=mock)._transport is mock
    (proxied,) = client(proxy="http://127.0.0.1:3128")._mounts.values()
    assert isinstance(proxied, GatedTransport)


async def test_a_transport_of_ones_own_takes_the_short_way_too(tmp_path: Path) -> None:
    """A `TrioTransport` over a Unix socket, for example."""
    server = Answering({})
    path = str(tmp_path / "socket")
    with trio.socket.socket(trio.socket.AF_UNIX) as listening:
        await listening.bind(path)
        listening.listen()
        async with trio.open_nursery() as nursery, client(transport=TrioTransport(uds=path)) as http:
            nursery.start_soon(trio.serve_listeners, server.serve, [trio.SocketListener(listening)])
            assert took_the_short_way(await http.get("http://any.example.com/"))
            nursery.cancel_scope.cancel()


async def test_the_tls_context_is_made_when_it_is_needed_and_once(
    server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the default bundle takes longer than many requests."""
    made: list[Any] = []
    real = httpx.create_ssl_context

    def make(*args: Any, **kwargs: Any) -> Any:
        made.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(httpx, "create_ssl_context", make)
    async with client(timeout=0.2) as http:
        await http.get(server.url)
        assert made == []
        for _ in range(2):
            with pytest.raises(httpx.ConnectTimeout):
                await http.get(server.url.replace("http:", "https:"))
    assert len(made) == 1


def test_certificates_that_cannot_be_read_are_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the middle of the first call."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(OSError):
        client(trust_env=True)


def test_a_context_that_is_given_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the transport and by the proxies, and none is made."""
    context = httpx.create_ssl_context()
    http = client(verify=context)
    assert http._tls.get() is context
