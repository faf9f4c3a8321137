"""What the cool-down does for a server and for a crowd: the whole client on a simulated server, on a virtual clock."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

import attrs
import httpx
import pytest
import trio

from trio_api import AsyncAPIClient, CoolDown, RateLimitError
from trio_api.testing import Quota, SimulatedServer

TASKS = 100


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same chance each time."""
    random.seed(5)


@attrs.define
class Crowd:
    """Tasks that each make one call, and what came of them."""

    server: SimulatedServer
    served: list[int] = attrs.field(factory=list)
    """Numbers of the tasks that were served, in the order of that."""
    failed: dict[int, RateLimitError] = attrs.field(factory=dict)
    """The errors, by the numbers of the tasks."""
    ended: dict[int, float] = attrs.field(factory=dict)
    """Seconds from the first arrival to the end, by the numbers of the tasks."""

    @property
    def requests_per_task(self) -> float:
        return self.server.requests / len(self.ended)

    def sent(self, number: int) -> list[float]:
        """When the task sent its requests, in seconds."""
        return sorted(entry.came for entry in self.server.journal if entry.path == f"/{number}")


async def run_crowd(
    server: SimulatedServer, arrivals: Sequence[float], *, deadlines: dict[int, float] | None = None, **settings: Any
) -> Crowd:
    """Let tasks come at *arrivals*, those of *deadlines* with so many seconds each."""
    crowd = Crowd(server)
    began = trio.current_time()

    async def call(number: int, at: float) -> None:
        await trio.sleep_until(began + at)
        with trio.move_on_after((deadlines or {}).get(number, 1000)) as scope:
            try:
                await client.get(f"/{number}", cast_to=object)
            except RateLimitError as error:
                crowd.failed[number] = error
            else:
                crowd.served.append(number)
        assert not scope.cancelled_caught
        crowd.ended[number] = trio.current_time() - began

    async with (
        httpx.AsyncClient(transport=server) as http_client,
        AsyncAPIClient(base_url="https://api.example.com", http_client=http_client, **settings) as client,
        trio.open_nursery() as nursery,
    ):
        for number, at in enumerate(arrivals):
            nursery.start_soon(call, number, at)
    return crowd


def apart(seconds: float) -> list[float]:
    return [number * seconds for number in range(TASKS)]


@pytest.mark.parametrize("latency", [0.005, 0.02, 0.09])
async def test_a_crowd_that_arrives_over_a_second_sends_one_request_each(
    autojump_clock: object, latency: float
) -> None:
    """At most 1.1: those that were on their way when the first was told find out for themselves."""
    server = SimulatedServer(closed_until=5, refusal_latency=latency)
    crowd = await run_crowd(server, apart(0.01))
    assert crowd.requests_per_task <= 1.1
    assert sorted(crowd.served) == [*range(TASKS)]


async def test_without_a_cool_down_each_task_is_refused_first(autojump_clock: object) -> None:
    """Two requests each: what the cool-down is for."""
    crowd = await run_crowd(SimulatedServer(closed_until=5), apart(0.01), cool_down=None)
    assert crowd.requests_per_task == 2.0


async def test_a_crowd_that_arrives_at_once_sends_two_requests_each(autojump_clock: object) -> None:
    """At most 2.05: nobody knew, and nobody asks a third time."""
    crowd = await run_crowd(SimulatedServer(closed_until=5), [0.0] * TASKS)
    assert crowd.requests_per_task <= 2.05
    assert len(crowd.served) == TASKS


@pytest.mark.parametrize("arrivals", [apart(0.01), apart(0.0), apart(0.07)], ids=["over 1 s", "at once", "over 7 s"])
async def test_nothing_is_sent_before_the_time_that_is_known(autojump_clock: object, arrivals: list[float]) -> None:
    """Once a refusal was read, the next request is sent when the server opens, or later."""
    server = SimulatedServer(closed_until=5)
    crowd = await run_crowd(server, arrivals)
    known = min(entry.ended for entry in server.journal if entry.status == 429)
    assert all(entry.came <= known or entry.came >= 5.0 for entry in server.journal)
    assert len(crowd.served) == TASKS


async def test_those_who_waited_are_let_go_in_the_order_of_coming(autojump_clock: object) -> None:
    """Apart, over the tenth of the wait: no more than a few at a time, and those who come late after them."""
    server = SimulatedServer(closed_until=5, latency=0.0)
    crowd = await run_crowd(server, apart(0.053))
    opened = [entry for entry in server.journal if entry.came >= 5.0]
    assert [entry.path for entry in opened] == [f"/{number}" for number in range(TASKS)]
    assert opened[0].came >= 5.0
    waited = [entry.came for entry in opened if entry.came < 5.6]
    assert len(waited) >= 90
    assert max(after - before for before, after in itertools.pairwise(waited)) < 0.05
    assert server.busiest <= 3
    assert crowd.failed == {}


async def test_a_task_whose_time_ends_earlier_fails_at_once(autojump_clock: object) -> None:
    """Every tenth has two seconds: it gets what the server said when it comes, and sends nothing."""
    short = dict.fromkeys(range(10, TASKS, 10), 2.0)
    server = SimulatedServer(closed_until=5)
    crowd = await run_crowd(server, apart(0.01), deadlines=short)
    assert sorted(crowd.failed) == sorted(short)
    for number, error in crowd.failed.items():
        assert crowd.ended[number] == pytest.approx(number * 0.01)
        assert crowd.sent(number) == []
        assert error.retry_after == pytest.approx(5.005 - number * 0.01)
        assert error.response.headers["Retry-After"] == "5"
        assert error.attempts == ()
    assert len(crowd.served) == TASKS - len(short)


async def test_a_crowd_at_a_quota_is_served_in_turns(autojump_clock: object) -> None:
    """Twenty requests in two seconds: a hundred calls take five turns, and few are refused."""
    server = SimulatedServer(quota=Quota(20, per=2))
    crowd = await run_crowd(server, apart(0.01), max_retries=10)
    assert len(crowd.served) == TASKS
    assert crowd.requests_per_task < 2.0
    alone = SimulatedServer(quota=Quota(20, per=2))
    loud = await run_crowd(alone, apart(0.01), max_retries=10, cool_down=None)
    assert loud.requests_per_task > crowd.requests_per_task


async def test_a_spread_keeps_the_crowd_apart(autojump_clock: object) -> None:
    """Without one the server meets them all at the same moment."""
    together = await run_crowd(SimulatedServer(closed_until=5), apart(0.01), cool_down=CoolDown(spread=0))
    spread = await run_crowd(SimulatedServer(closed_until=5), apart(0.01), cool_down=CoolDown(spread=1))
    assert together.server.busiest == TASKS
    assert spread.server.busiest < 10
