"""Cancellation and deadlines on Trio: in every state of a call nothing is left behind, and no answer is lost."""

from __future__ import annotations

import contextlib
import gc
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import trio
import trio.testing
from trio.testing import MockClock as Clock

from support.colours import BASE_URL
from support.scripted import Script, Slow, reply
from trio_api import APITimeoutError, AsyncAPIClient, InternalServerError, RateLimitError, RetryPolicy


class Body(httpx.AsyncByteStream):
    """A body of three slow pieces, which knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in (b"[1", b",2", b"]"):
            await trio.sleep(10)
            yield piece

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()
        self.closed = True


@contextlib.asynccontextmanager
async def open_client(
    script: Script, client_class: type[AsyncAPIClient] = AsyncAPIClient, **settings: Any
) -> AsyncIterator[AsyncAPIClient]:
    settings = {"retry": RetryPolicy(jitter=0), "timeout": None, **settings}
    async with (
        httpx.AsyncClient(transport=script) as http_client,
        client_class(base_url=BASE_URL, http_client=http_client, **settings) as client,
    ):
        yield client


async def get(client: AsyncAPIClient, **options: Any) -> Any:
    return await client.get("/items", cast_to=object, options=options)


# -- cancelled in every state --------------------------------------------------------------------------------


class SlowHooks(AsyncAPIClient):
    """Ten seconds in each hook."""

    async def _prepare_options(self, options: Any) -> Any:
        await trio.sleep(10)
        return options

    async def _prepare_request(self, request: httpx.Request) -> None:
        await trio.sleep(10)


class SlowAuth(httpx.Auth):
    """Ten seconds before a request and ten after it."""

    async def async_auth_flow(self, request: httpx.Request) -> Any:
        await trio.sleep(10)
        yield request
        await trio.sleep(10)


class SlowAuthClient(AsyncAPIClient):
    @property
    def custom_auth(self) -> httpx.Auth:
        return SlowAuth()


async def slow_pieces() -> AsyncIterator[bytes]:
    for piece in (b"a", b"b"):
        await trio.sleep(10)
        yield piece


def plain(client: AsyncAPIClient) -> Awaitable[Any]:
    return get(client)


def upload(client: AsyncAPIClient) -> Awaitable[Any]:
    return client.put("/items", cast_to=object, content=slow_pieces())


STATES: dict[str, tuple[type[AsyncAPIClient], Callable[[AsyncAPIClient], Awaitable[Any]], Callable[[Body], list[Any]]]]
STATES = {
    "hooks": (SlowHooks, plain, lambda body: [reply()]),
    "auth": (SlowAuthClient, plain, lambda body: [httpx.Response(200, stream=body)]),
    "sending": (AsyncAPIClient, upload, lambda body: [reply()]),
    "waiting for the response": (AsyncAPIClient, plain, lambda body: [Slow(30, reply())]),
    "reading": (AsyncAPIClient, plain, lambda body: [httpx.Response(200, stream=body)]),
    "reading an error": (AsyncAPIClient, plain, lambda body: [httpx.Response(503, stream=body), reply()]),
    "waiting for a retry": (
        AsyncAPIClient,
        plain,
        lambda body: [reply(status=429, headers={"Retry-After": "30"}), httpx.Response(200, stream=body)],
    ),
    "redirected": (
        AsyncAPIClient,
        plain,
        lambda body: [httpx.Response(302, headers={"Location": "/x"}), httpx.Response(200, stream=body)],
    ),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("after", [0, 5, 15, 25, 35])
async def test_a_cancelled_call_leaves_nothing(state: str, after: float, autojump_clock: Clock) -> None:
    """At any time: the cancellation is the caller's own, at once; the connection is closed; the next call works."""
    client_class, call, answers = STATES[state]
    body = Body()
    script = Script(*answers(body))
    async with open_client(script, client_class) as client:
        started = trio.current_time()
        with trio.CancelScope() as scope:

            async def cancel() -> None:
                await trio.sleep(after)
                scope.cancel()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel)
                await call(client)
                nursery.cancel_scope.cancel()
        took = trio.current_time() - started
        assert took <= after or not scope.cancelled_caught
        if scope.cancelled_caught:
            assert took == after
        if state not in {"hooks", "sending"} and len(script.answers) == 0 and "wait" not in state:
            assert body.closed
        assert client._lifetime._calls == set()
        script.answers = [reply({"next": True})]
        assert await client.get("/next", cast_to=object) == {"next": True}
    gc.collect()
    await trio.testing.wait_all_tasks_blocked()


async def test_an_upload_that_is_cancelled_closes_its_source(autojump_clock: Clock) -> None:
    """An async generator of the application ends with the call, not when the garbage collector comes."""
    ended: list[str] = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"a"
            await trio.sleep(100)
            yield b"b"
        finally:
            ended.append("ended")

    async with open_client(Script()) as client:
        with trio.move_on_after(1) as scope:
            await client.put("/items", cast_to=object, content=pieces())
        assert scope.cancelled_caught
        assert ended == ["ended"]


