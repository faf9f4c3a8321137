"""The cool-down of a client, in both colours: what a server asks of one call, all calls to its origin heed."""

from __future__ import annotations

import gc
import logging
import weakref
from typing import Any

import httpx
import pytest
import trio

from support.colours import BASE_URL, Colour
from support.scripted import Answer, Script, Slow, VirtualTime, reply
from trio_api import (
    APIStatusError,
    AsyncAPIClient,
    AttemptRecord,
    ClientStateError,
    CoolDown,
    InternalServerError,
    PermissionDeniedError,
    QuotaHeaders,
    RateLimitError,
    SyncAPIClient,
)

ELSEWHERE = "https://other.example/items"
NOTHING_LEFT = {"RateLimit": '"default";r=0;t=5'}
GITHUB = {
    "Date": "Tue, 14 Nov 2023 22:13:20 GMT",
    "X-RateLimit-Limit": "5000",
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset": "1700000005",
    "X-RateLimit-Resource": "core",
}


def told(seconds: float = 5, status: int = 429) -> httpx.Response:
    """An answer that asks to wait."""
    return reply(status=status, headers={"Retry-After": f"{seconds:g}"})


def told_off(client: Any, **options: Any) -> Any:
    """Make a call that fails, since it is refused and not tried again; a part of a test's body."""
    with pytest.raises(APIStatusError):
        yield client.get("/told", cast_to=object, options={"max_retries": 0, **options})


def one_is_told(client: Any) -> Any:
    """The body of most tests: a call is refused, and another comes at once."""
    yield from told_off(client)
    yield client.get("/other", cast_to=object)


# -- who waits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        told(5),
        told(5, status=503),
        reply(status=429, headers=NOTHING_LEFT),
        reply(status=503, headers=NOTHING_LEFT),
        reply(status=429, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "5"}),
        told(5, status=403),
        reply(status=403, headers=GITHUB),
    ],
    ids=["429", "503", "429 by its quota", "503 by its quota", "429 by an old form", "403", "403 by its quota"],
)
def test_what_one_call_is_told_another_waits_out(colour: Colour, answer: httpx.Response) -> None:
    """Before it sends anything."""
    _, script = colour.play(answer, reply(), body=one_is_told)
    assert script.waits == [5.0]


@pytest.mark.parametrize(
    "answer",
    [
        reply(status=429),
        reply(status=503),
        told(5, status=500),
        told(121),
        reply(status=404, headers=NOTHING_LEFT),
        reply(status=429, headers={"RateLimit": '"default";r=1;t=5'}),
        reply(status=403),
        told(121, status=403),
        reply(status=403, headers={**GITHUB, "X-RateLimit-Remaining": "4999"}),
    ],
    ids=["429", "503", "500", "too long", "404", "something is left", "403", "403 too long", "403 with a quota left"],
)
def test_what_is_no_request_for_patience_stops_nobody(colour: Colour, answer: httpx.Response) -> None:
    """A status alone says nothing of how long."""
    _, script = colour.play(answer, reply(), body=one_is_told)
    assert script.waits == [0.0]


def test_a_403_is_not_tried_again_whatever_it_says(colour: Colour) -> None:
    """It is an error like others, which tells how long was asked."""
    error, script = colour.fail(PermissionDeniedError, told(5, status=403))
    assert error.retry_after == 5.0
    assert len(script.sent) == 1


def test_a_success_that_says_that_nothing_is_left_is_heeded(colour: Colour) -> None:
    """Nobody has to be refused to know."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        yield client.get("/items", cast_to=object)

    _, script = colour.play(reply(headers=NOTHING_LEFT), reply(), body=body)
    assert script.waits == [5.0]


def test_the_headers_of_a_vendor_can_be_named(colour: Colour) -> None:
    """OpenAI's, for one."""
    vendor = QuotaHeaders("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests")
    answer = reply(headers={"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"})

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        yield client.get("/items", cast_to=object)

    for cool_down, waits in [(CoolDown(), [0.0]), (CoolDown(max_wait=600, quota_headers=[vendor]), [360.0])]:
        _, script = colour.play(answer, reply(), body=body, cool_down=cool_down)
        assert script.waits == waits


def test_without_a_cool_down_each_call_finds_out_for_itself(colour: Colour) -> None:
    """As it was."""
    _, script = colour.play(told(5), reply(), body=one_is_told, cool_down=None)
    assert script.waits == [0.0]


def test_each_origin_has_a_pause_of_its_own(colour: Colour) -> None:
    """One server's refusal says nothing of another."""

    def body(client: Any) -> Any:
        yield from told_off(client)
        yield client.get(ELSEWHERE, cast_to=object)

    _, script = colour.play(told(5), reply(), body=body)
    assert script.waits == [0.0]


