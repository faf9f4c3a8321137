"""The block of a Trio client: what it opens, what it closes, and what comes out of it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import trio
import trio.testing

from support.colours import BASE_URL
from support.scripted import Script, Slow, reply
from trio_api import (
    APITimeoutError,
    AsyncAPIClient,
    ClientStateError,
    InternalServerError,
    NotFoundError,
    RetryPolicy,
    SyncAPIClient,
    not_given,
)


def client_of(*answers: Any, **settings: Any) -> tuple[AsyncAPIClient, Script, httpx.AsyncClient]:
    """A client over a script, and the caller's HTTP client between them."""
    script = Script(*answers)
    http_client = httpx.AsyncClient(transport=script)
    return AsyncAPIClient(base_url=BASE_URL, http_client=http_client, **settings), script, http_client


async def get(client: AsyncAPIClient, cast_to: Any = object) -> Any:
    return await client.get("/items", cast_to=cast_to)


async def test_the_block_gives_the_client() -> None:
    """``async with`` binds the client itself."""
    client, _, _ = client_of()
    async with client as entered:
        assert entered is client


@pytest.mark.parametrize("when", ["before", "after"])
async def test_outside_its_block_a_client_says_how_it_is_used(when: str) -> None:
    """Every entry raises ClientStateError, with the right form in it, and sends nothing."""
    client, script, _ = client_of()
    if when == "after":
        async with client:
            pass
    for call in (client.get, client.post, client.with_raw_response.get, client.with_options(timeout=1).get):
        with pytest.raises(ClientStateError, match=r"async with AsyncAPIClient\(\.\.\.\) as client:"):
            await call("/items", cast_to=object)
    assert script.sent == []


async def test_a_client_is_entered_once() -> None:
    """Again while it is open, or after it was closed, is ClientStateError, and leaves the open block as it was."""
    client, _, _ = client_of(reply())
    async with client:
        with pytest.raises(ClientStateError, match="entered again"):
            async with client:
                pass  # pragma: no cover
        assert await get(client) == {}
    with pytest.raises(ClientStateError, match="entered again"):
        await client.__aenter__()


async def test_the_block_closes_the_connection_pool() -> None:
    """A client's own HTTP client is closed with it; a caller's is not."""
    own = AsyncAPIClient(base_url=BASE_URL)
    async with own:
        assert not own._client.is_closed
    assert own._client.is_closed
    client, _, http_client = client_of()
    async with client:
        pass
    assert not http_client.is_closed
    await http_client.aclose()


async def test_an_http_client_that_its_owner_closed_is_a_clear_error() -> None:
    """Not httpx's RuntimeError in the middle of a call."""
    client, _, http_client = client_of()
    async with client:
        await http_client.aclose()
        with pytest.raises(ClientStateError, match="http_client"):
            await get(client)


# -- what the body raises ------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("mine"), NotFoundError("no", response=httpx.Response(404))], ids=repr)
async def test_exceptions_come_out_single(error: Exception) -> None:
    """What the body raises is what the caller catches: the very exception, in no group."""
    client, _, _ = client_of()
    with pytest.raises(type(error)) as caught:
        async with client:
            raise error
    assert caught.value is error


async def test_an_error_of_a_call_comes_out_single() -> None:
    """So ``except NotFoundError`` works around the block."""
    client, _, _ = client_of(reply(status=404))
    with pytest.raises(NotFoundError):
        async with client:
            await get(client)


async def test_a_group_of_the_bodys_own_stays_a_group() -> None:
    """Two things that truly failed are two."""
    client, _, _ = client_of()

    async def fail(error: Exception) -> None:
        raise error

    with pytest.RaisesGroup(ValueError, KeyError):
        async with client, trio.open_nursery() as nursery:
            nursery.start_soon(fail, ValueError("one"))
            nursery.start_soon(fail, KeyError("two"))


