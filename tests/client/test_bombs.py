"""Answers made to hurt: over real sockets, in both colours, each ends in a clear error within its bounds."""

from __future__ import annotations

import contextlib
import socket
import time
import tracemalloc
from collections.abc import Callable

import pytest

from support.bombs import MIB, chained_bomb, gzip_bomb
from support.live import Live, LiveBlocking, LiveTrio
from support.raw_server import RawServer, Script, answer, read_head
from trio_api import APIConnectionError, APIResponseValidationError, APITimeoutError, ResponseTooLargeError

LIMIT = 8 * MIB  # bytes that a response may decode to


@pytest.fixture(params=[LiveTrio, LiveBlocking], ids=["trio", "blocking"])
def live(request: pytest.FixtureRequest) -> Live:
    colour: Live = request.param()
    return colour


def serving(body: bytes, *headers: bytes) -> Script:
    head = [b"HTTP/1.1 200 OK", b"Content-Type: application/json", b"Content-Length: %d" % len(body), *headers]
    return answer(b"\r\n".join([*head, b"", body]))


@pytest.mark.parametrize(
    ("make", "encoding"), [(gzip_bomb, b"gzip"), (chained_bomb, b"gzip, gzip")], ids=["gzip", "chained"]
)
def test_a_bomb_is_stopped_in_bounded_memory(live: Live, make: Callable[[], bytes], encoding: bytes) -> None:
    """200 KB of gzip would make 200 MiB; it makes what was allowed, and some copies of that."""
    with RawServer(serving(make(), b"Content-Encoding: " + encoding)) as server:
        tracemalloc.start()
        try:
            with pytest.raises(ResponseTooLargeError):
                live.call(server.url, lambda client: client.get("/x", cast_to=object), max_response_bytes=LIMIT)
            assert tracemalloc.get_traced_memory()[1] < 4 * LIMIT
        finally:
            tracemalloc.stop()


def test_codings_without_end_are_refused(live: Live) -> None:
    """Six over one another."""
    with (
        RawServer(serving(b"x", b"Content-Encoding: " + b", ".join([b"gzip"] * 6))) as server,
        pytest.raises(APIConnectionError, match="more than 5 content codings"),
    ):
        live.call(server.url, lambda client: client.get("/x", cast_to=object), max_retries=0)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000], ids=["open", "closed"])
def test_json_without_bottom_is_refused(live: Live, body: bytes) -> None:
    """A hundred thousand levels are no `RecursionError`."""
    with RawServer(serving(body)) as server, pytest.raises(APIResponseValidationError):
        live.call(server.url, lambda client: client.get("/x", cast_to=object))


def drip(connection: socket.socket) -> None:
    """A body of a thousand bytes, twenty a second."""
    read_head(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    with contextlib.suppress(OSError):  # the client goes, as it should
        for _ in range(1000):
            connection.sendall(b" ")
            time.sleep(0.05)


def test_a_drip_of_bytes_ends_at_the_total_timeout(live: Live) -> None:
    """Each read is within its timeout; the call is not within its own."""
    started = time.monotonic()
    with RawServer(drip) as server, pytest.raises(APITimeoutError):
        live.call(server.url, lambda client: client.get("/x", cast_to=object), total_timeout=0.3, timeout=5)
    assert time.monotonic() - started < 3


def take_slowly(connection: socket.socket) -> None:
    """Read a little of the body now and then."""
    read_head(connection)
    with contextlib.suppress(OSError):
        for _ in range(50):
            connection.recv(100_000)
            time.sleep(0.02)


def test_an_upload_that_drips_ends_at_the_total_timeout(live: Live) -> None:
    """Each write is within its timeout; the call is not within its own."""
    started = time.monotonic()
    pieces = (bytes(65_536) for _ in range(1000))
    with RawServer(take_slowly) as server, pytest.raises(APITimeoutError):
        live.call(
            server.url,
            lambda client: client.post("/x", cast_to=object, content=pieces),
            total_timeout=0.3,
            timeout=5,
        )
    assert time.monotonic() - started < 3
