"""Long-running operations on Trio: deadlines of scopes, cancellation, and tasks that wait together."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import trio
import trio.testing

from support.scripted import Answer, Script, Slow, reply
from trio_api import AsyncAPIClient, AsyncOperation, ClientStateError, OperationTimeoutError, PollPolicy

EVEN = PollPolicy(interval=5.0, max_interval=5.0)


@pytest.fixture(autouse=True)
def no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are as long as they can be."""
    monkeypatch.setattr(random, "random", lambda: 0.0)


@asynccontextmanager
async def playing(*answers: Answer) -> AsyncIterator[tuple[AsyncAPIClient, Script]]:
    script = Script(*answers)
    async with (
        httpx.AsyncClient(transport=script, timeout=None) as http_client,
        AsyncAPIClient(base_url="https://api.example.com/v1", http_client=http_client) as client,
    ):
        yield client, script


def running(retry_after: int | None = None) -> httpx.Response:
    return reply("running", headers=None if retry_after is None else {"Retry-After": str(retry_after)})


def polled(client: AsyncAPIClient) -> AsyncOperation[str]:
    return client.poll("/jobs/17", cast_to=str, until=lambda text: text == '"done"', policy=EVEN)


async def test_an_operation_can_be_awaited(autojump_clock: trio.testing.MockClock) -> None:
    """It is not a coroutine: one that nobody awaits is no error, and a second await gives the same."""
    async with playing(running(), reply("done")) as (client, _):
        polled(client)
        operation = polled(client)
        assert await operation == '"done"'
        assert await operation == '"done"'


async def test_an_iteration_can_be_left_and_gone_on_with(autojump_clock: trio.testing.MockClock) -> None:
    """There is no generator that would have to be closed; and a new iteration begins where the operation is."""
    async with playing(running(), running(), reply("done")) as (client, script):
        operation = polled(client)
        states = aiter(operation)
        async for _ in states:
            break
        assert [text async for text in states] == ['"running"', '"done"']
        assert [text async for text in operation] == ['"done"']
        assert script.waits == [5.0, 5.0]


async def test_a_wait_beyond_the_deadline_of_the_scope_is_not_begun(autojump_clock: trio.testing.MockClock) -> None:
    """As with a Retry-After: the error says what is known, now, not a TooSlowError that says nothing, later."""
    async with playing(running(60)) as (client, _):
        began = trio.current_time()
        with trio.fail_after(30), pytest.raises(OperationTimeoutError, match="asks to wait 60 s, and 30 s are left"):
            await polled(client)
        assert trio.current_time() == began


async def test_the_scope_cuts_off_a_poll(autojump_clock: trio.testing.MockClock) -> None:
    """An answer that takes longer than the deadline is cancelled, as any call is; then it can be gone on."""
    async with playing(Slow(60, running()), reply("done")) as (client, _):
        operation = polled(client)
        with trio.move_on_after(30) as scope:
            await operation
        assert scope.cancelled_caught
        assert await operation == '"done"'


async def test_a_cancelled_wait_is_left_at_once_and_gone_on_with(autojump_clock: trio.testing.MockClock) -> None:
    """What is left of the wait is waited by who comes next."""
    async with playing(running(60), reply("done")) as (client, script):
        operation = polled(client)
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(operation.result)
                await trio.sleep(10)
                began = trio.current_time()
                scope.cancel()
        assert trio.current_time() == began
        assert await operation == '"done"'
        assert script.waits == [60.0]


async def test_in_a_cancelled_scope_nothing_is_asked(autojump_clock: trio.testing.MockClock) -> None:
    """It is cancelled, and no matter of time: neither before the first poll nor once it is over."""
    async with playing(reply("done")) as (client, script):
        operation = polled(client)
        for sent in (0, 1):
            with trio.CancelScope() as scope:
                scope.cancel()
                await operation
            assert scope.cancelled_caught
            assert len(script.sent) == sent
            await operation


async def test_a_deadline_that_has_passed_is_a_cancellation(autojump_clock: trio.testing.MockClock) -> None:
    """``move_on_after(0)`` moves on."""
    async with playing() as (client, _):
        with trio.move_on_after(0) as scope:
            await polled(client)
        assert scope.cancelled_caught


async def test_tasks_that_wait_together_ask_together(autojump_clock: trio.testing.MockClock) -> None:
    """Each poll is made once, however many wait for the result; and one that is cancelled takes none with it."""
    results: list[str] = []

    async def wait(operation: AsyncOperation[str]) -> None:
        results.append(await operation)

    async with playing(running(), running(), reply("done")) as (client, script):
        operation = polled(client)
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(wait, operation)
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as cancelled:
                    cancelled.start_soon(wait, operation)
                    await trio.sleep(7)
                    scope.cancel()
        assert results == ['"done"'] * 3
        assert script.waits == [5.0, 5.0]


async def test_who_waits_beside_another_has_a_time_of_its_own(autojump_clock: trio.testing.MockClock) -> None:
    """One of two gives up, by its own scope, before the wait and in the middle of the other's poll."""
    ended: list[float] = []

    async def wait_until(operation: AsyncOperation[str], deadline: float) -> None:
        with pytest.raises((OperationTimeoutError, trio.TooSlowError)), trio.fail_at(deadline):
            await operation
        ended.append(trio.current_time() - began)

    # Either may be the one who asks. If that one gives up, the other asks again.
    async with playing(running(60), Slow(20, reply("done")), Slow(20, reply("done"))) as (client, _):
        operation, began = polled(client), trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(operation.result)
            await trio.sleep(1)
            nursery.start_soon(wait_until, operation, began + 30)
            nursery.start_soon(wait_until, operation, began + 70)
        assert ended == [1.0, 70.0]
        assert operation.is_over


async def test_tasks_that_iterate_together_see_every_value(autojump_clock: trio.testing.MockClock) -> None:
    """It does not matter whose poll brought it."""
    seen: list[list[str]] = []

    async def watch(operation: AsyncOperation[str]) -> None:
        seen.append([text async for text in operation])

    async with playing(running(), running(), reply("done")) as (client, script):
        operation = polled(client)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch, operation)
            nursery.start_soon(watch, operation)
        assert seen == [['"running"', '"running"', '"done"']] * 2
        assert len(script.sent) == 3


async def test_closing_the_client_ends_the_wait(autojump_clock: trio.testing.MockClock) -> None:
    """With the error of any call that is cut off by it."""
    errors: list[BaseException] = []

    async def wait(operation: AsyncOperation[str]) -> None:
        with pytest.raises(ClientStateError, match="is closed") as caught:
            await operation
        errors.append(caught.value)

    async with trio.open_nursery() as nursery:
        async with playing(running(60)) as (client, _):
            nursery.start_soon(wait, polled(client))
            await trio.sleep(1)
        began = trio.current_time()
    assert len(errors) == 1
    assert trio.current_time() == began


async def test_a_client_that_is_not_open_says_so(autojump_clock: trio.testing.MockClock) -> None:
    """With the right form, where the operation is awaited."""
    client = AsyncAPIClient(base_url="https://api.example.com/v1")
    with pytest.raises(ClientStateError, match="Use it inside its block"):
        await polled(client)
