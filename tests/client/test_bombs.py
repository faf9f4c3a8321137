"""Answers made to hurt: over real sockets, in both colours, each ends in a clear error within its bounds."""

from __future__ import annotations

import contextlib
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.bombs import MIB, brotli_bomb, chained_bomb, deflate_bomb, gzip_bomb, zstd_bomb
from support.live import Live, LiveBlocking, LiveTrio, everything, opened
from support.raw_server import RawServer, Script, answer, read_head
from trio_api import (
    APIConnectionError,
    APIResponseValidationError,
    APIStreamDecodeError,
    APITimeoutError,
    BearerAuth,
    ClientCredentials,
    ResponseTooLargeError,
    TokenError,
    UnprocessableEntityError,
)

LIMIT = 8 * MIB  # bytes that a response may decode to
DEEP = b"[" * 100_000
EVENTS, LINES = b"text/event-stream", b"application/x-ndjson"


@pytest.fixture(params=[LiveTrio, LiveBlocking], ids=["trio", "blocking"])
def live(request: pytest.FixtureRequest) -> Live:
    colour: Live = request.param()
    return colour


def credentials(server: RawServer) -> BearerAuth:
    return BearerAuth(ClientCredentials(token_url=f"{server.url}/token", client_id="i", client_secret="s"))


def serving(body: bytes, *headers: bytes, status: bytes = b"200 OK", kind: bytes = b"application/json") -> Script:
    head = [b"HTTP/1.1 " + status, b"Content-Type: " + kind, b"Content-Length: %d" % len(body), *headers]
    return answer(b"\r\n".join([*head, b"", body]))


@contextlib.contextmanager
def bounded(most: int = 4 * LIMIT) -> Iterator[None]:
    """What is allocated meanwhile is never more than *most* bytes."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("make", "encoding"),
    [
        (gzip_bomb, b"gzip"),
        (chained_bomb, b"gzip, gzip"),
        (deflate_bomb, b"deflate"),
        (brotli_bomb, b"br"),
        (zstd_bomb, b"zstd"),
    ],
    ids=["gzip", "chained", "deflate", "br", "zstd"],
)
def test_a_bomb_is_stopped_in_bounded_memory(live: Live, make: Callable[[], bytes], encoding: bytes) -> None:
    """200 KB of gzip would make 200 MiB; it makes what was allowed, and some copies of that."""
    bomb = make()
    assert len(bomb) < 250_000
    with (
        RawServer(serving(bomb, b"Content-Encoding: " + encoding)) as server,
        bounded(),
        pytest.raises(ResponseTooLargeError),
    ):
        live.call(server.url, lambda client: client.get("/x", cast_to=object), max_response_bytes=LIMIT)


def test_a_bomb_in_an_error_is_that_error(live: Live) -> None:
    """Of its body a part is kept to be shown."""
    bomb = serving(gzip_bomb(), b"Content-Encoding: gzip", status=b"422 Unprocessable")
    with RawServer(bomb) as server, bounded(), pytest.raises(UnprocessableEntityError):
        live.call(server.url, lambda client: client.get("/x", cast_to=object), max_response_bytes=LIMIT)


def test_a_bomb_in_the_place_of_a_token_is_no_token(live: Live) -> None:
    """The token endpoint is no more trusted than any other."""
    with RawServer(serving(gzip_bomb(), b"Content-Encoding: gzip")) as server, bounded(), pytest.raises(TokenError):
        live.call(server.url, lambda client: client.get("/x", cast_to=object), auth=credentials(server))


def test_a_token_without_bottom_is_no_token(live: Live) -> None:
    """Nested ever deeper, the answer of a token endpoint is no JSON."""
    with RawServer(serving(b'{"access_token": ' + DEEP)) as server, pytest.raises(TokenError):
        live.call(server.url, lambda client: client.get("/x", cast_to=object), auth=credentials(server))


def test_codings_without_end_are_refused(live: Live) -> None:
    """Six over one another."""
    with (
        RawServer(serving(b"x", b"Content-Encoding: " + b", ".join([b"gzip"] * 6))) as server,
        pytest.raises(APIConnectionError, match="more than 5 content codings"),
    ):
        live.call(server.url, lambda client: client.get("/x", cast_to=object), max_retries=0)


@pytest.mark.parametrize("body", [DEEP, DEEP + b"]" * len(DEEP)], ids=["open", "closed"])
def test_json_without_bottom_is_refused(live: Live, body: bytes) -> None:
    """A hundred thousand levels are no `RecursionError`."""
    with RawServer(serving(body)) as server, pytest.raises(APIResponseValidationError):
        live.call(server.url, lambda client: client.get("/x", cast_to=object))


def test_an_error_without_bottom_is_that_error(live: Live) -> None:
    """What can't be read of it is left as it is."""
    deep = serving(DEEP, status=b"422 Unprocessable")
    with RawServer(deep) as server, pytest.raises(UnprocessableEntityError):
        live.call(server.url, lambda client: client.get("/x", cast_to=object))


