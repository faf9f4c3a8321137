"""Single flight on Trio: calls in flight that are the same are one, and nobody notices who else waits."""

from __future__ import annotations

import contextlib
import contextvars
import gc
import math
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing
from hypothesis import given, strategies as st
from trio.testing import MockClock as Clock

from support.cancelling import cancel_everywhere
from support.colours import BASE_URL
from support.leaks import everything_shown
from support.scripted import Script, Slow, reply
from trio_api import (
    APIError,
    APITimeoutError,
    AsyncAPIClient,
    AsyncPageNumberPage,
    ClientStateError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
    RetryPolicy,
    Timeout,
)
from trio_api.testing import FaultServer

user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")


@contextlib.asynccontextmanager
async def open_client(
    script: Script, client_class: type[AsyncAPIClient] = AsyncAPIClient, **settings: Any
) -> AsyncIterator[AsyncAPIClient]:
    settings = {"retry": RetryPolicy(jitter=0), "timeout": None, "single_flight": True, **settings}
    async with (
        httpx.AsyncClient(transport=script) as http_client,
        client_class(base_url=BASE_URL, http_client=http_client, **settings) as client,
    ):
        yield client


async def get(client: AsyncAPIClient, path: str = "/items", cast_to: Any = object, **options: Any) -> Any:
    return await client.get(path, cast_to=cast_to, options=options)


async def at_once(*calls: Callable[[], Awaitable[Any]]) -> list[Any]:
    """What each of several calls gives, or the exception that it raises; they are made at the same time, in order."""
    results: list[Any] = [None] * len(calls)

    async def run(number: int, call: Callable[[], Awaitable[Any]]) -> None:
        try:
            results[number] = await call()
        except Exception as error:
            results[number] = error

    async with trio.open_nursery() as nursery:
        for number, call in enumerate(calls):
            nursery.start_soon(run, number, call)
            await trio.testing.wait_all_tasks_blocked()
    return results


def numbered(*, seconds: float = 10, count: int = 9) -> Script:
    """Each request takes *seconds*, and is answered with its number."""
    return Script(*(Slow(seconds, reply({"request": number})) for number in range(1, count)))


def statuses(results: list[Any]) -> list[type]:
    return [type(result) for result in results]


# -- what is one ---------------------------------------------------------------------------------------------


async def test_calls_that_are_the_same_are_one(autojump_clock: Clock) -> None:
    """One request for all who ask while it is in flight; who asks later makes another."""
    script = numbered()
    async with open_client(script) as client:
        assert await at_once(*[lambda: get(client)] * 5) == [{"request": 1}] * 5
        assert await get(client) == {"request": 2}
    assert len(script.sent) == 2


async def test_it_is_off_unless_asked_for(autojump_clock: Clock) -> None:
    """Each call is its own."""
    script = numbered()
    async with open_client(script, single_flight=False) as client:
        assert await at_once(lambda: get(client), lambda: get(client)) == [{"request": 1}, {"request": 2}]


async def test_all_attempts_are_shared(autojump_clock: Clock) -> None:
    """A retry is made once for all, and all have the records of both attempts."""
    script = Script(Slow(1, reply(status=503)), Slow(1, reply([1])))
    async with open_client(script) as client:
        responses = await at_once(*[lambda: client.with_raw_response.get("/items", cast_to=object)] * 3)
    assert [[record.status_code for record in response.attempts] for response in responses] == [[503, 200]] * 3
    assert len(script.sent) == 2


async def test_each_caller_has_it_as_it_asked_for_it(autojump_clock: Clock) -> None:
    """The type that it is built into, and the function of the value, are each caller's own."""
    async with open_client(numbered()) as client:
        results = await at_once(
            lambda: get(client),
            lambda: get(client, cast_to=bytes),
            lambda: get(client, post_parser=lambda value: value["request"] + 1),
        )
    assert results == [{"request": 1}, b'{"request":1}', 2]


