"""What happens to connections while nobody looks after them, on a clock that jumps: exactly then, and to them alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from support.transports import fetch
from support.wire import Wire, WireServer, answer, close, linger, ok, wire_server
from trio_api.transport import TrioTransport

STUCK = ok(b"x" * 10)[:-5]  # a response that breaks off
HUGE = b"x" * 30_000_000  # bytes: more than the buffers of both sides take


LONG = 80_000.0  # seconds


def limits(expiry: float | None = None, most: int | None = None) -> httpx.Limits:
    return httpx.Limits(max_connections=most, max_keepalive_connections=None, keepalive_expiry=expiry)


def opened(**options: Any) -> TrioTransport:
    return TrioTransport(verify=False, trust_env=False, **{"limits": limits(), **options})


def get(url: str, **timeouts: float | None) -> httpx.Request:
    return httpx.Request("GET", url, extensions={"timeout": timeouts})


async def in_reality(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds, in the time in which sockets live."""
    give_up = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < give_up
        await trio.to_thread.run_sync(time.sleep, 0.001)


async def fails_after(seconds: float, kind: type[httpx.TransportError], transport: TrioTransport, **how: Any) -> None:
    """A request fails as *kind*, exactly *seconds* after it began."""
    began = trio.current_time()
    with pytest.raises(kind):
        await transport.handle_async_request(httpx.Request(**how))
    assert trio.current_time() - began == pytest.approx(seconds, abs=1e-6)


@pytest.fixture(params=["in its block", "without a block"])
async def transport(request: pytest.FixtureRequest) -> Any:
    """A transport with housekeeping, and one that does without."""
    transport = opened()
    if request.param == "in its block":
        async with transport:
            await wait_all_tasks_blocked()
            yield transport
    else:
        yield transport
        await transport.aclose()


async def test_a_read_timeout_is_exact(transport: TrioTransport, autojump_clock: MockClock) -> None:
    """A silent server is waited for as long as was said, and the slot is free again."""
    async with wire_server(linger) as server:
        how = {"method": "GET", "url": server.url, "extensions": {"timeout": {"read": 7.5}}}
        await fails_after(7.5, httpx.ReadTimeout, transport, **how)
        assert "open=0 in_use=0" in repr(transport)


async def test_each_read_has_the_timeout(transport: TrioTransport, autojump_clock: MockClock) -> None:
    """It bounds each wait for bytes, not the response: a body may come slowly."""

    async def drip(wire: Wire) -> None:
        await wire.read_request()
        for byte in ok(b"0123456789"):
            await trio.sleep(4)
            await wire.send(bytes([byte]))

    async with wire_server(drip) as server:
        response = await transport.handle_async_request(get(server.url, read=5.0))
        assert await response.aread() == b"0123456789"
        assert trio.current_time() >= 4 * len(ok(b"0123456789"))
        await response.aclose()


async def test_a_body_that_stops(transport: TrioTransport, autojump_clock: MockClock) -> None:
    """The timeout holds for the body as well, and counts from the last byte."""

    async def stop(wire: Wire) -> None:
        await wire.read_request()
        await trio.sleep(3)
        await wire.send(STUCK)
        await linger(wire)

    async with wire_server(stop) as server:
        response = await transport.handle_async_request(get(server.url, read=5.0))
        assert trio.current_time() == pytest.approx(3, abs=1e-6)
        with pytest.raises(httpx.ReadTimeout) as caught:
            await response.aread()
        assert trio.current_time() == pytest.approx(8, abs=1e-6)
        assert caught.value.request.url == server.url
        await response.aclose()
        assert "open=0 in_use=0" in repr(transport)


async def never_read(_: Wire) -> None:
    await trio.sleep_forever()


async def test_a_write_timeout_is_exact(transport: TrioTransport, autojump_clock: MockClock) -> None:
    """A server that does not read is waited for as long as was said."""
    async with wire_server(never_read) as server:
        extensions = {"timeout": {"write": 2.5, "read": 1.0}}
        how = {"method": "POST", "url": server.url, "content": HUGE, "extensions": extensions}
        await fails_after(2.5, httpx.WriteTimeout, transport, **how)
        assert "open=0 in_use=0" in repr(transport)


async def test_no_timeout(transport: TrioTransport, autojump_clock: MockClock) -> None:
    """None waits for ever."""

    async def late(wire: Wire) -> None:
        await wire.read_request()
        await trio.sleep(LONG)
        await wire.send(ok())

    async with wire_server(late) as server:
        response = await transport.handle_async_request(get(server.url, read=None, write=None))
        assert await response.aread() == b"{}"


