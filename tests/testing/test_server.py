"""The simulated server does what it is told, to the millisecond of the virtual clock; so proofs can rest on it."""

from __future__ import annotations

import math
import random
from typing import Any

import httpx
import pytest
import trio

from trio_api.testing import JournalEntry, Quota, SimulatedServer

URL = "https://api.example.com/items?page=1"


async def ask(server: SimulatedServer, *arrivals: float, **how: Any) -> list[httpx.Response]:
    """Send a GET at each time, and wait for all; the responses in the order of sending."""
    answers: dict[int, httpx.Response] = {}

    async def send(number: int, at: float) -> None:
        await trio.sleep(at)
        answers[number] = await client.get(URL, **how)

    async with httpx.AsyncClient(transport=server) as client, trio.open_nursery() as nursery:
        for number, at in enumerate(arrivals):
            nursery.start_soon(send, number, at)
    return [answer for _, answer in sorted(answers.items())]


def statuses(responses: list[httpx.Response]) -> list[int]:
    return [response.status_code for response in responses]


async def test_it_answers_after_its_latency(autojump_clock: object) -> None:
    """A success has the body that was given, and stands in the journal with its times."""
    server = SimulatedServer(latency=0.25, body=b'{"id": 7}')
    began = trio.current_time()
    (answer,) = await ask(server, 2.0)
    assert trio.current_time() - began == pytest.approx(2.25)
    assert answer.json() == {"id": 7}
    assert server.journal == [JournalEntry(0.0, pytest.approx(0.25), "GET", "/items?page=1", 200)]
    assert (server.requests, server.busiest, server.in_flight) == (1, 1, 0)


async def test_latency_may_be_drawn_for_each_request(autojump_clock: object) -> None:
    """The function is given the server's chance; the same seed gives the same."""

    def draw(chance: random.Random) -> float:
        return chance.expovariate(10)

    runs = []
    for seed in (1, 1, 2):
        server = SimulatedServer(latency=draw, seed=seed)
        await ask(server, 0.0, 1000.0, 2000.0)
        runs.append([round(entry.ended - entry.came, 6) for entry in server.journal])
    assert runs[0] == runs[1] != runs[2]
    assert len(set(runs[0])) == 3


async def test_the_journal_stands_in_the_order_of_ends(autojump_clock: object) -> None:
    """Who came later and was quicker stands first."""
    seconds = iter([0.5, 0.1])
    server = SimulatedServer(latency=lambda _: next(seconds))
    await ask(server, 0.0, 0.2)
    assert [entry.came for entry in server.journal] == [pytest.approx(0.2), 0.0]


async def test_faults_come_by_chance(autojump_clock: object) -> None:
    """About as many as asked for, after the latency, with the status that was asked for."""
    server = SimulatedServer(faults=0.25, fault_status=500)
    answers = statuses(await ask(server, *range(1000)))
    assert set(answers) == {200, 500}
    assert 200 < answers.count(500) < 300
    assert {round(entry.ended - entry.came, 6) for entry in server.journal} == {0.05}


async def test_faults_may_depend_on_the_time(autojump_clock: object) -> None:
    """An outage has a beginning and an end."""
    server = SimulatedServer(faults=lambda now: float(10 <= now < 20))
    assert statuses(await ask(server, 0.0, 10.0, 19.0, 20.0)) == [200, 503, 503, 200]


async def test_what_exceeds_the_capacity_is_refused_fast(autojump_clock: object) -> None:
    """The third of three at once; who comes after an answer is served again."""
    server = SimulatedServer(latency=1.0, capacity=2)
    answers = await ask(server, 0.0, 0.0, 0.5, 1.1)
    assert sorted(statuses(answers)) == [200, 200, 200, 503]
    assert answers[2].status_code == 503
    assert "Retry-After" not in answers[2].headers
    assert server.journal[0] == JournalEntry(0.5, pytest.approx(0.505), "GET", "/items?page=1", 503)
    assert server.busiest == 3


async def test_an_overloaded_server_may_say_how_long_to_wait(autojump_clock: object) -> None:
    """Its status and its Retry-After are the caller's to choose."""
    server = SimulatedServer(capacity=1, overload_status=429, retry_after=3)
    answers = await ask(server, 0.0, 0.01)
    assert statuses(answers) == [200, 429]
    assert answers[1].headers["Retry-After"] == "3"


