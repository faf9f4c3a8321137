"""How the body of a call reaches the wire in either colour."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from support.scripted import VirtualTime
from trio_api.request import Body, FinalRequestOptions
from trio_api.transport._bodies import blocking_stream, measure_trio, trio_stream


def body_of(content: Any) -> Body:
    """The body of a POST with this content."""
    return Body.from_options(FinalRequestOptions(method="POST", url="/x", content=content))


async def read(stream: httpx.AsyncByteStream) -> bytes:
    """All that the stream gives."""
    return b"".join([piece async for piece in stream])


@pytest.mark.parametrize("content", [b"abc", "abc", [b"a", b"bc"], None])
async def test_a_body_in_memory_is_httpxs_own_stream(content: Any) -> None:
    """For both colours, so that httpx and hooks can look at it."""
    body = body_of(content)
    for stream in (trio_stream(body), blocking_stream(body)):
        assert isinstance(stream, httpx.ByteStream)
        assert await read(stream) == b"".join(stream) == (b"" if content is None else b"abc")


async def test_a_file_is_read_beside_the_event_loop() -> None:
    """Piece by piece in a worker thread, as often as the stream is iterated."""
    threads: set[int] = set()

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            threads.add(threading.get_ident())
            return super().read(size)

    stream = trio_stream(body_of(Watched(100_000 * b"x")))
    assert [len(piece) async for piece in stream] == [65_536, 34_464]
    assert len(await read(stream)) == 100_000
    assert threads
    assert threading.get_ident() not in threads


async def test_an_iterator_is_read_beside_the_event_loop() -> None:
    """It may block; and it is not sent twice."""
    seen: list[int] = []

    def pieces() -> Iterator[bytes]:
        seen.append(threading.get_ident())
        yield b"a"
        yield b"b"

    stream = trio_stream(body_of(pieces()))
    assert await read(stream) == b"ab"
    assert seen != [threading.get_ident()]
    with pytest.raises(httpx.StreamConsumed):
        await read(stream)


async def test_an_asynchronous_iterable_is_read_in_the_task() -> None:
    """It is the caller's code, and runs in the caller's task; it is not sent twice."""

    async def pieces() -> AsyncIterator[bytes]:
        await trio.lowlevel.checkpoint()
        yield b"a"
        yield b"b"

    stream = trio_stream(body_of(pieces()))
    assert await read(stream) == b"ab"
    with pytest.raises(httpx.StreamConsumed):
        await read(stream)
    await stream.aclose()


async def test_a_channel_is_a_body() -> None:
    """Another task may write it while it is sent; closing the stream leaves it to its owner."""
    send, receive = trio.open_memory_channel[bytes](2)
    await send.send(b"a")
    await send.send(b"b")
    send.close()
    stream = trio_stream(body_of(receive))
    assert await read(stream) == b"ab"
    await stream.aclose()
    receive.receive_nowait  # noqa: B018  # still the owner's
    with pytest.raises(trio.EndOfChannel):
        receive.receive_nowait()


@pytest.mark.parametrize("error", [OSError("disk"), httpx.ReadError("of another client")])
async def test_a_failure_of_the_source_passes_through(error: Exception) -> None:
    """It is kept on the body, so that it is not taken for the connection's, even where it looks like that."""

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise error

    body = body_of(Failing(b"x"))
    with pytest.raises(type(error)):
        await read(trio_stream(body))
    assert body.error is error
    with pytest.raises(type(error)):
        list(blocking_stream(body))
    assert body.error is error


async def test_a_pipe_that_gives_nothing_holds_up_no_deadline(autojump_clock: MockClock) -> None:
    """A read that may last for ever is left behind when the call is cancelled."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as pipe, os.fdopen(writer, "wb") as other_end:
        stream = trio_stream(body_of(pipe))
        with trio.move_on_after(1) as scope:
            await read(stream)
        assert scope.cancelled_caught
        other_end.write(b"late")


async def test_a_generator_that_was_not_read_to_its_end_is_closed() -> None:
    """Its `finally` runs when the stream is closed, not whenever the garbage collector comes, of which Trio warns."""
    closed: list[bool] = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    stream = trio_stream(body_of(pieces()))
    await anext(aiter(stream))
    assert closed == []
    await stream.aclose()
    assert closed == [True]


async def test_closing_is_bounded_and_not_cut_off(autojump_clock: MockClock) -> None:
    """A cancelled call still closes its generator, and one that never ends holds it up for 5 seconds at most."""

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"a"
        finally:
            await trio.sleep_forever()  # noqa: ASYNC102  # that is the fault

    stream = trio_stream(body_of(pieces()))
    await anext(aiter(stream))
    start = trio.current_time()
    with trio.CancelScope() as scope:
        scope.cancel()
        await stream.aclose()
    assert trio.current_time() - start == 5


async def test_a_stream_that_was_not_begun_has_nothing_to_close() -> None:
    """The source was not touched."""
    send, receive = trio.open_memory_channel[bytes](1)
    await trio_stream(body_of(receive)).aclose()
    send.send_nowait(b"still open")
    send.close()
    receive.close()


def test_a_blocking_stream_reads_its_source() -> None:
    """A file again and again, an iterator once."""
    file_stream = blocking_stream(body_of(io.BytesIO(b"abc")))
    assert b"".join(file_stream) == b"".join(file_stream) == b"abc"
    once = blocking_stream(body_of(iter([b"a", b"b"])))
    assert list(once) == [b"a", b"b"]
    with pytest.raises(httpx.StreamConsumed):
        list(once)


def test_an_asynchronous_iterable_is_for_the_trio_client() -> None:
    """A TypeError names the argument and the client, before anything is sent."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"never"

    with pytest.raises(TypeError, match=r"content is an asynchronous iterable.*AsyncAPIClient"):
        blocking_stream(body_of(pieces()))


