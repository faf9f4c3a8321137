"""Sending a body while listening: an answer that comes early is heard, and what fails comes out as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from support.transports import fetch
from support.wire import Script, Wire, answer, linger, ok, wire_server
from trio_api.transport import TrioTransport
from trio_api.transport._upload import Framing, known_body

PIECE = b"x" * 65_536
REFUSAL = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"


class Pieces(httpx.AsyncByteStream):
    """A body of so many pieces, then *end*, that counts them."""

    def __init__(self, count: int, end: Callable[[], Any] | None = None, pause: float = 0.0) -> None:
        self.given = 0
        self._count = count
        self._end = end
        self._pause = pause

    def __aiter__(self) -> Pieces:
        return self

    async def __anext__(self) -> bytes:
        await trio.sleep(self._pause)
        if self.given == self._count:
            if self._end is not None:
                await self._end()
            raise StopAsyncIteration
        self.given += 1
        return PIECE


def opened() -> TrioTransport:
    return TrioTransport(verify=False, trust_env=False, limits=httpx.Limits(max_connections=1))


def post(url: str, pieces: httpx.AsyncByteStream, **extensions: Any) -> httpx.Request:
    headers = {"Host": "test", "Transfer-Encoding": "chunked"}
    return httpx.Request("POST", url, headers=headers, stream=pieces, extensions=extensions)


async def send(transport: TrioTransport, request: httpx.Request) -> httpx.Response:
    with trio.fail_after(10):
        response = await transport.handle_async_request(request)
        await response.aread()
        await response.aclose()
    return response


async def test_a_refusal_ends_the_upload(autojump_clock: MockClock) -> None:
    """Who says no is not sent the rest; the connection, in the middle of a body, is not used again."""

    async def refuse(wire: Wire) -> None:
        await wire.read_until(b"\r\n\r\n")
        await wire.send(REFUSAL)
        await linger(wire)

    async with wire_server(refuse, answer(ok())) as server, opened() as transport:
        pieces = Pieces(10_000, pause=0.01)
        response = await send(transport, post(server.url, pieces))
        assert (response.status_code, response.content) == (413, b"no")
        assert pieces.given < 100
        await server.wires[0].left.wait()
        assert (await fetch(transport, server.url)).content == b"{}"


async def test_an_early_yes_does_not_end_the_upload(autojump_clock: MockClock) -> None:
    """Who answers 200 before the end may want the rest, and the connection is good for another request."""

    async def agree(wire: Wire) -> None:
        head = await wire.read_until(b"\r\n\r\n")
        assert b"chunked" in head
        await wire.send(ok(b"yes"))
        await wire.read_until(b"\r\n0\r\n\r\n")
        await answer(ok())(wire)

    async with wire_server(agree) as server, opened() as transport:
        pieces = Pieces(50, pause=0.01)
        assert (await send(transport, post(server.url, pieces))).content == b"yes"
        assert pieces.given == 50
        assert (await fetch(transport, server.url)).content == b"{}"
        assert len(server.wires) == 1


@pytest.mark.parametrize("resets", [False, True])
async def test_an_answer_before_the_end_of_the_connection(resets: bool) -> None:
    """A server that answers, and closes without reading, is heard, though the writes fail."""

    async def refuse_and_close(wire: Wire) -> None:
        await wire.read_until(b"\r\n\r\n")
        await wire.send(REFUSAL)
        if resets:
            wire.reset()

    async with wire_server(refuse_and_close) as server, opened() as transport:
        for _ in range(5):
            response = await send(transport, post(server.url, Pieces(2_000)))
            assert (response.status_code, response.content) == (413, b"no")


async def test_an_early_yes_and_a_close(autojump_clock: MockClock) -> None:
    """A server that is content, and closes, is taken at its word."""

    async def agree_and_leave(wire: Wire) -> None:
        await wire.read_until(b"\r\n\r\n")
        await wire.send(ok(b"yes"))

    async with wire_server(agree_and_leave, answer(ok())) as server, opened() as transport:
        response = await send(transport, post(server.url, Pieces(200, pause=0.01)))
        assert response.content == b"yes"
        assert (await fetch(transport, server.url)).content == b"{}"
        assert len(server.wires) == 2


async def hang_up(wire: Wire) -> None:
    await wire.read_until(b"\r\n\r\n")


async def hang_up_rudely(wire: Wire) -> None:
    await wire.read_until(b"\r\n\r\n")
    wire.reset()


async def talk_nonsense(wire: Wire) -> None:
    await wire.read_until(b"\r\n\r\n")
    await wire.send(b"no HTTP at all\r\n\r\n")
    await linger(wire)


@pytest.mark.parametrize("script", [hang_up, hang_up_rudely, talk_nonsense])
async def test_no_answer(script: Script, autojump_clock: MockClock) -> None:
    """A server that leaves, or is none, ends the upload with an error of httpx, single."""
    async with wire_server(script) as server, opened() as transport:
        pieces = Pieces(10_000, pause=0.01)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)) as caught:
            await send(transport, post(server.url, pieces))
        assert caught.value.request.url == server.url
        assert pieces.given < 100
        assert "open=0 in_use=0" in repr(transport)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
async def test_an_error_of_the_application(error: type[BaseException]) -> None:
    """What the body raises comes out single and unwrapped, and the slot is free."""

    async def fail() -> None:
        raise error("mine")

    async with wire_server(linger) as server, opened() as transport:
        with pytest.raises(error, match="mine"):
            await send(transport, post(server.url, Pieces(3, fail)))
        assert "open=0 in_use=0" in repr(transport)


async def test_a_group_of_the_application() -> None:
    """A group that the body raises is the application's own."""

    async def fail() -> None:
        raise ExceptionGroup("mine", [ZeroDivisionError()])

    async with wire_server(linger) as server, opened() as transport:
        with pytest.RaisesGroup(ZeroDivisionError, match="mine"):
            await send(transport, post(server.url, Pieces(3, fail)))