async def test_keyboard_interrupt_comes_out_as_it_is() -> None:
    """Ctrl-C in the body is Ctrl-C around it."""
    client, _, _ = client_of()
    with pytest.raises(KeyboardInterrupt):
        async with client:
            raise KeyboardInterrupt


async def test_a_cancellation_stays_the_callers(autojump_clock: trio.testing.MockClock) -> None:
    """A cancel scope around the block, or within it, catches what is its own."""
    client, _, _ = client_of(Slow(100, reply()), Slow(100, reply()))
    with trio.move_on_after(1) as outer:
        async with client:
            with trio.move_on_after(0.5) as inner:
                await get(client)
            assert inner.cancelled_caught
            await get(client)
    assert outer.cancelled_caught
    assert trio.current_time() == 1


async def test_a_timeout_around_the_block_is_too_slow(autojump_clock: trio.testing.MockClock) -> None:
    """``trio.fail_after`` around everything raises as it does around anything else."""
    client, _, _ = client_of(Slow(100, reply()))
    with pytest.raises(trio.TooSlowError):
        with trio.fail_after(1):
            async with client:
                await get(client)


# -- leaving while calls are in flight -----------------------------------------------------------------------


async def call_into(results: list[Any], client: AsyncAPIClient) -> None:
    """A task that keeps what its call came to."""
    try:
        results.append(await get(client))
    except Exception as error:
        results.append(error)


async def test_calls_of_other_tasks_are_cut_off(autojump_clock: trio.testing.MockClock) -> None:
    """With no grace they end at once, each with ClientStateError in its own task."""
    client, _, _ = client_of(*[Slow(100, reply())] * 3)
    results: list[Any] = []
    async with trio.open_nursery() as nursery:
        async with client:
            for _ in range(3):
                nursery.start_soon(call_into, results, client)
            await trio.sleep(1)
        assert trio.current_time() == 1
        assert [type(result) for result in results] == [ClientStateError] * 3
        assert "async with" in str(results[0])


@pytest.mark.parametrize(("grace", "finished"), [(2.5, {"a": 1}), (1.5, None)])
async def test_calls_may_finish_within_the_grace(
    grace: float, finished: Any, autojump_clock: trio.testing.MockClock
) -> None:
    """``shutdown_grace`` seconds are what they have; the block is left as soon as the last is done."""
    client, _, _ = client_of(Slow(3, reply({"a": 1})), shutdown_grace=grace)
    results: list[Any] = []
    async with trio.open_nursery() as nursery:
        async with client:
            nursery.start_soon(call_into, results, client)
            await trio.sleep(1)
        assert trio.current_time() == (3 if finished else 1 + grace)
    if finished:
        assert results == [finished]
    else:
        assert isinstance(results[0], ClientStateError)


async def test_a_retry_may_finish_within_the_grace(autojump_clock: trio.testing.MockClock) -> None:
    """A call is a call with all its attempts."""
    client, script, _ = client_of(reply(status=503), reply({"a": 1}), shutdown_grace=10)
    results: list[Any] = []
    async with trio.open_nursery() as nursery, client:
        nursery.start_soon(call_into, results, client)
        await trio.sleep(0.1)
    assert results == [{"a": 1}]
    assert len(script.sent) == 2


async def test_no_call_begins_while_the_client_closes(autojump_clock: trio.testing.MockClock) -> None:
    """The grace is for what is in flight."""
    client, script, _ = client_of(Slow(3, reply()), shutdown_grace=10)
    results: list[Any] = []

    async def late() -> None:
        await trio.sleep(2)
        with pytest.raises(ClientStateError, match="is closing"):
            await get(client)

    async with trio.open_nursery() as nursery, client:
        nursery.start_soon(call_into, results, client)
        nursery.start_soon(late)
        await trio.sleep(1)
    assert results == [{}]
    assert len(script.sent) == 1


