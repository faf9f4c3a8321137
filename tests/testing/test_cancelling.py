"""`cancel_everywhere` finds what it is there to find, and says where."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from support.wire import answer, ok, wire_server
from trio_api import APIConnectionError, AsyncAPIClient
from trio_api.testing import TortureReport, cancel_everywhere


async def two_waits() -> None:
    await trio.sleep(1)
    await trio.sleep(1)


async def test_each_wait_is_two_points(autojump_clock: MockClock) -> None:
    """While it waits, and when that is over; the report tells where."""
    report = await cancel_everywhere(two_waits)
    assert [injection.number for injection in report.injections] == [1, 2, 3, 4]
    assert report.injections[0].what == "cancelled while it waited"
    assert report.injections[1].what == "cancelled after its wait was over"
    assert "two_waits (test_cancelling.py:" in report.injections[0].place
    assert set(report.places.values()) == {2}
    assert str(report) == "4 faults at 2 places, and nothing was left"


async def test_tasks_within_count_too(autojump_clock: MockClock) -> None:
    """A child is cancelled at its own checkpoints."""

    async def with_a_child() -> None:
        async with trio.open_nursery() as nursery:  # noqa: ASYNC112  # a child is what is wanted
            nursery.start_soon(two_waits)

    places = (await cancel_everywhere(with_a_child)).places
    assert any("two_waits" in place for place in places)
    assert any("with_a_child" in place for place in places)


async def test_a_function_that_never_waits_has_no_points() -> None:
    """There is nothing to cancel."""

    async def nothing() -> None:
        pass

    assert await cancel_everywhere(nothing) == TortureReport(())


async def test_some_points_only(autojump_clock: MockClock) -> None:
    """Each third, or the one that a failure named."""
    numbers = [each.number for each in (await cancel_everywhere(two_waits, every=3)).injections]
    assert numbers == [1, 4]
    assert [each.number for each in (await cancel_everywhere(two_waits, only=3)).injections] == [3]
    with pytest.raises(AssertionError, match="there is no point 9; fn has 4"):
        await cancel_everywhere(two_waits, only=9)


async def test_a_leaked_socket(autojump_clock: MockClock) -> None:
    """It is found at the first point that leaks it, and the message says how to have that alone."""
    leaked: list[socket.socket] = []

    async def leaky() -> None:
        await trio.sleep(1)
        opened = socket.socket()
        leaked.append(opened)
        await trio.sleep(1)
        opened.close()

    with pytest.raises(AssertionError) as caught:
        await cancel_everywhere(leaky)
    for each in leaked:
        each.close()
    assert "leaky (test_cancelling.py:" in str(caught.value)
    assert "left: 1 x socket" in str(caught.value)
    assert "cancel_everywhere(..., only=3)" in str(caught.value)


async def test_a_leaked_file(autojump_clock: MockClock, tmp_path: Path) -> None:
    """By its name."""
    leaked: list[int] = []

    async def leaky() -> None:
        leaked.append(os.open(tmp_path / "kept", os.O_CREAT))
        await trio.sleep(1)
        os.close(leaked.pop())

    with pytest.raises(AssertionError, match=f"left: 1 x file {tmp_path}/kept"):
        await cancel_everywhere(leaky)
    os.close(leaked.pop())


async def test_a_leaked_task(autojump_clock: MockClock) -> None:
    """One that was started in a nursery that is none of the function's."""
    async with trio.open_nursery() as elsewhere:

        async def leaky() -> None:
            with trio.CancelScope() as scope:
                elsewhere.start_soon(forever, scope)
                await trio.sleep(1)
                scope.cancel()

        async def forever(scope: trio.CancelScope) -> None:
            while not scope.cancel_called:  # noqa: ASYNC110  # it is cancelled by nobody
                await trio.sleep(1)

        with pytest.raises(AssertionError, match=r"left: 1 x task .*forever"):
            await cancel_everywhere(leaky)
        elsewhere.cancel_scope.cancel()


async def test_a_permit_of_a_client(autojump_clock: MockClock) -> None:
    """What calls of a client hold is counted: here a response that only a run which comes to its end closes."""
    async with (
        wire_server(answer(ok(), ok())) as server,
        AsyncAPIClient(base_url=server.url, trust_env=False, max_concurrency=9) as client,
    ):

        async def leaky() -> None:
            response = client.with_streaming_response.get("/", cast_to=bytes)
            await response.__aenter__()
            await trio.sleep(1)
            await response.__aexit__(None, None, None)

        with pytest.raises(AssertionError, match="1 x open response of the AsyncAPIClient, 1 x permit of the"):
            await cancel_everywhere(leaky, clients=[client])


async def test_a_cancellation_that_is_swallowed(autojump_clock: MockClock) -> None:
    """Whether something else comes out of it, or nothing."""

    async def deaf() -> None:
        try:
            await trio.sleep(1)
        except trio.Cancelled:  # noqa: ASYNC103  # that is the point
            pass

    async def renaming() -> None:
        try:
            await trio.sleep(1)
        except trio.Cancelled:
            raise APIConnectionError("the wrong name") from None  # noqa: ASYNC104

    with pytest.raises(AssertionError, match="the cancellation was swallowed: it returned"):
        await cancel_everywhere(deaf)
    with pytest.raises(AssertionError, match="the cancellation was swallowed: it raised APIConnectionError"):
        await cancel_everywhere(renaming)


async def test_an_error_that_was_there_before(autojump_clock: MockClock) -> None:
    """It may come out where the cancellation did not reach the function, if it is one of *raises*."""

    async def failing_late() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)
        if trio.current_effective_deadline() < trio.current_time():
            raise LookupError

    with pytest.raises(AssertionError, match="it raised LookupError"):
        await cancel_everywhere(failing_late)
    assert len((await cancel_everywhere(failing_late, raises=(LookupError,))).injections) == 2


async def test_an_end_that_takes_too_long(autojump_clock: MockClock) -> None:
    """A cleanup that is shielded without a bound holds the caller up."""

    async def slow() -> None:
        try:
            await trio.sleep(1)
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(10)

    with pytest.raises(AssertionError, match=r"it took 1[01] seconds to end"):
        await cancel_everywhere(slow)
    assert await cancel_everywhere(slow, within=11)


async def test_a_next_run_that_fails(autojump_clock: MockClock) -> None:
    """What a cancellation breaks for those who come after it."""
    lock = trio.Lock()

    async def locking() -> None:
        lock.acquire_nowait()
        await trio.sleep(1)
        lock.release()

    with pytest.raises(AssertionError, match=r"the next run failed: .*(WouldBlock|RuntimeError)"):
        await cancel_everywhere(locking)


async def test_a_check_of_the_callers_own(autojump_clock: MockClock) -> None:
    """It is asked after each run, and its error is told with the point."""
    half: list[int] = []

    async def halves() -> None:
        half.append(1)
        await trio.sleep(1)
        half.pop()

    def whole() -> None:
        assert not half, "half of it is there"

    with pytest.raises(AssertionError, match="half of it is there") as caught:
        await cancel_everywhere(halves, check=whole)
    assert "only=1" in str(caught.value)


async def test_a_function_that_fails_undisturbed() -> None:
    """That is no finding: its own error comes out."""

    async def broken() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await cancel_everywhere(broken)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"every": 0}, "every must be"), ({"only": 0}, "only must be"), ({"within": -1}, "within must")],
)
async def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    """They are named before anything runs."""
    with pytest.raises(ValueError, match=message):
        await cancel_everywhere(two_waits, **arguments)
