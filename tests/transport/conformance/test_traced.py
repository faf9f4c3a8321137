"""What an attempt tells about itself: whether it was sent, over a used connection, and what the failure is then."""

from __future__ import annotations

import httpx
import pytest
from trio.testing import wait_all_tasks_blocked

from support.raw_server import refusing_port
from support.transports import OpenTransport, Pieces
from support.wire import Script, Wire, answer, close, ok, reset, wire_server
from trio_api.retry import FailureKind
from trio_api.transport import Trace, failure_of, foreign_errors

NETWORK, STALE, FINAL = FailureKind.NETWORK, FailureKind.STALE, FailureKind.FINAL
Facts = tuple[FailureKind, bool | None, bool, bool]


async def attempt(transport: httpx.AsyncBaseTransport, url: str, method: str = "GET", **options: object) -> Facts | int:
    """The kind of a failure, and whether it was sent, over a used connection, and an answer began; or the status."""
    trace = Trace()
    request = httpx.Request(method, url, extensions={"trace": trace.async_hook}, **options)
    try:
        response = await transport.handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
    except foreign_errors() as error:
        failure = failure_of(error, trace, request)
        assert failure.error.sent is trace.sent
        return failure.kind, trace.sent, trace.reused, trace.response_began
    return response.status_code


async def read_and(wire: Wire, then: Script) -> None:
    await wire.read_request()
    await then(wire)


async def close_on_next(wire: Wire) -> None:
    await read_and(wire, close)


async def reset_on_next(wire: Wire) -> None:
    await read_and(wire, reset)


@pytest.mark.parametrize("then", [close_on_next, reset_on_next], ids=["closed", "reset"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_dead_at_use(opened: OpenTransport, then: Script, method: str) -> None:
    """A kept-alive connection that ends when it is used again, before a byte came back, is stale."""
    async with wire_server(answer(ok(), then=then)) as server, opened() as transport:
        assert await attempt(transport, server.url) == 200
        content = b"hello" if method == "POST" else None
        assert await attempt(transport, server.url, method, content=content) == (STALE, True, True, False)


@pytest.mark.parametrize("then", [close, reset], ids=["closed", "reset"])
async def test_dead_before_use(opened: OpenTransport, then: Script) -> None:
    """A connection that the server closed while it was idle is not used at all."""
    async with wire_server(answer(ok(), then=then)) as server, opened() as transport:
        for count in (1, 2, 3):
            assert await attempt(transport, server.url) == 200
            await wait_all_tasks_blocked(0.01)
            assert len(server.wires) == count


@pytest.mark.parametrize("then", [close_on_next, reset_on_next], ids=["closed", "reset"])
async def test_dead_at_first_use(opened: OpenTransport, then: Script) -> None:
    """A new connection that ends without an answer is not stale: the server may have acted."""
    async with wire_server(then) as server, opened() as transport:
        assert await attempt(transport, server.url) == (NETWORK, True, False, False)


@pytest.mark.parametrize("earlier", [0, 1])
@pytest.mark.parametrize("response", [ok(b"hello")[:-1], b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
async def test_a_broken_answer(opened: OpenTransport, earlier: int, response: bytes) -> None:
    """A connection that brought a part of an answer was alive."""
    script = answer(*[ok()] * earlier, response, then=close)
    async with wire_server(script) as server, opened() as transport:
        for _ in range(earlier):
            assert await attempt(transport, server.url) == 200
        facts = await attempt(transport, server.url)
        assert isinstance(facts, tuple)
        assert facts[:3] == (NETWORK, True, bool(earlier))


async def test_an_answer_that_ends_within_its_head(native: OpenTransport) -> None:
    """A byte of an answer is one: a used connection that ends then is not stale. httpx does not tell of it."""
    async with wire_server(answer(ok(), b"H", then=close)) as server, native() as transport:
        assert await attempt(transport, server.url) == 200
        assert await attempt(transport, server.url) == (NETWORK, True, True, True)


async def test_no_connection(opened: OpenTransport) -> None:
    """Where nobody listens nothing was sent."""
    with refusing_port() as port:
        async with opened() as transport:
            assert await attempt(transport, f"http://127.0.0.1:{port}/") == (NETWORK, False, False, False)


async def test_a_request_that_is_no_http(opened: OpenTransport) -> None:
    """What can't be rendered was not sent, over a new connection or a used one."""
    async with wire_server(answer(ok(), ok())) as server, opened() as transport:
        for _ in range(2):
            facts = await attempt(transport, server.url, headers={"X-A": "b\r\nc"})
            assert isinstance(facts, tuple)
            assert facts[:2] == (FINAL, False)
            assert await attempt(transport, server.url) == 200


async def test_no_turn_in_the_pool(opened: OpenTransport) -> None:
    """Who waits in vain for a connection did not send."""
    limits = httpx.Limits(max_connections=1)
    async with wire_server(answer(ok(b"hello")[:-1])) as server, opened(limits=limits) as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        trace = Trace()
        extensions = {"trace": trace.async_hook, "timeout": {"pool": 0.01}}
        with pytest.raises(httpx.PoolTimeout) as caught:
            await transport.handle_async_request(httpx.Request("GET", server.url, extensions=extensions))
        assert failure_of(caught.value, trace, httpx.Request("GET", server.url)).error.sent is False
        await response.aclose()


async def test_an_upload_that_breaks_off(native: OpenTransport) -> None:
    """A request whose head went out was sent, even if its body did not arrive."""

    async def script(wire: Wire) -> None:
        await wire.read_until(b"\r\n\r\n")
        wire.reset()

    async with wire_server(script) as server, native() as transport:
        facts = await attempt(
            transport,
            server.url,
            "POST",
            headers={"Host": "a", "Content-Length": "20000000"},
            stream=Pieces(bytes(20_000_000)),
        )
        assert facts == (NETWORK, True, False, False)
