"""Clients of both colours that keep to a quota by themselves: what a server is sent, and what callers wait for."""

from __future__ import annotations

import contextlib
import functools
import itertools
import threading
import time
from typing import Any

import httpx
import pytest
import trio
import trio.testing
from hypothesis import given, settings, strategies as st

from support.colours import BASE_URL, Colour
from support.scripted import Script, Slow, VirtualTime, reply
from trio_api import (
    APIConnectionError,
    APITimeoutError,
    AsyncAPIClient,
    FinalRequestOptions,
    Hedge,
    RateClaim,
    RateLimit,
    RateLimitError,
    SyncAPIClient,
)
from trio_api.resilience import Pace, Place
from trio_api.testing import Quota, SimulatedServer

TWO_IN_TEN = RateLimit(requests=2, per=10)


def calls(number: int) -> Any:
    """A test's body: so many calls, one after the other."""

    def body(client: Any) -> Any:
        for _ in range(number):
            yield client.get("/items", cast_to=object)

    return body


def by_usage(**fields: Any) -> RateLimit:
    """100 tokens in 60 seconds: 20 are expected of a call, and the response says how many it were."""
    given = {"tokens": 100, "per": 60, "cost": lambda options: 20, "spent": lambda response: response.json()["usage"]}
    return RateLimit(**{**given, **fields})


@pytest.mark.parametrize(
    ("limit", "waits"),
    [
        (TWO_IN_TEN, [0, 10, 0, 10, 0]),
        (RateLimit(requests=5, per=10, burst=1), [2, 2, 2, 2, 2]),
        (RateLimit(requests=5, per=10, burst=3), [0, 0, 2, 2, 6]),
        ([RateLimit(requests=2, per=1), RateLimit(requests=4, per=10)], [0, 1, 0, 9, 0]),
        (RateLimit(tokens=50, per=10, cost=lambda options: 20), [0, 10, 0, 10, 0]),
        (None, [0, 0, 0, 0, 0]),
    ],
)
def test_a_client_sends_no_more_than_its_limits_allow(colour: Colour, limit: Any, waits: list[float]) -> None:
    """All of them: who has to wait waits until the windows have room, and no longer."""
    _, script = colour.play(*[reply()] * 6, body=calls(6), rate_limit=limit)
    assert script.waits == waits


def test_a_retry_counts_and_a_redirect_does_not(colour: Colour) -> None:
    """Each attempt is one, wherever it leads."""
    answers = reply(status=500), reply(status=307, headers={"Location": "/v1/there"}), reply(), reply()
    _, script = colour.play(*answers, body=calls(2), rate_limit=TWO_IN_TEN)
    assert [sent.url.path for sent in script.sent] == ["/v1/items", "/v1/items", "/v1/there", "/v1/items"]
    assert script.waits == [0.5, 0, 9.5]


def test_each_origin_has_a_quota_of_its_own(colour: Colour) -> None:
    """What one is sent does not count for another."""

    def body(client: Any) -> Any:
        for url in ("/items", "https://other.example/items", "/items", "https://other.example/items"):
            yield client.get(url, cast_to=object)

    _, script = colour.play(*[reply()] * 4, body=body, rate_limit=TWO_IN_TEN)
    assert script.waits == [0, 0, 0]