async def test_a_queue_timeout_is_exact(transport: TrioTransport, autojump_clock: MockClock) -> None:
    """Who waits for a connection gets a `PoolTimeout`, and nobody else's place suffers."""
    async with wire_server(answer(STUCK)) as server, opened(limits=limits(most=1)) as narrow:
        holder = await narrow.handle_async_request(get(server.url))
        how = {"method": "GET", "url": server.url, "extensions": {"timeout": {"pool": 1.5}}}
        await fails_after(1.5, httpx.PoolTimeout, narrow, **how)
        assert "in_use=1 waiting=0" in repr(narrow)
        await holder.aclose()


async def test_the_earliest_deadline_counts(autojump_clock: MockClock) -> None:
    """A shorter timeout that is armed later brings the look forward; the longer ones keep theirs."""
    async with wire_server(linger) as server, opened() as transport, trio.open_nursery() as nursery:
        await wait_all_tasks_blocked()
        for begins, timeout in [(0, 60.0), (1, 10.0), (2, 3.0), (3, 40.0)]:
            how = {"method": "GET", "url": server.url, "extensions": {"timeout": {"read": timeout}}}
            await trio.sleep_until(begins)
            nursery.start_soon(
                lambda how=how, timeout=timeout: fails_after(timeout, httpx.ReadTimeout, transport, **how)
            )


async def test_expiry_of_one_leaves_the_others(autojump_clock: MockClock) -> None:
    """The connection whose time is up is closed, and no other."""
    async with wire_server(answer(ok()), linger, answer(ok(), ok())) as server, opened() as transport:
        await wait_all_tasks_blocked()
        async with trio.open_nursery() as nursery:
            slow = await transport.handle_async_request(get(server.url))
            how = {"method": "GET", "url": server.url, "extensions": {"timeout": {"read": 3.0}}}
            fresh = {**how, "extensions": {**how["extensions"], "trio_api.fresh": True}}
            nursery.start_soon(lambda: fails_after(3.0, httpx.ReadTimeout, transport, **fresh))
            await trio.sleep(1)
            other = await transport.handle_async_request(
                httpx.Request("GET", server.url, extensions={"trio_api.fresh": True, "timeout": {"read": 9.0}})
            )
        assert await slow.aread() == await other.aread() == b"{}"
        assert server.wires[1].left.is_set()
        assert not server.wires[0].left.is_set()
        assert not server.wires[2].left.is_set()
        assert (await fetch(transport, server.url)).content == b"{}"


async def test_what_has_come_is_read_first(autojump_clock: MockClock) -> None:
    """Where the loop was held up, and bytes and deadline came meanwhile, the bytes count, as under a cancel scope."""

    async def hold_up(wire: Wire) -> None:
        await wire.read_request()
        await trio.sleep(1)
        os.write(wire.socket.fileno(), ok())
        autojump_clock.jump(60)
        await linger(wire)

    for _ in range(10):  # the order in which Trio runs tasks is random
        async with wire_server(hold_up) as server, opened() as transport:
            await wait_all_tasks_blocked()
            response = await transport.handle_async_request(get(server.url, read=5.0))
            assert await response.aread() == b"{}"


async def test_an_idle_connection_expires(autojump_clock: MockClock) -> None:
    """It is closed after the time that the limits say, and its slot is free."""
    async with wire_server(answer(ok(), ok(), ok())) as server, opened(limits=limits(expiry=30)) as transport:
        await wait_all_tasks_blocked()
        await fetch(transport, server.url)
        await trio.sleep(29.9)
        await fetch(transport, server.url)  # from here on it is idle anew
        await trio.sleep(29.9)
        assert "open=1" in repr(transport)
        await trio.sleep(0.2)
        assert "open=0" in repr(transport)
        await server.wires[0].left.wait()


async def test_an_expired_one_is_not_used(autojump_clock: MockClock) -> None:
    """Without housekeeping nobody closes it, but who would use it finds that its time is up."""
    transport = opened(limits=limits(expiry=30))
    async with wire_server(answer(ok(), ok())) as server:
        await fetch(transport, server.url)
        await trio.sleep(30)
        assert "open=1" in repr(transport)
        await fetch(transport, server.url)
        assert len(server.wires) == 2
        assert server.wires[0].left.is_set()
        await transport.aclose()


async def test_a_close_by_the_server_is_noticed(autojump_clock: MockClock) -> None:
    """An idle connection that the server closes is closed here, too, without a request."""

    async def close_later(wire: Wire) -> None:
        await wire.read_request()
        await wire.send(ok())
        await trio.sleep(10)

    async with wire_server(close_later) as server, opened() as transport:
        await wait_all_tasks_blocked()
        await fetch(transport, server.url)
        await trio.sleep(9.9)
        assert "open=1" in repr(transport)
        await trio.sleep(0.2)
        await in_reality(lambda: "open=0" in repr(transport))


async def test_a_close_within_the_first_second(autojump_clock: MockClock) -> None:
    """It is noticed when the watch begins, a second after the last response."""
    async with wire_server(answer(ok(), then=close)) as server, opened() as transport:
        await wait_all_tasks_blocked()
        await fetch(transport, server.url)
        assert "open=1" in repr(transport)
        await trio.sleep(1.1)
        await in_reality(lambda: "open=0" in repr(transport))


