"""`torture_io` lets each operation of a socket go wrong, and finds what is not as it is promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio
import trio.lowlevel
from trio.testing import MockClock

from support.wire import WireServer, answer, ok, wire_server
from trio_api import APIConnectionError, APITimeoutError, AsyncAPIClient
from trio_api.testing import torture_io
from trio_api.transport import TrioTransport


@asynccontextmanager
async def client_of(server: WireServer, **settings: Any) -> AsyncIterator[AsyncAPIClient]:
    defaults = {"base_url": server.url, "trust_env": False, "verify": False, "timeout": 5.0, "max_retries": 0}
    async with AsyncAPIClient(**{**defaults, **settings}) as client:
        yield client


SERVER = answer(*[ok(b"1")] * 9)


async def test_a_call_is_a_connect_a_write_and_a_read(clock: MockClock) -> None:
    """Each with each fault that it can have."""
    met: list[type[Exception] | None] = []

    async def get() -> None:
        async with client_of(server) as client:
            try:
                await client.get("/", cast_to=int)
            except Exception as error:
                met.append(type(error))
                raise

    async with wire_server(SERVER) as server:
        report = await torture_io(get)
    assert Counter(each.what for each in report.injections) == Counter(
        f"{operation}: {fault}"
        for operation in ("connect", "write", "read")
        for fault in ("error", "end", "byte", "stall")
        if (operation, fault) != ("connect", "byte")
    )
    assert Counter(met) == {APIConnectionError: 6, APITimeoutError: 3}
    assert any("PlainWire.receive (_wire.py:" in place for place in report.places)


async def test_retries_get_over_it(clock: MockClock) -> None:
    """No fault comes out where there are attempts left."""

    async def get() -> None:
        async with client_of(server, max_retries=2) as client:
            assert await client.get("/", cast_to=int) == 1

    async with wire_server(SERVER) as server:
        assert len((await torture_io(get, raises=())).injections) == 11


async def test_some_faults_only(clock: MockClock) -> None:
    """Those that are named, or the one that a failure told."""

    async def get() -> None:
        async with client_of(server) as client:
            await client.get("/", cast_to=int)

    async with wire_server(SERVER) as server:
        report = await torture_io(get, faults=["stall"])
        assert [each.what for each in report.injections] == ["connect: stall", "write: stall", "read: stall"]
        report = await torture_io(get, only=(3, "end"))
        assert [(each.number, each.what) for each in report.injections] == [(3, "read: end")]
        with pytest.raises(AssertionError, match=r"nothing that .*99"):
            await torture_io(get, only=(99, "end"))


async def test_an_error_that_is_not_documented(clock: MockClock) -> None:
    """The transport's own, without the client around it."""

    async def get() -> None:
        async with TrioTransport(verify=False) as transport:
            response = await transport.handle_async_request(httpx.Request("GET", server.url))
            await response.aread()

    async with wire_server(SERVER) as server:
        with pytest.raises(AssertionError, match=r"it raised ConnectError.*, which is not documented") as caught:
            await torture_io(get)
        assert "torture_io(..., only=(1, 'error'))" in str(caught.value)
        assert await torture_io(get, raises=(httpx.TransportError,), faults=["error"])


async def test_a_call_without_a_timeout(clock: MockClock) -> None:
    """It never ends, and that is told."""

    async def get() -> None:
        async with client_of(server, timeout=None) as client:
            await client.get("/", cast_to=int)

    async with wire_server(SERVER) as server:
        with pytest.raises(AssertionError, match=r"connect: stall.* did not end within 60 seconds"):
            await torture_io(get)


async def test_a_connection_that_is_left(clock: MockClock) -> None:
    """What a failure leaves is found as by `cancel_everywhere`: here a transport that only a success closes."""
    left: list[Any] = []

    async def get() -> None:
        transport = TrioTransport(verify=False)
        left.append(transport)
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        await response.aread()
        await response.aclose()
        await transport.aclose()

    async with wire_server(SERVER) as server:
        with pytest.raises(AssertionError, match="the check failed: not closed") as caught:
            await torture_io(get, raises=(httpx.TransportError,), check=lambda: nothing_open(left))
        assert "only=(1, 'error')" in str(caught.value)
    for transport in left:
        await transport.aclose()


def nothing_open(transports: list[Any]) -> None:
    for transport in transports:
        assert transport._is_closed, "not closed"


async def test_nothing_to_torture() -> None:
    """A function without sockets of ours would survive everything, and prove nothing."""

    async def nothing() -> None:
        await trio.lowlevel.checkpoint()

    with pytest.raises(AssertionError, match="opened no socket of a TrioTransport"):
        await torture_io(nothing)


async def test_bad_arguments() -> None:
    """They are named before anything runs."""
    with pytest.raises(ValueError, match="faults must be of 'error', 'end', 'byte', 'stall', got 'eof'"):
        await torture_io(trio.lowlevel.checkpoint, faults=["eof"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="only must be at least 1"):
        await torture_io(trio.lowlevel.checkpoint, only=(0, "end"))