# -- files on disk, progress, deadlines ------------------------------------------------------------------------


def form_of(**files: Any) -> Body:
    """The body of a POST with these files."""
    return Body.from_options(FinalRequestOptions(method="POST", url="/x", files=files))


async def test_a_form_in_memory_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it can take time."""
    monkeypatch.delattr(trio.to_thread, "run_sync")
    body = form_of(a="x", b=b"y")
    await measure_trio(body)
    stream = trio_stream(body)
    sent = await read(stream)
    assert sent == await read(stream) == b"".join(blocking_stream(body))
    assert len(sent) == body.length
    await stream.aclose()


@pytest.mark.parametrize("pulls", [0, 1, 2, 5])
async def test_a_path_is_closed_with_the_stream(pulls: int, tmp_path: Path) -> None:
    """However much of it was read, also twice over; closing again does nothing."""
    path = tmp_path / "large"
    path.write_bytes(bytes(200_000))
    body = form_of(a=path)
    await measure_trio(body)
    for stream in (trio_stream(body), blocking_stream(body)):
        for _ in range(2):
            if isinstance(stream, httpx.AsyncByteStream):
                pieces = aiter(stream)
                assert len([await anext(pieces, None) for _ in range(pulls)]) == pulls
            else:
                iterator = iter(stream)
                assert len([next(iterator, None) for _ in range(pulls)]) == pulls
        for _ in range(2):
            await stream.aclose() if isinstance(stream, httpx.AsyncByteStream) else stream.close()
        assert f"{path}" not in [link for link in map(link_of, os.listdir("/proc/self/fd")) if link]


def link_of(name: str) -> str | None:
    """What the descriptor is open on."""
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        return None


async def test_a_read_that_was_left_behind_is_not_closed_under_its_thread(autojump_clock: MockClock) -> None:
    """A generator can't be closed while it runs; the thread ends with it."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as pipe, os.fdopen(writer, "wb") as other_end:
        stream = trio_stream(form_of(a=pipe))
        with trio.move_on_after(1) as scope:
            await read(stream)
        assert scope.cancelled_caught
        await stream.aclose()
        other_end.write(b"late")


async def test_a_file_that_is_not_there_is_told_by_measuring(tmp_path: Path) -> None:
    """Before anything is built."""
    with pytest.raises(FileNotFoundError):
        await measure_trio(form_of(a=tmp_path / "none"))


async def test_progress_is_told_once_the_next_piece_is_asked_for() -> None:
    """A transport asks for it when it has written the one before."""
    told: list[tuple[int, int | None]] = []

    def progress(sent: int, total: int | None) -> None:
        told.append((sent, total))

    body = body_of(bytes(100_000))
    pieces = aiter(trio_stream(body, progress))
    iterator = iter(blocking_stream(body, progress))
    expected = [(0, 100_000), (65_536, 100_000), (100_000, 100_000)]
    for step in range(3):
        await anext(pieces, None)
        assert told == expected[: step + 1]
    told.clear()
    for step in range(3):
        next(iterator, None)
        assert told == expected[: step + 1]


def test_a_blocking_upload_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write is within its timeout, but many of them are not within the call's."""
    clock = VirtualTime()
    monkeypatch.setattr("trio_api.transport._bodies.time", clock)
    stream = blocking_stream(body_of(iter([b"x"] * 10)), deadline=clock.now + 2.5)
    sent = 0
    with pytest.raises(httpx.WriteTimeout):
        for _ in stream:
            sent += 1
            clock.sleep(1)
    assert sent == 3
