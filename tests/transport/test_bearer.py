"""`BearerAuth` on httpx's own clients: one fetch for all, without a nursery and among threads."""

from __future__ import annotations

import copy
import pickle
import threading
import time
from typing import Any

import httpx
import pytest
import trio
import trio.testing

from support.scripted import Script, Slow, reply
from trio_api import BearerAuth, RetryPolicy, Token
from trio_api.auth import TokenLife
from trio_api.transport import OutOfTime
from trio_api.transport._token_keeper_blocking import BlockingTokenKeeper

URL = "https://api.example.com/items"


class Provider:
    """Gives ``t1``, ``t2``, ... after *seconds* each; what stands in *failures* is raised in their place.

    Args:
        seconds: How long a fetch takes.
        life: How long a token is good for, in seconds.
        failures: By the number of the fetch, from 1.
    """

    def __init__(self, seconds: float = 1.0, life: float | None = 100.0, failures: dict[int, Exception] | None = None):
        self.seconds = seconds
        self.life = life
        self.failures = failures or {}
        self.begun: list[float] = []
        self.given = 0

    async def __call__(self) -> Token:
        self.begun.append(trio.current_time())
        number = len(self.begun)
        await trio.sleep(self.seconds)
        if number in self.failures:
            raise self.failures[number]
        self.given += 1
        return Token(f"t{number}", expires_in=self.life)


