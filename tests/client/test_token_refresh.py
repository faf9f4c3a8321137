"""Tokens that are fetched in the client's nursery: ahead of need, and never in the way of a call."""

from __future__ import annotations

import gc
import re
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio
import trio.testing

from support.cancelling import cancel_everywhere
from support.colours import BASE_URL
from support.wire import answer, ok, wire_server
from trio_api import (
    APITimeoutError,
    AsyncAPIClient,
    AuthenticationError,
    BearerAuth,
    ClientStateError,
    RetryPolicy,
    SyncAPIClient,
    Token,
)


class Tokens:
    """A provider that gives ``t1``, ``t2``, ..., each good for 100 seconds, as long as nothing is wrong.

    Args:
        seconds: How long a fetch takes.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds
        self.wrong: BaseException | None = None
        self.began: list[float] = []
        self.ended = 0

    async def __call__(self) -> Token:
        self.began.append(trio.current_time())
        number = len(self.began)
        try:
            await trio.sleep(self.seconds)
            if self.wrong is not None:
                raise self.wrong
        finally:
            self.ended += 1
        return Token(f"t{number}", expires_in=100)


class API(httpx.AsyncBaseTransport):
    """Answers at once, with the token that it was sent; with 401 if that is a rejected one."""

    def __init__(self) -> None:
        self.rejected: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        token = request.headers["authorization"].removeprefix("Bearer ")
        return httpx.Response(401 if token in self.rejected else 200, json=token)


@asynccontextmanager
async def client_with(auth: httpx.Auth, api: API | None = None, **settings: Any) -> AsyncIterator[AsyncAPIClient]:
    settings = {"http_client": httpx.AsyncClient(transport=api or API()), **settings}
    async with settings["http_client"], AsyncAPIClient(base_url=BASE_URL, auth=auth, **settings) as client:
        yield client


async def get(client: AsyncAPIClient, into: list[str] | None = None) -> str:
    token = await client.get("/items", cast_to=str)
    token = token.strip('"')
    if into is not None:
        into.append(token)
    return token


async def test_no_token_is_fetched_before_the_first_call(autojump_clock: trio.testing.MockClock) -> None:
    """A client that makes no call asks for nothing."""
    tokens = Tokens()
    async with client_with(BearerAuth(tokens)):
        await trio.sleep(1000)
    assert tokens.began == []


async def test_the_next_token_is_fetched_without_any_call(autojump_clock: trio.testing.MockClock) -> None:
    """At four fifths of the life of its predecessor, counted from when that was asked for."""
    tokens = Tokens()
    async with client_with(BearerAuth(tokens)) as client:
        await get(client)
        await trio.sleep(200)
        assert tokens.began == [0, 80, 160]
        with trio.fail_after(0.01):
            assert await get(client) == "t3"


async def test_no_call_waits_while_the_old_token_is_good(autojump_clock: trio.testing.MockClock) -> None:
    """The fetch takes its time in the background."""
    tokens = Tokens(seconds=9)
    async with client_with(BearerAuth(tokens)) as client:
        await get(client)
        await trio.sleep_until(81)
        with trio.fail_after(0.01):
            assert await get(client) == "t1"
        await trio.sleep_until(89.5)
        assert await get(client) == "t2"


async def test_no_call_waits_at_the_very_moment_either(autojump_clock: trio.testing.MockClock) -> None:
    """A call may come just when the next token is due, before the background has begun with it."""
    tokens = Tokens()
    async with client_with(BearerAuth(tokens)) as client:
        await get(client)
        for turn in range(1, 21):  # whose turn it is then is by chance
            await trio.sleep_until(80 * turn)
            with trio.fail_after(0.01):
                assert await get(client) == f"t{turn}"
    assert len(tokens.began) == 21


async def test_a_thousand_tasks_make_one_fetch(autojump_clock: trio.testing.MockClock) -> None:
    """None of them does it: it is done in the nursery."""
    tokens, got = Tokens(), list[str]()
    async with client_with(BearerAuth(tokens)) as client, trio.open_nursery() as nursery:
        for _ in range(1000):
            nursery.start_soon(get, client, got)
    assert got == ["t1"] * 1000
    assert len(tokens.began) == 1


async def test_whoever_came_first_may_be_cancelled(autojump_clock: trio.testing.MockClock) -> None:
    """The fetch goes on for those that came later, and is not begun anew."""
    tokens, got = Tokens(seconds=2), list[str]()
    async with client_with(BearerAuth(tokens)) as client, trio.open_nursery() as nursery:
        with trio.move_on_after(1):
            async with trio.open_nursery() as inner:
                inner.start_soon(get, client)
                await trio.testing.wait_all_tasks_blocked()
                nursery.start_soon(get, client, got)
    assert got == ["t1"]
    assert len(tokens.began) == 1
    assert trio.current_time() == 2


async def test_a_fetch_that_fails_is_made_again_later_each_time(autojump_clock: trio.testing.MockClock) -> None:
    """Nobody notices as long as the old token is good; after that, calls fail at once with the provider's own error."""
    tokens = Tokens()
    auth = BearerAuth(tokens, backoff=RetryPolicy(initial=4, maximum=100, jitter=0))
    async with client_with(auth) as client:
        await get(client)
        tokens.wrong = OSError("down")
        await trio.sleep_until(89)
        assert await get(client) == "t1"
        await trio.sleep_until(95.5)  # the leeway of ten seconds is over, and the third fetch has failed
        for _ in range(3):
            with pytest.raises(OSError, match="down") as caught:
                with trio.fail_after(0.01):
                    await get(client)
            assert caught.value is tokens.wrong
        tokens.wrong = None
        await trio.sleep_until(115)
        with trio.fail_after(0.01):
            assert await get(client) == "t5"
    assert tokens.began == [0, 80, 85, 94, 111]


