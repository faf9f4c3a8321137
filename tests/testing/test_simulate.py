"""`simulate`: what a seed repeats, what is a failure, and how that is told."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import sys
import time
import uuid
from typing import Any

import httpx
import pytest
import trio

from trio_api import APIError, AsyncAPIClient, InternalServerError
from trio_api.testing import Chaos, Fault, Reply, Simulation, simulate
from trio_api.transport import TrioTransport

CALM = Chaos.none()


async def traffic(sim: Simulation) -> None:
    """Six callers, and whatever comes of it."""
    sim.get("/items/{id}", {"id": 1})
    sim.post("/orders", {"id": 2})
    async with sim.client(max_concurrency=5) as client, trio.open_nursery() as nursery:

        async def caller(number: int) -> None:
            await trio.sleep(sim.random.random())
            try:
                await client.get(f"/items/{number}", cast_to=object)
                await client.post("/orders", body={"text": "x" * 1000}, cast_to=object)
            except APIError as error:
                sim.note(f"caller {number}: {error!r}")

        for number in range(6):
            nursery.start_soon(caller, number)


def failure(fn: Any, **settings: Any) -> BaseException:
    """What `simulate` raises of one run."""
    with pytest.raises(BaseException) as caught:
        simulate(fn, runs=1, chaos=CALM, **settings)
    return caught.value


def test_the_same_seed_gives_the_same_run() -> None:
    """Step by step; other seeds give others."""
    first, second = simulate(traffic, seed=7, runs=3), simulate(traffic, seed=7, runs=3)
    assert first.digests == second.digests
    assert first.trace == second.trace
    assert len(set(first.digests)) == 3


def test_a_run_alone_is_what_it_was_among_others() -> None:
    """Nothing of a run depends on those before it."""
    assert simulate(traffic, seed=9, runs=1).digests[0] == simulate(traffic, seed=7, runs=3).digests[2]


def test_the_trace_tells_what_happened() -> None:
    """With the time of its clock, and the lines that the function wrote itself."""

    async def fn(sim: Simulation) -> None:
        sim.get("/items", Reply(json=[1], delay=2.5))
        async with sim.client() as client:
            await client.get("/items", cast_to=object)
            sim.note("it was fetched")

    trace = "\n".join(simulate(fn, runs=1, chaos=CALM).trace)
    for line in (
        "0.000000 wire 1: a connect to https://api.example.com:443",
        "0.000000 the server takes GET /items",
        "2.500000 the server answers GET /items by 200",
        "2.500000 it was fetched",
        "2.500000 wire 1: the client closes",
    ):
        assert line in trace


def test_a_report_counts() -> None:
    """What came to the servers, and what went wrong by chance."""
    calm, rough = simulate(traffic, runs=2, chaos=CALM), simulate(traffic, runs=2)
    assert (calm.requests, calm.faults) == (24, 0)
    assert rough.faults > 0
    assert str(calm).startswith("2 runs of ")
    assert str(calm).endswith("24 requests, 0 faults, and nothing was left")


def test_an_hour_takes_no_time() -> None:
    """The clock is virtual, the wall clock with it, and each run begins at the same time."""
    seen = []

    async def fn(sim: Simulation) -> None:
        began = time.time()
        await trio.sleep(3000)
        seen.append((began, time.time() - began, trio.current_time()))

    assert simulate(fn, runs=2).seconds == 6000
    assert seen == [(seen[0][0], 3000, 3000)] * 2


def test_what_others_draw_from_is_left_as_it_was() -> None:
    """The module `random`, `os.urandom`, the clock, threads and Trio's own chance, also where a run failed."""
    scheduler = sys.modules["trio._core._run"]
    before = (os.urandom, time.time, trio.to_thread.run_sync, vars(scheduler)["_ALLOW_DETERMINISTIC_SCHEDULING"])
    chances = (random.getstate(), vars(scheduler)["_r"])

    async def fn(sim: Simulation) -> None:
        random.random()
        raise KeyError("wrong")

    assert isinstance(failure(fn), KeyError)
    assert before == (
        os.urandom,
        time.time,
        trio.to_thread.run_sync,
        vars(scheduler)["_ALLOW_DETERMINISTIC_SCHEDULING"],
    )
    assert chances == (random.getstate(), vars(scheduler)["_r"])


