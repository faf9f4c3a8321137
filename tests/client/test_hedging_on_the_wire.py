"""What hedged calls do to connections: the native transport on loopback, in the test's own loop."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import trio

from support.wire import Wire, WireServer, answer, linger, ok, wire_server
from trio_api import APIConnectionError, AsyncAPIClient, ClientStateError, Hedge

SOON = Hedge(after=0.02, budget=1.0)


@contextlib.asynccontextmanager
async def hedging(server: WireServer, **settings: Any) -> AsyncIterator[Any]:
    """A client that asks again after 20 milliseconds; nothing of it is left, and no connection open, when it ends."""
    tasks = trio.lowlevel.current_statistics().tasks_living
    async with AsyncAPIClient(**{"base_url": server.url, "hedge": SOON, **settings}) as client:
        yield client
        assert shown(client).endswith("in_use=0 waiting=0>")
    assert shown(client) == "<TrioTransport open=0 in_use=0 waiting=0>"
    for wire in server.wires:
        await wire.client_left()
    assert trio.lowlevel.current_statistics().tasks_living - tasks <= len(server.wires)  # the server's own


def shown(client: Any) -> str:
    return repr(client._client.direct.native)


async def get(client: Any, **options: Any) -> Any:
    return await client.get("/items", cast_to=object, options=options)


def statistics(client: Any) -> Any:
    [origin] = client.statistics().origins
    return origin


async def mute(wire: Wire) -> None:
    """Read requests and never answer."""
    await linger(wire)


@pytest.mark.parametrize("short", [True, False], ids=["short way", "by httpx"])
async def test_a_loser_without_an_answer_closes_its_connection(short: bool) -> None:
    """The server sees it at once; the winner's is kept, and used again. So by either way through the client."""
    async with wire_server(mute, answer(ok(b'"second"'), ok(b'"third"'))) as server:
        options = {} if short else {"total_timeout": 30}
        async with hedging(server) as client:
            assert await get(client, **options) == "second"
            await server.wires[0].client_left()
            assert shown(client) == "<TrioTransport open=1 in_use=0 waiting=0>"
            assert await get(client.copy(hedge=None), **options) == "third"
            assert (len(server.wires), statistics(client).hedges_won) == (2, 1)


async def test_a_second_request_that_loses_closes_its_connection() -> None:
    """While it waits for the head of its answer."""

    async def slow(wire: Wire) -> None:
        await wire.read_request()
        await asked.wait()
        await wire.send(ok(b'"first"'))
        await linger(wire)

    async def never(wire: Wire) -> None:
        await wire.read_request()
        asked.set()
        await linger(wire)

    asked = trio.Event()
    async with wire_server(slow, never) as server, hedging(server) as client:
        assert await get(client) == "first"
        await server.wires[1].client_left()
        assert shown(client) == "<TrioTransport open=1 in_use=0 waiting=0>"
        assert (statistics(client).hedges, statistics(client).hedges_won) == (1, 0)


async def test_a_loser_in_the_middle_of_its_body_closes_its_connection() -> None:
    """Its rest would be in the way of the next answer."""

    async def half(wire: Wire) -> None:
        await wire.read_request()
        await wire.send(ok(b'"' + b"x" * 100_000 + b'"')[:50_000])
        await linger(wire)

    async with wire_server(half, answer(ok(b'"second"'))) as server, hedging(server) as client:
        assert await get(client) == "second"
        await server.wires[0].client_left()
        assert shown(client) == "<TrioTransport open=1 in_use=0 waiting=0>"


async def test_a_loser_that_waits_for_a_connection_leaves_nothing() -> None:
    """One is all that there may be, and the first request has it until it is answered."""

    async def slow(wire: Wire) -> None:
        await wire.read_request()
        await trio.sleep(0.3)
        await wire.send(ok(b'"first"'))
        await answer(ok(b'"first"'))(wire)

    async with (
        wire_server(slow) as server,
        hedging(server, limits=httpx.Limits(max_connections=1), timeout=5) as client,
    ):
        assert await get(client) == "first"
        assert (len(server.wires), statistics(client).hedges) == (1, 1)
        assert shown(client).endswith("in_use=0 waiting=0>")
        assert await get(client.copy(hedge=None)) == "first"


async def test_a_broken_connection_leaves_the_call_to_the_other() -> None:
    """The first is reset while the second is on its way."""

    async def broken(wire: Wire) -> None:
        await wire.read_request()
        await asked.wait()
        wire.reset()

    async def good(wire: Wire) -> None:
        await wire.read_request()
        asked.set()
        await trio.sleep(0.05)
        await wire.send(ok(b'"second"'))
        await linger(wire)

    asked = trio.Event()
    async with wire_server(broken, good) as server, hedging(server, max_retries=0) as client:
        assert await get(client) == "second"


async def test_a_cancelled_caller_closes_both_connections() -> None:
    """At once."""
    async with wire_server(mute) as server, hedging(server) as client:
        with trio.move_on_after(0.5):
            await get(client)
        assert len(server.wires) == 2
        for wire in server.wires:
            await wire.client_left()
        assert shown(client) == "<TrioTransport open=0 in_use=0 waiting=0>"


async def test_a_client_that_is_closed_closes_both_connections() -> None:
    """On the short way no scope of theirs could be cancelled: both end with the transport, and the call says why."""
    errors: list[BaseException] = []
    both_asked = trio.Event()

    async def second(wire: Wire) -> None:
        await wire.read_request()
        both_asked.set()
        await linger(wire)

    async def call(client: Any) -> None:
        with pytest.raises(ClientStateError) as caught:
            await get(client)
        errors.append(caught.value)

    async with wire_server(mute, second) as server, trio.open_nursery() as nursery:
        async with AsyncAPIClient(base_url=server.url, hedge=SOON) as client:
            nursery.start_soon(call, client)
            await both_asked.wait()
        for wire in server.wires:
            await wire.client_left()
    assert len(errors) == 1


async def test_two_requests_that_fail_are_one_failure() -> None:
    """A single exception, no group."""

    async def broken(wire: Wire) -> None:
        await wire.read_request()
        await trio.sleep(0.3)
        wire.reset()

    async with wire_server(broken) as server, hedging(server, max_retries=0) as client:
        with pytest.raises(APIConnectionError) as caught:
            await get(client)
        assert len(caught.value.attempts) == 1
        assert statistics(client).attempts == 2


@pytest.mark.parametrize("seed", range(3))
async def test_in_a_storm_nothing_leaks(seed: int) -> None:
    """Servers that answer soon, late, in halves or not at all; callers that give up: every slot comes back."""
    dice = random.Random(seed)

    async def moody(wire: Wire) -> None:
        while await wire.read_request():
            await trio.sleep(dice.choice([0, 0, 0.01, 0.03, 0.06]))
            if dice.random() < 0.1:
                return
            whole = ok(b'"' + b"x" * dice.choice([1, 70_000]) + b'"')
            cut = dice.choice([len(whole), len(whole), 30, len(whole) // 2])
            await wire.send(whole[:cut])
            await trio.sleep(dice.choice([0, 0.03]))
            await wire.send(whole[cut:])

    async def user(client: Any) -> None:
        for _ in range(15):
            with trio.move_on_after(dice.choice([0.0, 0.02, 0.05, 1.0])), contextlib.suppress(APIConnectionError):
                await get(client)

    settings = {"limits": httpx.Limits(max_connections=6), "max_concurrency": 12, "max_retries": 0}
    async with wire_server(moody) as server, hedging(server, **settings) as client:
        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(user, client)
        assert statistics(client).hedges > 10
        assert statistics(client).in_flight == 0