async def test_calls_that_wait_fail_with_the_one_error(autojump_clock: trio.testing.MockClock) -> None:
    """Each gets it single, and the client lives on."""
    tokens, failed = Tokens(), list[BaseException]()
    tokens.wrong = LookupError("mine")

    async def fail(client: AsyncAPIClient) -> None:
        with pytest.raises(LookupError) as caught:
            await get(client)
        failed.append(caught.value)

    async with client_with(BearerAuth(tokens)) as client:
        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(fail, client)
        assert failed == [tokens.wrong] * 100
        tokens.wrong = None
        await trio.sleep(2)
        assert await get(client) == "t2"


async def test_a_group_is_an_exception_like_others(autojump_clock: trio.testing.MockClock) -> None:
    """What a provider's own nursery raises does not crash the client's."""
    tokens = Tokens()
    tokens.wrong = ExceptionGroup("mine", [OSError()])
    async with client_with(BearerAuth(tokens)) as client:
        with pytest.RaisesGroup(OSError, match="mine"):
            await get(client)


async def test_a_revoked_token_is_replaced_for_all(autojump_clock: trio.testing.MockClock) -> None:
    """One fetch, whoever meets the 401 first, and whoever comes while it is under way waits for it."""
    tokens, api, got = Tokens(), API(), list[str]()
    async with client_with(BearerAuth(tokens), api) as client:
        await get(client)
        api.rejected.add("t1")
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(get, client, got)
            await trio.sleep(0.5)
            for _ in range(50):
                nursery.start_soon(get, client, got)
    assert got == ["t2"] * 100
    assert len(tokens.began) == 2


@pytest.mark.parametrize("when", [0.5, 80.5])
async def test_leaving_the_block_ends_a_fetch(when: float, autojump_clock: trio.testing.MockClock) -> None:
    """The first as well as one ahead of need: nothing is left of it."""
    tokens = Tokens()
    async with trio.open_nursery() as nursery:
        async with client_with(BearerAuth(tokens)) as client:

            async def cut_off() -> None:
                with pytest.raises(ClientStateError):
                    await get(client)

            if when < 1:
                nursery.start_soon(cut_off)
            else:
                await get(client)
            await trio.sleep_until(when)
        assert trio.current_time() == when
        assert tokens.ended == len(tokens.began)


async def test_a_call_in_its_grace_period_still_gets_a_token(autojump_clock: trio.testing.MockClock) -> None:
    """The nursery outlives the calls."""
    tokens, got = Tokens(), list[str]()
    async with trio.open_nursery() as nursery, client_with(BearerAuth(tokens), shutdown_grace=5) as client:
        nursery.start_soon(get, client, got)
        await trio.testing.wait_all_tasks_blocked()
    assert got == ["t1"]