def test_the_server_that_a_redirect_leads_to_does_not_speak_for_the_first(colour: Colour) -> None:
    """Its refusal is heeded by the call that met it, and no other has to wait."""

    def body(client: Any) -> Any:
        yield from told_off(client)
        yield client.get("/other", cast_to=object)

    away = reply(status=302, headers={"Location": ELSEWHERE})
    _, script = colour.play(away, told(5), reply(), body=body)
    assert script.waits == [0.0, 0.0]


def test_a_redirect_within_the_origin_does(colour: Colour) -> None:
    """It is the same server."""
    within = reply(status=302, headers={"Location": "/v2/items"})
    _, script = colour.play(within, told(5), reply(), body=one_is_told)
    assert script.waits == [0.0, 5.0]


# -- copies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "wait"),
    [({}, 5.0), ({"timeout": 3}, 5.0), ({"cool_down": CoolDown()}, 0.0), ({"cool_down": None}, 0.0)],
)
def test_a_copy_shares_it_unless_it_was_given_another(colour: Colour, changes: Any, wait: float) -> None:
    """In either direction."""

    def parent_first(client: Any) -> Any:
        copied = client.copy(**changes)
        yield from told_off(client)
        yield copied.get("/items", cast_to=object)

    def copy_first(client: Any) -> Any:
        yield from told_off(client.copy(**changes))
        yield client.get("/items", cast_to=object)

    _, script = colour.play(told(5), reply(), body=parent_first)
    assert script.waits == [wait]
    if changes.get("cool_down", 0) is not None:
        _, script = colour.play(told(5), reply(), body=copy_first)
        assert script.waits == [wait]


@pytest.mark.parametrize("value", [5, True, "5", {"max_wait": 5}])
def test_a_cool_down_is_a_cool_down_or_none(colour: Colour, value: Any) -> None:
    """Anything else is a TypeError that says so, of a client and of a copy."""
    with pytest.raises(TypeError, match=r"^cool_down must be a CoolDown, or None for none, got "):
        colour.client(cool_down=value)
    with pytest.raises(TypeError, match=r"^cool_down must be a CoolDown, or None for none, got "):
        colour.client().copy(cool_down=value)


# -- who can't wait ------------------------------------------------------------------------------------------


def test_who_cannot_wait_so_long_fails_at_once_with_what_the_server_said(colour: Colour) -> None:
    """Nothing is sent; the error tells what is left of the pause, and that this call made no attempt."""

    def body(client: Any) -> Any:
        with pytest.raises(RateLimitError) as first:
            yield client.get("/told", cast_to=object, options={"max_retries": 0})
        with pytest.raises(RateLimitError) as second:
            yield client.get("/other", cast_to=object, options={"total_timeout": 3})
        return first.value, second.value, client.statistics()

    (told_first, error, statistics), script = colour.play(told(5), body=body)
    assert len(script.sent) == 1
    assert error is not told_first
    assert error.response.content == told_first.response.content
    assert error.response.headers == told_first.response.headers
    assert error.retry_after == 5.0
    assert error.attempts == ()
    assert error.__notes__ == [
        "Not sent: the server asked for a pause, of which 5 seconds were left, more than the call had."
    ]
    [origin] = statistics.origins
    assert (origin.calls, origin.failed, origin.refused, origin.attempts) == (2, 2, 1, 1)


def test_who_is_refused_does_not_see_the_request_of_who_was_told(colour: Colour) -> None:
    """It may be another user's: the error is about this one's own request, and so is its response."""

    def body(client: Any) -> Any:
        told_first = client.with_options(custom_headers={"Authorization": "Bearer not-yours"})
        with pytest.raises(RateLimitError):
            yield told_first.get("/told?key=not-yours", cast_to=object, options={"max_retries": 0})
        yield client.get("/other", cast_to=object, options={"total_timeout": 3})

    error, _ = colour.fail(RateLimitError, told(5), body=body)
    assert error.request is error.response.request
    assert error.request.url.path == "/other"
    assert "not-yours" not in f"{error.request.headers.raw} {error.request.url}"


def test_a_pause_keeps_nothing_of_the_request_that_was_told(colour: Colour) -> None:
    """It may have a large body, and it may be long until somebody asks again."""
    requests: list[weakref.ref[httpx.Request]] = []

    def refused(request: httpx.Request) -> httpx.Response:
        requests.append(weakref.ref(request))
        return told(5)

    def body(client: Any) -> Any:
        yield from told_off(client)
        yield colour.sleep(1)
        gc.collect()
        assert requests[0]() is None
        with pytest.raises(RateLimitError):
            yield client.get("/other", cast_to=object, options={"total_timeout": 3})

    colour.play(refused, body=body)