async def test_pages_are_shared(autojump_clock: Clock) -> None:
    """Two crawls of the same list, side by side, fetch each page once."""
    script = Script(*(Slow(1, reply({"data": data})) for data in ([1, 2], [3], [])))

    async def crawl(client: AsyncAPIClient) -> list[int]:
        return [item async for item in client.get_api_list("/items", model=int, page=AsyncPageNumberPage[int])]

    async with open_client(script) as client:
        assert await at_once(lambda: crawl(client), lambda: crawl(client)) == [[1, 2, 3]] * 2


async def test_the_statistics_tell_what_was_spared(autojump_clock: Clock) -> None:
    """What was made is a call; who joined it is counted apart."""
    async with open_client(numbered()) as client:
        await at_once(*[lambda: get(client)] * 3)
        [origin] = client.statistics().origins
    assert (origin.calls, origin.attempts, origin.shared) == (1, 1, 2)


async def test_it_works_over_the_wire() -> None:
    """By the client's own transport, with retries and rate limits at rest: one request reaches the server."""
    results: list[Any] = []
    async with (
        FaultServer([7]) as server,
        AsyncAPIClient(base_url=server.url, trust_env=False, single_flight=True) as client,
    ):

        async def call() -> None:
            results.append(await get(client))

        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(call)
    assert results == [[7]] * 4
    assert len(server.journal) == 1


# -- what is not ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        lambda client: get(client, "/others"),
        lambda client: get(client, params={"page": 2}),
        lambda client: get(client, headers={"X-Tenant": "b"}),
        lambda client: get(client, idempotency_key="k"),
        lambda client: get(client, timeout=5.0),
        lambda client: get(client, timeout=Timeout(600, connect=1)),
        lambda client: get(client, max_retries=0),
        lambda client: get(client, follow_redirects=False),
        lambda client: client.delete("/items", cast_to=object),
        lambda client: client.post("/items", cast_to=object),
        lambda client: client.request(object, {"method": "GET", "url": "/items", "json_data": {"a": 1}}),
        lambda client: client.request(object, {"method": "GET", "url": "/items", "progress": lambda *_: None}),
    ],
    ids="url query header key timeout connect retries redirects delete post body progress".split(),
)
async def test_calls_that_differ_are_not_one(autojump_clock: Clock, other: Callable[[Any], Awaitable[Any]]) -> None:
    """In what is asked for, or in what changes what comes back or when."""
    script = Script(Slow(1, reply(1)), Slow(1, reply(2)))
    async with open_client(script) as client:
        assert await at_once(lambda: get(client), lambda: other(client)) == [1, 2]


async def test_a_deadline_that_is_told_makes_no_difference(autojump_clock: Clock) -> None:
    """Each caller has another; the server is told the longest."""
    script = numbered()
    async with open_client(script, deadline_header="X-Deadline") as client:

        async def within(seconds: float) -> Any:
            with trio.fail_after(seconds):
                return await get(client)

        assert await at_once(lambda: within(20), lambda: within(30)) == [{"request": 1}] * 2


async def test_an_effect_is_never_shared(autojump_clock: Clock) -> None:
    """Two POSTs that are the same are two."""
    script = numbered()
    async with open_client(script) as client:
        await at_once(*[lambda: client.post("/items", cast_to=object, body={})] * 2)
    assert len(script.sent) == 2


async def test_what_is_left_open_is_not_shared(autojump_clock: Clock) -> None:
    """A body that is read piece by piece has one reader."""
    script = numbered()

    async def stream(client: AsyncAPIClient) -> Any:
        async with client.with_streaming_response.get("/items", cast_to=object) as response:
            return await response.json()

    async with open_client(script) as client:
        results = await at_once(lambda: get(client), lambda: stream(client), lambda: stream(client))
    assert results == [{"request": number} for number in (1, 2, 3)]


async def test_a_copy_flies_alone(autojump_clock: Clock) -> None:
    """It may be another's: what it sends is never one with its parent's; and it may be off."""
    script = numbered()
    async with open_client(script) as client:
        assert await get(client) == {"request": 1}
        copied, apart = client.copy(), client.copy(single_flight=False)
        results = await at_once(*[lambda: get(client)] * 2, *[lambda: get(copied)] * 2, *[lambda: get(apart)] * 2)
    assert [result["request"] for result in results] == [2, 2, 3, 3, 4, 5]


