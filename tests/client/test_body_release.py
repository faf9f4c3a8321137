"""What an open body holds is given back exactly once, however the body ends, in both colours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import httpx
import pytest
import trio
import trio.testing

from support.colours import Colour
from support.live import settle
from support.open_streams import Step, StepwiseBody
from support.scripted import reply
from trio_api import APIConnectionError, APITimeoutError
from trio_api._records import Reply
from trio_api.client._lifetime import Lifetime
from trio_api.client._open_body_blocking import OpenBody as BlockingBody
from trio_api.client._open_body_trio import OpenBody as TrioBody

End: TypeAlias = Callable[[Any], Awaitable[None]]
"""How a body ends: awaits nothing but `settle` where it is for both colours."""


class Unclosable(StepwiseBody):
    """A body whose connection breaks while it is closed."""

    async def aclose(self) -> None:
        await super().aclose()
        raise httpx.CloseError("gone")

    def close(self) -> None:
        super().close()
        raise httpx.CloseError("gone")


class SlowToClose(StepwiseBody):
    """A body that takes an hour to close."""

    async def aclose(self) -> None:
        await trio.sleep(3600)
        await super().aclose()


def reply_of(source: StepwiseBody) -> Reply:
    request = httpx.Request("GET", "https://api.example.com/f", extensions={"timeout": {"read": None}})
    response = source.answer("application/octet-stream")(request)
    response.request = request
    return Reply(response, (), 0)


def released_by_trio(end: End, source: StepwiseBody) -> int:
    """How many times what a body held was given back, by the end of its client."""
    released: list[None] = []

    async def main() -> None:
        lifetime = Lifetime("AsyncAPIClient")
        await lifetime.open()
        try:
            await end(TrioBody(lifetime, reply_of(source), on_close=lambda: released.append(None)))
        finally:
            await lifetime.finish_calls(0.0, lambda: None)  # noqa: ASYNC102  # as the client's own block does it
            await lifetime.close(None, None, None)  # noqa: ASYNC102

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    return len(released)


def released_by_blocking(end: End, source: StepwiseBody) -> int:
    """As `released_by_trio`; here nothing waits, so that the coroutine goes through at once."""
    released: list[None] = []
    coroutine: Any = end(BlockingBody(reply_of(source), on_close=lambda: released.append(None)))
    with pytest.raises(StopIteration):
        coroutine.send(None)
    return len(released)


async def close(body: Any) -> None:
    await settle(body.aclose() if hasattr(body, "aclose") else body.close())


async def to_the_end(body: Any) -> None:
    while await settle(body.receive()) is not None:
        pass


async def read_whole(body: Any) -> None:
    await to_the_end(body)
    await close(body)


async def left_early(body: Any) -> None:
    assert await settle(body.receive()) == b"one"
    await close(body)


async def left_unread(body: Any) -> None:
    await close(body)


async def closed_again(body: Any) -> None:
    await read_whole(body)
    await close(body)
    await close(body)


async def broken_off(body: Any) -> None:
    with pytest.raises(APIConnectionError):
        await to_the_end(body)
    await close(body)


async def out_of_time(body: Any) -> None:
    assert await settle(body.receive()) == b"one"
    with pytest.raises(APITimeoutError):
        await settle(body.receive(until=-1.0))
    await close(body)


async def failed_to_close(body: Any) -> None:
    with pytest.raises(httpx.CloseError):
        await close(body)
    await close(body)


BOTH = pytest.mark.parametrize("released", [released_by_trio, released_by_blocking], ids=["trio", "blocking"])
WHOLE: list[Step] = [b"one", b"two"]
BROKEN: list[Step] = [b"one", httpx.ReadError("reset")]
SLOW: list[Step] = [b"one", 3600.0, b"two"]


@BOTH
@pytest.mark.parametrize(
    ("end", "source"),
    [
        (read_whole, lambda: StepwiseBody(*WHOLE)),
        (left_early, lambda: StepwiseBody(*WHOLE)),
        (left_unread, lambda: StepwiseBody(*WHOLE)),
        (closed_again, lambda: StepwiseBody(*WHOLE)),
        (broken_off, lambda: StepwiseBody(*BROKEN)),
        (out_of_time, lambda: StepwiseBody(*SLOW)),
        (failed_to_close, lambda: Unclosable(*WHOLE)),
    ],
)
def test_it_is_given_back_once(
    released: Callable[[End, StepwiseBody], int], end: End, source: Callable[[], StepwiseBody]
) -> None:
    """Whether the body came whole or not, was wanted or not, and was closed well or not."""
    assert released(end, source()) == 1


@BOTH
def test_reading_to_the_end_gives_nothing_back(released: Callable[[End, StepwiseBody], int]) -> None:
    """Only closing does: Trio's client closes what its block leaves open, the blocking one has no block."""
    assert released(to_the_end, StepwiseBody(*WHOLE)) == (1 if released is released_by_trio else 0)