def test_all_that_is_drawn_is_repeated() -> None:
    """By the module `random`, by `uuid`, by threads that are none, and by the run itself."""
    seen = []

    async def fn(sim: Simulation) -> None:
        began = trio.current_time()
        drawn = await trio.to_thread.run_sync(uuid.uuid4)
        seen.append((random.random(), sim.random.random(), drawn, trio.current_time() - began))

    simulate(fn, seed=3, runs=2)
    simulate(fn, seed=3, runs=2)
    assert seen[:2] == seen[2:]
    assert seen[0] != seen[1]


def test_what_is_done_in_a_thread_may_be_abandoned_or_not() -> None:
    """It has been done either way; a cancellation shows only where it may be abandoned."""
    done = []

    async def fn(sim: Simulation) -> None:
        for abandon in (False, True):
            with trio.CancelScope() as scope:
                await trio.to_thread.run_sync(scope.cancel, abandon_on_cancel=abandon)
                done.append(abandon)
            assert scope.cancelled_caught is abandon

    simulate(fn, runs=1)
    assert done == [False]


def test_a_failure_tells_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    """What the function raises comes out as it is, with a note of how to have it again, and what happened last."""

    async def fn(sim: Simulation) -> None:
        sim.note("before")
        assert sim.seed < 12, "too much"

    with pytest.raises(AssertionError, match="too much") as caught:
        simulate(fn, seed=10, runs=5)
    first, last = caught.value.__notes__
    assert first == "The run of seed 12 failed. To have it alone: simulate(..., seed=12, runs=1)"
    assert last == "The last 1 things that happened:\n0.000000 before"
    assert "The run of seed 12 failed. To have it alone: simulate(..., seed=12, runs=1)" in capsys.readouterr().err


def test_a_request_without_a_route_is_a_failure() -> None:
    """Though the client could live with that."""

    async def fn(sim: Simulation) -> None:
        sim.get("/items", {})
        async with sim.client() as client:
            await client.get("/itms", cast_to=object)

    assert str(failure(fn)) == "no route fits GET /itms; the routes: GET /items"


@pytest.mark.parametrize("error", [ZeroDivisionError("in the server"), OSError("of its own")])
def test_a_route_that_fails_is_a_failure(error: Exception) -> None:
    """As what it raised, alone; an error of its own system is none of the network."""

    def answer(request: httpx.Request) -> Any:
        raise error

    async def fn(sim: Simulation) -> None:
        sim.get("/items", answer)
        async with sim.client() as client:
            await client.get("/items", cast_to=object)

    assert failure(fn) is error


def test_a_run_that_does_not_end_is_a_failure() -> None:
    """It tells where its tasks are."""

    async def fn(sim: Simulation) -> None:
        await trio.Event().wait()

    text = str(failure(fn, within=60))
    assert text.startswith("it did not end within 60 seconds of its clock; its tasks:")
    assert "test_a_run_that_does_not_end_is_a_failure.<locals>.fn (test_simulate.py:" in text


def test_a_run_that_swallows_its_end_is_a_failure() -> None:
    """Even where it went well afterwards."""

    async def fn(sim: Simulation) -> None:
        with pytest.raises(trio.Cancelled):
            await trio.sleep_forever()

    assert "did not end within" in str(failure(fn, within=60))


def test_a_run_that_can_not_be_cancelled_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing shields it then."""
    monkeypatch.setattr("trio_api.testing.simulation._watch._MOST_TURNS", 1000)

    async def fn(sim: Simulation) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()

    assert "did not end within" in str(failure(fn, within=60))


def test_a_run_that_can_not_be_ended_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that swallows every cancellation: Trio's loop is ended, and what it leaves complains."""
    monkeypatch.setattr("sys.unraisablehook", lambda _: None)
    monkeypatch.setattr("trio_api.testing.simulation._watch._MOST_TURNS", 1000)

    async def fn(sim: Simulation) -> None:
        while True:
            with contextlib.suppress(trio.Cancelled):
                await trio.lowlevel.checkpoint()

    text = str(failure(fn))
    gc.collect()
    assert "Trio's loop turned 1000 times" in text


