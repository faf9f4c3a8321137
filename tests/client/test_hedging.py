"""Which calls are hedged, whose answer counts, and what becomes of the others; over a script, on a virtual clock."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator
from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing

from support.cancelling import cancel_everywhere
from support.colours import BASE_URL, BlockingColour
from support.scripted import Answer, Script, Slow, VirtualTime, reply
from trio_api import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncAPIClient,
    AsyncAPIResponse,
    ClientStateError,
    Hedge,
    InternalServerError,
    OriginStatistics,
    RateLimit,
    RetryBudget,
    Throttling,
)

AFTER_1_S = Hedge(after=1.0, budget=1.0)
FIRST, SECOND, THIRD = ({"from": name} for name in ("first", "second", "third"))


class Abandoned(Script):
    """Tells of requests that were given up too."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__(*answers)
        self.in_flight = 0
        self.cancelled: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.in_flight += 1
        try:
            return await super().handle_async_request(request)
        except trio.Cancelled:
            self.cancelled.append(trio.current_time())
            raise
        finally:
            self.in_flight -= 1


@attrs.define
class Played:
    """A client over a script, and what came of it."""

    client: Any
    script: Abandoned
    began: float = attrs.field(factory=trio.current_time)

    @property
    def time(self) -> float:
        """Seconds since the beginning."""
        return round(trio.current_time() - self.began, 6)

    @property
    def sent(self) -> list[float]:
        """When each request was sent, in seconds since the beginning."""
        return [round(sent.time - self.began, 6) for sent in self.script.sent]

    @property
    def cancelled(self) -> list[float]:
        """When each request was cancelled, in seconds since the beginning."""
        return [round(time - self.began, 6) for time in self.script.cancelled]

    @property
    def origin(self) -> OriginStatistics:
        [origin] = self.client.statistics().origins
        return origin

    async def get(self, **options: Any) -> Any:
        return await self.client.get("/items", cast_to=object, options=options)


@contextlib.asynccontextmanager
async def playing(*answers: Answer, client_class: type[Any] = AsyncAPIClient, **settings: Any) -> AsyncIterator[Played]:
    """A client that hedges after a second, whose requests the *answers* meet."""
    script = Abandoned(*answers)
    async with (
        httpx.AsyncClient(transport=script) as http_client,
        client_class(
            **{"base_url": BASE_URL, "http_client": http_client, "timeout": 60, "hedge": AFTER_1_S, **settings}
        ) as client,
    ):
        yield Played(client, script)
    assert script.in_flight == 0


Clock = trio.testing.MockClock


# -- whose answer counts -------------------------------------------------------------------------------------


async def test_the_second_request_may_be_answered_first(autojump_clock: Clock) -> None:
    """Its answer is the call's, and the first request is cancelled that moment."""
    async with playing(Slow(100, reply(FIRST)), Slow(0.5, reply(SECOND))) as played:
        response = await played.client.get("/items", cast_to=AsyncAPIResponse[object])
        assert await response.parse() == SECOND
        assert (played.sent, played.cancelled, played.time) == ([0, 1], [1.5], 1.5)
        [attempt] = response.attempts
        assert (attempt.number, attempt.status_code, round(attempt.elapsed, 6)) == (0, 200, 1.5)
        origin = played.origin
        assert (origin.calls, origin.attempts, origin.hedges, origin.hedges_won) == (1, 2, 1, 1)


async def test_the_first_request_may_still_be_the_first(autojump_clock: Clock) -> None:
    """Then the second one is cancelled."""
    async with playing(Slow(1.2, reply(FIRST)), Slow(5, reply(SECOND))) as played:
        assert await played.get() == FIRST
        assert (played.sent, played.cancelled, played.time) == ([0, 1], [1.2], 1.2)
        assert (played.origin.attempts, played.origin.hedges, played.origin.hedges_won) == (2, 1, 0)


async def test_who_is_quick_is_not_asked_twice(autojump_clock: Clock) -> None:
    """Nothing is left of the wait either."""
    async with playing(Slow(0.9, reply(FIRST))) as played:
        assert await played.get() == FIRST
        await trio.sleep(10)
        assert (played.sent, played.origin.attempts, played.origin.hedges) == ([0], 1, 0)