@pytest.mark.parametrize("value", [1, None, "yes"])
def test_it_is_on_or_off(value: Any) -> None:
    """Anything but a bool is a TypeError that names it."""
    with pytest.raises(TypeError, match="single_flight"):
        AsyncAPIClient(base_url=BASE_URL, single_flight=value)


# -- credentials ---------------------------------------------------------------------------------------------


class HeadersOfUser(AsyncAPIClient):
    @property
    def auth_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {user.get()}"}


class BasicOfUser(AsyncAPIClient):
    @property
    def custom_auth(self) -> httpx.Auth:
        return httpx.BasicAuth(user.get(), "secret")


class OwnAuthOfUser(AsyncAPIClient):
    @property
    def custom_auth(self) -> httpx.Auth:
        return httpx.Auth()


class OptionsOfUser(AsyncAPIClient):
    async def _prepare_options(self, options: Any) -> Any:
        await trio.sleep(1)
        return attrs.evolve(options, headers={"X-User": user.get()})


class RequestOfUser(AsyncAPIClient):
    async def _prepare_request(self, request: httpx.Request) -> None:
        await trio.sleep(1)
        request.headers["X-User"] = user.get()


def asked_as(client: AsyncAPIClient, name: str) -> Callable[[], Awaitable[Any]]:
    async def call() -> Any:
        user.set(name)
        return (await get(client))["request"]

    return call


@pytest.mark.parametrize("kind", [HeadersOfUser, BasicOfUser, OptionsOfUser, RequestOfUser])
async def test_only_the_same_credentials_share(autojump_clock: Clock, kind: type[AsyncAPIClient]) -> None:
    """Whatever hook gives them, and though it be by a context variable: nobody has the answer to another's request."""
    async with open_client(numbered(), kind) as client:
        results = await at_once(*(asked_as(client, name) for name in ("ann", "bob", "ann", "bob", "cid")))
    ann, bob, ann_again, bob_again, cid = results
    assert (ann, bob) == (ann_again, bob_again)
    assert {ann, bob, cid} == {1, 2, 3}


async def test_an_auth_that_cannot_be_known_before_counts_by_identity(autojump_clock: Clock) -> None:
    """Another object may add other credentials; the same one is the same."""
    async with open_client(numbered(), OwnAuthOfUser) as client:
        assert await at_once(asked_as(client, "ann"), asked_as(client, "ann")) == [1, 2]
    auth = httpx.Auth()
    fixed = type("Fixed", (AsyncAPIClient,), {"custom_auth": property(lambda _: auth)})
    async with open_client(numbered(), fixed) as client:
        assert await at_once(asked_as(client, "ann"), asked_as(client, "bob")) == [1, 1]


async def test_the_first_attempt_is_made_as_who_came_first(autojump_clock: Clock) -> None:
    """The shared call runs in the context of the caller that began it."""
    script = numbered()
    async with open_client(script, HeadersOfUser) as client:
        await at_once(asked_as(client, "ann"))
    assert script.sent[0].headers["Authorization"] == "Bearer ann"


@pytest.mark.parametrize("change", ["method", "body", "extension"])
async def test_what_a_hook_makes_something_else_of_is_not_shared(autojump_clock: Clock, change: str) -> None:
    """A GET that becomes a POST has an effect."""

    class Client(AsyncAPIClient):
        async def _prepare_request(self, request: httpx.Request) -> None:
            await trio.lowlevel.checkpoint()
            if change == "method":
                request.method = "POST"
            elif change == "body":
                request.headers["Content-Length"] = "0"
            else:
                request.extensions["sni_hostname"] = "other.example"

    script = numbered()
    async with open_client(script, Client) as client:
        await at_once(lambda: get(client), lambda: get(client))
    assert len(script.sent) == 2


# -- who leaves ----------------------------------------------------------------------------------------------