# -- streams -------------------------------------------------------------------------------------------------


def stream(live: Live, server: RawServer, **settings: Any) -> list[Any]:
    """What comes of a stream."""

    async def events(client: Any) -> list[Any]:
        async with opened(client.stream("GET", "/x", cast_to=object)) as incoming:
            return await everything(incoming)

    found: list[Any] = live.call(server.url, events, max_retries=0, **settings)
    return found


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (EVENTS, b"data: " + b"x" * 16 * MIB),
        (EVENTS, b": " + b"x" * 16 * MIB),
        (EVENTS, (b"data: " + b"x" * 9000 + b"\n") * 2000),
        (LINES, b'"' + b"x" * 16 * MIB),
    ],
    ids=["data", "comment", "lines", "json-lines"],
)
def test_an_event_without_end_is_refused(live: Live, kind: bytes, body: bytes) -> None:
    """A line of it that goes on and on, or line after line."""
    with (
        RawServer(serving(body, kind=kind)) as server,
        bounded(8 * MIB),
        pytest.raises(APIStreamDecodeError, match="larger than"),
    ):
        stream(live, server)


def test_a_bomb_of_events_is_stopped(live: Live) -> None:
    """An event of 200 MiB in 200 KB of gzip."""
    with (
        RawServer(serving(gzip_bomb(), b"Content-Encoding: gzip", kind=EVENTS)) as server,
        bounded(8 * MIB),
        pytest.raises(APIStreamDecodeError, match="larger than"),
    ):
        stream(live, server)


@pytest.mark.parametrize(("kind", "body"), [(EVENTS, b"data: " + DEEP + b"\n\n"), (LINES, DEEP + b"\n")])
def test_an_event_without_bottom_is_no_json(live: Live, kind: bytes, body: bytes) -> None:
    """Nor is it a `RecursionError`, in either format."""
    with RawServer(serving(body, kind=kind)) as server, pytest.raises(APIStreamDecodeError):
        stream(live, server)


def drip_events(connection: socket.socket) -> None:
    """A comment without end, twenty bytes a second."""
    read_head(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:")
    with contextlib.suppress(OSError):
        for _ in range(1000):
            connection.sendall(b" ")
            time.sleep(0.05)


@pytest.mark.parametrize("patience", [{"total_timeout": 0.3}, {"idle_timeout": 0.3}], ids=["total", "idle"])
def test_a_drip_that_makes_no_event_ends_in_time(live: Live, patience: dict[str, float]) -> None:
    """Each read is within its timeout; the wait for an event is not."""
    started = time.monotonic()
    idle = patience.get("idle_timeout")

    async def events(client: Any) -> list[Any]:
        async with opened(client.stream("GET", "/x", cast_to=object, idle_timeout=idle)) as incoming:
            return await everything(incoming)

    with RawServer(drip_events) as server, pytest.raises(APITimeoutError):
        live.call(server.url, events, max_retries=0, timeout=5, total_timeout=patience.get("total_timeout"))
    assert time.monotonic() - started < 15


# -- time ----------------------------------------------------------------------------------------------------


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