async def test_a_quota_holds_in_any_window(autojump_clock: object) -> None:
    """Two in ten seconds: the third is told how long to wait, and refusals count for nothing."""
    server = SimulatedServer(quota=Quota(2, per=10))
    answers = await ask(server, 0.0, 6.0, 7.5, 9.0, 10.0, 11.0, 16.0)
    assert statuses(answers) == [200, 200, 429, 429, 200, 429, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == [None, None, "3", "1", None, "5", None]


async def test_a_closed_server_says_when_it_opens(autojump_clock: object) -> None:
    """Until then 429, with the whole seconds that are left."""
    answers = await ask(SimulatedServer(closed_until=5), 0.0, 0.5, 4.9, 5.0)
    assert statuses(answers) == [429, 429, 429, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["5", "5", "1", None]


async def test_a_closed_server_may_say_what_is_not_so(autojump_clock: object) -> None:
    """Servers do."""
    (answer,) = await ask(SimulatedServer(closed_until=5, retry_after=30), 0.0)
    assert answer.headers["Retry-After"] == "30"


async def test_a_cancelled_request_is_gone(autojump_clock: object) -> None:
    """It takes no capacity any more, and its entry has no status."""
    server = SimulatedServer(latency=3.0, capacity=1)
    with trio.move_on_after(1):
        await ask(server, 0.0)
    assert server.in_flight == 0
    assert server.journal == [JournalEntry(0.0, 1.0, "GET", "/items?page=1", None)]
    assert statuses(await ask(server, 0.0)) == [200]


async def test_it_heeds_the_read_timeout(autojump_clock: object) -> None:
    """A client that waits less long than the latency gets what httpx raises then."""
    server = SimulatedServer(latency=2.0)
    with pytest.raises(httpx.ReadTimeout) as caught:
        async with httpx.AsyncClient(transport=server, timeout=0.5) as client:
            await client.get(URL)
    assert caught.value.request.url == URL
    assert server.journal[0].ended == pytest.approx(0.5)
    assert server.journal[0].status is None


@pytest.mark.parametrize("latency", [0, 1])
async def test_it_always_checkpoints(autojump_clock: object, latency: float) -> None:
    """As a real transport: a task that asks in a loop can be cancelled."""
    server = SimulatedServer(latency=latency)
    with trio.CancelScope() as scope:
        scope.cancel()
        await server.handle_async_request(httpx.Request("GET", URL))
    assert scope.cancelled_caught


async def test_the_body_of_a_request_is_read(autojump_clock: object) -> None:
    """A streamed upload is sent to its end."""
    sent = []

    async def pieces() -> Any:
        for piece in (b"a", b"b"):
            await trio.lowlevel.checkpoint()
            sent.append(piece)
            yield piece

    async with httpx.AsyncClient(transport=SimulatedServer()) as client:
        assert (await client.post(URL, content=pieces())).status_code == 200
    assert sent == [b"a", b"b"]


@pytest.mark.parametrize(
    ("wrong", "kind", "message"),
    [
        ({"latency": -1}, ValueError, "latency"),
        ({"latency": "1"}, TypeError, "latency"),
        ({"capacity": 0}, ValueError, "capacity"),
        ({"capacity": 1.5}, TypeError, "capacity"),
        ({"faults": 1.5}, ValueError, "faults"),
        ({"fault_status": 200}, ValueError, "fault_status"),
        ({"fault_status": "503"}, TypeError, "fault_status"),
        ({"overload_status": 200}, ValueError, "overload_status"),
        ({"quota": 3}, TypeError, "quota"),
        ({"closed_until": -1}, ValueError, "closed_until"),
        ({"retry_after": -1}, ValueError, "retry_after"),
        ({"closed_until": math.inf}, ValueError, "closed_until must be a finite"),
        ({"retry_after": math.inf}, ValueError, "retry_after must be a finite"),
        ({"refusal_latency": -1}, ValueError, "refusal_latency"),
    ],
)
def test_an_argument_that_cannot_be_is_named(wrong: dict[str, Any], kind: type[Exception], message: str) -> None:
    """Before anything is sent."""
    with pytest.raises(kind, match=message):
        SimulatedServer(**wrong)


@pytest.mark.parametrize(
    ("requests", "per", "kind", "message"),
    [
        (0, 1, ValueError, "requests"),
        (True, 1, TypeError, "requests"),
        (1, 0, ValueError, "per"),
        (1, "1", TypeError, "per"),
        (1, math.inf, ValueError, "per must be .* finite"),
    ],
)
def test_a_quota_that_cannot_be_is_named(requests: Any, per: Any, kind: type[Exception], message: str) -> None:
    """Its fields are numbers above 0."""
    with pytest.raises(kind, match=message):
        Quota(requests, per)