async def test_cancelled_while_the_application_thinks() -> None:
    """A cancellation ends the upload and frees the slot."""
    async with wire_server(linger, answer(ok())) as server, opened() as transport:
        with trio.CancelScope() as scope:

            async def cancel() -> None:
                scope.cancel()
                await trio.sleep_forever()

            await transport.handle_async_request(post(server.url, Pieces(3, cancel)))
        assert scope.cancelled_caught
        assert "open=0 in_use=0" in repr(transport)
        assert (await fetch(transport, server.url)).content == b"{}"


@pytest.mark.parametrize("is_in_block", [True, False])
async def test_nobody_reads(is_in_block: bool, autojump_clock: MockClock) -> None:
    """A write that takes too long is a `WriteTimeout`, though somebody listens meanwhile."""

    async def sleep(wire: Wire) -> None:
        await trio.sleep_forever()

    transport = opened()
    async with wire_server(sleep) as server, transport if is_in_block else trio.open_nursery():
        await wait_all_tasks_blocked()
        began = trio.current_time()
        with pytest.raises(httpx.WriteTimeout):
            await transport.handle_async_request(post(server.url, Pieces(10_000), timeout={"write": 3.0}))
        assert trio.current_time() - began == pytest.approx(3.0)
        assert "open=0 in_use=0" in repr(transport)


class Generated(httpx.AsyncByteStream):
    """A body whose pieces come from a generator, as a form's do; whether that was closed."""

    def __init__(self) -> None:
        self.closed = False
        self.given: Callable[[], object] = lambda: None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.given()
                yield PIECE
        finally:
            await trio.lowlevel.checkpoint()  # noqa: ASYNC102  # whoever closes it shields it
            self.closed = True


async def test_the_generator_of_a_refused_body_is_closed() -> None:
    """Before the answer is given, and not by the garbage collector."""

    async def refuse(wire: Wire) -> None:
        await wire.read_until(b"\r\n\r\n")
        await wire.send(REFUSAL)
        await linger(wire)

    pieces = Generated()
    async with wire_server(refuse) as server, opened() as transport:
        assert (await send(transport, post(server.url, pieces))).status_code == 413
        assert pieces.closed


async def test_the_generator_of_a_cancelled_body_is_closed() -> None:
    """Before the cancellation comes out."""
    pieces = Generated()
    async with wire_server(linger) as server, opened() as transport:
        with trio.CancelScope() as scope:
            pieces.given = scope.cancel
            await send(transport, post(server.url, pieces))
        assert scope.cancelled_caught
        assert pieces.closed


def framing(**headers: str) -> Framing:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Framing(httpx.Request("POST", "http://a/", headers=names))


def test_chunks() -> None:
    """A body of unknown length is framed piece by piece; an empty one would be its end."""
    chunks = framing(Transfer_Encoding="Chunked")
    assert [chunks.piece(b"x" * 17), chunks.piece(b""), chunks.end()] == [
        b"11\r\n" + b"x" * 17 + b"\r\n",
        b"",
        b"0\r\n\r\n",
    ]


def test_a_length() -> None:
    """A body of a known length stands as it is."""
    length = framing(Content_Length="5")
    assert [length.piece(b"he"), length.piece(b""), length.piece(b"llo"), length.end()] == [b"he", b"", b"llo", b""]


@pytest.mark.parametrize("pieces", [[], [b"hell"], [b"hell", b"o!"]])
def test_another_length(pieces: list[bytes]) -> None:
    """More or less than was said is refused before it is sent."""
    length = framing(Content_Length="5")
    with pytest.raises(httpx.LocalProtocolError, match=r"(long|short)er than its Content-Length"):
        _ = [length.piece(piece) for piece in pieces], length.end()


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Length": "5, 5"},
        {"Content_Length": "-1"},
        {"Content_Length": ""},
        {"Content_Length": "+5"},
        {"Transfer_Encoding": "gzip, chunked"},
        {"Transfer_Encoding": "identity"},
        {"Transfer_Encoding": "chunked", "Content_Length": "5"},
    ],
)
def test_two_meanings(headers: dict[str, str]) -> None:
    """Headers that a server might read in another way than we do are not sent."""
    with pytest.raises(httpx.LocalProtocolError):
        framing(**headers)


def test_bodies_in_memory() -> None:
    """Bytes are known; a stream is not; one for threads has no place here."""
    assert known_body(httpx.Request("POST", "http://a/", content=b"ab")) == b"ab"
    assert known_body(httpx.Request("GET", "http://a/")) == b""
    assert known_body(httpx.Request("POST", "http://a/", stream=Pieces(1))) is None
    with pytest.raises(RuntimeError, match="sync request"):
        known_body(httpx.Request("POST", "http://a/", content=iter([b"a"])))


async def test_a_cancellation_comes_out_alone() -> None:
    """Who catches `trio.Cancelled` around an upload catches it, and no group of those of the tasks within."""

    async def cancelled() -> None:
        scope.cancel()
        await trio.sleep_forever()

    came_out: list[type[BaseException]] = []
    async with wire_server(linger) as server, opened() as transport:
        with trio.CancelScope() as scope:
            try:
                await transport.handle_async_request(post(server.url, Pieces(1, cancelled)))
            except BaseException as error:
                came_out.append(type(error))
                raise
    assert came_out == [trio.Cancelled]
