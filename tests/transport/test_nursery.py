"""The nursery that nobody sees: what comes out of its block, in every way that it can end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
import trio
from trio.testing import MockClock

from trio_api.transport._nursery import HiddenNursery


@contextlib.asynccontextmanager
async def cleanup_of(seconds: float, then: BaseException | None = None) -> AsyncIterator[None]:
    """A cleanup that takes its time, shielded, and may end badly."""
    try:
        yield
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep(seconds)
        if then is not None:
            raise then


async def slow_to_go(seconds: float = 1, then: BaseException | None = None) -> None:
    async with cleanup_of(seconds, then):
        await trio.sleep_forever()


async def crash(error: BaseException) -> None:
    await trio.lowlevel.checkpoint()
    raise error


async def test_tasks_are_gone_when_the_block_is_left(autojump_clock: MockClock) -> None:
    """Leaving cancels them and waits for their cleanup."""
    async with HiddenNursery() as nursery:
        nursery.start_soon(slow_to_go, 3)
        await trio.testing.wait_all_tasks_blocked()
        left_at = trio.current_time()
    assert trio.current_time() == left_at + 3
    assert nursery.child_tasks == frozenset()


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), SystemExit(3)])
async def test_what_the_body_raises_comes_out_as_it_is(autojump_clock: MockClock, error: BaseException) -> None:
    """The very object, in no group, with tasks running or not."""
    for tasks in (0, 2):
        with pytest.raises(type(error)) as caught:
            async with HiddenNursery() as nursery:
                for _ in range(tasks):
                    nursery.start_soon(trio.sleep_forever)
                raise error
        assert caught.value is error


async def test_a_group_that_the_body_raises_is_the_bodys_own(autojump_clock: MockClock) -> None:
    """Two things that failed in the body stay as the body has them."""
    group = ExceptionGroup("mine", [ValueError(), KeyError()])
    with pytest.RaisesGroup(ValueError, KeyError) as caught:
        async with HiddenNursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            raise group
    assert caught.value is group


async def test_a_cancellation_from_outside_comes_out_single(autojump_clock: MockClock) -> None:
    """`except trio.Cancelled` around the block sees it, and the scope outside takes it."""
    came_out: list[type[BaseException]] = []
    with trio.move_on_after(1) as scope:
        try:
            async with HiddenNursery() as nursery:
                nursery.start_soon(slow_to_go)
                await trio.sleep_forever()
        except BaseException as error:
            came_out.append(type(error))
            raise
    assert scope.cancelled_caught
    assert came_out == [trio.Cancelled]
    assert trio.current_time() == 2


async def test_a_cancellation_while_the_block_is_being_left_comes_out_single(autojump_clock: MockClock) -> None:
    """The body was done; the scope outside is cancelled while the tasks clean up."""
    came_out: list[type[BaseException]] = []
    with trio.move_on_after(1) as scope:
        try:
            async with HiddenNursery() as nursery:
                nursery.start_soon(slow_to_go, 5)
                await trio.testing.wait_all_tasks_blocked()
        except BaseException as error:
            came_out.append(type(error))
            raise
    assert scope.cancelled_caught
    assert came_out == [trio.Cancelled]


async def test_an_error_of_the_body_outlives_a_cancellation_from_outside(autojump_clock: MockClock) -> None:
    """Both at once: the error is what the caller has to know of, and the scope outside is cancelled still."""
    with pytest.raises(ValueError, match="mine"):
        with trio.move_on_after(1) as scope:
            async with HiddenNursery() as nursery:
                nursery.start_soon(slow_to_go, 5)
                await trio.testing.wait_all_tasks_blocked()
                raise ValueError("mine")
    assert scope.cancel_called


async def test_a_crash_of_a_task_is_an_internal_error(autojump_clock: MockClock) -> None:
    """The body is cancelled at once, and what comes out is one RuntimeError, caused by the nursery's group."""
    with pytest.raises(RuntimeError, match="a bug of the library") as caught:
        async with HiddenNursery() as nursery:
            nursery.start_soon(crash, KeyError("bug"))
            await trio.sleep_forever()
    cause = caught.value.__cause__
    assert isinstance(cause, ExceptionGroup)
    assert repr(cause.exceptions) == "(KeyError('bug'),)"


