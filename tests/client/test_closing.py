"""What a client that sends by the native transport does with calls that are on their way when it is closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from support.wire import Script, Wire, answer, linger, ok, wire_server
from trio_api import AsyncAPIClient, ClientStateError

UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"
AT_ONCE = 3.0  # seconds; less than the cleanup is bounded by
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
LARGE = b"x" * 20_000_000  # bytes; more than the buffers of two sockets take


async def idle(wire: Wire) -> None:
    """Neither read nor answer."""
    await trio.sleep_forever()


async def get(client: AsyncAPIClient) -> object:
    return await client.get("/", cast_to=bytes)


async def put(client: AsyncAPIClient) -> object:
    return await client.put("/", cast_to=bytes, content=LARGE)


STATES: dict[str, tuple[str, Script, Callable[[AsyncAPIClient], Awaitable[object]]]] = {
    "waiting for the head": ("http", linger, get),
    "waiting for the body": ("http", answer(HALF), get),
    "waiting for a retry": ("http", answer(UNAVAILABLE), get),
    "sending": ("http", idle, put),
    "agreeing on keys": ("https", linger, get),
}


async def cut_off(client: AsyncAPIClient, call: Callable[[AsyncAPIClient], Awaitable[object]]) -> None:
    with pytest.raises(ClientStateError, match="is closed"):
        await call(client)


@pytest.mark.parametrize("state", STATES)
async def test_a_call_is_cut_off_at_once(state: str) -> None:
    """Whatever it waits for: its task gets a `ClientStateError`, nothing is retried, and nothing stays open."""
    scheme, script, call = STATES[state]
    async with wire_server(script) as server, trio.open_nursery() as nursery:
        origin = f"{scheme}://127.0.0.1:{server.port}"
        began = trio.current_time()
        async with AsyncAPIClient(base_url=origin) as client:
            nursery.start_soon(cut_off, client, call)
            await wait_all_tasks_blocked(0.01)
        assert trio.current_time() - began < AT_ONCE
        assert len(server.wires) == 1


async def test_a_call_in_the_queue_is_cut_off_at_once() -> None:
    """The one that has the only connection and the one that waits for it both get the error."""
    limits = httpx.Limits(max_connections=1)
    async with wire_server(linger) as server, trio.open_nursery() as nursery:
        began = trio.current_time()
        async with AsyncAPIClient(base_url=server.url, limits=limits) as client:
            for _ in range(2):
                nursery.start_soon(cut_off, client, get)
            await wait_all_tasks_blocked(0.01)
        assert trio.current_time() - began < AT_ONCE
        assert len(server.wires) == 1


async def test_a_call_may_finish_within_the_grace() -> None:
    """Closing begins, the answer comes, and the call has it."""
    come = trio.Event()

    async def script(wire: Wire) -> None:
        await come.wait()
        await answer(ok(b"late"))(wire)

    got: list[object] = []

    async def call(client: AsyncAPIClient) -> None:
        got.append(await get(client))

    async with (
        wire_server(script) as server,
        trio.open_nursery() as nursery,
        AsyncAPIClient(base_url=server.url, shutdown_grace=5) as client,
    ):
        nursery.start_soon(call, client)
        await wait_all_tasks_blocked(0.01)
        nursery.start_soon(_set_later, come)
    assert got == [b"late"]


async def _set_later(event: trio.Event) -> None:
    await wait_all_tasks_blocked(0.01)
    event.set()