class Watched(Script):
    """Knows whether a request was cancelled, and when."""

    cancelled_at: float | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except trio.Cancelled:
            self.cancelled_at = trio.current_time()
            raise


@pytest.mark.parametrize("leaver", [0, 1, 2])
async def test_who_leaves_does_not_hurt_the_others(autojump_clock: Clock, leaver: int) -> None:
    """Also the one who began it: the call goes on for those who stay."""
    script = numbered()
    async with open_client(script) as client:

        async def leave() -> str:
            with trio.move_on_after(3):
                await get(client)
            return "left"

        calls: list[Callable[[], Awaitable[Any]]] = [lambda: get(client)] * 3
        calls[leaver] = leave
        results = await at_once(*calls)
    assert results.pop(leaver) == "left"
    assert results == [{"request": 1}] * 2
    assert len(script.sent) == 1


async def test_when_the_last_has_left_the_call_is_cancelled(autojump_clock: Clock) -> None:
    """At that very moment; and who comes then begins anew."""
    script = Watched(Slow(10, reply(1)), Slow(10, reply(2)))
    async with open_client(script) as client:
        start = trio.current_time()
        async with trio.open_nursery() as nursery:
            for seconds in (2, 4):

                async def leave(seconds: float = seconds) -> None:
                    with trio.CancelScope() as scope:
                        nursery.start_soon(cancel_after, seconds, scope)
                        await get(client)

                nursery.start_soon(leave)
        assert script.cancelled_at is None or script.cancelled_at == start + 4
        assert await get(client) == 2
    assert script.cancelled_at == start + 4
    assert len(script.sent) == 2


async def cancel_after(seconds: float, scope: trio.CancelScope) -> None:
    await trio.sleep(seconds)
    scope.cancel()


async def test_a_call_that_is_being_given_up_is_joined_by_nobody(autojump_clock: Clock) -> None:
    """Though its end takes a while: who comes meanwhile shares a new one."""

    class SlowToGo(Script):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            try:
                return await super().handle_async_request(request)
            except trio.Cancelled:
                with trio.CancelScope(shield=True):
                    await trio.sleep(5)
                raise

    script = SlowToGo(*(Slow(10, reply(number)) for number in range(9)))
    async with open_client(script) as client:
        with trio.move_on_after(1):
            await get(client)
        assert await at_once(*[lambda: get(client)] * 2) == [1, 1]


async def test_who_is_gone_already_begins_nothing(autojump_clock: Clock) -> None:
    """A cancelled task sends no request, not even for a moment."""
    script = numbered()
    async with open_client(script) as client:
        with trio.CancelScope() as scope:
            scope.cancel()
            await get(client)
        await trio.testing.wait_all_tasks_blocked()
    assert scope.cancelled_caught
    assert script.sent == []


@pytest.mark.parametrize("others", [0, 1])
async def test_cancelled_at_every_point_it_leaves_nothing(autojump_clock: Clock, others: int) -> None:
    """Whether somebody else waits or not: no task is left, and the next call is made as if nothing had been."""
    script = Script()
    async with open_client(script, RequestOfUser) as client:
        await trio.testing.wait_all_tasks_blocked()
        living = trio.lowlevel.current_statistics().tasks_living

        async def work() -> None:
            script.answers[:] = [Slow(2, reply(status=503)), *[Slow(2, reply([n])) for n in range(9)]]
            async with trio.open_nursery() as nursery:
                for _ in range(others):
                    nursery.start_soon(get, client)
                await get(client)

        async def after() -> None:
            await trio.testing.wait_all_tasks_blocked()
            assert trio.lowlevel.current_statistics().tasks_living == living
            script.answers[:] = [Slow(1, reply("fine"))]
            assert await get(client) == "fine"

        assert await cancel_everywhere(work, after) >= 1
        for moment in range(14):  # a hook for the identity, and for each attempt a hook, the server, and a wait
            async with trio.open_nursery() as nursery:
                with trio.CancelScope() as scope:
                    nursery.start_soon(cancel_after, moment / 2, scope)
                    await work()
            await after()