async def test_a_crash_while_the_block_is_being_left_is_an_internal_error_too(autojump_clock: MockClock) -> None:
    """With nothing from the body to raise beside it."""
    with pytest.raises(RuntimeError, match="a bug of the library"):
        async with HiddenNursery() as nursery:
            nursery.start_soon(slow_to_go, 1, KeyError("bug"))
            await trio.testing.wait_all_tasks_blocked()


@pytest.mark.parametrize("early", [True, False])
async def test_two_things_that_truly_failed_come_out_together(autojump_clock: MockClock, early: bool) -> None:
    """The body's error and a crash, whichever was first."""
    with pytest.RaisesGroup(ValueError, RuntimeError, match="the block failed, and so did a background task"):
        async with HiddenNursery() as nursery:
            nursery.start_soon(*(crash, KeyError("bug")) if early else (slow_to_go, 1, KeyError("bug")))
            with trio.CancelScope(shield=True):
                await trio.testing.wait_all_tasks_blocked()
            raise ValueError("mine")


async def test_a_crash_outlives_a_cancellation_from_outside(autojump_clock: MockClock) -> None:
    """A bug is not hidden by a timeout."""
    with pytest.raises(RuntimeError, match="a bug of the library"):
        with trio.move_on_after(1):
            async with HiddenNursery() as nursery:
                nursery.start_soon(slow_to_go, 1, KeyError("bug"))
                await trio.sleep_forever()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
async def test_an_interrupt_that_meets_a_task_comes_out_as_it_is(
    autojump_clock: MockClock, error: BaseException
) -> None:
    """Ctrl-C is delivered to whatever task runs: it is no crash, and no group."""
    with pytest.raises(type(error)) as caught:
        async with HiddenNursery() as nursery:
            nursery.start_soon(crash, error)
            await trio.sleep_forever()
    assert caught.value is error


async def test_an_interrupt_of_the_body_outlives_a_crash(autojump_clock: MockClock) -> None:
    """The user wants out."""
    with pytest.raises(KeyboardInterrupt):
        async with HiddenNursery() as nursery:
            nursery.start_soon(crash, KeyError("bug"))
            with trio.CancelScope(shield=True):
                await trio.testing.wait_all_tasks_blocked()
            raise KeyboardInterrupt


async def test_the_owner_may_cancel_the_body_through_the_nursery(autojump_clock: MockClock) -> None:
    """As with any nursery the cancellation ends at the end of the block."""
    async with HiddenNursery() as nursery:
        nursery.cancel_scope.cancel()
        await trio.sleep_forever()
    assert nursery.cancel_scope.cancelled_caught


async def test_blocks_nest(autojump_clock: MockClock) -> None:
    """One in the other, scopes between them, entered through a stack: an inner timeout stays inside."""
    async with HiddenNursery() as outer, contextlib.AsyncExitStack() as stack:
        outer.start_soon(trio.sleep_forever)
        middle = await stack.enter_async_context(HiddenNursery())
        middle.start_soon(trio.sleep_forever)
        with trio.move_on_after(1) as scope:
            async with HiddenNursery() as inner, HiddenNursery() as innermost:
                inner.start_soon(slow_to_go)
                innermost.start_soon(slow_to_go)
                await trio.sleep_forever()
        assert scope.cancelled_caught
        assert len(middle.child_tasks) == len(outer.child_tasks) == 1


async def test_closing_can_be_shielded_by_the_nurserys_own_scope(autojump_clock: MockClock) -> None:
    """Tasks that have to go slowly are not cut short, without a scope around the closing."""
    finished = trio.Event()

    async def unshielded_cleanup() -> None:
        try:
            await trio.sleep(10)
        finally:
            finished.set()

    with trio.move_on_after(1):
        async with HiddenNursery() as nursery:
            nursery.cancel_scope.shield = True
            nursery.start_soon(unshielded_cleanup)
            await trio.sleep(5)
    assert finished.is_set()
    assert trio.current_time() == 5


def test_a_program_without_strict_groups_gets_the_same() -> None:
    """`trio.run(strict_exception_groups=False)` does not reach in here."""

    async def main() -> None:
        async with HiddenNursery() as nursery:
            nursery.start_soon(crash, KeyError("bug"))
            await trio.sleep_forever()

    with pytest.raises(RuntimeError, match="a bug of the library"), pytest.warns(trio.TrioDeprecationWarning):
        trio.run(main, strict_exception_groups=False)
