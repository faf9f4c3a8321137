"""Calls by the thousand on a virtual clock: the flow of each is driven as the clients do, over a server that is chance.

No task, no socket and no waiting: one heap of what happens next. So 10,000 calls take half a second.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from typing import Final

import attrs
import httpx

from trio_api import APIError, OriginStatistics, RetryBudget, RetryPolicy
from trio_api._errors import status_error_class
from trio_api.flow import CallFlow, CallRules, Outcome, call_flow
from trio_api.request import Origins
from trio_api.resilience import OriginBooks, OriginRules

URL: Final = "https://api.example.com/v1/items"
LATENCY: Final = 0.05  # seconds that an attempt takes


@attrs.frozen
class Simulated:
    """What came of it all."""

    statistics: OriginStatistics

    @property
    def attempts_per_call(self) -> float:
        return self.statistics.attempts / self.statistics.calls

    @property
    def success(self) -> float:
        """The part of the calls that succeeded, 0 to 1."""
        return 1 - self.statistics.failed / self.statistics.calls


def simulate(
    *,
    faults: float | Callable[[float], float],
    budget: RetryBudget | None,
    calls: int,
    tasks: int = 1,
    seed: int = 1,
    status: int = 503,
) -> Simulated:
    """Make *calls*, by as many *tasks* as each make one after the other.

    Args:
        faults: The probability that an attempt is answered with *status*, each on its own; or a function that gives it
            for a time in seconds, from 0.
        budget: The client's retry budget.
        calls: How many in all.
        tasks: How many at a time.
        seed: Of the chance.
        status: What a fault looks like.
    """
    chance, request = random.Random(seed), httpx.Request("GET", URL)
    good, bad = httpx.Response(200), httpx.Response(status)
    books = OriginBooks(OriginRules(retry_budget=budget))
    rules = CallRules(
        policy=RetryPolicy(jitter=0),  # the waits are no matter here: chance is the server's alone
        origins=Origins(httpx.URL(URL)),
        follow_redirects=True,
        idempotency_header=None,
        should_retry=lambda response: None,
        status_error=lambda response: status_error_class(status)("faulty", response=response),
        books=books,
    )
    fault_at = faults if callable(faults) else lambda now: faults
    order, to_make = itertools.count(), iter(range(calls))
    agenda: list[tuple[float, int, CallFlow]] = []

    def begin(now: float) -> None:
        if next(to_make, None) is not None:
            flow = call_flow(rules)
            next(flow)
            heapq.heappush(agenda, (now + LATENCY, next(order), flow))

    for _ in range(tasks):
        begin(0.0)
    while agenda:
        now, _, flow = heapq.heappop(agenda)
        try:
            attempt = flow.send(Outcome(request, bad if chance.random() < fault_at(now) else good, LATENCY))
        except (StopIteration, APIError):
            begin(now)
        else:
            heapq.heappush(agenda, (now + attempt.after + LATENCY, next(order), flow))
    [statistics] = books.statistics().origins
    return Simulated(statistics)
