"""Reading a response into memory, within a bound, and closing it whatever happens."""

from __future__ import annotations

import gc
import gzip
import math
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import trio
import trio.testing

from support.bombs import MIB, chained_bomb, gzip_bomb
from trio_api import ResponseTooLargeError
from trio_api.transport import _incoming, read_blocking, read_trio

REQUEST = httpx.Request("GET", "https://api.example.com/items")
FOREVER = math.inf


class Chunks(httpx.AsyncByteStream, httpx.SyncByteStream):
    """A body in chunks; an exception among them is raised there. It counts what was taken and how it was closed."""

    def __init__(self, *chunks: bytes | Exception, wait: float = 0.0) -> None:
        self.chunks = chunks
        self.wait = wait
        self.taken = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.taken += 1
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = iter(self)
        while True:
            await trio.sleep(self.wait)
            try:
                chunk = next(chunks)
            except StopIteration:
                return
            yield chunk

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1
        await trio.lowlevel.checkpoint()


def response(stream: Chunks, status: int = 200, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, stream=stream, request=REQUEST, headers=named)


@pytest.fixture(params=["trio", "blocking"])
def read(request: pytest.FixtureRequest) -> Any:
    """`read_trio` or `read_blocking`, as one async function."""

    async def read_either(response: httpx.Response, limit: int) -> httpx.Response:
        if request.param == "trio":
            return await read_trio(response, limit)
        return read_blocking(response, limit, FOREVER)

    return read_either


async def test_a_body_is_read_and_its_connection_given_back(read: Any) -> None:
    """The body is there, and the stream was closed."""
    stream = Chunks(b"ab", b"", b"c")
    assert (await read(response(stream), 3)).content == b"abc"
    assert stream.closed >= 1


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes), ("gzip, deflate", None)],
)
async def test_an_encoded_body_is_decoded(read: Any, encoding: str, encode: Any) -> None:
    """Whatever the pieces that the decoder is fed."""
    body = bytes(range(256)) * 200
    encoded = zlib.compress(gzip.compress(body)) if encode is None else encode(body)
    stream = Chunks(encoded[:5], encoded[5:])
    assert (await read(response(stream, content_encoding=encoding), len(body))).content == body


async def test_reading_stops_where_it_is_too_much(read: Any) -> None:
    """One byte over the limit is an error; the rest is not even taken from the wire, and the stream is closed."""
    stream = Chunks(b"abc", b"d", b"e", b"f")
    with pytest.raises(ResponseTooLargeError, match="max_response_bytes=3"):
        await read(response(stream), 3)
    assert stream.taken == 2
    assert stream.closed >= 1


async def test_a_too_large_error_response_is_cut(read: Any) -> None:
    """What was read of a large error page is enough to make its error from."""
    stream = Chunks(b"abc", b"def", b"ghi")
    assert (await read(response(stream, 502), 6)).content == b"abcdef"
    assert stream.closed >= 1


@pytest.mark.parametrize("chained", [False, True])
async def test_a_bomb_is_stopped_within_bounded_memory(read: Any, chained: bool) -> None:
    """200 KB of gzip that decode to 200 MiB, chained encodings too, take no more than a few MiB to refuse."""
    bomb, encoding = (chained_bomb(), "gzip, gzip") if chained else (gzip_bomb(), "gzip")
    reply = response(Chunks(bomb), content_encoding=encoding)
    tracemalloc.start()
    try:
        with pytest.raises(ResponseTooLargeError):
            await read(reply, MIB)
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


NOTHING = b"\x00\x00\x00\xff\xff"  # an empty block of deflate: RFC 1951, 3.2.4
GZIP_HEAD = gzip.compress(b"", mtime=0)[:10]  # in a test's id: the time would make workers differ


@pytest.mark.parametrize(("encoding", "start"), [("gzip", GZIP_HEAD), ("deflate", b"\x78\x9c")])
async def test_what_decodes_to_nothing_is_bounded_too(read: Any, encoding: str, start: bytes) -> None:
    """A body of empty blocks has no size, and may have no end: it ends at twice the limit and 64 KiB."""
    stream = Chunks(start, *[NOTHING * 1000] * 1000)
    with pytest.raises(ResponseTooLargeError, match="max_response_bytes=50000"):
        await read(response(stream, content_encoding=encoding), 50_000)
    assert stream.taken <= 2 + (100_000 + 65_536) // 5000 + 1
    assert stream.closed >= 1