async def test_a_cancellation_ends_the_grace(autojump_clock: trio.testing.MockClock) -> None:
    """The caller's scope is stronger: what is left is cut off, and the block is left."""
    client, _, _ = client_of(Slow(100, reply()), shutdown_grace=1000)
    results: list[Any] = []
    async with trio.open_nursery() as nursery:
        with trio.move_on_after(5) as scope:
            async with client:
                nursery.start_soon(call_into, results, client)
                await trio.sleep(1)
        assert scope.cancelled_caught
        assert trio.current_time() == 5
    assert isinstance(results[0], ClientStateError)


async def test_an_error_in_the_body_cuts_calls_off_too(autojump_clock: trio.testing.MockClock) -> None:
    """They end, and the error comes out single."""
    client, _, _ = client_of(Slow(100, reply()))
    results: list[Any] = []
    async with trio.open_nursery() as nursery:
        with pytest.raises(LookupError):
            async with client:
                nursery.start_soon(call_into, results, client)
                await trio.sleep(1)
                raise LookupError
    assert isinstance(results[0], ClientStateError)


async def test_a_call_that_is_cut_off_while_it_waits(autojump_clock: trio.testing.MockClock) -> None:
    """Between two attempts it is the same: ClientStateError, nothing more sent."""
    client, script, _ = client_of(reply(status=503, headers={"Retry-After": "60"}))
    results: list[Any] = []
    async with trio.open_nursery() as nursery, client:
        nursery.start_soon(call_into, results, client)
        await trio.sleep(1)
    assert isinstance(results[0], ClientStateError)
    assert len(script.sent) == 1


async def test_total_timeout_is_not_taken_for_a_closed_client(autojump_clock: trio.testing.MockClock) -> None:
    """Nor the other way round."""
    client, _, _ = client_of(Slow(100, reply()), total_timeout=2, timeout=None)
    async with client:
        with pytest.raises(APITimeoutError):
            await get(client)
        assert trio.current_time() == 2


class Stubborn(httpx.AsyncByteStream):
    """A body whose connection takes long to close."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await trio.sleep(1000)
        yield b""

    async def aclose(self) -> None:
        await trio.sleep(self.seconds)


@pytest.mark.parametrize(("seconds", "left_at"), [(2, 3), (1000, 6)])
async def test_closing_is_awaited_but_not_for_ever(
    seconds: float, left_at: float, autojump_clock: trio.testing.MockClock
) -> None:
    """A call that is cut off closes its connection before the block is left; five seconds at most."""
    client, _, _ = client_of(httpx.Response(200, stream=Stubborn(seconds)), timeout=None)
    results: list[Any] = []
    async with trio.open_nursery() as nursery:
        async with client:
            nursery.start_soon(call_into, results, client)
            await trio.sleep(1)
        assert trio.current_time() == pytest.approx(left_at)
    assert isinstance(results[0], ClientStateError)


async def test_tasks_share_a_client(autojump_clock: trio.testing.MockClock) -> None:
    """Fifty calls side by side, some of them cancelled: each comes to its own end, and nothing stays behind."""
    client, script, _ = client_of(*[Slow(10, reply({"a": 1}))] * 50, timeout=None)
    results: list[Any] = []

    async def call(number: int) -> None:
        with trio.move_on_after(5 if number % 5 == 0 else 50):
            results.append(await get(client))

    async with client, trio.open_nursery() as nursery:
        for number in range(50):
            nursery.start_soon(call, number)
    assert results == [{"a": 1}] * 40
    assert len(script.sent) == 50
    assert trio.current_time() == 10


# -- copies --------------------------------------------------------------------------------------------------


async def test_a_copy_of_an_open_client_is_ready() -> None:
    """It needs no block, and has none of its own to leave."""
    client, _, _ = client_of(reply(), reply(), reply())
    async with client:
        copied = client.with_options(timeout=3)
        await get(copied)
        async with copied as entered:
            assert entered is copied
            await get(copied)
        await get(copied)


async def test_a_copy_may_open_what_it_shares() -> None:
    """Whoever enters first opens it for both, and closes it for both."""
    client, _, _ = client_of(reply(), reply())
    copied = client.with_options(timeout=3)
    async with copied:
        await get(client)
        await get(copied)
    for each in (client, copied):
        with pytest.raises(ClientStateError):
            await get(each)


async def test_a_copy_of_a_closed_client_is_closed() -> None:
    """Sharing nothing that is open, it says so."""
    client, _, _ = client_of()
    async with client:
        pass
    with pytest.raises(ClientStateError):
        await get(client.with_options(timeout=3))


async def test_a_copy_is_entered_once_at_a_time() -> None:
    """A second block of the same copy within the first is ClientStateError; after it, it is fine."""
    client, _, _ = client_of(reply())
    async with client:
        copied = client.with_options()
        async with copied:
            with pytest.raises(ClientStateError):
                async with copied:
                    pass  # pragma: no cover
        async with copied:
            await get(copied)


async def test_a_copys_own_pool_outlives_nothing() -> None:
    """A copy with another HTTP client is cut off with the rest, and that HTTP client stays its owner's."""
    client, _, _ = client_of()
    async with client:
        other = httpx.AsyncClient(transport=Script(reply()))
        copied = client.copy(http_client=other)
        await get(copied)
    assert not other.is_closed
    with pytest.raises(ClientStateError):
        await get(copied)