visits = st.lists(
    st.tuples(st.integers(0, 8), st.one_of(st.none(), st.integers(1, 12)), st.booleans(), st.sampled_from("ab")),
    min_size=1,
    max_size=8,
)


@given(visits)
def test_whoever_comes_and_goes_each_has_its_due(script_of: list[tuple[int, int | None, bool, str]]) -> None:
    """An answer within ten seconds or the end of one's own time, whichever is first; never another path's answer."""
    sent: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        await trio.sleep(10)
        return reply(request.url.path[-1])

    async def visit(client: AsyncAPIClient, at: int, stays: int | None, by_deadline: bool, path: str) -> None:
        await trio.sleep(at)
        with trio.CancelScope() as scope:
            if stays is not None and by_deadline:
                scope.deadline = trio.current_time() + stays
            elif stays is not None:
                client._lifetime.start(cancel_after, stays, scope, name="leave")
            assert await get(client, f"/{path}") == path
        assert trio.current_time() <= at + min(10, math.inf if stays is None else stays)
        assert scope.cancelled_caught is False or stays is not None

    async def main() -> None:
        transport = httpx.MockTransport(answer)
        async with (
            httpx.AsyncClient(transport=transport) as http_client,
            AsyncAPIClient(base_url=BASE_URL, http_client=http_client, timeout=None, single_flight=True) as client,
        ):
            async with trio.open_nursery() as nursery:
                for each in script_of:
                    nursery.start_soon(visit, client, *each)
            assert client._flights is None or client._flights._flights == {}

    trio.run(main, clock=Clock(autojump_threshold=0))
    assert len(sent) <= len(script_of)


# -- deadlines -----------------------------------------------------------------------------------------------


async def test_a_deadline_is_its_callers_own(autojump_clock: Clock) -> None:
    """Each is out of time when its own time is up; the call goes on."""
    async with open_client(numbered(seconds=10)) as client:

        async def hurried(seconds: float) -> Any:
            with trio.fail_after(seconds):
                return await get(client)

        results = await at_once(lambda: hurried(1), lambda: hurried(20), lambda: hurried(2), lambda: get(client))
    assert statuses(results) == [trio.TooSlowError, dict, trio.TooSlowError, dict]


async def test_a_total_timeout_is_its_callers_own(autojump_clock: Clock) -> None:
    """It runs from when the caller came, and calls that differ in nothing else are one."""
    script = numbered(seconds=10)
    async with open_client(script) as client:

        async def late() -> Any:
            await trio.sleep(4)
            return await get(client, total_timeout=8)

        start = trio.current_time()
        results = await at_once(lambda: get(client, total_timeout=8), late, lambda: get(client))
        assert trio.current_time() - start == 10
    assert statuses(results) == [APITimeoutError, dict, dict]
    assert "total_timeout of 8" in str(results[0])
    assert len(script.sent) == 1


@pytest.mark.parametrize(("patient", "outcome"), [(False, RateLimitError), (True, int)])
async def test_the_call_knows_how_long_it_is_waited_for(autojump_clock: Clock, patient: bool, outcome: type) -> None:
    """A wait that all would give up on is not begun: they have the server's own error, now."""
    script = Script(Slow(1, reply(status=429, headers={"Retry-After": "60"})), Slow(1, reply(7)))
    async with open_client(script) as client:

        async def hurried(seconds: float) -> Any:
            with trio.fail_after(seconds):
                return await get(client)

        start = trio.current_time()
        results = await at_once(lambda: hurried(20), lambda: hurried(100 if patient else 30))
        assert type(results[1]) is outcome
        waited = trio.current_time() - start
        assert 62 <= waited <= 68 if patient else waited == 1
    assert type(results[0]) is (trio.TooSlowError if patient else RateLimitError)