def test_a_copy_shares_the_quota_unless_it_has_a_limit_of_its_own(colour: Colour) -> None:
    """None turns it off for the copy alone."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        yield client.copy(timeout=3).get("/items", cast_to=object)
        yield client.copy(rate_limit=TWO_IN_TEN).get("/items", cast_to=object)
        yield client.copy(rate_limit=None).get("/items", cast_to=object)
        yield client.copy(max_retries=0).get("/items", cast_to=object)

    _, script = colour.play(*[reply()] * 5, body=body, rate_limit=TWO_IN_TEN)
    assert script.waits == [0, 0, 0, 10]


def test_a_response_tells_what_it_cost(colour: Colour) -> None:
    """More than expected makes the next ones wait, less lets more of them go."""
    _, script = colour.play(*[reply({"usage": 50})] * 3, body=calls(3), rate_limit=by_usage())
    assert script.waits == [0, 60]
    _, script = colour.play(*[reply({"usage": 10})] * 10, body=calls(10), rate_limit=by_usage())
    assert script.waits == [0] * 8 + [60]


def test_only_a_success_tells_what_it_cost(colour: Colour) -> None:
    """An error has no usage in it, nor has a redirect: what was expected stands."""
    answers = reply(status=500), reply(status=307, headers={"Location": "/"}), reply({"usage": 61}), reply({"usage": 1})
    _, script = colour.play(*answers, body=calls(2), rate_limit=by_usage())
    assert script.waits == [0.5, 0, 59.5]


def test_an_open_response_costs_what_was_expected(colour: Colour) -> None:
    """Its headers can be asked, its body is not read yet."""

    def body(client: Any) -> Any:
        if colour.name == "trio":

            async def stream() -> None:
                async with client.with_streaming_response.get("/items", cast_to=object) as response:
                    await response.read()

            yield stream()
        else:
            with client.with_streaming_response.get("/items", cast_to=object) as response:
                response.read()
        yield client.get("/items", cast_to=object)

    answers = [httpx.Response(200, stream=httpx.ByteStream(b'{"usage": 99}')), reply({"usage": 1})]
    _, script = colour.play(*answers, body=body, rate_limit=by_usage())
    assert script.waits == [0]
    answers = [
        httpx.Response(200, headers={"cost": "90"}, stream=httpx.ByteStream(b"{}")),
        reply(headers={"cost": "1"}),
    ]
    by_header = by_usage(spent=lambda response: float(response.headers["cost"]))
    _, script = colour.play(*answers, body=body, rate_limit=by_header)
    assert script.waits == [60]


def test_a_call_that_costs_more_than_there_ever_is_is_refused(colour: Colour) -> None:
    """With a ValueError, since no wait would help; the next call is none the worse for it."""

    def body(client: Any) -> Any:
        with pytest.raises(
            ValueError, match=r"costs 101 tokens, and the rate limit 'tokens/60s' never has more than 100"
        ):
            yield client.post("/items", cast_to=object, body={"size": 101})
        yield client.post("/items", cast_to=object, body={"size": 100})

    limit = RateLimit(tokens=100, per=60, cost=lambda options: options.json_data["size"])  # type: ignore[call-overload, index]
    _, script = colour.play(reply(), body=body, rate_limit=limit)
    assert len(script.sent) == 1


def test_what_the_functions_of_a_limit_raise_is_the_callers(colour: Colour) -> None:
    """It passes through as it is, and leaves nobody waiting."""

    def body(client: Any) -> Any:
        for limit in (by_usage(cost=lambda options: 1 / 0), by_usage(spent=lambda response: 1 / 0)):
            copied = client.copy(rate_limit=limit)
            for _ in range(2):
                with pytest.raises(ZeroDivisionError):
                    yield copied.get("/items", cast_to=object)

    colour.play(reply(), reply(), body=body)


def test_a_call_that_cannot_wait_so_long_fails_at_once(colour: Colour) -> None:
    """Before its time is over, with an error that says how long it would have been, and that nothing was sent."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        yield client.get("/items", cast_to=object)
        with pytest.raises(APITimeoutError) as caught:
            yield client.get("/items", cast_to=object, options={"total_timeout": 3})
        yield client.get("/items", cast_to=object, options={"total_timeout": 11})
        [origin] = client.statistics().origins
        assert (origin.calls, origin.failed, origin.refused, origin.attempts) == (4, 1, 1, 3)
        assert origin.paced == 1
        return caught.value

    error, script = colour.play(*[reply()] * 3, body=body, rate_limit=TWO_IN_TEN)
    assert error.message == "Not sent: the rate limit has room in 10 s, and the call has 3 s left"
    assert (error.sent, error.retry_after, error.attempts) == (False, 10, ())
    assert error.__notes__ == ["The limit is the client's own (rate_limit=...): the server was not asked."]
    assert script.waits == [0, 10]


