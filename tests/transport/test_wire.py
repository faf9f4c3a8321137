"""Sockets, plain and under TLS: what is there at once, what has to wait, and what is no news."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import trio
import trustme
from trio.testing import wait_all_tasks_blocked

from support.wire import Wire, linger, ok, wire_server
from trio_api.transport import TrioTransport
from trio_api.transport._wire import PlainWire, TLSWire

HUGE = b"x" * 20_000_000
AUTHORITY = trustme.CA()


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    AUTHORITY.configure_trust(context)
    return context


class Peer:
    """A wire and the other end of it."""

    def __init__(self, wire: PlainWire | TLSWire, plain: PlainWire, other: Any) -> None:
        self.wire = wire
        self.plain = plain
        self.other = other


@pytest.fixture(params=["plain", "TLS"])
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    """A wire of either kind."""
    ours, theirs = socket.socketpair()
    plain = PlainWire(_stream(ours))
    other: Any = _stream(theirs)
    wire: PlainWire | TLSWire = plain
    if request.param == "TLS":
        wire = TLSWire(plain, client_context(), "127.0.0.1")
        other = trio.SSLStream(other, server_context(), server_side=True)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wire.handshake)
            nursery.start_soon(other.do_handshake)
        other.transport_stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    yield Peer(wire, plain, other)
    wire.abort()
    await trio.aclose_forcefully(other)


def _stream(end: socket.socket) -> trio.SocketStream:
    end.setblocking(False)
    # Trio sets options of TCP, which a pair may not have, and ignores that they fail
    return trio.SocketStream(trio.socket.from_stdlib_socket(end))


async def received(wire: PlainWire | TLSWire, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += await wire.receive()
    return data


async def test_more_than_the_buffers_take(peer: Peer) -> None:
    """`send_now` begins, `flush` ends, and every byte comes through once."""
    got = bytearray()

    async def read() -> None:
        while len(got) < len(HUGE):
            got.extend(await peer.other.receive_some(1_000_000))

    assert not peer.wire.send_now(HUGE)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await peer.wire.flush()
    assert got == HUGE
    assert peer.wire.send_now(b"next")
    assert await peer.other.receive_some(10) == b"next"


async def test_what_is_there_now(peer: Peer) -> None:
    """`receive_now` takes what has come, and None says that nothing has."""
    while peer.wire.receive_now() is not None:  # tickets of TLS
        pass
    assert peer.wire.receive_now() is None
    await peer.other.send_all(b"here")
    assert peer.wire.receive_now() == b"here"
    assert peer.wire.receive_now() is None


async def test_no_news_is_good(peer: Peer) -> None:
    """An idle wire is fit for another request until something comes, which is waited for or asked about."""
    assert peer.wire.receive_now() is None
    assert peer.wire.is_fit_for_reuse()
    assert peer.wire.extra_info("is_readable") is False
    async with trio.open_nursery() as nursery:
        nursery.start_soon(peer.wire.wait_for_news)
        await wait_all_tasks_blocked()
        await peer.other.send_all(b"unasked")
    assert peer.wire.is_readable()
    assert not peer.wire.is_fit_for_reuse()
    assert peer.wire.extra_info("is_readable") is True
    assert await received(peer.wire, 7) == b"unasked"


async def test_where_there_is_no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows `select.select` tells whether something has come."""
    monkeypatch.delattr(select, "poll")
    ours, theirs = socket.socketpair()
    wire = PlainWire(_stream(ours))
    with theirs:
        assert wire.is_fit_for_reuse()
        theirs.send(b"x")
        assert wire.is_readable()
    wire.abort()


async def test_a_wire_that_is_closed(peer: Peer) -> None:
    """Who waits for it, or begins to, is told so; to close it again changes nothing."""
    assert not peer.wire.send_now(HUGE)
    for wait in (peer.wire.receive, peer.wire.flush):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_is_refused, wait)
            await wait_all_tasks_blocked()
            peer.wire.abort()
        await _is_refused(wait)


async def _is_refused(wait: Callable[[], Any]) -> None:
    with pytest.raises(trio.ClosedResourceError):
        await wait()


class Meanwhile(trio.abc.Instrument):
    """Does *this* once, right before a task that was woken goes on."""

    def __init__(self, task: str, this: Callable[[], object]) -> None:
        self._task = task
        self._this = this

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if task.name == self._task:
            trio.lowlevel.remove_instrument(self)
            self._this()


async def test_woken_for_nothing() -> None:
    """The system may say that a socket is readable or writable which is not, or not any more: the wait goes on."""
    ours, theirs = socket.socketpair()
    with ours.dup() as double, theirs:
        wire = PlainWire(_stream(ours))
        theirs.setblocking(False)
        async with trio.open_nursery() as nursery:

            async def read() -> None:
                assert await wire.receive() == b"second"

            nursery.start_soon(read, name="reader")
            await wait_all_tasks_blocked()
            theirs.send(b"first")
            trio.lowlevel.add_instrument(Meanwhile("reader", lambda: double.recv(10)))
            await wait_all_tasks_blocked()
            theirs.send(b"second")

        assert not wire.send_now(HUGE)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wire.flush, name="writer")
            await wait_all_tasks_blocked()
            trio.lowlevel.add_instrument(Meanwhile("writer", lambda: _fill(double)))
            while wire._unsent:
                try:
                    theirs.recv(1_000_000)
                except BlockingIOError:
                    await trio.lowlevel.checkpoint()
        wire.abort()


def _fill(double: socket.socket) -> None:
    try:
        while True:
            double.send(b"y" * 65_536)
    except BlockingIOError:
        pass


@pytest.mark.parametrize("timeout", [None, 5.0])
async def test_a_connection_that_switched_protocols(timeout: float | None) -> None:
    """After a 101 its bytes are the caller's, from the first that came with the head."""

    async def switch(wire: Wire) -> None:
        await wire.read_request()
        await wire.send(b"HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nwelcome")
        await wire.send(await wire.read_exactly(3))
        await linger(wire)

    headers = {"Connection": "upgrade", "Upgrade": "echo"}
    async with wire_server(switch) as server, TrioTransport(verify=False) as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url, headers=headers))
        stream = response.extensions["network_stream"]
        assert stream.get_extra_info("server_addr") == ("127.0.0.1", server.port)
        assert stream.get_extra_info("colour") is None
        assert [await stream.read(3, timeout), await stream.read(100, timeout)] == [b"wel", b"come"]
        await stream.write(b"abc", timeout)
        assert await stream.read(100, timeout) == b"abc"
        await stream.aclose()
        await response.aclose()
        assert "in_use=0" in repr(transport)
        with trio.fail_after(5):
            await server.wires[0].left.wait()


async def test_an_upload_over_what_is_switched() -> None:
    """What a switched connection does not take at once is sent as it takes it."""

    async def switch(wire: Wire) -> None:
        await wire.read_request()
        await wire.send(b"HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n")
        await wire.read_exactly(len(HUGE))
        await wire.send(ok())
        await linger(wire)

    headers = {"Connection": "upgrade", "Upgrade": "echo"}
    async with wire_server(switch) as server, TrioTransport(verify=False) as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url, headers=headers))
        stream = response.extensions["network_stream"]
        await stream.write(HUGE, 5.0)
        assert await stream.read(len(ok())) == ok()
        await response.aclose()