# -- Trio: cancellation, and the end of the client -----------------------------------------------------------


async def cancelled_in_a_read(body: Any) -> None:
    with trio.move_on_after(5) as scope:
        try:
            await to_the_end(body)
        finally:
            await body.aclose()  # noqa: ASYNC102  # it shields itself
    assert scope.cancelled_caught


async def closed_in_a_cancelled_scope(body: Any) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await body.aclose()


async def cancelled_while_closing(body: Any) -> None:
    began = trio.current_time()
    with trio.move_on_after(1):
        await body.aclose()
    assert trio.current_time() - began <= 5.0


async def closed_by_two_tasks(body: Any) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(body.aclose)
        nursery.start_soon(body.aclose)


async def closed_by_the_client_alone(body: Any) -> None:
    assert await body.receive() == b"one"


@pytest.mark.parametrize(
    ("end", "source"),
    [
        (cancelled_in_a_read, lambda: StepwiseBody(*SLOW)),
        (closed_in_a_cancelled_scope, lambda: StepwiseBody(*WHOLE)),
        (cancelled_while_closing, lambda: SlowToClose(*WHOLE)),
        (closed_by_two_tasks, lambda: SlowToClose(*WHOLE)),
        (closed_by_the_client_alone, lambda: StepwiseBody(*WHOLE)),
    ],
)
def test_a_cancellation_does_not_keep_it(end: End, source: Callable[[], StepwiseBody]) -> None:
    """Wherever it strikes; nor does a body that will not close, or one that is never closed."""
    assert released_by_trio(end, source()) == 1


# -- blocking: interruption ----------------------------------------------------------------------------------


class Interrupted(StepwiseBody):
    """A body in whose reading the user presses Ctrl-C."""

    def _next(self) -> bytes | float | None:
        raise KeyboardInterrupt


async def interrupted(body: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        body.receive()
    body.close()


def test_an_interruption_does_not_keep_it() -> None:
    """The block that is left closes the body."""
    assert released_by_blocking(interrupted, Interrupted(*WHOLE)) == 1


# -- a whole client ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "read"),
    [
        (WHOLE, lambda response: response.read()),
        (WHOLE, lambda response: None),
        (BROKEN, lambda response: response.read()),
    ],
    ids=["whole", "unread", "broken"],
)
def test_the_next_call_has_the_permit(colour: Colour, steps: list[Step], read: Callable[[Any], Any]) -> None:
    """With one call at a time, the next one begins once the response of the last is closed."""

    def body(client: Any) -> Any:
        block = client.with_streaming_response.get("/f", cast_to=bytes)
        is_async = hasattr(block, "__aenter__")
        response = yield block.__aenter__() if is_async else block.__enter__()
        try:
            yield read(response)
        except APIConnectionError:
            assert steps is BROKEN
        yield block.__aexit__(None, None, None) if is_async else block.__exit__(None, None, None)
        return (yield client.get("/items", cast_to=object, options={"total_timeout": 5.0}))

    answer = StepwiseBody(*steps, time=colour.time).answer("application/octet-stream")
    assert colour.play(answer, reply([1]), body=body, max_concurrency=1)[0] == [1]