# -- checkpoints ---------------------------------------------------------------------------------------------


async def test_leaving_the_block_lets_others_run() -> None:
    """Even with nothing to wait for, as leaving a nursery does; entering does not block, as opening one does not."""

    class Steps(trio.abc.Instrument):
        """Counts how often this task was scheduled."""

        count = 0

        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            self.count += task is me

    client, _, _ = client_of()
    me, steps = trio.lowlevel.current_task(), Steps()
    trio.lowlevel.add_instrument(steps)
    async with client:
        assert steps.count == 0
    assert steps.count >= 1
    trio.lowlevel.remove_instrument(steps)


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete"])
async def test_every_verb_checkpoints(verb: str) -> None:
    """Plain and raw."""
    client, _, _ = client_of(*[reply()] * 2)
    async with client:
        with trio.testing.assert_checkpoints():
            await getattr(client, verb)("/items", cast_to=object)
        with trio.testing.assert_checkpoints():
            await getattr(client.with_raw_response, verb)("/items", cast_to=object)


async def test_requests_and_responses_checkpoint() -> None:
    """`request` in both views, and every method of a response that was read already."""
    client, _, _ = client_of(reply({"a": 1}), reply({"a": 1}))
    options = {"method": "GET", "url": "/items"}
    async with client:
        with trio.testing.assert_checkpoints():
            await client.request(object, options)
        with trio.testing.assert_checkpoints():
            response = await client.with_raw_response.request(object, options)
        for method in (response.parse, response.read, response.text, response.json):
            with trio.testing.assert_checkpoints():
                await method()
            with trio.testing.assert_checkpoints():
                await method()