async def test_answers_of_the_same_moment_are_one(autojump_clock: Clock) -> None:
    """Whichever it is, no call fails and nothing is counted twice."""
    async with playing(Slow(2, reply(FIRST)), Slow(1, reply(SECOND))) as played:
        assert await played.get() in (FIRST, SECOND)
        assert (played.time, played.origin.attempts, played.origin.calls) == (2, 2, 1)


@pytest.mark.parametrize(
    "failure", [reply(status=500), reply(status=503), reply(status=429), httpx.ReadError("broken")], ids=str
)
async def test_a_failure_waits_for_the_other(autojump_clock: Clock, failure: Answer) -> None:
    """Whether the first fails or the second: no retry is made, the other's answer counts."""
    async with playing(Slow(1.5, failure), Slow(1, reply(SECOND))) as played:
        assert await played.get() == SECOND
        assert (played.sent, played.time, played.origin.retries, played.origin.hedges_won) == ([0, 1], 2, 0, 1)
    async with playing(Slow(2, reply(FIRST)), failure) as played:
        assert await played.get() == FIRST
        assert (played.sent, played.time, played.origin.retries, played.origin.hedges_won) == ([0, 1], 2, 0, 0)


async def test_an_error_of_the_callers_is_an_answer(autojump_clock: Clock) -> None:
    """404 will not become better."""
    async with playing(Slow(5, reply(FIRST)), reply(status=404)) as played:
        with pytest.raises(APIStatusError) as caught:
            await played.get()
        assert (caught.value.status_code, played.time, played.cancelled) == (404, 1, [1])


@pytest.mark.parametrize("last", [0, 1])
async def test_where_all_fail_the_last_counts(autojump_clock: Clock, last: int) -> None:
    """As one attempt with one record; then it is retried as any."""
    answers = [
        (Slow(1.5, reply(status=502)), Slow(1, reply(status=500))),
        (Slow(3, reply(status=500)), Slow(1, reply(status=502))),
    ]
    async with playing(*answers[last], reply(THIRD)) as played:
        response = await played.client.get("/items", cast_to=AsyncAPIResponse[object])
        assert [attempt.status_code for attempt in response.attempts] == [500, 200]
        assert (played.origin.attempts, played.origin.hedges, played.origin.retries) == (3, 1, 1)


async def test_a_failure_before_the_time_is_retried_at_once(autojump_clock: Clock) -> None:
    """There is nobody else to wait for."""
    async with playing(Slow(0.5, reply(status=500)), reply(SECOND)) as played:
        assert await played.get() == SECOND
        assert 0.5 < played.sent[1] <= 1
        assert (played.origin.retries, played.origin.hedges) == (1, 0)


async def test_there_may_be_more_than_two(autojump_clock: Clock) -> None:
    """Each after the same time; all but one are cancelled."""
    async with playing(
        Slow(9, reply(FIRST)), Slow(9, reply(SECOND)), Slow(9, reply()), Slow(1, reply(THIRD)),
        hedge=Hedge(after=1.0, max_extra=3, budget=1.0),
    ) as played:  # fmt: skip
        for _ in range(2):
            played.client._books.of(played.client._config.origins.base).hedging.begin()  # saves two up
        assert await played.get() == THIRD
        assert (played.sent, played.cancelled) == ([0, 1, 2, 3], [4, 4, 4])
        assert (played.origin.attempts, played.origin.hedges, played.origin.hedges_won) == (4, 3, 1)


async def test_what_a_loser_was_told_is_heeded(autojump_clock: Clock) -> None:
    """A 429 with a Retry-After holds back those who come next, though the call succeeds."""
    told = reply(status=429, headers={"Retry-After": "5"})
    async with playing(Slow(2, reply(FIRST)), told, reply(SECOND)) as played:
        assert await played.get() == FIRST
        assert await played.get() == SECOND
        assert played.sent[2] == pytest.approx(1 + 5, abs=0.6)


# -- what is hedged ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_safe_methods_are_hedged(autojump_clock: Clock, method: str) -> None:
    """RFC 9110, 9.2.1; in any case of letters."""
    async with playing(Slow(100, reply()), reply()) as played:
        await played.client.request(object, {"method": method.lower(), "url": "/items"})
        assert played.sent == [0, 1]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