async def test_a_watched_connection_is_used_again(autojump_clock: MockClock) -> None:
    """The watch ends when a request comes, and begins anew after it."""
    async with wire_server(answer(ok(), ok(), ok())) as server, opened() as transport:
        await wait_all_tasks_blocked()
        for _ in range(3):
            await fetch(transport, server.url)
            await trio.sleep(5)
        assert len(server.wires) == 1


async def test_the_watch_begins_when_it_is_due_to_the_last_bit(autojump_clock: MockClock) -> None:
    """Floats need not add up: (t + 1) - t is less than 1 here, and nobody may be busy waiting for the rest."""
    async with wire_server(answer(ok())) as server, opened(limits=limits(expiry=1.0)) as transport:
        await wait_all_tasks_blocked()
        await trio.sleep(0.08504242956601893)
        began = trio.current_time()
        await fetch(transport, server.url)
        assert (began + 1.0) - began < 1.0
        await trio.sleep(2)
        assert "open=0" in repr(transport)


async def test_a_request_at_the_moment_the_watch_begins(autojump_clock: MockClock) -> None:
    """Whichever of the two is first, the connection serves the request, and nobody else waits for it."""
    for _ in range(20):  # the order in which Trio runs tasks is random
        async with wire_server(answer(ok(), ok())) as server, opened() as transport:
            await wait_all_tasks_blocked()
            await fetch(transport, server.url)
            await trio.sleep(1)
            assert (await fetch(transport, server.url)).content == b"{}"
            assert len(server.wires) == 1


async def test_nothing_runs_while_nothing_is_due(autojump_clock: MockClock) -> None:
    """A connection that is kept without an expiry is looked at once, to be watched, and then left in peace."""

    class Steps(trio.abc.Instrument):
        count = 0

        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            self.count += "Housekeeper" in task.name

    async with wire_server(answer(ok())) as server, opened() as transport:
        await wait_all_tasks_blocked()
        await fetch(transport, server.url)
        await trio.sleep(1.5)
        steps = Steps()
        trio.lowlevel.add_instrument(steps)
        await trio.sleep(LONG)
        trio.lowlevel.remove_instrument(steps)
        assert steps.count == 0


async def test_closing_the_transport_ends_everything() -> None:
    """Requests in flight fail, those in the queue too, and the open response as soon as it is read."""

    async def fails(transport: TrioTransport, server: WireServer, kind: type[httpx.TransportError]) -> None:
        with pytest.raises(kind):
            await transport.handle_async_request(get(server.url))

    async with wire_server(answer(STUCK), linger) as server, trio.open_nursery() as nursery:
        async with opened(limits=limits(most=2)) as transport:
            response = await transport.handle_async_request(get(server.url))
            nursery.start_soon(fails, transport, server, httpx.ReadError)
            await in_reality(lambda: len(server.wires) == 2)
            nursery.start_soon(fails, transport, server, httpx.ConnectError)
            await wait_all_tasks_blocked()
            assert "in_use=2 waiting=1" in repr(transport)
        await fails(transport, server, httpx.ConnectError)
        with pytest.raises(httpx.ReadError, match="the transport was closed"):
            await response.aread()
        await response.aclose()
        await wait_all_tasks_blocked()
        assert "open=0 in_use=0 waiting=0" in repr(transport)


async def test_nobody_waits_for_a_closed_transport() -> None:
    """Who waits for a connection is told, though the slot stays with a response that nobody closes yet."""

    async def fails(transport: TrioTransport, server: WireServer) -> None:
        with pytest.raises(httpx.ConnectError, match="the transport is closed"):
            await transport.handle_async_request(get(server.url))

    async with wire_server(answer(STUCK)) as server:
        transport = opened(limits=limits(most=1))
        response = await transport.handle_async_request(get(server.url))
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(fails, transport, server)
                await wait_all_tasks_blocked()
                await transport.aclose()
            await fails(transport, server)
        await response.aclose()
        assert "open=0 in_use=0 waiting=0" in repr(transport)


async def test_a_cancelled_block_still_keeps_the_timeouts_of_its_cleanup() -> None:
    """A shielded request that waits while everything around it is cancelled ends at its timeout, not never."""
    async with wire_server(linger) as server, trio.open_nursery() as nursery:
        with trio.CancelScope() as scope:
            async with opened() as transport:
                nursery.start_soon(_cancel_when_it_waits, scope)
                failed = False
                with trio.move_on_after(5, shield=True):
                    with pytest.raises(httpx.ReadTimeout):
                        await transport.handle_async_request(get(server.url, read=0.05))
                    failed = True
        assert failed


async def _cancel_when_it_waits(scope: trio.CancelScope) -> None:
    await wait_all_tasks_blocked(0.01)
    scope.cancel()