class Echo(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """Answers with the token that it was sent, or with 401 if it is a rejected one."""

    def __init__(self, *rejected: str) -> None:
        self.rejected = set(rejected)
        self.sent: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.sent.append(token)
        return httpx.Response(401 if token in self.rejected else 200, text=token)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await trio.sleep(0.1)
        return self.handle_request(request)


def client_of(provider: Any, *rejected: str, **how: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=Echo(*rejected), auth=BearerAuth(provider, **how))


async def get(client: httpx.AsyncClient, into: list[str] | None = None) -> str:
    text = (await client.get(URL)).text
    if into is not None:
        into.append(text)
    return text


async def test_a_thousand_tasks_make_one_fetch(autojump_clock: trio.testing.MockClock) -> None:
    """The first does it, the others wait."""
    provider, got = Provider(), list[str]()
    async with client_of(provider) as client, trio.open_nursery() as nursery:
        for _ in range(1000):
            nursery.start_soon(get, client, got)
    assert got == ["t1"] * 1000
    assert len(provider.begun) == 1


async def test_a_leader_that_is_cancelled_is_followed(autojump_clock: trio.testing.MockClock) -> None:
    """Another task takes over, and those that wait get their token all the same."""
    provider, got = Provider(seconds=2), list[str]()
    async with client_of(provider) as client, trio.open_nursery() as nursery:
        with trio.move_on_after(1) as scope:
            async with trio.open_nursery() as inner:
                inner.start_soon(get, client)
                await trio.testing.wait_all_tasks_blocked()
                for _ in range(9):
                    nursery.start_soon(get, client, got)
    assert scope.cancelled_caught
    assert got == ["t2"] * 9
    assert len(provider.begun) == 2


async def test_a_follower_is_cancelled_alone(autojump_clock: trio.testing.MockClock) -> None:
    """The fetch goes on for the others."""
    provider, got = Provider(seconds=2), list[str]()
    async with client_of(provider) as client, trio.open_nursery() as nursery:
        nursery.start_soon(get, client, got)
        await trio.testing.wait_all_tasks_blocked()
        with trio.move_on_after(1) as scope:
            await get(client)
        assert scope.cancelled_caught
    assert got == ["t1"]
    assert len(provider.begun) == 1


async def test_the_failure_of_a_fetch_is_told_to_all_who_wait(autojump_clock: trio.testing.MockClock) -> None:
    """By the one exception, and without a fetch for each."""
    provider, failed = Provider(failures={1: OSError("down")}), list[Exception]()

    async def fail(client: httpx.AsyncClient) -> None:
        with pytest.raises(OSError, match="down") as caught:
            await client.get(URL)
        failed.append(caught.value)

    async with client_of(provider, backoff=RetryPolicy(initial=0)) as client:
        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(fail, client)
        assert len(failed) == 100
        assert len(provider.begun) == 1
        await trio.sleep(0.2)
        assert await get(client) == "t2"


async def test_whoever_finds_a_token_due_fetches_the_next(autojump_clock: trio.testing.MockClock) -> None:
    """Without a nursery one request waits for it, and the others go on with the old one."""
    provider, got = Provider(seconds=5), list[str]()
    async with client_of(provider) as client:
        await get(client)
        await trio.sleep(80)
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(get, client, got)
        assert got == ["t1", "t1", "t2"]
        assert trio.current_time() - began == pytest.approx(5.1)


async def test_a_token_due_that_cannot_be_replaced_serves_on(autojump_clock: trio.testing.MockClock) -> None:
    """And the next fetch is left off for the backoff."""
    provider = Provider(failures={2: OSError(), 3: OSError()})
    async with client_of(provider, backoff=RetryPolicy(initial=4, jitter=0)) as client:
        for wait in (0, 80, 1, 1, 1, 1):
            await trio.sleep(wait)
            assert await get(client) == "t1"
    assert [round(time, 1) for time in provider.begun[1:]] == [pytest.approx(81.1), pytest.approx(86.5, abs=1)]


async def test_tasks_that_meet_a_401_share_the_next_token(autojump_clock: trio.testing.MockClock) -> None:
    """A revoked token costs one fetch, and each request one repetition."""
    provider, got = Provider(), list[str]()
    async with client_of(provider, "t1") as client, trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(get, client, got)
    assert got == ["t2"] * 50
    assert len(provider.begun) == 2


async def test_a_rejected_token_that_cannot_be_replaced_is_the_providers_error(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """And the response that rejected it is closed."""
    provider = Provider(failures={2: OSError("down")})
    async with client_of(provider, "t1") as client:
        with pytest.raises(OSError, match="down"):
            await get(client)


async def test_a_redirect_that_lost_the_token_rejects_nothing(autojump_clock: trio.testing.MockClock) -> None:
    """Between hosts httpx does not take a token along; what that host says of it counts for nothing."""
    provider = Provider()
    script = Script(httpx.Response(302, headers={"Location": "https://other.example/"}), reply(status=401))
    async with httpx.AsyncClient(transport=script, auth=BearerAuth(provider), follow_redirects=True) as client:
        assert (await client.get(URL)).status_code == 401
    assert len(provider.begun) == 1
    assert "authorization" not in script.sent[1].headers


async def test_a_stream_that_nobody_knows_is_not_sent_again(autojump_clock: trio.testing.MockClock) -> None:
    """Of httpx's own streams, those of iterators are begun once."""

    async def pieces() -> Any:
        yield b"once"

    script = Script(reply(status=401))
    async with httpx.AsyncClient(transport=script, auth=BearerAuth(Provider())) as client:
        assert (await client.post(URL, content=pieces())).status_code == 401


async def test_a_token_of_no_life_serves_who_waited_for_it(autojump_clock: trio.testing.MockClock) -> None:
    """It is sent once, and does not send anybody round in circles."""
    provider = Provider(life=0)
    async with client_of(provider) as client:
        assert [await get(client), await get(client)] == ["t1", "t2"]


async def test_a_nursery_of_ones_own_fetches_ahead(autojump_clock: trio.testing.MockClock) -> None:
    """`keep_fresh_in`, for httpx's own client."""
    provider = Provider()
    auth = BearerAuth(provider)
    async with httpx.AsyncClient(transport=Echo(), auth=auth) as client, trio.open_nursery() as nursery:
        auth.keep_fresh_in(nursery)
        await get(client)
        await trio.sleep(200)
        assert len(provider.begun) == 3
        nursery.cancel_scope.cancel()


async def test_a_fixed_token_needs_no_nursery() -> None:
    """Nothing is started for it."""
    async with trio.open_nursery() as nursery:
        BearerAuth("t").keep_fresh_in(nursery)
        assert not nursery.child_tasks


def test_each_run_of_trio_has_tokens_of_its_own() -> None:
    """Their clocks have nothing in common, and a run that ended took its events with it."""
    provider = Provider(seconds=0)
    auth = BearerAuth(provider)

    async def main() -> str:
        async with httpx.AsyncClient(transport=Echo(), auth=auth) as client:
            await get(client)
            return await get(client)

    assert [trio.run(main), trio.run(main)] == ["t1", "t2"]


# -- threads -------------------------------------------------------------------------------------------------


def in_threads(count: int, function: Any) -> list[Any]:
    """What *function* gives or raises in each of many threads that start together."""
    barrier, results = threading.Barrier(count), list[Any]()

    def run() -> None:
        barrier.wait()
        try:
            results.append(function())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    return results


@pytest.mark.parametrize("rejected", [[], ["t1"]])
def test_threads_share_one_fetch(rejected: list[str]) -> None:
    """One asks the provider, the others wait for it; after a 401 alike."""
    fetched: list[str] = []
    is_slow = threading.Event()

    def provider() -> str:
        is_slow.wait(0.05)
        fetched.append(f"t{len(fetched) + 1}")
        return fetched[-1]

    with httpx.Client(transport=Echo(*rejected), auth=BearerAuth(provider)) as client:
        got = in_threads(20, lambda: client.get(URL).text)
    assert got == [f"t{1 + len(rejected)}"] * 20
    assert len(fetched) == 1 + len(rejected)


def test_threads_share_a_failure() -> None:
    """All that wait for a fetch fail with it."""
    raised = OSError("down")
    has_begun, others_wait = threading.Event(), threading.Event()
    count = 0

    def provider() -> str:
        nonlocal count
        count += 1
        has_begun.set()
        others_wait.wait(10)
        raise raised

    auth = BearerAuth(provider, backoff=RetryPolicy(initial=60, maximum=60))
    with httpx.Client(transport=Echo(), auth=auth) as client:
        results: list[Any] = []

        def fail() -> None:
            with pytest.raises(OSError, match="down") as caught:
                client.get(URL)
            results.append(caught.value)

        threads = [threading.Thread(target=fail) for _ in range(5)]
        for thread in threads:
            thread.start()
        has_begun.wait(10)
        others_wait.set()
        for thread in threads:
            thread.join(10)
    assert results == [raised] * 5
    assert count == 1


def test_a_thread_does_not_wait_for_a_token_that_it_can_do_without() -> None:
    """While one fetches the next, the others go on with the old one."""
    fetched: list[str] = []
    has_begun, may_end = threading.Event(), threading.Event()

    def provider() -> Token:
        fetched.append("")
        if len(fetched) > 1:
            has_begun.set()
            may_end.wait(10)
        return Token(f"t{len(fetched)}", expires_in=1000)

    with httpx.Client(transport=Echo(), auth=BearerAuth(provider, refresh_at=1e-9)) as client:
        client.get(URL)
        threading.Event().wait(0.11)  # the least between two fetches that nobody waits for
        leader = threading.Thread(target=client.get, args=(URL,))
        leader.start()
        has_begun.wait(10)
        assert client.get(URL).text == "t1"
        may_end.set()
        leader.join(10)
        assert client.get(URL).text == "t2"


def test_a_thread_that_was_rejected_waits_for_a_fetch_until_its_deadline() -> None:
    """The life of the token is one thread's at a time; who may wait no longer changes nothing."""
    has_begun, may_end = threading.Event(), threading.Event()

    def provider() -> str:
        has_begun.set()
        assert may_end.wait(10)
        return "t2"

    life = TokenLife(refresh_at=0.8, leeway=0, backoff=lambda number: 1)
    keeper = BlockingTokenKeeper(provider, life)
    leader = threading.Thread(target=keeper.token)
    leader.start()
    assert has_begun.wait(10)
    with pytest.raises(OutOfTime):
        keeper.rejected(Token("t1"), time.monotonic() + 0.02)
    may_end.set()
    leader.join(10)
    assert keeper.token() == Token("t2")
    assert keeper.rejected(keeper.token())


# -- the value -----------------------------------------------------------------------------------------------


def test_it_shows_no_token() -> None:
    """Neither in its repr nor in a pickle."""
    auth = BearerAuth("c4nary")
    assert repr(auth) == "<BearerAuth [redacted]>"
    for refuse in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="holds a token"):
            refuse(auth)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"token": None}, "token must be a str or a function"),
        ({"token": b"c4nary"}, "token must be a str or a function"),
        ({"token": Token("c4nary")}, "token must be a str or a function"),
        ({"token": "c4nary\n"}, "visible ASCII"),
        ({"refresh_at": 0}, "refresh_at"),
        ({"refresh_at": 1}, "refresh_at"),
        ({"refresh_at": "c4nary"}, "refresh_at must be a number between 0 and 1"),
        ({"leeway": -1}, "leeway"),
        ({"backoff": 3}, "backoff"),
    ],
)
def test_wrong_arguments_are_named(wrong: dict[str, Any], named: str) -> None:
    """And a token is not shown."""
    with pytest.raises((TypeError, ValueError), match=named) as caught:
        BearerAuth(**{"token": "t", **wrong})
    assert "c4nary\n" not in str(caught.value)


def test_a_slow_answer_is_no_reason_to_fetch_again() -> None:
    """Only 401 is."""
    script = Script(Slow(1, reply(status=403)), reply(status=500))
    with httpx.Client(transport=script, auth=BearerAuth(lambda: "t")) as client:
        assert [client.get(URL).status_code, client.get(URL).status_code] == [403, 500]