async def test_other_methods_are_not(autojump_clock: Clock, method: str) -> None:
    """Not even those with an idempotency key: two at the same time may meet before the key is known."""
    async with playing(Slow(100, reply())) as played:
        await played.client.request(object, {"method": method, "url": "/items", "timeout": 200})
        assert (played.sent, played.origin.hedges) == ([0], 0)


async def test_a_response_that_is_left_open_is_not(autojump_clock: Clock) -> None:
    """Nor is a stream: there would be two to read."""
    async with playing(Slow(50, reply())) as played:
        async with played.client.with_streaming_response.get("/items", cast_to=object):
            pass
        assert (played.sent, played.origin.hedges) == ([0], 0)


async def test_a_body_that_comes_from_an_iterator_is_not(autojump_clock: Clock) -> None:
    """It can be read but once."""

    async def pieces() -> AsyncIterator[bytes]:
        await trio.lowlevel.checkpoint()
        yield b"query"

    async with playing(Slow(50, reply())) as played:
        await played.client.request(object, {"method": "GET", "url": "/items", "content": pieces()})
        assert (played.sent, played.origin.hedges) == ([0], 0)


async def test_a_redirect_is_not(autojump_clock: Clock) -> None:
    """The request that met it is; the redirect itself is an answer."""
    away = reply(status=302, headers={"Location": "/v1/there"})
    async with playing(Slow(100, reply()), away, Slow(50, reply(SECOND))) as played:
        assert await played.get() == SECOND
        assert (played.sent, played.time) == ([0, 1, 1], 51)


async def test_by_default_nothing_is_hedged(autojump_clock: Clock) -> None:
    """Nor where a copy turned it off."""
    async with playing(Slow(50, reply()), Slow(50, reply()), hedge=None) as played:
        await played.get()
        await played.client.copy(hedge=AFTER_1_S).copy(hedge=None).get("/items", cast_to=object)
        assert played.sent == [0, 50]


async def test_a_copy_shares_what_is_known_unless_it_has_a_policy_of_its_own(autojump_clock: Clock) -> None:
    """A hedge that one of them sent the other can't send."""
    slow = Slow(3, reply())
    async with playing(slow, reply(), slow, slow, reply(), hedge=Hedge(after=1.0, budget=0.5)) as played:
        played.client._books.of(played.client._config.origins.base).hedging.begin()
        await played.client.copy(timeout=50).get("/items", cast_to=object)
        await played.get()
        await played.client.copy(hedge=AFTER_1_S).get("/items", cast_to=object)
        assert played.sent == [0, 1, 1, 4, 5]


@pytest.mark.parametrize("value", [0.1, True, "p95", {"after": 1}])
async def test_a_hedge_is_a_hedge_or_none(value: Any) -> None:
    """Anything else is a TypeError that says so, of a client and of a copy."""
    with pytest.raises(TypeError, match=r"^hedge must be a Hedge, or None for none, got "):
        AsyncAPIClient(base_url=BASE_URL, hedge=value)
    with pytest.raises(TypeError, match=r"^hedge must be a Hedge, or None for none, got "):
        AsyncAPIClient(base_url=BASE_URL).copy(hedge=value)
    await trio.lowlevel.checkpoint()


def test_the_blocking_client_has_no_hedge() -> None:
    """It has one thread a call, and nobody who could cancel another."""
    with pytest.raises(TypeError, match="hedge"):
        BlockingColour(VirtualTime()).client(hedge=AFTER_1_S)


# -- when there are none -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"max_concurrency": 1},
        {"rate_limit": RateLimit(requests=1, per=1000)},
        {"hedge": Hedge()},
        {"hedge": Hedge(after=1.0, budget=0.5)},
    ],
    ids=["no permit", "a rate limit", "no quantile", "no hedge left"],
)
async def test_a_hedge_never_waits_and_never_takes_what_is_short(autojump_clock: Clock, settings: Any) -> None:
    """It is not sent, and the call goes on as if nothing was."""
    async with playing(Slow(50, reply(FIRST)), **settings) as played:
        assert await played.get() == FIRST
        assert (played.sent, played.origin.hedges, played.origin.in_flight) == ([0], 0, 0)