@pytest.mark.parametrize("shield", [False, True])
def test_a_run_in_which_no_time_passes_is_a_failure(shield: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that goes on and on, and waits for nothing."""
    monkeypatch.setattr("trio_api.testing.simulation._watch._MOST_TURNS", 1000)

    async def fn(sim: Simulation) -> None:
        with trio.CancelScope(shield=shield):
            while True:  # noqa: ASYNC110
                await trio.lowlevel.checkpoint()

    assert str(failure(fn)).startswith("Trio's loop turned 1000 times at 0.000000 s, and no time passed; its tasks:")


def test_a_connection_that_is_left_is_a_failure() -> None:
    """Of an HTTP client that nobody closed."""

    async def fn(sim: Simulation) -> None:
        sim.get("/items", {})
        kept.append(httpx.AsyncClient(transport=TrioTransport()))
        await kept[0].get("https://api.example.com/items")

    kept: list[httpx.AsyncClient] = []
    assert str(failure(fn)) == "left: 1 x connection"


def test_a_task_that_is_left_is_a_failure() -> None:
    """One of the system's, since others can't be."""

    async def fn(sim: Simulation) -> None:
        trio.lowlevel.spawn_system_task(trio.sleep_forever)

    assert str(failure(fn)) == "left: 1 x task trio.sleep_forever"


def test_a_client_of_an_sdk_is_made() -> None:
    """With the settings that it is given."""

    class SDK(AsyncAPIClient):
        pass

    async def fn(sim: Simulation) -> None:
        sim.get("http://sdk.example.com/v1/items", {"id": 1})
        async with sim.client(SDK, base_url="http://sdk.example.com/v1", max_retries=0) as sdk:
            assert type(sdk) is SDK
            assert await sdk.get("/items", cast_to=object) == {"id": 1}

    assert simulate(fn, runs=1, chaos=CALM).requests == 1


def test_a_route_may_break_the_connection() -> None:
    """Before its answer, or within."""

    async def fn(sim: Simulation) -> None:
        route = sim.get("/items", Fault.answering(), httpx.ReadError("reset"), Reply(json=[1, 2]).cut(2), [1])
        async with sim.client(max_retries=5) as client:
            assert await client.get("/items", cast_to=object) == [1]
        route.assert_attempts(4)

    simulate(fn, runs=1, chaos=CALM)


def test_chaos_may_change() -> None:
    """In the midst of a run."""

    async def fn(sim: Simulation) -> None:
        sim.get("/items", [])
        async with sim.client(max_retries=0) as client:
            assert sim.chaos == CALM
            await client.get("/items", cast_to=object)
            sim.chaos = Chaos(failed=1.0)
            with pytest.raises(InternalServerError):
                await client.get("/items", cast_to=object)

    simulate(fn, runs=1, chaos=CALM)


async def test_it_runs_outside_of_trio() -> None:
    """It says so, and how it is called."""
    with pytest.raises(RuntimeError, match="call it from a plain function"):
        simulate(traffic)


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"seed": "1"}, TypeError, "seed must be an int"),
        ({"runs": 0}, ValueError, "runs must be at least 1"),
        ({"within": -1}, ValueError, "within"),
        ({"chaos": 0.5}, TypeError, "chaos must be a Chaos"),
    ],
)
def test_an_argument_that_can_not_be(settings: Any, error: type[Exception], match: str) -> None:
    """It is named."""
    with pytest.raises(error, match=match):
        simulate(traffic, **settings)


@pytest.mark.parametrize("field", ["lost", "latency", "buffer"])
def test_a_chaos_that_can_not_be(field: str) -> None:
    """Its field is named."""
    with pytest.raises(ValueError, match=field):
        Chaos(**{field: -1})
