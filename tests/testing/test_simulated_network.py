"""The network and the server of a simulation: each thing that may go wrong there, alone and always."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import pytest
import trio

from trio_api import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AsyncAPIClient,
    ClientStateError,
    FinalRequestOptions,
    InternalServerError,
    RateLimitError,
)
from trio_api.testing import Chaos, Fault, Reply, Simulation, SimulationReport, simulate

CALM = Chaos.none()
BIG = b"x" * 50_000
"""More than is under way at a time."""


def calls(chaos: Chaos, runs: int = 3, **settings: Any) -> list[tuple[type[Exception] | None, bool, float]]:
    """What comes of a POST in each of some runs: the error, whether it had its effect, the seconds it took."""
    seen: list[tuple[type[Exception] | None, bool, float]] = []

    async def fn(sim: Simulation) -> None:
        effects: list[bytes] = []

        def answer(request: httpx.Request) -> Any:
            effects.append(request.content)
            return Reply(content=BIG)

        sim.post("/orders", answer)
        async with sim.client(max_retries=0, timeout=60.0, **settings) as client:
            error: type[Exception] | None = None
            try:
                assert await client.post("/orders", content=BIG, cast_to=bytes) == BIG
            except APIError as raised:
                error = type(raised)
            assert effects in ([], [BIG])
            seen.append((error, bool(effects), trio.current_time()))

    simulate(fn, runs=runs, chaos=chaos)
    return seen


def test_without_chaos_all_goes_well_at_once() -> None:
    """A hundred kilobytes cross a small buffer and no time passes."""
    assert calls(attrs.evolve(CALM, buffer=1000)) == [(None, True, 0.0)] * 3


def test_bytes_take_time_and_come_in_pieces() -> None:
    """And in their order."""
    for error, effect, seconds in calls(attrs.evolve(CALM, split=1.0, latency=1.0)):
        assert (error, effect) == (None, True)
        assert 0 < seconds < 60


@pytest.mark.parametrize(
    ("chaos", "errors", "effects"),
    [
        ({"refused": 1.0}, {APIConnectionError}, {False}),
        ({"unreachable": 1.0}, {APITimeoutError}, {False}),
        ({"broken": 0.1}, {APIConnectionError, None}, {True, False}),
        ({"silent": 0.1}, {APITimeoutError, None}, {True, False}),
        ({"unavailable": 1.0}, {RateLimitError, InternalServerError}, {False}),
        ({"failed": 1.0}, {InternalServerError}, {True}),
        ({"lost": 1.0}, {APIConnectionError}, {True}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_thing_goes_wrong(chaos: dict[str, float], errors: set[Any], effects: set[bool]) -> None:
    """The client has the error that fits, and the server the effect or not."""
    seen = calls(attrs.evolve(CALM, **chaos), runs=8 if chaos.get("broken", chaos.get("silent", 1.0)) == 1.0 else 25)
    assert {error for error, _, _ in seen} == errors
    assert {effect for _, effect, _ in seen} == effects


def test_what_had_its_effect_may_break_in_its_answer() -> None:
    """So that to send it again would be to have it twice."""
    assert (APIConnectionError, True) in {seen[:2] for seen in calls(attrs.evolve(CALM, broken=0.1), runs=20)}


def test_an_answer_may_be_slow() -> None:
    """Up to the slowness."""
    seconds = [seconds for _, _, seconds in calls(attrs.evolve(CALM, slow=1.0, slowness=7.0), runs=15)]
    assert 4 < max(seconds) < 7
    assert min(seconds) < 2


def connections(report: SimulationReport) -> int:
    return sum("a connect to" in line for line in report.trace)


def one_after_the_other(count: int, *answers: Any) -> Any:
    """A function that makes *count* calls, and has *answers* for them."""

    async def fn(sim: Simulation) -> None:
        sim.get("/items", *answers)
        async with sim.client() as client:
            for _ in range(count):
                assert await client.get("/items", cast_to=list[int]) == [1, 2]
                await trio.sleep(1)

    return fn


def test_a_connection_is_used_again() -> None:
    """As over a network."""
    assert connections(simulate(one_after_the_other(5, [1, 2]), runs=1, chaos=CALM)) == 1


def test_a_server_may_close_what_is_idle() -> None:
    """Without a word: the client finds it closed."""
    fn = one_after_the_other(5, [1, 2])
    assert connections(simulate(fn, runs=1, chaos=attrs.evolve(CALM, closed=1.0, latency=0.01))) == 5


def test_a_body_by_script() -> None:
    """In chunks, with pauses between them, and to HEAD without any."""

    async def fn(sim: Simulation) -> None:
        sim.route("*", "/lines", Reply(pieces=[b"1\n", 5.0, b"2\n"], headers={"Content-Type": "application/jsonl"}))
        async with sim.client() as client:
            async with client.stream("GET", "/lines", cast_to=int) as stream:
                assert [item async for item in stream] == [1, 2]
            assert trio.current_time() == 5
            head = FinalRequestOptions(method="HEAD", url="/lines")
            assert await client.request(bytes, head) == b""
        assert [attempt.status for attempt in sim.journal] == [200, 200]

    simulate(fn, runs=1, chaos=CALM)


def test_a_client_that_leaves_is_noticed() -> None:
    """The rest of the answer goes nowhere, and the server takes it."""

    async def fn(sim: Simulation) -> None:
        sim.get("/big", Reply(pieces=[BIG] * 10))
        async with sim.client() as client:
            async with client.with_streaming_response.get("/big", cast_to=bytes):
                pass
            await trio.sleep(1)
        assert sim.journal[0].answer == "200, but nobody was there"

    assert simulate(fn, runs=1, chaos=CALM).requests == 1


def test_a_close_of_the_client_ends_what_it_sends() -> None:
    """Though nobody reads that."""

    async def fn(sim: Simulation) -> None:
        sim.put("/big", {})

        async def upload(client: AsyncAPIClient) -> None:
            with pytest.raises((APIConnectionError, ClientStateError)):
                await client.put("/big", content=BIG, cast_to=object)

        async with trio.open_nursery() as nursery, sim.client(max_retries=0) as client:
            nursery.start_soon(upload, client)
            await trio.sleep(10)

    simulate(fn, runs=1, chaos=attrs.evolve(CALM, silent=1.0, buffer=1000))


def test_a_fault_while_connecting_comes_too_late() -> None:
    """A route is found once the request is there."""

    async def fn(sim: Simulation) -> None:
        sim.get("/items", Fault.connecting())
        async with sim.client() as client:
            await client.get("/items", cast_to=object)

    with pytest.raises(TypeError, match="GET /items had come when its route was found"):
        simulate(fn, runs=1, chaos=CALM)
