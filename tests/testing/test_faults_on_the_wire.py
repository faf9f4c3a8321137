"""Each fault that a real server can be told: what a client makes of it is as documented, and a retry gets over it."""

from __future__ import annotations

import math
import ssl
from typing import Any

import httpx
import pytest
import trio
import trustme
from trio.testing import MockClock

from support.asking import GOOD, client_of, get
from trio_api import APIConnectionError, APIError, APIStatusError, APITimeoutError
from trio_api.testing import End, FaultServer, Reply, WireFault

LARGE = bytes(8_000_000)  # more than the kernel's buffers take


# -- faults --------------------------------------------------------------------------------------------------

BROKEN: dict[str, Any] = {
    "reset at once": WireFault.connecting(End.RESET),
    "closed at once": WireFault.connecting(End.CLOSE),
    "reset": WireFault.answering(End.RESET),
    "closed": WireFault.answering(End.CLOSE),
    "reset within the head": WireFault.answering(b"HTTP/1.1 200 OK\r\nCont", 0.01, End.RESET),
    "reset within the body": WireFault.answering(GOOD.cut(5), 0.01, End.RESET),
    "cut": GOOD.cut(5),
    "cut by a reset": GOOD.cut(5, httpx.ReadError("reset")),
    "cut before the body": GOOD.cut(0),
    "chunks without their end": Reply(pieces=[b'{"id"', b": 7}"]).cut(),
    "bad chunk": WireFault.bad_chunk(),
    "bad chunk later": WireFault.bad_chunk(GOOD),
    "huge chunk": WireFault.bad_chunk(size=b"f" * 40),
    "another protocol": WireFault.answering(b"SSH-2.0-OpenSSH_9.6\r\n", End.CLOSE),
    "bad status": WireFault.answering(b"HTTP/1.1 fine\r\n\r\n", End.CLOSE),
    "bad header": WireFault.answering(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", End.CLOSE),
    "oversized head": Reply(headers={"X-Filler": "x" * 300_000}),
    "drip of a cut": WireFault.drip(GOOD.cut(5), every=0.1, size=20),
}
SILENT: dict[str, Any] = {
    "stall at once": WireFault.connecting(End.STALL),
    "freeze at once": WireFault.connecting(End.FREEZE),
    "stall": WireFault.answering(End.STALL),
    "freeze": WireFault.answering(End.FREEZE),
    "late without end": Reply(delay=math.inf),
    "stall within the head": WireFault.answering(b"HTTP/1.1 200 OK\r\nCont", End.STALL),
    "stall within the body": WireFault.answering(GOOD.cut(5), End.STALL),
    "stall between the chunks": Reply(pieces=[b'{"id"', math.inf, b": 7}"]),
}


@pytest.mark.parametrize("kind", [*BROKEN, *SILENT])
async def test_each_fault_is_an_error_of_the_library(clock: MockClock, kind: str) -> None:
    """A broken connection, or a timeout where nothing comes; one attempt, and the client lets go of it."""
    fault, expected = (BROKEN[kind], APIConnectionError) if kind in BROKEN else (SILENT[kind], APITimeoutError)
    async with FaultServer(fault, GOOD) as server, client_of(server) as client:
        with pytest.raises(APIConnectionError) as caught:
            await get(client)
        if "freeze" not in kind:
            await server.wait_until_idle()
    assert type(caught.value) is expected
    assert len(server.connections) == 1
    assert len(server.journal) == (0 if "at once" in kind else 1)


@pytest.mark.parametrize("kind", [*BROKEN, *SILENT])
async def test_a_retry_gets_over_each_fault(clock: MockClock, kind: str) -> None:
    """The next attempt meets the next answer, over another connection."""
    async with FaultServer({**BROKEN, **SILENT}[kind], GOOD) as server, client_of(server, max_retries=1) as client:
        assert await get(client) == {"id": 7}
    assert len(server.connections) == 2
    assert server.journal[-1].connection == 2


async def test_a_drip_comes_drop_by_drop(clock: MockClock) -> None:
    """So many seconds apart; which is no timeout, as something comes each time."""
    drip = WireFault.drip(Reply(content=b"hello"), every=2, size=11)
    async with FaultServer(drip, drip) as server, client_of(server, timeout=3) as client:
        began = trio.current_time()
        assert await client.get("/", cast_to=bytes) == b"hello"
        assert trio.current_time() - began == pytest.approx(8, abs=0.1)  # 45 bytes are 5 drops
        assert await client.get("/", cast_to=bytes) == b"hello"
    assert len(server.connections) == 1


@pytest.mark.parametrize("end", [End.CLOSE, End.RESET])
async def test_an_answer_before_the_upload_was_read_is_heard(clock: MockClock, end: End) -> None:
    """Whether the server lingers or resets behind it."""
    refusal = WireFault.sending(Reply(413, json={"message": "too big"}), end, after_bytes=1000)
    async with FaultServer(refusal, GOOD) as server, client_of(server) as client:
        with pytest.raises(APIStatusError, match="413 - too big"):
            await client.post("/", content=LARGE, cast_to=object)
        await server.wait_until_idle()
    (request,) = server.journal
    assert 1000 <= len(request.body) < len(LARGE)
    assert not request.is_whole


async def test_behind_an_early_answer_the_connection_may_go_on(clock: MockClock) -> None:
    """Where there is no end: the rest of the body is read then, and the next request."""
    early = WireFault.sending(b"HTTP/1.1 200 OK\r\n", 1.0, b"Content-Length: 0\r\n\r\n")
    async with FaultServer(early, GOOD) as server, client_of(server) as client:
        await client.post("/", content=b"x" * 5000, cast_to=bytes)
        assert await get(client) == {"id": 7}
    assert [(request.connection, request.is_whole) for request in server.journal] == [(1, True), (1, True)]


async def test_an_upload_that_nobody_reads_is_a_timeout(clock: MockClock) -> None:
    """A frozen server takes no more than the kernel does; the block ends nevertheless."""
    async with FaultServer(WireFault.sending(End.FREEZE)) as server, client_of(server, timeout=5) as client:
        with pytest.raises(APITimeoutError):
            await client.post("/", content=LARGE, cast_to=object)
        assert server.connections[0].is_open
    assert not server.connections[0].is_open


@pytest.mark.parametrize("unasked", [b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"for Eve"', b"\r\n\r\n", b"x"])
async def test_bytes_that_nobody_asked_for_answer_nobody(clock: MockClock, unasked: bytes) -> None:
    """What stands behind an answer is not taken for that of the next request."""
    async with FaultServer(WireFault.answering(GOOD, unasked), GOOD) as server, client_of(server) as client:
        assert [await get(client) for _ in range(2)] == [{"id": 7}] * 2


@pytest.mark.parametrize("steps", [(GOOD, End.CLOSE), (GOOD, End.RESET), (GOOD, 1.0, End.CLOSE)], ids=str)
async def test_a_connection_that_ends_idle_is_replaced(clock: MockClock, steps: Any) -> None:
    """The next call goes over another, and nobody notices."""
    async with FaultServer(WireFault.answering(*steps), GOOD) as server, client_of(server) as client:
        assert await get(client) == {"id": 7}
        await trio.sleep(2)
        assert await get(client) == {"id": 7}
    assert [request.connection for request in server.journal] == [1, 2]


async def test_a_connection_that_ends_as_it_is_used_again(clock: MockClock) -> None:
    """Without an answer: a GET is sent once more."""
    answers = [GOOD, WireFault.answering(End.RESET), GOOD]
    async with FaultServer(*answers) as server, client_of(server, max_retries=1) as client:
        assert [await get(client) for _ in range(2)] == [{"id": 7}] * 2
    assert [request.connection for request in server.journal] == [1, 1, 2]


# -- TLS -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (WireFault.connecting(Reply(400), End.CLOSE), APIConnectionError),
        (WireFault.connecting(End.CLOSE), APIConnectionError),
        (WireFault.connecting(End.RESET), APIConnectionError),
        (WireFault.connecting(b"\x16\x03\x03\x00\x7a\x02", End.CLOSE), APIConnectionError),
        (WireFault.connecting(b"\x16\x03\x03\x00\x7a\x02", End.STALL), APITimeoutError),
        (WireFault.connecting(End.STALL), APITimeoutError),
        (WireFault.connecting(End.FREEZE), APITimeoutError),
    ],
    ids=["plaintext", "closed", "reset", "closed within", "stalled within", "stalled", "frozen"],
)
async def test_a_handshake_that_fails(
    clock: MockClock, good: ssl.SSLContext, trusting: ssl.SSLContext, fault: WireFault, expected: type[APIError]
) -> None:
    """Nothing was sent, and the next attempt is another handshake."""
    async with FaultServer(fault, fault, GOOD, tls=good) as server:
        async with client_of(server, verify=trusting) as client:
            with pytest.raises(APIConnectionError) as caught:
                await get(client)
        assert (type(caught.value), caught.value.sent) == (expected, False)
        async with client_of(server, verify=trusting, max_retries=1) as client:
            assert await get(client) == {"id": 7}
    assert [connection.is_encrypted for connection in server.connections] == [False, False, True]


async def test_a_slow_handshake(clock: MockClock, good: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    """Where there is no end the connection goes on, and its request meets the next answer."""
    slow = FaultServer(WireFault.connecting(3.0), GOOD, tls=good)
    async with slow as server, client_of(server, verify=trusting) as client:
        began = trio.current_time()
        assert await get(client) == {"id": 7}
        assert trio.current_time() - began == pytest.approx(3, abs=0.1)
    assert len(server.connections) == 1


async def test_a_certificate_for_another_name(
    clock: MockClock, authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """It is the caller's context that has it. No attempt more is made, and the server knows why it lost the client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.example.com").configure_cert(context)
    async with FaultServer(GOOD, tls=context) as server:
        async with client_of(server, verify=trusting, max_retries=2) as client:
            with pytest.raises(APIConnectionError, match="certificate"):
                await get(client)
        await server.wait_until_idle()
    (connection,) = server.connections
    assert "certificate" in str(connection.failure)
    assert server.journal == ()


@pytest.mark.parametrize("end", [End.CLOSE, End.DROP])
async def test_the_farewell_of_tls(clock: MockClock, good: ssl.SSLContext, trusting: ssl.SSLContext, end: End) -> None:
    """A body that ends with its connection is whole only if TLS says so; else anybody could cut it (RFC 9112, 9.8)."""
    fault = WireFault.answering(b'HTTP/1.1 200 OK\r\n\r\n{"id": 7}', end)
    async with FaultServer(fault, fault, GOOD, tls=good) as server, client_of(server, verify=trusting) as client:
        if end is End.CLOSE:
            assert await get(client) == {"id": 7}
        else:
            with pytest.raises(APIConnectionError):
                await get(client)
        await server.wait_until_idle()


@pytest.mark.parametrize("kind", ["reset", "cut", "stall", "stall within the body", "late without end"])
async def test_faults_within_tls(clock: MockClock, good: ssl.SSLContext, trusting: ssl.SSLContext, kind: str) -> None:
    """They are the same behind a handshake."""
    fault = {**BROKEN, **SILENT}[kind]
    async with FaultServer(fault, GOOD, tls=good) as server:
        async with client_of(server, verify=trusting, max_retries=1) as client:
            assert await get(client) == {"id": 7}
        await server.wait_until_idle()
    assert len(server.connections) == 2