@pytest.mark.parametrize(("scope", "expected"), [(math.inf, (1, 1, 1)), (3, None)], ids=["its own", "a scope's"])
async def test_a_call_that_is_out_of_time_counts_as_when_it_is_made_alone(
    autojump_clock: Clock, scope: float, expected: tuple[int, int, int] | None
) -> None:
    """One that failed, where the time was its own; none, where it was cancelled."""
    seen: list[tuple[int, int, int] | None] = []
    for single_flight in (False, True):
        async with open_client(numbered(seconds=60), single_flight=single_flight, total_timeout=5) as client:
            with trio.move_on_after(scope), contextlib.suppress(APITimeoutError):
                await get(client)
            origins = client.statistics().origins
            seen.append(next(((each.calls, each.failed, each.attempts) for each in origins), None))
    assert seen == [expected, expected]


async def test_two_who_run_out_of_time_are_one_call_that_failed(autojump_clock: Clock) -> None:
    """Each with an error that names its own time; the time of the last counts."""
    async with open_client(numbered(seconds=60)) as client:
        results = await at_once(lambda: get(client, total_timeout=5), lambda: get(client, total_timeout=6))
        assert [str(error) for error in results] == [
            f"The call took longer than its total_timeout of {seconds} seconds" for seconds in (5, 6)
        ]
        assert trio.current_time() == 6
        [origin] = client.statistics().origins
        assert (origin.calls, origin.failed, origin.attempts, origin.shared) == (1, 1, 1, 1)


async def test_who_is_given_more_time_goes_on(autojump_clock: Clock) -> None:
    """A deadline that is moved while the call is in flight holds as it stands then."""
    async with open_client(numbered(seconds=10)) as client:
        with trio.fail_after(5) as scope:
            async with trio.open_nursery() as nursery:

                async def prolong() -> None:
                    await trio.sleep(3)
                    scope.deadline += 20

                nursery.start_soon(prolong)
                assert (await get(client))["request"] in (1, 2)


# -- the end of the client -----------------------------------------------------------------------------------


async def test_when_the_client_closes_nobody_is_left(autojump_clock: Clock) -> None:
    """All who wait get ClientStateError, before the block is left, and the request is cancelled."""
    script = Watched(Slow(100, reply()))
    results: list[str] = []

    async def call(client: AsyncAPIClient) -> None:
        with pytest.raises(ClientStateError, match="is closed"):
            await get(client)
        results.append("closed")

    async with trio.open_nursery() as nursery:
        async with open_client(script) as client:
            for _ in range(3):
                nursery.start_soon(call, client)
            await trio.sleep(5)
            start = trio.current_time()
        assert trio.current_time() == start
        assert results == ["closed"] * 3
    assert script.cancelled_at == start


async def test_within_the_grace_a_shared_call_may_finish(autojump_clock: Clock) -> None:
    """Closing waits for it as for any other."""
    results: list[Any] = []

    async def call(client: AsyncAPIClient) -> None:
        results.append(await get(client))

    async with trio.open_nursery() as nursery:
        async with open_client(numbered(seconds=10), shutdown_grace=30) as client:
            for _ in range(3):
                nursery.start_soon(call, client)
            await trio.sleep(5)
        assert results == [{"request": 1}] * 3


async def test_outside_its_block_it_says_how_a_client_is_used() -> None:
    """As without single flight."""
    with pytest.raises(ClientStateError, match="async with AsyncAPIClient"):
        await get(AsyncAPIClient(base_url=BASE_URL, single_flight=True))


# -- each its own --------------------------------------------------------------------------------------------


async def test_nobody_sees_what_others_do_with_a_response(autojump_clock: Clock) -> None:
    """Each has one of its own, with a request of its own."""
    script = Script(Slow(1, reply([1], headers={"X-Request-Id": "r1"})))
    async with open_client(script) as client:
        one, other = await at_once(*[lambda: client.with_raw_response.get("/items", cast_to=list[int])] * 2)
    assert one.http_response is not other.http_response
    one.headers["X-Request-Id"] = "changed"
    one.http_request.headers["X"] = "changed"
    (await one.parse()).append(2)
    assert (other.request_id, await other.parse(), "X" in other.http_request.headers) == ("r1", [1], False)
    assert (other.status_code, str(other.url), other.elapsed) == (200, f"{BASE_URL}items", 1)