async def test_retries_without_a_wait_let_others_run() -> None:
    """A transport that answers at once can't starve the other tasks, however often it is asked."""

    class Eager(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(503)

    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    retry: Any = {"retry": RetryPolicy(initial=0), "retry_budget": None}
    settings = {"http_client": httpx.AsyncClient(transport=Eager()), **retry}
    async with AsyncAPIClient(base_url=BASE_URL, max_retries=50, **settings) as client, trio.open_nursery() as nursery:
        nursery.start_soon(other)
        with pytest.raises(InternalServerError):
            await get(client)
        assert turns >= 40
        nursery.cancel_scope.cancel()


# -- the blocking client -------------------------------------------------------------------------------------


def test_a_blocking_client_works_without_a_block() -> None:
    """As `httpx.Client` does; ``close()`` closes its own connections."""
    http_client = httpx.Client(transport=Script(reply({"a": 1})))
    client = SyncAPIClient(base_url=BASE_URL, http_client=http_client)
    assert client.get("/items", cast_to=object) == {"a": 1}
    client.close()
    assert not http_client.is_closed


def test_a_closed_blocking_client_says_so() -> None:
    """ClientStateError with the right form, for calls and for entering again."""
    client = SyncAPIClient(base_url=BASE_URL)
    with client as entered:
        assert entered is client
    assert client._client.is_closed
    for use in (lambda: client.get("/items", cast_to=object), client.__enter__, lambda: client.copy().__enter__()):
        with pytest.raises(ClientStateError, match=r"with SyncAPIClient\(\.\.\.\) as client:"):
            use()
    client.close()  # again is no error


def test_a_blocking_client_is_closed_beside_a_callers_http_client_too() -> None:
    """As a Trio client is: that the HTTP client stays open is for others; copies end with what they were made from."""
    with httpx.Client(transport=Script(reply({}), reply({}))) as http_client:
        with SyncAPIClient(base_url=BASE_URL, http_client=http_client) as client:
            copy = client.copy()
            copy.get("/items", cast_to=object)
        for use in (client, copy, client.copy()):
            with pytest.raises(ClientStateError, match="is closed"):
                use.get("/items", cast_to=object)
        with pytest.raises(ClientStateError, match="is closed"):
            client.__enter__()
        assert SyncAPIClient(base_url=BASE_URL, http_client=http_client).get("/items", cast_to=object) == {}


def test_an_http_client_closed_by_its_owner_is_a_clear_error_in_a_blocking_client_too() -> None:
    """It is not the client that is closed."""
    client = SyncAPIClient(base_url=BASE_URL, http_client=(http_client := httpx.Client()))
    http_client.close()
    for use in (lambda: client.get("/items", cast_to=object), client.__enter__):
        with pytest.raises(ClientStateError, match=r"^the http_client of this SyncAPIClient is closed$"):
            use()


def test_an_open_blocking_client_is_not_entered_again() -> None:
    """As a Trio client is not, and `httpx.Client`; a copy is, and again after that."""
    with SyncAPIClient(base_url=BASE_URL) as client:
        with pytest.raises(ClientStateError, match=r"is open and can't be entered again.*with_options"):
            client.__enter__()
        with client.copy() as copy:
            with pytest.raises(ClientStateError, match="is open"):
                copy.__enter__()
            with copy.copy():
                pass
        with copy:
            pass
        assert not client._client.is_closed


def test_a_blocking_copy_closes_nothing() -> None:
    """Neither by its block nor by ``close()``."""
    client = SyncAPIClient(base_url=BASE_URL)
    with client.with_options(timeout=1):
        pass
    client.copy().close()
    assert not client._client.is_closed
    client.close()


@pytest.mark.parametrize("kind", [AsyncAPIClient, SyncAPIClient])
def test_a_client_sets_the_log_up(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """``TRIO_API_LOG`` counts when a client is made, and the logs of the HTTP stack are redacted from then on."""
    logger = logging.getLogger("trio_api")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "level", logging.NOTSET)
    monkeypatch.setattr(logging.getLogger("httpx"), "filters", [])
    monkeypatch.setenv("TRIO_API_LOG", "debug")
    kind(base_url=BASE_URL)
    assert len(logger.handlers) == 1
    assert logger.level == logging.DEBUG
    assert len(logging.getLogger("httpx").filters) == 1
    logger.setLevel(logging.NOTSET)  # monkeypatch gives back the level, this what was cached of it


@pytest.mark.parametrize("kind", [AsyncAPIClient, SyncAPIClient])
def test_a_client_can_be_made_anywhere(kind: Any) -> None:
    """Making one needs no event loop and opens no connection."""
    client = kind(base_url=BASE_URL, timeout=not_given)
    assert repr(client) == f"<{kind.__name__} https://api.example.com/v1/>"