async def test_copies_share_the_fetch(autojump_clock: trio.testing.MockClock) -> None:
    """One for the client and all its copies, entered or not."""
    tokens, got = Tokens(), list[str]()
    async with client_with(BearerAuth(tokens)) as client:
        async with client.copy(timeout=3) as entered, trio.open_nursery() as nursery:
            for each in (client, client.copy(), entered):
                nursery.start_soon(get, each, got)
        await trio.sleep(100)
    assert got == ["t1"] * 3
    assert tokens.began == [0, 80]


async def test_two_clients_share_one_auth(autojump_clock: trio.testing.MockClock) -> None:
    """The one that is closed first takes the other's fetch with it, which is begun again at once."""
    tokens, got = Tokens(), list[str]()
    auth = BearerAuth(tokens)
    async with client_with(auth) as first, trio.open_nursery() as nursery, client_with(auth):
        nursery.start_soon(get, first, got)
        await trio.sleep(0.5)
    assert got == ["t2"]
    assert tokens.began == [0, 0.5]
    assert tokens.ended == 2


async def test_a_copy_with_an_auth_of_its_own_needs_no_nursery(autojump_clock: trio.testing.MockClock) -> None:
    """Its calls fetch its tokens: a copy for each tenant leaves no task behind."""
    tokens = Tokens()
    async with client_with(BearerAuth("t")) as client:
        tasks = trio.lowlevel.current_statistics().tasks_living
        for _ in range(3):
            assert await get(client.copy(auth=BearerAuth(tokens))) == f"t{len(tokens.began)}"
        assert trio.lowlevel.current_statistics().tasks_living == tasks


@pytest.mark.parametrize("of", ["subclass", "http_client"])
async def test_an_auth_that_came_another_way_is_kept_fresh_too(of: str, autojump_clock: trio.testing.MockClock) -> None:
    """What `custom_auth` gives when the client is opened, or the caller's HTTP client has."""
    tokens = Tokens()
    auth = BearerAuth(tokens)

    class Client(AsyncAPIClient):
        @property
        def custom_auth(self) -> httpx.Auth | None:
            return auth if of == "subclass" else None

    http_client = httpx.AsyncClient(transport=API(), auth=None if of == "subclass" else auth)
    async with http_client, Client(base_url=BASE_URL, http_client=http_client) as client:
        await get(client)
        await trio.sleep(100)
    assert tokens.began == [0, 80]


async def test_a_hook_that_fails_leaves_the_client_unopened(autojump_clock: trio.testing.MockClock) -> None:
    """A `custom_auth` that raises is raised, and the client may be opened again."""
    failing = True

    class Client(AsyncAPIClient):
        @property
        def custom_auth(self) -> httpx.Auth | None:
            if failing:
                raise LookupError("mine")
            return BearerAuth("t")

    async with httpx.AsyncClient(transport=API()) as http_client:
        client = Client(base_url=BASE_URL, http_client=http_client)
        with pytest.raises(LookupError):
            async with client:
                pass  # pragma: no cover
        failing = False
        async with client:
            assert await get(client) == "t"


async def test_it_leaves_nothing_for_the_garbage_collector(autojump_clock: trio.testing.MockClock) -> None:
    """An auth is freed with its last reference, used or not."""
    gc.collect()
    gc.disable()
    try:
        tokens = Tokens()
        auth = BearerAuth(tokens)
        async with client_with(auth) as client:
            await get(client)
        seen = weakref.ref(auth)
        del auth, client
        assert seen() is None
    finally:
        gc.enable()


async def test_a_cancelled_wait_is_prompt(autojump_clock: trio.testing.MockClock) -> None:
    """At a deadline the call ends, not with the fetch."""
    async with client_with(BearerAuth(Tokens(seconds=60))) as client:
        with trio.move_on_after(1) as scope:
            await get(client)
    assert scope.cancelled_caught
    assert trio.current_time() == 1