async def test_each_has_an_error_of_its_own(autojump_clock: Clock) -> None:
    """It says all that the first one says, and nobody sees what others do with theirs."""
    script = Script(Slow(1, reply({"error": {"message": "gone", "code": "e1"}}, 404)))
    async with open_client(script) as client:
        errors = await at_once(*[lambda: get(client)] * 3)
    assert statuses(errors) == [NotFoundError] * 3
    assert len({id(error) for error in errors}) == 3
    one, other, _ = errors
    one.add_note("mine")
    one.body["code"] = "changed"
    one.response.headers["X"] = "changed"
    assert str(other) == "Error code: 404 - gone"
    assert (other.code, other.body["code"], other.response.status_code) == ("e1", "e1", 404)
    assert [record.status_code for record in other.attempts] == [404]
    assert "X" not in other.response.headers
    assert not hasattr(other, "__notes__")
    assert str(other.request.url) == f"{BASE_URL}items"


async def test_a_traceback_has_one_task_in_it(autojump_clock: Clock) -> None:
    """It leads from the caller to where the call failed, and through no other caller."""
    script = Script(Slow(1, httpx.ConnectError("down")))

    async def first(client: AsyncAPIClient) -> Any:
        return await get(client, max_retries=0)

    async def second(client: AsyncAPIClient) -> Any:
        return await get(client, max_retries=0)

    async with open_client(script) as client:
        errors = await at_once(lambda: first(client), lambda: second(client))
    for error, own, foreign in ((errors[0], "first", "second"), (errors[1], "second", "first")):
        names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert own in names
        assert foreign not in names
        assert isinstance(error.__cause__, httpx.ConnectError)
        assert error.attempts[-1].error is error
        assert isinstance(error, APIError)


class Teapot(Exception):
    """An application's own exception, which can't be made of its arguments alone."""

    def __init__(self, text: str, *, size: int) -> None:
        super().__init__(text)
        self.size = size


async def test_what_an_application_raises_is_each_callers_own(autojump_clock: Clock) -> None:
    """An exception of a hook comes out as it is, to each."""

    class Client(AsyncAPIClient):
        def _should_retry(self, response: httpx.Response) -> bool | None:
            raise Teapot("short", size=3)

    async with open_client(Script(Slow(1, reply(status=418))), Client) as client:
        errors = await at_once(*[lambda: get(client)] * 2)
    assert [(type(error), str(error), error.size) for error in errors] == [(Teapot, "short", 3)] * 2
    assert errors[0] is not errors[1]


@pytest.mark.parametrize("answer", [reply({"a": 1}, 404), httpx.ConnectError("down")], ids=["status", "connection"])
async def test_an_error_that_was_shared_shows_no_secret(autojump_clock: Clock, answer: Any) -> None:
    """Neither in its texts nor in the locals of a frame, nor when it is pickled."""
    script = Script(Slow(1, answer))
    async with open_client(script, custom_headers={"Authorization": "Bearer c4nary"}, max_retries=0) as client:
        errors = await at_once(*[lambda: get(client, params={"key": "c4nary"})] * 2)
        for error in errors:
            assert isinstance(error, APIError)
            assert "c4nary" not in everything_shown(error)
        assert "c4nary" in script.sent[0].headers["Authorization"]


async def test_nothing_is_left_for_the_garbage_collector(autojump_clock: Clock) -> None:
    """Replies and errors that were shared are freed as soon as they are dropped."""
    script = Script(Slow(1, reply([1])), Slow(1, reply(status=500)))
    async with open_client(script, max_retries=0) as client:
        gc.collect()
        gc.disable()
        try:
            await get(client)
            gc.collect()
            gc.set_debug(gc.DEBUG_SAVEALL)
            with pytest.raises(InternalServerError):
                await get(client)
            gc.collect()
            left = [thing for thing in gc.garbage if isinstance(thing, (httpx.Response, APIError))]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
    assert left == []