def test_what_a_server_asks_for_comes_first(colour: Colour) -> None:
    """A pause that is longer than the window's rest is waited out, by those at the head of the line too."""

    def body(client: Any) -> Any:
        with pytest.raises(RateLimitError):
            yield client.get("/items", cast_to=object, options={"max_retries": 0})
        yield client.get("/items", cast_to=object)
        yield client.get("/items", cast_to=object)

    answers = reply(status=429, headers={"Retry-After": "15"}), reply(), reply()
    _, script = colour.play(*answers, body=body, rate_limit=RateLimit(requests=1, per=10))
    assert script.waits[0] >= 15
    assert script.waits[1] == 10


def test_the_store_is_the_trio_clients() -> None:
    """The blocking client has no such argument."""
    with pytest.raises(TypeError, match="rate_limit_store"):
        SyncAPIClient(base_url=BASE_URL, rate_limit_store=None)  # type: ignore[call-arg]


@pytest.mark.parametrize("value", [5, "5/s", [5]])
def test_a_rate_limit_is_a_value_of_its_own(colour: Colour, value: Any) -> None:
    """Anything else is a TypeError that says so, of a client and of a copy."""
    for make in (colour.client, colour.client().copy):
        with pytest.raises(TypeError, match=r"^rate_limit must be a RateLimit, an iterable of them or None, got "):
            make(rate_limit=value)


# -- many tasks ----------------------------------------------------------------------------------------------


def client_of(http_client: httpx.AsyncClient, limit: Any, **fields: Any) -> AsyncAPIClient:
    return AsyncAPIClient(
        base_url="https://api.example.com", http_client=http_client, rate_limit=limit, max_retries=0, **fields
    )


@given(
    st.lists(st.tuples(st.floats(0, 30), st.sampled_from([None, None, 0.5, 7.0])), max_size=30),
    st.integers(1, 6),
    st.floats(0.5, 20),
    st.booleans(),
)
@settings(max_examples=100)
def test_a_server_with_that_quota_never_refuses(
    crowd: list[tuple[float, float | None]], requests: int, per: float, even: bool
) -> None:
    """Whenever the tasks come, whoever is cancelled or has a deadline; half of them by a copy of the client."""
    server = SimulatedServer(quota=Quota(requests, per), latency=0.5)
    limit = RateLimit(requests=requests, per=per, burst=1 if even else None)

    async def main() -> None:
        async with (
            httpx.AsyncClient(transport=server) as http_client,
            client_of(http_client, limit) as client,
            trio.open_nursery() as nursery,
        ):
            copied = client.copy(timeout=3)

            async def call(number: int, begin: float, patience: float | None) -> None:
                await trio.sleep(begin)
                chosen = copied if number % 2 else client
                if patience is None:
                    await chosen.get("/items", cast_to=object)
                elif number % 3:
                    with trio.move_on_after(patience), contextlib.suppress(APITimeoutError):
                        await chosen.get("/items", cast_to=object)
                else:
                    with trio.CancelScope() as scope:
                        nursery.start_soon(cancel_later, scope, patience)
                        await chosen.get("/items", cast_to=object)

            for number, (begin, patience) in enumerate(crowd):
                nursery.start_soon(call, number, begin, patience)

    async def cancel_later(scope: trio.CancelScope, seconds: float) -> None:
        await trio.sleep(seconds)
        scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert {entry.status for entry in server.journal} <= {200, None}


