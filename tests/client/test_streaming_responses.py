"""Responses left open, in both colours: read as asked for, once; their connections given back or closed."""

from __future__ import annotations

import contextlib
import gc
import socket
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest
import trio
import trio.testing

from support.live import Live, LiveBlocking, LiveTrio, everything, opened, settle, take
from support.raw_server import OK, RawServer, Script, answer, never_answer, read_head
from trio_api import (
    APIConnectionError,
    APIResponse,
    APIResponseValidationError,
    APITimeoutError,
    AsyncAPIClient,
    AsyncAPIResponse,
    AsyncCursorPage,
    ClientStateError,
    NotFoundError,
    ResponseTooLargeError,
    SyncCursorPage,
)

both = pytest.mark.parametrize("live", [LiveTrio(), LiveBlocking()], ids=lambda live: live.name)

TEXT = "één\r\ntwee\n\ndrie".encode()


@attrs.define
class Item:
    id: int


def served(body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % size, *headers, b"", body])


def in_pieces(*pieces: bytes) -> Script:
    """A chunked body, each piece a chunk of its own."""

    def script(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")

    return script


def opening(client: Any, path: str = "/f", cast_to: Any = bytes) -> Any:
    return opened(client.with_streaming_response.get(path, cast_to=cast_to))


def play(live: Live, body: Any, *scripts: Script, **how: Any) -> Any:
    with RawServer(*scripts) as server:
        return live.call(server.url, body, **{"max_retries": 0, **how})


@both
@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda response: response.read(), b'{"id": 7}'),
        (lambda response: response.text(), '{"id": 7}'),
        (lambda response: response.json(), {"id": 7}),
        (lambda response: response.parse(), Item(7)),
        (lambda response: response.parse(to=dict[str, int]), {"id": 7}),
    ],
)
def test_an_open_response_is_read_when_it_is_asked_for(live: Live, read: Any, expected: Any) -> None:
    """By whichever method, by the decode path that every call goes; and it stays readable after its block."""

    async def body(client: Any) -> None:
        async with opening(client, cast_to=Item) as response:
            assert isinstance(response, live.of((AsyncAPIResponse, APIResponse)))
            assert response.status_code == 200
            assert await settle(read(response)) == expected
        assert await settle(response.parse()) == Item(7)
        assert b"".join(await everything(response.iter_bytes())) == b'{"id": 7}'

    play(live, body, answer(served(b'{"id": 7}')))


@both
@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete"])
def test_every_verb_has_the_view(live: Live, verb: str) -> None:
    """And `request`, which takes the whole call."""

    async def body(client: Any) -> None:
        view = client.with_streaming_response
        async with opened(getattr(view, verb)("/f", cast_to=bytes)) as response:
            assert response.method == verb.upper()
            assert await settle(response.read()) == b"{}"
        async with opened(view.request(bytes, {"method": verb, "url": "/f"})) as response:
            assert response.method == verb.upper()

    play(live, body, answer(OK, OK))


@both
def test_a_body_comes_in_chunks_text_or_lines(live: Live) -> None:
    """Each from a call of its own, or all from one response that was read."""

    async def body(client: Any) -> None:
        async with opening(client) as response:
            assert await everything(response.iter_bytes(5)) == [TEXT[i : i + 5] for i in range(0, len(TEXT), 5)]
        async with opening(client) as response:
            assert "".join(await everything(response.iter_text())) == TEXT.decode()
        async with opening(client) as response:
            assert await everything(response.iter_lines()) == ["één", "twee", "", "drie"]
        read = await settle(client.with_raw_response.get("/f", cast_to=bytes))
        for _ in range(2):
            assert await everything(read.iter_bytes()) == [TEXT]
            assert await everything(read.iter_text(3)) == ["één", "\r\nt", "wee", "\n\nd", "rie"]
            assert await everything(read.iter_lines()) == ["één", "twee", "", "drie"]

    pieces = in_pieces(*(TEXT[i : i + 1] for i in range(len(TEXT))))
    play(live, body, pieces, pieces, pieces, answer(served(TEXT)))