def test_the_error_is_that_of_the_status(colour: Colour) -> None:
    """A 503 is an `InternalServerError` for whoever can't wait, too."""

    def body(client: Any) -> Any:
        yield from told_off(client)
        yield client.get("/other", cast_to=object, options={"total_timeout": 3})

    error, script = colour.fail(InternalServerError, told(5, status=503), body=body)
    assert (error.status_code, error.retry_after) == (503, 5.0)
    assert len(script.sent) == 1


def test_after_a_success_who_cannot_wait_asks(colour: Colour) -> None:
    """The server has refused nothing: what it says now is what the call is worth."""

    def body(client: Any) -> Any:
        yield client.get("/items", cast_to=object)
        yield client.get("/other", cast_to=object, options={"total_timeout": 3})

    _, script = colour.play(reply(headers=NOTHING_LEFT), reply(), body=body)
    assert script.waits == [0.0]


# -- retries -------------------------------------------------------------------------------------------------


def test_a_retry_that_was_told_to_wait_waits_once(colour: Colour) -> None:
    """What the server asked for, not the policy's wait and the pause one after the other."""
    _, script = colour.play(told(5), told(7), reply())
    assert script.waits == [5.0, 7.0]


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_its_wait_is_spread_as_any_other(colour: Colour, chance: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """By up to a tenth, with and without a cool-down."""
    monkeypatch.setattr("random.random", lambda: chance)
    for cool_down in (CoolDown(), None):
        _, script = colour.play(told(5), reply(), cool_down=cool_down)
        assert script.waits == [5 * (1 + chance / 10)]


def test_a_wait_that_is_too_long_to_share_is_the_calls_own(colour: Colour) -> None:
    """It was told, and has the time; others are not held up by it."""
    _, script = colour.play(told(60), reply(), cool_down=CoolDown(max_wait=30))
    assert script.waits == [60.0]


def test_a_retry_that_a_hook_sends_elsewhere_waits_all_the_same(colour: Colour) -> None:
    """The pause is that of the origin that refused; the call names another."""

    def move(client: Any, request: httpx.Request) -> None:
        request.url = httpx.URL(ELSEWHERE)

    _, script = colour.play(told(5), reply(), client_class=colour.make_class(_prepare_request=move))
    assert script.waits == [5.0]


def test_a_pause_is_logged(colour: Colour, caplog: pytest.LogCaptureFixture) -> None:
    """Once, at INFO: else nobody would know why other calls take long."""
    with caplog.at_level(logging.INFO, "trio_api"):
        colour.play(told(5), reply(), body=one_is_told)
    lines = [entry.getMessage() for entry in caplog.records]
    assert lines == ["GET https://api.example.com/v1/told: the origin is paused for 5.000 s, as it asked"]


# -- in threads ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [told(5), reply(status=503)])
def test_a_blocking_client_that_is_closed_in_the_meantime_sends_nothing(
    answer: httpx.Response, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever wait it was: the error says so."""

    class Closing(VirtualTime):
        def sleep(self, seconds: float) -> None:
            http_client.close()
            super().sleep(seconds)

    time = Closing()
    for module in ("_driver_blocking", "_admission_blocking"):
        monkeypatch.setattr(f"trio_api.client.{module}.time", time)
    script = Script(answer)
    http_client = httpx.Client(transport=script)
    client = SyncAPIClient(base_url=BASE_URL, http_client=http_client)
    with pytest.raises(ClientStateError, match="is closed"):
        client.get("/items", cast_to=object)
    assert len(script.sent) == 1


# -- on Trio -------------------------------------------------------------------------------------------------


class Trace:
    """Calls of several tasks of one Trio client, and when each was sent."""

    def __init__(self, client: AsyncAPIClient, script: Script) -> None:
        self.client = client
        self.script = script
        self.began = trio.current_time()

    async def get(self, path: str, at: float = 0.0, **options: Any) -> object:
        await trio.sleep_until(self.began + at)
        return await self.client.get(path, cast_to=object, options=options)

    @property
    def sent(self) -> list[tuple[str, float]]:
        return [(sent.path, round(sent.time - self.began, 3)) for sent in self.script.sent]


def open_client(*answers: Answer, **settings: Any) -> tuple[AsyncAPIClient, Script]:
    script = Script(*answers)
    return AsyncAPIClient(base_url=BASE_URL, http_client=httpx.AsyncClient(transport=script), **settings), script


@pytest.fixture
def no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pin chance to 0: each goes at the beginning of its part of the spread."""
    monkeypatch.setattr("random.random", lambda: 0.0)


async def test_tasks_go_in_the_order_in_which_they_came(autojump_clock: object, no_chance: None) -> None:
    """The one that was told first, for it came first; a retry takes its place as any other."""
    client, script = open_client(told(10), *[reply()] * 5)
    async with client, trio.open_nursery() as nursery:
        trace = Trace(client, script)
        for number in range(5):
            nursery.start_soon(trace.get, f"/{number}", number)
    assert trace.sent == [
        ("/v1/0", 0.0), ("/v1/0", 10.0), ("/v1/1", 10.2), ("/v1/2", 10.4), ("/v1/3", 10.6), ("/v1/4", 10.8)
    ]  # fmt: skip


async def test_a_second_refusal_holds_up_those_who_are_left(autojump_clock: object, no_chance: None) -> None:
    """The first that was let go is told again: none of the others is sent before that time."""
    client, script = open_client(told(10), told(20), *[reply()] * 3)
    async with client, trio.open_nursery() as nursery:
        trace = Trace(client, script)
        for number in range(3):
            nursery.start_soon(trace.get, f"/{number}", number)
    assert [time for _, time in trace.sent] == [0.0, 10.0, 30.0, 30.667, 31.333]


async def test_an_outer_deadline_counts(autojump_clock: object) -> None:
    """The caller's own cancel scope: it gets the server's error now, not a TooSlowError later."""
    client, script = open_client(told(5))
    async with client:
        trace = Trace(client, script)
        with pytest.raises(RateLimitError):
            await trace.get("/told", max_retries=0)
        began = trio.current_time()
        with trio.fail_after(3), pytest.raises(RateLimitError) as caught:
            await trace.get("/other")
        assert trio.current_time() == began
    assert caught.value.retry_after == pytest.approx(5.0)
    assert len(script.sent) == 1


async def test_a_call_that_was_under_way_keeps_its_attempts(autojump_clock: object, no_chance: None) -> None:
    """Its retry is refused, for another call was told to wait: what it made before stands in the error."""
    client, script = open_client(Slow(1, reply(status=500)), told(60))
    async with client, trio.open_nursery() as nursery:
        trace = Trace(client, script)
        nursery.start_soon(told_in_passing, trace)
        with pytest.raises(RateLimitError) as caught:
            await trace.get("/items", total_timeout=30)
    assert caught.value.attempts == (AttemptRecord(0, 500, elapsed=1.0, waited=0.5),)
    assert caught.value.retry_after == 59.0
    assert len(script.sent) == 2


async def told_in_passing(trace: Trace) -> None:
    with pytest.raises(RateLimitError):
        await trace.get("/told", 0.5, max_retries=0)


async def test_who_has_time_for_the_pause_and_not_for_the_spread_is_sent(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as the pause is over."""
    monkeypatch.setattr("random.random", lambda: 1.0)
    client, script = open_client(told(10), reply())
    async with client:
        trace = Trace(client, script)
        with pytest.raises(RateLimitError):
            await trace.get("/told", max_retries=0)
        with trio.fail_after(10.5):
            await trace.get("/other")
    assert trace.sent == [("/v1/told", 0.0), ("/v1/other", 10.0)]


async def test_a_cancelled_task_is_gone_at_once(autojump_clock: object, no_chance: None) -> None:
    """It keeps nobody waiting, and no place in the spread."""
    client, script = open_client(told(10), reply())
    async with client, trio.open_nursery() as nursery:
        trace = Trace(client, script)
        with pytest.raises(RateLimitError):
            await trace.get("/told", max_retries=0)
        with trio.CancelScope() as scope:
            nursery.start_soon(trace.get, "/other", 2.0)
            trio.lowlevel.current_trio_token().run_sync_soon(scope.cancel)
            await trace.get("/given-up")
        assert scope.cancelled_caught
        assert trio.current_time() == trace.began
    assert trace.sent == [("/v1/told", 0.0), ("/v1/other", 10.0)]


@pytest.mark.parametrize(("grace", "took"), [(0.0, 1.0), (2.0, 3.0)])
async def test_a_client_that_is_closed_ends_the_wait(autojump_clock: object, grace: float, took: float) -> None:
    """When its grace is over, with the error that says so."""
    client, script = open_client(told(10), shutdown_grace=grace)

    async def wait_for_it() -> None:
        with pytest.raises(ClientStateError, match="is closed"):
            await trace.get("/other")

    async with trio.open_nursery() as nursery, client:
        trace = Trace(client, script)
        with pytest.raises(RateLimitError):
            await trace.get("/told", max_retries=0)
        nursery.start_soon(wait_for_it)
        await trio.sleep(1)
    assert trio.current_time() == pytest.approx(trace.began + took)
    assert len(script.sent) == 1