async def test_calls_are_cancelled_one_by_one(autojump_clock: Clock) -> None:
    """Two calls of one client share nothing that one could lose for the other."""
    results: list[Any] = []

    async def call(client: AsyncAPIClient, seconds: float) -> None:
        with trio.move_on_after(seconds):
            results.append(await get(client))

    script = Script(Slow(5, reply({"a": 1})), Slow(5, reply({"b": 2})))
    async with open_client(script) as client, trio.open_nursery() as nursery:
        nursery.start_soon(call, client, 1)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(call, client, 10)
    assert results == [{"b": 2}]


async def test_cancelled_passes_through_hooks_untouched(autojump_clock: Clock) -> None:
    """A hook that cleans up sees Cancelled itself, and nothing retries it."""
    seen: list[type[BaseException]] = []

    class Client(AsyncAPIClient):
        async def _prepare_request(self, request: httpx.Request) -> None:
            try:
                await trio.sleep(100)
            except BaseException as error:
                seen.append(type(error))
                raise

    async with open_client(Script(), Client) as client:
        with trio.move_on_after(1) as scope:
            await get(client)
    assert scope.cancelled_caught
    assert seen == [trio.Cancelled]


async def test_keyboard_interrupt_in_a_call_passes_through(autojump_clock: Clock) -> None:
    """It is no error of the connection, and closes what was open."""
    body = Body()

    class Interrupted(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"["
            raise KeyboardInterrupt

        async def aclose(self) -> None:
            body.closed = True

    async with open_client(Script(httpx.Response(200, stream=Interrupted()))) as client:
        with pytest.raises(KeyboardInterrupt):
            await get(client)
    assert body.closed


# -- the caller's deadline -----------------------------------------------------------------------------------


async def test_a_wait_beyond_the_callers_deadline_gives_the_real_error_at_once(autojump_clock: Clock) -> None:
    """A Retry-After of 60 s under ``fail_after(1)``: the 429 is raised now, no bare TooSlowError later."""
    async with open_client(Script(reply(status=429, headers={"Retry-After": "60"}))) as client:
        with pytest.raises(RateLimitError) as caught:
            with trio.fail_after(1):
                await get(client)
    assert trio.current_time() == 0
    assert caught.value.retry_after == 60


async def test_backoff_beyond_the_deadline_too(autojump_clock: Clock) -> None:
    """As many retries as fit, then the error of the last attempt."""
    script = Script(*[reply(status=503)] * 3)
    async with open_client(script, max_retries=9) as client:
        with pytest.raises(InternalServerError) as caught:
            with trio.fail_after(2):
                await get(client)
    assert script.waits == [0.5, 1.0]
    assert trio.current_time() == 1.5
    assert [record.waited for record in caught.value.attempts] == [0.5, 1.0, 0.0]


@pytest.mark.parametrize(("outer", "inner"), [(1, 100), (100, 1), (1, math.inf)])
async def test_the_nearest_of_all_scopes_counts(outer: float, inner: float, autojump_clock: Clock) -> None:
    """The effective deadline is that of the whole stack of scopes, the library's own among them."""
    async with open_client(Script(reply(status=429, headers={"Retry-After": "60"}))) as client:
        with trio.move_on_after(outer), trio.move_on_after(inner), pytest.raises(RateLimitError):
            await get(client)
    assert trio.current_time() == 0


async def test_a_shielded_call_has_the_time_that_its_shield_gives(autojump_clock: Clock) -> None:
    """An outer deadline that can't reach the call is none of its business."""
    script = Script(reply(status=429, headers={"Retry-After": "60"}), reply())
    async with open_client(script) as client:
        with trio.move_on_after(1), trio.CancelScope(shield=True):
            await get(client)
    assert 60 <= trio.current_time() <= 66


async def test_the_deadline_and_total_timeout_both_count(autojump_clock: Clock) -> None:
    """Whichever comes first."""
    async with open_client(Script(*[reply(status=429, headers={"Retry-After": "60"})] * 2)) as client:
        with trio.move_on_after(100):
            with pytest.raises(RateLimitError):
                await get(client, total_timeout=10)
        with trio.move_on_after(10):
            with pytest.raises(RateLimitError):
                await get(client, total_timeout=100)


async def test_a_slow_answer_under_a_deadline_is_too_slow(autojump_clock: Clock) -> None:
    """Where nothing has come yet there is no better error than the caller's own."""
    async with open_client(Script(Slow(10, reply()))) as client:
        with pytest.raises(trio.TooSlowError):
            with trio.fail_after(1):
                await get(client)


async def test_total_timeout_reaches_everything(autojump_clock: Clock) -> None:
    """Hooks, sending, waiting, reading: after so many seconds it is an APITimeoutError, at the very moment."""
    for state in ("hooks", "auth", "sending", "waiting for the response", "reading"):
        client_class, call, answers = STATES[state]
        async with open_client(Script(*answers(Body())), client_class, total_timeout=7) as client:
            started = trio.current_time()
            with pytest.raises(APITimeoutError, match="total_timeout"):
                await call(client)
            assert trio.current_time() == started + 7
    gc.collect()


async def test_the_schedule_to_the_millisecond(autojump_clock: Clock) -> None:
    """Eight retries under the default policy without chance: 0.5, 1, 2, 4, 8, 8, 8, 8 seconds."""
    script = Script(*[reply(status=503)] * 8, reply())
    async with open_client(script, max_retries=8) as client:
        await get(client)
    assert script.waits == [0.5, 1, 2, 4, 8, 8, 8, 8]
    assert trio.current_time() == 39.5