async def test_a_hedge_that_cannot_be_paid_for_is_not_sent(autojump_clock: Clock) -> None:
    """Where a retry costs more than is left, though that is more than half."""
    budget = RetryBudget(capacity=10, retry_cost=10, throttled_cost=1)
    async with playing(Slow(50, reply(FIRST)), retry_budget=budget, max_concurrency=2) as played:
        book = played.client._books.of(played.client._config.origins.base)
        assert book.account.spend(throttled=True) == 1
        assert await played.get() == FIRST
        assert (played.sent, played.origin.hedges, played.origin.in_flight) == ([0], 0, 0)


async def test_a_hedge_takes_a_permit_and_gives_it_back(autojump_clock: Clock) -> None:
    """It is in flight as any request is."""
    async with playing(Slow(100, reply()), Slow(2, reply()), max_concurrency=2) as played:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(played.get)
            await trio.sleep(1.5)
            assert played.client._books.of(played.client._config.origins.base).permits.in_flight == 2
        assert played.origin.in_flight == 0


async def test_after_a_push_back_there_are_none_for_a_while(autojump_clock: Clock) -> None:
    """Of the retry neither."""
    slow = Slow(3, reply(FIRST))
    async with playing(reply(status=503), slow, slow, reply(SECOND)) as played:
        assert await played.get() == FIRST
        await trio.sleep(10)
        assert await played.get() == SECOND
        assert (len(played.sent), played.origin.hedges) == (4, 1)


async def test_while_attempts_are_held_back_there_are_none(autojump_clock: Clock) -> None:
    """A hedge asks for more, throttling for less."""
    async with playing(
        httpx.ReadError("broken"), Slow(3, reply(FIRST)), throttling=Throttling(max_probability=1e-12), max_retries=0
    ) as played:
        with pytest.raises(APIConnectionError):
            await played.get()
        assert await played.get() == FIRST
        assert played.origin.hedges == 0


async def test_the_tokens_come_back_with_an_answer_alone(autojump_clock: Clock) -> None:
    """As those of a retry do. Here 14 for a hedge, and 1 for each call that succeeds at once."""
    late = Slow(9, reply(status=500))
    async with playing(late, late, late, reply(), max_retries=0) as played:
        with pytest.raises(InternalServerError):
            await played.get()
        assert played.origin.budget_left == 486
        await played.get()
        assert played.origin.budget_left == 487


async def test_latencies_are_those_of_the_calls(autojump_clock: Clock) -> None:
    """From the first request to the answer, whoever gave it: what is hedged does not look quick."""
    answers = [*[Slow(0.1, reply())] * 20, Slow(9, reply()), Slow(0.1, reply())]
    async with playing(*answers, hedge=Hedge(after="p95", budget=1.0)) as played:
        for _ in range(21):
            await played.get()
        hedging = played.client._books.of(played.client._config.origins.base).hedging
        assert hedging._latencies[-1] == pytest.approx(0.2)
        assert len(hedging._latencies) == 21


# -- hooks, errors, cancellation -----------------------------------------------------------------------------


async def test_each_request_is_built_and_signed_by_itself(autojump_clock: Clock) -> None:
    """The hooks are called for each; both are the same attempt."""

    class Signing(AsyncAPIClient):
        async def _prepare_request(self, request: httpx.Request) -> None:
            signed.append(request)
            request.headers["Signature"] = str(len(signed))

    signed: list[httpx.Request] = []
    async with playing(Slow(9, reply()), reply(), client_class=Signing) as played:
        await played.get()
        assert [sent.headers["Signature"] for sent in played.script.sent] == ["1", "2"]
        assert [sent.headers["X-Trio-API-Retry-Count"] for sent in played.script.sent] == ["0", "0"]


class Clumsy(AsyncAPIClient):
    """An application with a bug: the request of a number fails to be signed."""

    fails_at = 2

    async def _prepare_request(self, request: httpx.Request) -> None:
        self._signed = getattr(self, "_signed", 0) + 1
        if self._signed == self.fails_at:
            raise LookupError("no key")