@pytest.mark.parametrize(("requests", "sent"), [(2, 2), (1, 1)])
async def test_a_hedge_counts_and_is_not_waited_for(
    autojump_clock: trio.testing.MockClock, requests: int, sent: int
) -> None:
    """Where there is room for it, it is sent; where there is none, the first answer is waited for."""
    server = SimulatedServer(latency=5)
    async with (
        httpx.AsyncClient(transport=server) as http_client,
        client_of(http_client, RateLimit(requests=requests, per=60), hedge=Hedge(after=1.0, budget=1.0)) as client,
    ):
        await client.get("/items", cast_to=object)
        assert server.requests == sent
        with pytest.raises(APITimeoutError), trio.fail_after(50):
            await client.get("/items", cast_to=object)


async def test_a_permit_that_is_missing_takes_nothing(autojump_clock: trio.testing.MockClock) -> None:
    """Who waits for one of ``max_concurrency`` has taken no quota yet, and asked for its cost once."""
    asked: list[str] = []

    def cost(options: FinalRequestOptions) -> float:
        asked.append(options.url)
        return 1

    server = SimulatedServer(latency=5)
    async with (
        httpx.AsyncClient(transport=server) as http_client,
        client_of(http_client, RateLimit(tokens=2, per=60, cost=cost), max_concurrency=1) as client,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(functools.partial(client.get, "/1", cast_to=object))
        await trio.testing.wait_all_tasks_blocked()
        with trio.move_on_after(3):
            await client.get("/2", cast_to=object)
        await client.get("/3", cast_to=object)
        assert trio.current_time() == 10
    assert asked == ["/1", "/2", "/3"]


async def test_tasks_go_in_the_order_of_coming(autojump_clock: trio.testing.MockClock) -> None:
    """Those that give up while they wait leave no gap."""
    went: list[tuple[int, float]] = []
    began = trio.current_time()

    async def call(client: AsyncAPIClient, number: int) -> None:
        with trio.move_on_after(25 if number % 10 == 9 else 10_000):
            try:
                await client.get(f"/{number}", cast_to=object)
            except APITimeoutError:
                return
            went.append((number, trio.current_time() - began))

    async with (
        httpx.AsyncClient(transport=SimulatedServer(latency=0)) as http_client,
        client_of(http_client, RateLimit(requests=5, per=10)) as client,
        trio.open_nursery() as nursery,
    ):
        for number in range(50):
            nursery.start_soon(call, client, number)
            await trio.testing.wait_all_tasks_blocked()
    numbers = [number for number in range(50) if number not in (19, 29, 39, 49)]
    assert [number for number, _ in went] == numbers
    assert [at for _, at in went] == [place // 5 * 10 for place in range(len(numbers))]


async def test_who_waits_in_line_too_long_is_told_on_coming(autojump_clock: trio.testing.MockClock) -> None:
    """By how many are before it, not when its time is over."""
    async with (
        httpx.AsyncClient(transport=SimulatedServer()) as http_client,
        client_of(http_client, RateLimit(requests=1, per=10)) as client,
        trio.open_nursery() as nursery,
    ):
        for _ in range(4):
            nursery.start_soon(functools.partial(client.get, "/items", cast_to=object))
            await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()
        with pytest.raises(APITimeoutError, match="has room in 40 s, and the call has 39 s left"), trio.fail_after(39):
            await client.get("/items", cast_to=object)
        assert trio.current_time() == began
        nursery.cancel_scope.cancel()


async def test_a_task_that_is_cancelled_takes_nothing(autojump_clock: trio.testing.MockClock) -> None:
    """Neither at the head of the line nor in it: the next one goes at its time."""
    server = SimulatedServer(latency=0)
    async with (
        httpx.AsyncClient(transport=server) as http_client,
        client_of(http_client, RateLimit(requests=1, per=10)) as client,
        trio.open_nursery() as nursery,
    ):
        await client.get("/items", cast_to=object)
        scopes = [trio.CancelScope() for _ in range(3)]

        async def call(scope: trio.CancelScope) -> None:
            with scope:
                await client.get("/items", cast_to=object)

        for scope in scopes:
            nursery.start_soon(call, scope)
            await trio.testing.wait_all_tasks_blocked()
        scopes[1].cancel()
        await trio.sleep(4)
        scopes[0].cancel()
    assert [entry.came for entry in server.journal] == [0, 10]


async def test_less_than_expected_lets_the_next_one_go_at_once(autojump_clock: trio.testing.MockClock) -> None:
    """It does not sleep out what it was told before."""
    server = SimulatedServer(latency=2, body=b'{"usage": 1}')
    limit = RateLimit(tokens=10, per=60, cost=lambda options: 9, spent=lambda response: response.json()["usage"])
    async with (
        httpx.AsyncClient(transport=server) as http_client,
        client_of(http_client, limit) as client,
        trio.open_nursery() as nursery,
    ):
        for _ in range(2):
            nursery.start_soon(functools.partial(client.get, "/items", cast_to=object))
    assert [entry.came for entry in server.journal] == [0, 2]


async def test_a_pause_that_began_in_the_meantime_is_heeded(autojump_clock: trio.testing.MockClock) -> None:
    """Whoever waited for its turn and can't wait for that too fails with the server's error, and takes nothing."""
    script = Script(Slow(1, reply(status=429, headers={"Retry-After": "50"})), reply())
    async with (
        httpx.AsyncClient(transport=script) as http_client,
        client_of(http_client, RateLimit(requests=1, per=10)) as client,
        trio.open_nursery() as nursery,
    ):
        began = trio.current_time()
        refused = trio.Event()

        async def call() -> None:
            with pytest.raises(RateLimitError):
                await client.get("/items", cast_to=object)
            refused.set()

        nursery.start_soon(call)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(RateLimitError) as caught, trio.fail_after(30):
            await client.get("/items", cast_to=object)
        assert trio.current_time() - began == 10
        assert refused.is_set()
        assert caught.value.attempts == ()
        await client.get("/items", cast_to=object)
    assert 51 <= trio.current_time() - began < 61
    assert len(script.sent) == 2


class Store:
    """A store of a test's own: it says what it is told to say, and takes note.

    Args:
        answers: What `take` gives, in turn; an exception is raised.
    """

    def __init__(self, *answers: float | Exception) -> None:
        self._answers = list(answers)
        self.claims: list[RateClaim] = []
        self.corrections: list[tuple[RateClaim, tuple[float, ...]]] = []

    async def take(self, claim: RateClaim) -> float:
        await trio.sleep(1)
        self.claims.append(claim)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def correct(self, claim: RateClaim, costs: tuple[float, ...]) -> None:
        await trio.sleep(1)
        self.corrections.append((claim, costs))


async def test_a_store_is_asked_until_it_gives(autojump_clock: trio.testing.MockClock) -> None:
    """For one attempt at a time, and each has a claim of its own; what it did cost is told."""
    store, server = Store(7, 0, 0), SimulatedServer(latency=0, body=b'{"usage": 30}')
    limit = by_usage()
    async with (
        httpx.AsyncClient(transport=server) as http_client,
        client_of(http_client, limit, rate_limit_store=store) as client,
        trio.open_nursery() as nursery,
    ):
        began = trio.current_time()
        for _ in range(2):
            nursery.start_soon(functools.partial(client.get, "/items", cast_to=object))
        await trio.sleep(8.5)
        assert (server.requests, len(store.claims)) == (0, 1)
    assert trio.current_time() - began == 11
    assert [entry.came for entry in server.journal] == [0, 1]
    first, again, second = store.claims
    assert first is again
    assert first.id != second.id
    assert first == RateClaim(first.id, "https://api.example.com:443", (limit,), (20,))
    assert store.corrections == [(first, (30,)), (second, (30,))]


async def test_a_store_that_refuses_ends_the_call(autojump_clock: trio.testing.MockClock) -> None:
    """With its own error; the next call asks again."""
    error = APIConnectionError("The store is away.", sent=False)
    store, server = Store(error, 0), SimulatedServer(latency=0)
    async with (
        httpx.AsyncClient(transport=server) as http_client,
        client_of(http_client, TWO_IN_TEN, rate_limit_store=store) as client,
    ):
        with pytest.raises(APIConnectionError) as caught:
            await client.get("/items", cast_to=object)
        await client.get("/items", cast_to=object)
        [origin] = client.statistics().origins
    assert caught.value is error
    assert caught.value.__notes__ == ["Not sent: it could not be counted."]
    assert caught.value.request is not None
    assert caught.value.request.method == "GET"
    assert (origin.failed, origin.refused, origin.attempts, server.requests) == (1, 1, 1, 1)


async def test_a_wait_for_the_store_that_is_too_long_is_not_begun(autojump_clock: trio.testing.MockClock) -> None:
    """What other processes took counts for a deadline too."""
    async with (
        httpx.AsyncClient(transport=SimulatedServer()) as http_client,
        client_of(http_client, TWO_IN_TEN, rate_limit_store=Store(7)) as client,
    ):
        began = trio.current_time()
        with pytest.raises(APITimeoutError), trio.fail_after(6):
            await client.get("/items", cast_to=object)
        assert trio.current_time() == began + 1


async def test_without_a_limit_no_store_is_asked(autojump_clock: trio.testing.MockClock) -> None:
    """And a copy may have another store, with a count of its own."""
    store, other = Store(), Store(0)
    async with (
        httpx.AsyncClient(transport=SimulatedServer()) as http_client,
        client_of(http_client, None, rate_limit_store=store) as client,
    ):
        await client.get("/items", cast_to=object)
        await client.copy(rate_limit=TWO_IN_TEN, rate_limit_store=other).get("/items", cast_to=object)
    assert (len(store.claims), len(other.claims)) == (0, 1)


# -- many threads --------------------------------------------------------------------------------------------


class Gate(VirtualTime):
    """A clock whose first sleeper is held until the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep = threading.Event()
        self.go = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.asleep.set()
        assert self.go.wait(30)
        super().sleep(seconds)


def test_threads_go_in_the_order_of_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    """One waits for the time, the others for it: then each in its turn, as early as the window allows."""
    clock = Gate()
    for noun in ("driver", "admission", "pacing"):
        monkeypatch.setattr(f"trio_api.client._{noun}_blocking.time", clock)
    went: list[tuple[str, float]] = []
    take = Pace.take

    def told(pace: Pace, place: Place, now: float) -> None:
        went.append((threading.current_thread().name, now))
        take(pace, place, now)

    monkeypatch.setattr(Pace, "take", told)
    script = Script(*[reply()] * 6, time=clock)
    limit = RateLimit(requests=1, per=10)
    with (
        httpx.Client(transport=script) as http_client,
        SyncAPIClient(base_url=BASE_URL, http_client=http_client, rate_limit=limit) as client,
    ):
        client.get("/items", cast_to=object)
        threads = [
            threading.Thread(target=client.get, args=("/items",), kwargs={"cast_to": object}, name=str(number))
            for number in range(1, 6)
        ]
        [(_, book)] = client._books._books.items()  # pyright: ignore[reportPrivateUsage]
        assert book.pace is not None
        line = book.pace._line  # pyright: ignore[reportPrivateUsage]
        for number, thread in enumerate(threads, 1):
            thread.start()
            while len(line) < number:
                time.sleep(0.001)
        assert clock.asleep.wait(30)
        clock.go.set()
        for thread in threads:
            thread.join(30)
    assert [name for name, _ in went[1:]] == ["1", "2", "3", "4", "5"]
    times = [now for _, now in went]
    assert [after - before for before, after in itertools.pairwise(times)] == [10] * 5
