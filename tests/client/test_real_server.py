"""The clients with their own HTTP clients, over real sockets: connections are kept, given back, and closed."""

from __future__ import annotations

import gc
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trio
import trio.testing

from support.bombs import gzip_bomb
from support.raw_server import OK, RawServer, Script, answer, answer_then_close_on_next, never_answer, read_head
from trio_api import APIConnectionError, APITimeoutError, AsyncAPIClient, ResponseTooLargeError, SyncAPIClient

SETTINGS: dict[str, Any] = {"trust_env": False, "max_response_bytes": 100_000}


def response(body: bytes, status: bytes = b"200 OK", *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


def plain_calls(client: Any, *paths: str) -> Iterator[Any]:
    for path in paths:
        yield client.get(path, cast_to=object)


def run(client_class: Any, body: Callable[[Any], Any], *scripts: Script, **settings: Any) -> Any:
    """Serve one connection for each script, and run *body*, a generator of calls, in either colour."""
    with RawServer(*scripts) as server:
        how = {"base_url": server.url, **SETTINGS, **settings}
        if client_class is SyncAPIClient:
            with SyncAPIClient(**how) as client:
                return list(body(client))

        async def main() -> list[Any]:
            async with AsyncAPIClient(**how) as client:
                results = [await call for call in body(client)]
                gc.collect()  # Trio warns of every async generator that is found now
                await trio.testing.wait_all_tasks_blocked()
                return results

        return trio.run(main)


both = pytest.mark.parametrize("client_class", [AsyncAPIClient, SyncAPIClient])


@both
def test_a_connection_serves_many_calls(client_class: Any) -> None:
    """One connection for three calls, an error and its retry among them: it is given back before the wait."""
    one = answer(OK, response(b"busy", b"503 Busy", b"Retry-After-Ms: 1"), OK, OK)
    assert run(client_class, lambda client: plain_calls(client, "/a", "/b", "/c"), one) == [{}, {}, {}]


@both
def test_an_operation_is_polled_over_one_connection(client_class: Any) -> None:
    """It is kept between the polls, which come when the server asked for them."""
    accepted = response(b"", b"202 Accepted", b"Retry-After-Ms: 20")
    began = time.monotonic()
    results = run(
        client_class,
        lambda client: iter([client.poll("/jobs/1", cast_to=object).result()]),
        answer(accepted, accepted, response(b"[1]", b"200 OK", b"Content-Type: application/json")),
    )
    assert results == [[1]]
    assert time.monotonic() - began >= 0.04


@both
def test_a_connection_that_died_idle_is_replaced(client_class: Any) -> None:
    """The server closed it between two calls: the second goes over a fresh one, and nobody notices."""
    results = run(
        client_class,
        lambda client: plain_calls(client, "/a", "/b"),
        answer_then_close_on_next(),
        answer(OK),
        max_retries=0,
    )
    assert results == [{}, {}]


@both
@pytest.mark.parametrize("kind", ["plain", "gzip", "chunked", "bomb"])
def test_a_body_that_is_too_large_leaves_nothing_open(client_class: Any, kind: str) -> None:
    """Its connection is closed, no generator is left to the garbage collector, and the next call works."""
    large = bytes(range(256)) * 4000
    served = {
        "plain": response(large),
        "gzip": response(gzip.compress(large), b"200 OK", b"Content-Encoding: gzip"),
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100000\r\n" + bytes(1 << 20),
        "bomb": response(gzip_bomb(), b"200 OK", b"Content-Encoding: gzip"),
    }[kind]
    script = answer(served)
    if client_class is SyncAPIClient:
        with RawServer(script, answer(OK)) as server, SyncAPIClient(base_url=server.url, **SETTINGS) as client:
            with pytest.raises(ResponseTooLargeError):
                client.get("/large", cast_to=bytes)
            assert client.get("/small", cast_to=bytes) == b"{}"
        return

    async def main(base_url: str) -> None:
        async with AsyncAPIClient(base_url=base_url, **SETTINGS) as client:
            with pytest.raises(ResponseTooLargeError):
                await client.get("/large", cast_to=bytes)
            gc.collect()
            await trio.testing.wait_all_tasks_blocked()
            assert await client.get("/small", cast_to=bytes) == b"{}"

    with RawServer(script, answer(OK)) as server:
        trio.run(main, server.url)


@both
@pytest.mark.parametrize(
    "settings", [{"timeout": None}, {"timeout": None, "total_timeout": 30}, {"total_timeout": 1e12}]
)
def test_sockets_take_the_timeouts(client_class: Any, settings: dict[str, Any]) -> None:
    """No timeout, a total alone, and one of many years: no number that a socket can't hold."""
    assert run(client_class, lambda client: plain_calls(client, "/a"), answer(OK), **settings) == [{}]


@both
def test_the_timeouts_are_those_of_the_sockets(client_class: Any) -> None:
    """A server that never answers is given up after the read timeout, and after the total one."""
    for settings in ({"timeout": 0.05}, {"timeout": None, "total_timeout": 0.05}):
        with pytest.raises(APITimeoutError) as caught:
            run(client_class, lambda client: plain_calls(client, "/a"), never_answer, max_retries=0, **settings)
        assert len(caught.value.attempts) == 1


@both
def test_nothing_is_left_open(client_class: Any) -> None:
    """When the block is left the server sees the end of the connection."""
    ended = threading.Event()

    def script(connection: socket.socket) -> None:
        answer(OK)(connection)
        if connection.recv(1) == b"":
            ended.set()

    assert run(client_class, lambda client: plain_calls(client, "/a"), script) == [{}]
    assert ended.is_set()


@both
def test_one_request_reaches_the_server_as_it_is_meant(client_class: Any) -> None:
    """What a server reads from the wire: request line, host, length, body."""
    heads: list[bytes] = []

    def script(connection: socket.socket) -> None:
        heads.append(read_head(connection))
        connection.sendall(OK)

    def body(client: Any) -> Iterator[Any]:
        yield client.post("/a b/%2Fc?x=1", cast_to=object, body={"name": "grün"}, options={"params": {"y": [1, 2]}})

    run(client_class, body, script)
    head, _, sent = heads[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a%20b/%2Fc?x=1&y=1&y=2 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nContent-Length: 16\r\n" in head + b"\r\n"
    assert sent in (b"", b'{"name":"gr\xc3\xbcn"}')


@both
def test_a_broken_response_says_what_broke(client_class: Any) -> None:
    """A body that ends early is a connection error, and the request was sent."""
    short = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"
    with pytest.raises(APIConnectionError) as caught:
        run(client_class, lambda client: plain_calls(client, "/a"), answer(short), max_retries=0)
    assert caught.value.sent is True