@pytest.mark.parametrize("kind", ["client", "httpx"])
async def test_a_call_may_be_cancelled_at_any_checkpoint(kind: str, autojump_clock: trio.testing.MockClock) -> None:
    """While it waits for a token, meets a 401 and waits for the next: whoever comes after it gets one."""
    tokens, api = Tokens(), API()
    auth = BearerAuth(tokens, backoff=RetryPolicy(initial=0))

    async def call() -> str:
        if kind == "client":
            return await get(client)
        response = await client._client.get(BASE_URL)
        response.raise_for_status()
        return str(response.json())

    async def work() -> None:
        api.rejected |= {f"t{number}" for number in range(len(tokens.began) + 1)}
        await call()

    async def after() -> None:
        await trio.sleep(1)  # within the least time between two forced fetches a 401 stands
        assert await call() not in api.rejected
        assert trio.lowlevel.current_statistics().tasks_living == tasks

    lent: Any = {"http_client": httpx.AsyncClient(transport=api, auth=auth)} if kind == "httpx" else {}
    async with client_with(BearerAuth("unused") if lent else auth, api, **lent) as client:
        tasks = trio.lowlevel.current_statistics().tasks_living
        assert await cancel_everywhere(work, after) >= 3


async def test_over_the_transport_of_its_own_a_fixed_token_needs_no_flow() -> None:
    """It is put on the request as it is sent, over what the call says, and on none to a foreign origin."""
    async with wire_server(answer(ok())) as home, wire_server(answer(ok())) as foreign:
        async with AsyncAPIClient(base_url=home.url, auth=BearerAuth("t")) as client:
            await client.get("/items", cast_to=object, options={"headers": {"Authorization": "Bearer other"}})
            await client.get(f"{foreign.url}/items", cast_to=object)
            assert client._short_way(client._new_call({"method": "GET", "url": "/items"})) is not None
        sent, sent_elsewhere = bytes(home.wires[0].received), bytes(foreign.wires[0].received)
    assert sent.lower().count(b"authorization: bearer t\r\n") == 1
    assert b"other" not in sent
    assert b"authorization" not in sent_elsewhere.lower()


async def test_over_the_transport_of_its_own_a_token_at_hand_needs_no_flow_either() -> None:
    """It is put on the request; a rejected one is replaced once, and then the answer counts."""
    tokens = iter(["t1", "t2", "t3"])
    unauthorized = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"

    async def provide() -> Token:
        await trio.lowlevel.checkpoint()
        return Token(next(tokens), expires_in=100)

    script = answer(ok(), ok(), unauthorized, ok(), unauthorized)
    async with (
        wire_server(script) as server,
        AsyncAPIClient(base_url=server.url, auth=BearerAuth(provide), max_retries=0) as client,
    ):
        for _ in range(3):
            await client.get("/items", cast_to=object)
        with pytest.raises(AuthenticationError):
            await client.get("/items", cast_to=object)
        sent = bytes(server.wires[0].received)
    assert re.findall(rb"(?i)authorization: bearer (t\d)\r\n", sent) == [b"t1", b"t1", b"t1", b"t2", b"t2"]


async def test_a_client_that_closes_under_a_call_that_waits_for_its_token_says_so() -> None:
    """The wait ends with the client, though a call of its own transport has no scope."""

    async def provide() -> Token:
        await trio.sleep_forever()
        raise AssertionError

    async def call(client: AsyncAPIClient) -> None:
        with pytest.raises(ClientStateError):
            await client.get("/items", cast_to=object)

    async with wire_server(answer(ok())) as server, trio.open_nursery() as nursery:
        async with AsyncAPIClient(base_url=server.url, auth=BearerAuth(provide)) as client:
            nursery.start_soon(call, client)
            await trio.testing.wait_all_tasks_blocked()
        assert server.wires == []


# -- threads ---------------------------------------------------------------------------------------------------


def test_a_thread_waits_for_the_fetch_of_another_no_longer_than_its_call_lasts() -> None:
    """Its own call fails in time, with nothing sent; the other is not disturbed."""
    has_begun, may_end = threading.Event(), threading.Event()
    sent: list[str] = []

    def provide() -> str:
        has_begun.set()
        assert may_end.wait(10)
        return "t1"

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        return httpx.Response(200, json={})

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as http_client,
        SyncAPIClient(base_url=BASE_URL, http_client=http_client, auth=BearerAuth(provide)) as client,
    ):
        leader = threading.Thread(target=client.get, args=("/leader",), kwargs={"cast_to": object})
        leader.start()
        assert has_begun.wait(10)
        with pytest.raises(APITimeoutError, match=r"total_timeout of 0\.05 seconds"):
            client.get("/follower", cast_to=object, options={"total_timeout": 0.05})
        assert sent == []
        may_end.set()
        leader.join(10)
    assert sent == ["/v1/leader"]
