"""A real server answers in turn, writes down what came, and leaves nothing when its block ends, however that ends."""

from __future__ import annotations

import math
import re
import socket
import ssl
import struct
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from support.asking import GOOD, client_of, get
from trio_api import APIConnectionError, APITimeoutError, AsyncAPIClient, RetryPolicy, SyncAPIClient
from trio_api.testing import End, FaultServer, Reply, ServedRequest, WireFault, cancel_everywhere

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


async def spoken(server: FaultServer, *pieces: bytes) -> bytes:
    """What the server says to bytes of any kind, until it closes the connection."""
    async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
        for piece in pieces:
            await stream.send_all(piece)
            await trio.testing.wait_all_tasks_blocked(0.001)
        return b"".join([bytes(piece) async for piece in stream])


# -- answers -------------------------------------------------------------------------------------------------


async def greet_later(request: ServedRequest) -> Reply:
    await trio.sleep(1)
    return Reply(json=f"Hello, {request.json['name']}")


@pytest.mark.parametrize(
    ("answer", "status", "content"),
    [
        (204, 204, b""),
        ({"id": 7}, 200, b'{"id": 7}'),
        ([1, 2], 200, b"[1, 2]"),
        (Reply(799, content=b"raw", delay=1.0), 799, b"raw"),
        (Reply(pieces=[b"in ", 1.0, b"", b"pieces"]), 200, b"in pieces"),
        (httpx.Response(202, text="as httpx has it"), 202, b"as httpx has it"),
        (lambda request: {"asked": request.target}, 200, b'{"asked": "/items?a=b"}'),
        (greet_later, 200, b'"Hello, Ada"'),
        (WireFault.answering(1.0, OK, 1.0), 200, b"{}"),
        (lambda request: WireFault.answering(OK), 200, b"{}"),
    ],
)
async def test_an_answer_has_many_forms(clock: MockClock, answer: Any, status: int, content: bytes) -> None:
    """Those of a mock API, and scripts; each is given again and again, over one connection."""
    async with FaultServer(answer) as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        for _ in range(2):
            response = await client.post("/items?a=b", json={"name": "Ada"})
            assert (response.status_code, response.content) == (status, content)
    assert len(server.connections) == 1


async def test_answers_are_given_in_turn_over_any_connections(clock: MockClock) -> None:
    """And the last to all that come then."""
    async with FaultServer(201, 503, GOOD) as server:
        seen = []
        for _ in range(4):
            async with httpx.AsyncClient(trust_env=False) as client:
                seen.append((await client.get(server.url)).status_code)
    assert seen == [201, 503, 200, 200]
    assert [request.connection for request in server.journal] == [1, 2, 3, 4]


