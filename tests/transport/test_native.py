"""The transport as a whole: whatever happens to its requests, the books balance and nothing is left."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import httpx
import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import wait_all_tasks_blocked

from support.transports import fetch
from support.wire import Wire, answer, linger, ok, wire_server
from trio_api.transport import TrioTransport

MOMENT = 0.002  # seconds
BIG = b"x" * 300_000


def opened(**limits: Any) -> TrioTransport:
    return TrioTransport(verify=False, trust_env=False, limits=httpx.Limits(**limits))


class Moody:
    """A server that answers each request in another way, drawn by *dice*."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    async def serve(self, wire: Wire) -> None:
        while head := await wire.read_until(b"\r\n\r\n"):
            if b"POST" in head and self.dice.random() < 0.8:
                await wire.read_until(b"\r\n0\r\n\r\n")
            if not await self.answer(wire):
                return

    async def answer(self, wire: Wire) -> bool:
        """Whether the connection lives on."""
        mood = self.dice.randrange(9)
        if mood == 0:
            await trio.sleep(self.dice.expovariate(1 / MOMENT))
        elif mood == 1:
            wire.reset()
            return False
        elif mood == 2:
            return False
        elif mood == 3:
            await wire.stream.send_all(ok(b"{}", b"Connection: close"))
            return False
        elif mood == 4:
            await wire.stream.send_all(ok(b"0123456789")[:-4])
            await trio.sleep(self.dice.expovariate(1 / MOMENT))
            await wire.stream.send_all(b"6789")
            return True
        elif mood == 5:
            await wire.stream.send_all(ok(BIG))
            return True
        await wire.stream.send_all(ok())
        return mood != 6


class Pieces(httpx.AsyncByteStream):
    """A body in pieces."""

    def __init__(self) -> None:
        self._left = 5

    def __aiter__(self) -> Pieces:
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if not self._left:
            raise StopAsyncIteration
        self._left -= 1
        return BIG


async def user(transport: TrioTransport, url: str, dice: random.Random) -> None:
    """Send requests, be impatient in four ways, leave bodies unread, and be cancelled."""
    for _ in range(8):
        timeouts = {name: dice.choice([None, MOMENT, 0.05]) for name in ("connect", "read", "write", "pool")}
        extensions: dict[str, Any] = {"timeout": timeouts}
        if dice.random() < 0.1:
            extensions["trio_api.fresh"] = True
        if dice.random() < 0.3:
            request = httpx.Request(
                "POST",
                url,
                headers={"Host": "test", "Transfer-Encoding": "chunked"},
                stream=Pieces(),
                extensions=extensions,
            )
        else:
            request = httpx.Request("GET", url, extensions=extensions)
        with (
            trio.move_on_after(dice.choice([0.0, dice.expovariate(1 / MOMENT), 0.05])),
            contextlib.suppress(httpx.TransportError),
        ):
            response = await transport.handle_async_request(request)
            try:
                if dice.random() < 0.7:
                    await response.aread()
            finally:
                await response.aclose()


async def storm(seed: int, most: int, most_idle: int, expiry: float | None, *, is_entered: bool) -> None:
    """Many users of a small pool, then one request that has to succeed, and nothing that is left."""
    dice = random.Random(seed)
    calm = False

    async def serve(wire: Wire) -> None:
        if calm:
            await answer(ok(b"calm"), ok(b"calm"))(wire)
        else:
            await Moody(dice).serve(wire)

    transport = opened(max_connections=most, max_keepalive_connections=most_idle, keepalive_expiry=expiry)
    tasks = trio.lowlevel.current_statistics().tasks_living
    async with wire_server(serve, serve) as server:
        async with transport if is_entered else contextlib.aclosing(transport):
            async with trio.open_nursery() as nursery:
                for _ in range(12):
                    nursery.start_soon(user, transport, server.url, dice)
            shown = repr(transport)
            assert "in_use=0 waiting=0" in shown
            assert int(shown.split("open=")[1].split()[0]) <= min(most, most_idle)
            calm = True
            await wait_all_tasks_blocked()
            fresh = {"trio_api.fresh": True}
            assert (await fetch(transport, server.url, extensions=fresh)).content == b"calm"
        assert "open=0 in_use=0 waiting=0" in repr(transport)
        with trio.fail_after(5):
            for wire in server.wires:
                await wire.left.wait()
    assert trio.lowlevel.current_statistics().tasks_living == tasks


@settings(max_examples=10)
@given(
    seed=st.integers(0, 2**32),
    most=st.integers(1, 5),
    most_idle=st.integers(0, 3),
    expiry=st.sampled_from([None, 0.0, MOMENT, 5.0]),
    is_entered=st.booleans(),
)
def test_the_books_balance_after_a_storm(
    seed: int, most: int, most_idle: int, expiry: float | None, is_entered: bool
) -> None:
    """Cancellations, timeouts, resets and unread bodies lose no slot, no socket and no task."""

    async def main() -> None:
        await storm(seed, most, most_idle, expiry, is_entered=is_entered)

    trio.run(main)


@pytest.mark.parametrize("event", ["connection.connect_tcp", "http11.send_request_headers"])
@pytest.mark.parametrize("when", ["started", "complete"])
async def test_a_trace_that_fails(event: str, when: str) -> None:
    """What the caller's trace raises comes out, and the connection that was being opened is closed."""

    async def trace(name: str, info: dict[str, Any]) -> None:
        if name == f"{event}.{when}":
            raise ZeroDivisionError

    async with wire_server(linger) as server, opened() as transport:
        with pytest.raises(ZeroDivisionError):
            await fetch(transport, server.url, extensions={"trace": trace})
        assert "open=0 in_use=0" in repr(transport)
        with trio.fail_after(5):
            for wire in server.wires:
                await wire.left.wait()


async def test_one_after_the_other() -> None:
    """With one connection, who asked first is answered first."""
    async with wire_server(answer(*[ok()] * 20)) as server, opened(max_connections=1) as transport:
        order: list[int] = []

        async def ask(number: int) -> None:
            await fetch(transport, server.url)
            order.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(ask, number)
                await trio.lowlevel.checkpoint()
                await trio.lowlevel.checkpoint()
        assert order == sorted(order)
        assert len(server.wires) == 1


async def test_it_is_opened_once() -> None:
    """Two clients can't own one transport."""
    async with opened() as transport:
        with pytest.raises(RuntimeError, match="opened once"):
            await transport.__aenter__()
    with pytest.raises(RuntimeError, match="opened once"):
        await transport.__aenter__()