@pytest.mark.parametrize("number", [1, 2])
async def test_an_exception_of_the_applications_comes_out_single(autojump_clock: Clock, number: int) -> None:
    """As it is, at once, and the other request is cancelled."""
    failing = type("Failing", (Clumsy,), {"fails_at": number})
    async with playing(Slow(9, reply()), Slow(9, reply()), client_class=failing) as played:
        with pytest.raises(LookupError, match=r"^'?no key'?$") as caught:
            await played.get()
        assert (played.time, played.cancelled) == ((0, []) if number == 1 else (1, [1]))
        assert caught.value.__context__ is None


async def test_a_cancelled_caller_takes_all_requests_along(autojump_clock: Clock) -> None:
    """That moment."""
    async with playing(Slow(9, reply()), Slow(9, reply())) as played:
        with trio.move_on_after(3) as scope:
            await played.get()
        assert scope.cancelled_caught
        assert (played.sent, played.cancelled, played.time) == ([0, 1], [3, 3], 3)


async def test_a_cancelled_caller_meets_one_cancelled(autojump_clock: Clock) -> None:
    """No group of them, which an ``except`` of the application would miss."""
    async with playing(Slow(9, reply()), Slow(9, reply())) as played:
        met: list[BaseException] = []
        with trio.move_on_after(3):
            try:
                await played.get()
            except BaseException as error:
                met.append(error)
                raise
        assert [type(error) for error in met] == [trio.Cancelled]


async def test_the_time_of_a_call_covers_all_its_requests(autojump_clock: Clock) -> None:
    """When it is up, the error says so."""
    async with playing(Slow(9, reply()), Slow(9, reply())) as played:
        with pytest.raises(APITimeoutError, match="total_timeout of 3"):
            await played.get(total_timeout=3.0)
        assert (played.cancelled, played.time) == ([3, 3], 3)


async def test_a_client_that_is_closed_cuts_them_off(autojump_clock: Clock) -> None:
    """The caller gets the error of it, single."""
    errors: list[BaseException] = []

    async def call(played: Played) -> None:
        with pytest.raises(ClientStateError) as caught:
            await played.get()
        errors.append(caught.value)

    async with trio.open_nursery() as nursery:
        async with playing(Slow(9, reply()), Slow(9, reply())) as played:
            nursery.start_soon(call, played)
            await trio.sleep(2)
        assert played.cancelled == [2, 2]
    assert len(errors) == 1


async def test_cancelled_anywhere_it_leaves_the_world_as_it_was(autojump_clock: Clock) -> None:
    """At each checkpoint in turn: no request is in flight, no permit held, no task left; and the next call works."""
    answers = [Slow(1.5, reply(status=500)), Slow(2, reply(SECOND))]
    async with playing(max_concurrency=3, max_retries=0) as played:
        tasks = trio.lowlevel.current_statistics().tasks_living

        async def work() -> None:
            played.script.answers = list(answers)
            assert await played.get() == SECOND

        async def after() -> None:
            assert played.script.in_flight == 0
            assert trio.lowlevel.current_statistics().tasks_living == tasks
            played.script.answers = [reply(FIRST)]
            assert await played.get() == FIRST
            assert played.origin.in_flight == 0

        assert await cancel_everywhere(work, after) >= 3


@pytest.mark.parametrize("outcome", ["answer", "failure", "bug"])
async def test_a_hedged_call_leaves_no_garbage(autojump_clock: Clock, outcome: str) -> None:
    """Not one object in a cycle."""

    class Sometimes(Clumsy):
        fails_at = 6 if outcome == "bug" else 0

    good, bad = Slow(9, reply()), Slow(9, reply(status=500))
    second = bad if outcome == "failure" else reply()
    async with playing(
        *[bad if outcome == "failure" else good, second] * 3, client_class=Sometimes, max_retries=0
    ) as played:

        async def call() -> None:
            with contextlib.suppress(InternalServerError, LookupError):
                await played.get()

        await call()
        await call()
        gc.collect()
        gc.disable()
        try:
            await call()
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            assert [
                each for each in gc.garbage if "trio_api" in type(each).__module__ or isinstance(each, BaseException)
            ] == []
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