@pytest.mark.parametrize(("method", "reply"), [("HEAD", GOOD), ("GET", Reply(304, content=b"x"))])
async def test_what_has_no_body_gets_none(clock: MockClock, method: str, reply: Reply) -> None:
    """Whatever stands in the reply; the connection goes on."""
    async with (
        FaultServer(reply, Reply(content=b"next")) as server,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        assert (await client.request(method, server.url)).content == b""
        assert (await client.get(server.url)).content == b"next"
    assert len(server.connections) == 1


@pytest.mark.parametrize("reply", [Reply(headers={"Connection": "close"}), WireFault.answering(GOOD, End.CLOSE)])
async def test_a_connection_is_closed_where_the_answer_says_so(clock: MockClock, reply: Any) -> None:
    """By its header, or by the end of the script."""
    async with FaultServer(reply) as server:
        assert (await spoken(server, ASK * 2)).count(b"HTTP/1.1 200 OK") == 1


async def test_what_is_for_a_connection_is_for_a_new_one(clock: MockClock) -> None:
    """The one that is open is closed with the answer before, which says so."""
    answers = [GOOD, WireFault.connecting(End.RESET), GOOD]
    async with FaultServer(*answers) as server, client_of(server, max_retries=1) as client:
        first = await client.with_raw_response.get("/", cast_to=object)
        second = await client.with_raw_response.get("/", cast_to=object)
        assert first.headers["Connection"] == "close"
        assert [len(first.attempts), len(second.attempts)] == [1, 2]
    assert [request.connection for request in server.journal] == [1, 3]


async def test_another_connection_that_is_open_then_is_closed_too(clock: MockClock) -> None:
    """Its request is not answered: the fault is for who comes anew."""
    async with FaultServer(GOOD, WireFault.connecting(End.CLOSE), GOOD) as server:
        async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
            await trio.testing.wait_all_tasks_blocked(0.001)
            assert (await spoken(server, ASK)).startswith(b"HTTP/1.1 200 OK")
            await stream.send_all(ASK)
            assert await stream.receive_some() == b""
        assert await spoken(server) == b""
    assert [request.connection for request in server.journal] == [2, 1]


# -- what clients do -----------------------------------------------------------------------------------------


async def test_the_journal_has_what_came(clock: MockClock) -> None:
    """Requests as they were sent, with when and over which connection; and the connections."""
    async with FaultServer(Reply(delay=2.0)) as server, client_of(server) as client:
        await client.post("/a b?c=%2F", body={"d": 1}, cast_to=object, options={"headers": {"X-Y": "z"}})
        await client.delete("/e", cast_to=object)
        first, second = server.journal
        (connection,) = server.connections
        assert (connection.number, connection.is_open, connection.is_encrypted) == (1, True, False)
    assert (first.number, first.connection, first.method, first.target) == (1, 1, "POST", "/a%20b?c=%2F")
    assert (first.headers["x-y"], first.body, first.json, first.is_whole) == ("z", b'{"d":1}', {"d": 1}, True)
    assert (second.number, second.method, second.body, second.is_whole) == (2, "DELETE", b"", True)
    assert second.came - first.came == pytest.approx(2, abs=0.1)


async def test_a_body_that_breaks_off_is_written_down(clock: MockClock) -> None:
    """As far as it came; and that the client broke the protocol."""
    async with FaultServer(GOOD) as server:
        async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
            await stream.send_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhello")
        await server.wait_until_idle()
    assert [(request.body, request.is_whole) for request in server.journal] == [(b"hello", False)]
    assert "without sending complete message body" in str(server.connections[0].failure)


async def test_what_is_no_request_is_refused(clock: MockClock) -> None:
    """With a 400, and it is written down why."""
    async with FaultServer(GOOD) as server:
        assert (await spoken(server, b"\x16\x03\x01 not HTTP\r\n\r\n")).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        await server.wait_until_idle()
    assert str(server.connections[0].failure).startswith("illegal request line")
    assert server.journal == ()


async def test_requests_may_come_before_they_are_asked_for(clock: MockClock) -> None:
    """In one piece, or during a pause: each has its answer, in order; and who says goodbye is let go."""
    leave = ASK.replace(b"Host: a", b"Host: a\r\nConnection: close")
    async with FaultServer(lambda request: Reply(content=b"answer %d" % request.number, delay=1.0)) as server:
        said = await spoken(server, ASK, ASK + ASK, leave)
    assert re.findall(rb"answer \d", said) == [b"answer 1", b"answer 2", b"answer 3", b"answer 4"]
    assert len(server.connections) == 1


async def test_a_body_is_asked_for_where_the_client_waits_for_that(clock: MockClock) -> None:
    """With 100 Continue, before it comes (RFC 9110, 10.1.1)."""
    head = b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    async with FaultServer(GOOD) as server:
        said = await spoken(server, head, b"{}")
    assert said.startswith(b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\n")
    assert server.journal[0].is_whole


@pytest.mark.parametrize("fault", [Reply(delay=math.inf), Reply(delay=9000.0), WireFault.answering(End.STALL)])
async def test_a_client_that_leaves_is_missed_at_once(clock: MockClock, fault: Any) -> None:
    """However long the server was to wait."""
    async with FaultServer(fault) as server:
        began = trio.current_time()
        async with client_of(server, timeout=5) as client:
            with pytest.raises(APITimeoutError):
                await get(client)
            await server.wait_until_idle()
        assert trio.current_time() - began == pytest.approx(5, abs=0.5)


async def test_a_client_that_resets_has_left_too(clock: MockClock) -> None:
    """While the server is silent."""
    async with FaultServer(WireFault.answering(End.STALL)) as server:
        async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
            await stream.send_all(ASK)
            await trio.testing.wait_all_tasks_blocked(0.001)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await server.wait_until_idle()


async def test_a_client_without_a_certificate(clock: MockClock, good: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    """The context says whom the server trusts; whom it does not is written down."""
    good.verify_mode = ssl.CERT_REQUIRED
    async with FaultServer(GOOD, tls=good) as server, client_of(server, verify=trusting) as client:
        with pytest.raises(Exception, match="broke"):
            await get(client)
        await server.wait_until_idle()
    assert "peer did not return a certificate" in str(server.connections[0].failure)


async def test_a_blocking_client_in_a_thread() -> None:
    """It is served as well, on the real clock."""

    def work(url: str) -> Any:
        retry = RetryPolicy(initial=0.001)
        with SyncAPIClient(base_url=url, trust_env=False, retry=retry) as client:
            return client.get("/reports/7", cast_to=object)

    async with FaultServer(WireFault.answering(End.RESET), GOOD.cut(3), GOOD) as server:
        assert await trio.to_thread.run_sync(work, server.url) == {"id": 7}
    assert len(server.journal) == 3


# -- its block -----------------------------------------------------------------------------------------------


async def test_it_is_there_within_its_block() -> None:
    """Once. What it wrote down stays."""
    server = FaultServer(GOOD)
    before = pytest.raises(RuntimeError, match=r"async with FaultServer\(...\) as server")
    with before:
        _ = server.url
    with before:
        _ = server.port
    with before:
        await server.wait_until_idle()
    assert (server.journal, server.connections) == ((), ())
    async with server, client_of(server) as client:
        await get(client)
    assert len(server.journal) == 1
    with pytest.raises(RuntimeError, match="a FaultServer is opened once"):
        async with server:
            pass


@pytest.mark.parametrize("end", [End.STALL, End.FREEZE])
async def test_the_end_of_the_block_closes_everything_at_once(clock: MockClock, end: End) -> None:
    """Nobody's silence is waited for, and the client meets the end."""
    asked = trio.Event()

    def answer(_: ServedRequest) -> WireFault:
        asked.set()
        return WireFault.answering(end)

    async def ask(url: str) -> None:
        async with AsyncAPIClient(base_url=url, trust_env=False, max_retries=0) as client:
            with pytest.raises(APIConnectionError, match="broke"):
                await get(client)

    async with trio.open_nursery() as nursery:
        async with FaultServer(answer) as server:
            nursery.start_soon(ask, server.url)
            await asked.wait()
            left = trio.current_time()
        assert trio.current_time() - left < 1
        assert not server.connections[0].is_open
    with pytest.raises(OSError, match="all attempts to connect"):
        await trio.open_tcp_stream("127.0.0.1", server.port)


@pytest.mark.parametrize("kind", [AssertionError, ValueError, KeyboardInterrupt])
async def test_what_the_block_raises_comes_out_as_it_is(kind: type[BaseException]) -> None:
    """Single."""
    with pytest.raises(kind, match="of the test") as caught:
        async with FaultServer(WireFault.answering(End.STALL)):
            raise kind("of the test")
    assert not isinstance(caught.value, BaseExceptionGroup)


async def own_stream(_: ServedRequest) -> Reply:
    raise trio.BrokenResourceError("of the test")


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (lambda request: {}[request.target], KeyError, "/reports/7"),
        (own_stream, trio.BrokenResourceError, "of the test"),
        (lambda request: "text", TypeError, "an answer must be a Reply"),
        (lambda request: greet_later, TypeError, "a function is asked when the whole request is there"),
        (lambda request: WireFault.sending(GOOD), TypeError, "a function is asked when the whole request is there"),
    ],
)
async def test_an_answer_that_fails_ends_the_block(
    clock: MockClock, answer: Any, kind: type[Exception], message: str
) -> None:
    """By its own error, single: it is one of the test."""
    with pytest.raises(kind, match=message):
        async with FaultServer(answer) as server, client_of(server) as client:
            await get(client)


async def test_cancelled_anywhere_it_leaves_nothing(clock: MockClock) -> None:
    """No task, no socket; while it is opened, served by, and closed."""

    async def work() -> None:
        async with FaultServer(
            WireFault.answering(GOOD, End.CLOSE), WireFault.drip(GOOD, every=0.1, size=99)
        ) as server:
            async with client_of(server) as client:
                for _ in range(2):
                    await get(client)
            await server.wait_until_idle()

    report = await cancel_everywhere(work, every=5)
    assert len(report.injections) > 10


async def test_a_server_may_be_cancelled_from_without(clock: MockClock) -> None:
    """In the middle of whatever it does."""
    with trio.move_on_after(1) as scope:
        async with FaultServer(WireFault.drip(GOOD, every=0.3)) as server, client_of(server) as client:
            await get(client)
    assert scope.cancelled_caught
    assert not server.connections[0].is_open