@both
def test_a_body_that_was_read_whole_gives_its_connection_back(live: Live) -> None:
    """Within the block already: the next call goes over the same one."""

    async def body(client: Any) -> None:
        async with opening(client) as response:
            await everything(response.iter_bytes())
            assert await settle(client.get("/g", cast_to=object)) == {}
        async with opening(client) as response:
            await settle(response.read())
        assert await settle(client.get("/g", cast_to=object)) == {}

    play(live, body, answer(OK, OK, OK, OK))


@both
@pytest.mark.parametrize("amount", [None, 0, 1])
def test_a_body_that_was_left_early_closes_its_connection(live: Live, amount: int | None) -> None:
    """Not begun, begun, or read in part: the server sees the end, and the next call goes over another one."""
    ended: list[bytes] = []

    def endless(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(served(b"some", length=1000))
        ended.append(connection.recv(1))

    async def body(client: Any) -> None:
        async with opening(client) as response:
            if amount is not None:
                pieces = response.iter_bytes(1)
                assert await take(pieces, amount) == [b"s"] * amount
        assert await settle(client.get("/g", cast_to=object)) == {}
        del response
        gc.collect()  # Trio warns of every asynchronous generator that is found now

    play(live, body, endless, answer(OK))
    assert ended == [b""]


@both
def test_an_exception_in_the_block_closes_the_connection_and_comes_out_as_it_is(live: Live) -> None:
    """It is the caller's."""
    mine = KeyError("mine")

    async def body(client: Any) -> None:
        async with opening(client):
            raise mine

    with pytest.raises(KeyError) as caught:
        play(live, body, answer(served(b"some", length=1000)))
    assert caught.value is mine


@both
def test_a_body_comes_only_once(live: Live) -> None:
    """A second way of reading is told of the first."""

    async def body(client: Any) -> None:
        async with opening(client) as response:
            await everything(response.iter_lines())
            for read in (response.read, response.parse, response.text, response.iter_bytes, response.iter_text):
                with pytest.raises(
                    ClientStateError, match=r"iter_lines\(\) has begun to take it; call read\(\) before"
                ):
                    await settle(read())

    play(live, body, answer(OK))


@both
def test_after_its_block_a_body_that_was_not_read_is_gone(live: Live) -> None:
    """The error says where it can be read."""

    async def body(client: Any) -> None:
        async with opening(client) as response:
            pieces = response.iter_bytes()
        with pytest.raises(ClientStateError, match="read it inside its block"):
            await take(pieces, 1)
        async with opening(client) as response:
            pass
        with pytest.raises(ClientStateError, match="read it inside its block"):
            await settle(response.read())

    play(live, body, answer(OK), answer(OK))


@both
def test_a_block_is_entered_once(live: Live) -> None:
    """Each call is one."""

    async def body(client: Any) -> None:
        block = client.with_streaming_response.get("/f", cast_to=bytes)
        async with opened(block):
            pass
        with pytest.raises(ClientStateError, match="make the call again"):
            async with opened(block):
                pass

    play(live, body, answer(OK))


@both
def test_a_broken_body_is_never_taken_for_its_end(live: Live) -> None:
    """Neither when it breaks nor when it is asked for again."""

    async def body(client: Any) -> None:
        async with opening(client) as response:
            pieces = response.iter_bytes()
            assert await take(pieces, 1) == [b"some"]
            with pytest.raises(APIConnectionError):
                await take(pieces, 1)
            with pytest.raises(ClientStateError, match="broke off"):
                await take(pieces, 1)

    play(live, body, answer(served(b"some", length=1000)))


@both
def test_a_body_that_is_too_large_is_not_buffered(live: Live) -> None:
    """``read`` and a line are bounded; pieces are not."""

    async def body(client: Any) -> None:
        async with opening(client) as response:
            with pytest.raises(ResponseTooLargeError):
                await settle(response.parse())
        async with opening(client) as response:
            with pytest.raises(ResponseTooLargeError):
                await everything(response.iter_lines())
        async with opening(client) as response:
            assert sum(map(len, await everything(response.iter_bytes()))) == 1000

    play(live, body, *[answer(served(b"x" * 1000))] * 3, max_response_bytes=100)


@both
def test_an_error_status_is_read_before_the_block(live: Live) -> None:
    """It raises what any call raises, retries included."""

    async def body(client: Any) -> None:
        with pytest.raises(NotFoundError) as caught:
            async with opening(client):
                raise AssertionError("there is no block")
        assert caught.value.body == {"message": "gone"}
        busy = client.with_options(max_retries=1)
        async with opening(busy) as response:
            assert response.retries_taken == 1

    gone = b'HTTP/1.1 404 Gone\r\nContent-Length: 18\r\n\r\n{"message":"gone"}'
    busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After-Ms: 1\r\n\r\n"
    play(live, body, answer(gone, busy, OK))


@both
def test_a_body_that_does_not_fit_is_told_with_its_attempts(live: Live) -> None:
    """As without the view."""

    async def body(client: Any) -> None:
        async with opening(client, cast_to=Item) as response:
            with pytest.raises(APIResponseValidationError) as caught:
                await settle(response.parse())
            assert len(caught.value.attempts) == 1

    play(live, body, answer(served(b"[1]")))


@both
def test_the_first_page_of_a_list_in_the_views(live: Live) -> None:
    """Its response, whose value is the page, which knows where the next one is."""
    page_class: Any = live.of((AsyncCursorPage, SyncCursorPage))

    async def body(client: Any) -> None:
        how = {"model": Item, "page": page_class[Item]}
        response = await settle(client.with_raw_response.get_api_list("/items", **how))
        page = await settle(response.parse())
        assert page.data == [Item(1)]
        assert page.response is response
        assert [item.id for item in await everything(page)] == [1, 2]
        async with opened(client.with_streaming_response.get_api_list("/items", **how)) as response:
            assert (await settle(response.parse())).data == [Item(3)]
        with pytest.raises(TypeError, match="page must be a subclass of Base"):
            await settle(client.with_raw_response.get_api_list("/items", model=Item, page=Item))

    pages = [
        served(b'{"data": [{"id": %d}], "has_more": %b}' % (n, b"true" if n == 1 else b"false")) for n in (1, 2, 3)
    ]
    play(live, body, answer(*pages))


# -- Trio alone ----------------------------------------------------------------------------------------------


def stalling(connection: socket.socket) -> None:
    read_head(connection)
    connection.sendall(served(b"some", length=1000))
    never_answer(connection)


@contextlib.asynccontextmanager
async def trio_client(script: Script, **how: Any) -> AsyncIterator[AsyncAPIClient]:
    with RawServer(script) as server:
        async with AsyncAPIClient(base_url=server.url, trust_env=False, **how) as client:
            yield client


async def test_the_time_of_the_call_bounds_its_body() -> None:
    """``total_timeout`` cuts a read off, not the caller's own code between two of them."""
    async with (
        trio_client(stalling, total_timeout=0.2, max_retries=0) as client,
        client.with_streaming_response.get("/f", cast_to=bytes) as response,
    ):
        pieces = response.iter_bytes()
        assert await anext(pieces) == b"some"
        with pytest.raises(APITimeoutError, match="total_timeout"):
            await anext(pieces)


async def test_a_read_that_was_cancelled_is_never_taken_for_the_end() -> None:
    """What came and went is lost, and said to be."""
    async with (
        trio_client(stalling) as client,
        client.with_streaming_response.get("/f", cast_to=bytes) as response,
    ):
        pieces = response.iter_bytes()
        await anext(pieces)
        with trio.move_on_after(0.05) as scope:
            await anext(pieces)
        assert scope.cancelled_caught
        with pytest.raises(ClientStateError, match="broke off, or its reading did"):
            await anext(pieces)


async def test_closing_the_client_closes_open_responses_of_other_tasks() -> None:
    """A task that still reads is told so."""

    async def read(client: AsyncAPIClient, started: trio.Event) -> None:
        async with client.with_streaming_response.get("/f", cast_to=bytes) as response:
            started.set()
            with pytest.raises(ClientStateError, match="AsyncAPIClient is clos"):
                await response.read()

    async with trio.open_nursery() as nursery, trio_client(stalling) as client:
        started = trio.Event()
        nursery.start_soon(read, client, started)  # noqa: ASYNC111  # that the client closes first is the point
        await started.wait()


async def test_every_step_of_an_iteration_is_a_checkpoint() -> None:
    """Over a body in memory too, at its end too."""
    async with trio_client(answer(OK)) as client:
        response = await client.with_raw_response.get("/f", cast_to=bytes)
    pieces = response.iter_text(1)
    for expected in ("{", "}", None):
        with trio.testing.assert_checkpoints():
            assert await anext(pieces, None) == expected