def test_a_drip_that_decodes_to_nothing_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blocking read goes on past no deadline for want of a byte."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    class Drip(Chunks):
        def __iter__(self) -> Iterator[bytes]:
            for chunk in super().__iter__():
                now[0] += 0.4
                yield chunk

    stream = Drip(GZIP_HEAD, *[NOTHING] * 1000)
    with pytest.raises(httpx.ReadTimeout):
        read_blocking(response(stream, content_encoding="gzip"), 1000, deadline=101.0)
    assert stream.taken == 3


@pytest.mark.parametrize("error", [httpx.ReadError("reset"), OSError("mine")])
async def test_a_body_that_breaks_off_closes_the_stream(read: Any, error: Exception) -> None:
    """What the wire raised is raised, and nothing stays open."""
    stream = Chunks(b"ab", error)
    with pytest.raises(type(error)) as caught:
        await read(response(stream), 100)
    assert caught.value is error
    assert stream.closed >= 1


async def test_a_broken_encoding_closes_the_stream(read: Any) -> None:
    """A body that is no gzip is httpx's `DecodingError`."""
    stream = Chunks(b"this is no gzip")
    with pytest.raises(httpx.DecodingError):
        await read(response(stream, content_encoding="gzip"), 100)
    assert stream.closed >= 1


async def test_an_error_whose_encoding_is_broken_is_still_that_error(read: Any) -> None:
    """Its status says more than a body that can't be read."""
    stream = Chunks(b"this is not gzip")
    failed = await read(response(stream, status=503, content_encoding="gzip"), 100)
    assert failed.status_code == 503
    assert failed.content == b""
    assert stream.closed >= 1


def test_a_drip_of_bytes_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blocking read, each within its timeout, does not go on past the deadline of the call."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    class Drip(Chunks):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                now[0] += 0.4
                self.taken += 1
                yield b"x"

    stream = Drip()
    with pytest.raises(httpx.ReadTimeout):
        read_blocking(response(stream), 1000, deadline=101.0)
    assert stream.taken == 3
    assert stream.closed >= 1


async def test_a_cancelled_read_closes_the_stream(autojump_clock: trio.testing.MockClock) -> None:
    """The connection is closed, not abandoned, and the cancellation goes on."""
    stream = Chunks(b"a", b"b", b"c", wait=1.0)
    with trio.move_on_after(1.5) as scope:
        await read_trio(response(stream), 100)
    assert scope.cancelled_caught
    assert stream.taken == 1
    assert stream.closed >= 1


async def test_a_close_that_hangs_is_given_up(autojump_clock: trio.testing.MockClock) -> None:
    """Closing under cancellation is shielded, but not for ever."""

    class Stuck(Chunks):
        async def aclose(self) -> None:
            await trio.sleep_forever()

    with trio.move_on_after(1) as scope:
        await read_trio(response(Stuck(b"a", b"b", wait=3.0)), 100)
    assert scope.cancelled_caught
    assert trio.current_time() <= 1 + 5 + 1e-6


async def test_no_async_generator_is_left_to_the_garbage_collector() -> None:
    """Stopping in the middle of a nest of generators ends each of them: Trio has nothing to warn of."""
    for encoding in ("identity", "gzip", "gzip, deflate"):
        body = gzip.compress(bytes(100_000)) if encoding.startswith("gzip") else bytes(100_000)
        if encoding == "gzip, deflate":
            body = zlib.compress(body)
        stream = Chunks(*[body[start : start + 50] for start in range(0, len(body), 50)])
        with pytest.raises(ResponseTooLargeError):
            await read_trio(response(stream, content_encoding=encoding), 100)
        gc.collect()
        await trio.testing.wait_all_tasks_blocked()


async def test_unwinding_does_not_read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that never checkpoints can't keep the reader from stopping."""
    monkeypatch.setattr(_incoming, "_MOST_PULLS", 10)

    class Eager(Chunks):
        def __aiter__(self) -> Any:
            return self

        async def __anext__(self) -> bytes:
            self.taken += 1
            return b"xx"

    stream = Eager()
    with pytest.raises(ResponseTooLargeError):
        await read_trio(response(stream), 3)
    assert stream.taken <= 14
    assert stream.closed >= 1


async def test_reading_checkpoints() -> None:
    """Even a body that is in memory already is read with a checkpoint, since closing is one."""
    with trio.testing.assert_checkpoints():
        await read_trio(response(Chunks(b"a")), 10)
