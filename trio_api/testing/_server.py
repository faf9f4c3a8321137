"""A server that is none: it answers an `httpx.AsyncClient` after a time, or refuses, by a plan and by seeded chance."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Final, cast, final

import httpx
import trio

from .._checks import check_count, check_fraction, check_kind, check_seconds
from ._journal import JournalEntry
from ._quota import Quota, Window

__all__ = ["SimulatedServer"]


def _check_status(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, an HTTP status, got {value!r}")
    if not 400 <= value <= 599:
        raise ValueError(f"{name} must be the status of an error, 400 to 599, got {value}")


@final
class SimulatedServer(httpx.AsyncBaseTransport):
    """Stands in for a server and the way to it, on Trio's clock; with `trio.testing.MockClock` an hour passes at once.

    It is the transport of an ``httpx.AsyncClient``, and that is the ``http_client`` of an `AsyncAPIClient`. A request
    that it has no room for it refuses: while it is closed, over its quota, or over its capacity, in this order. Others
    it answers after its latency, with a success, or with a fault by chance. It heeds the client's read timeout.

    Its time begins, at 0, with the first request.

    Args:
        latency: Seconds that an answer takes; or a function that draws them for each request from the server's chance.
        capacity: The most requests that it works at at once; None for no bound. Whatever comes beyond is refused.
        faults: The probability, 0 to 1, that a request which it worked at is answered with a fault, each on its own; or
            a function that gives it for a time in seconds.
        fault_status: The status of a fault.
        quota: How many requests it takes in a time; None for no bound. Others get 429, with the whole seconds until
            there will be room as ``Retry-After``.
        closed_until: Until then, in seconds, every request gets 429, with the whole seconds left as ``Retry-After``.
        retry_after: What is said as ``Retry-After`` in place of that, and by an overloaded server, which else says
            nothing. Seconds.
        overload_status: The status of what is refused for want of capacity.
        refusal_latency: Seconds that a refusal takes.
        body: The body of a success: JSON.
        seed: Of the chance: the same requests at the same times meet the same.

    Raises:
        TypeError, ValueError: An argument cannot be what it is meant to be; the message names it.
    """

    def __init__(
        self,
        *,
        latency: float | Callable[[random.Random], float] = 0.05,
        capacity: int | None = None,
        faults: float | Callable[[float], float] = 0.0,
        fault_status: int = 503,
        quota: Quota | None = None,
        closed_until: float = 0.0,
        retry_after: float | None = None,
        overload_status: int = 503,
        refusal_latency: float = 0.005,
        body: bytes = b"{}",
        seed: int = 0,
    ) -> None:
        if capacity is not None:
            check_count("capacity", capacity)
        check_kind("quota", quota, Quota, or_none=True)
        _check_status("fault_status", fault_status)
        _check_status("overload_status", overload_status)
        self._latency: Final = latency if callable(latency) else check_seconds("latency", latency)
        self._faults: Final = faults if callable(faults) else check_fraction("faults", faults)
        self._capacity: Final = math.inf if capacity is None else capacity
        self._window: Final = None if quota is None else Window(quota)
        self._closed_until: Final = check_seconds("closed_until", closed_until, finite=True)
        self._retry_after: Final = (
            None if retry_after is None else check_seconds("retry_after", retry_after, finite=True)
        )
        self._fault_status: Final = fault_status
        self._overload_status: Final = overload_status
        self._refusal_latency: Final = check_seconds("refusal_latency", refusal_latency)
        self._body: Final = body
        self._chance: Final = random.Random(seed)
        self._began: float | None = None
        self._working = 0  # requests that were not refused
        self._in_flight = 0
        self.journal: Final[list[JournalEntry]] = []
        """The requests that came to an end, in the order of that."""
        self.requests: int = 0
        """How many came."""
        self.busiest: int = 0
        """The most that were in flight at once, refused ones among them."""

    @property
    def in_flight(self) -> int:
        """How many requests came and have no answer yet."""
        return self._in_flight

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer *request*, as httpx has it.

        Raises:
            httpx.ReadTimeout: The answer takes longer than the client waits.
        """
        now = trio.current_time()
        if self._began is None:
            self._began = now
        began, came = self._began, now - self._began
        self.requests += 1
        self._in_flight += 1
        self.busiest = max(self.busiest, self._in_flight)
        status: int | None = None
        try:
            async for _ in cast("httpx.AsyncByteStream", request.stream):
                pass
            response = self._refusal(trio.current_time() - began)
            if response is None:
                response = await self._work(request, came)
            else:
                await self._take_time(self._refusal_latency, request)
            status = response.status_code
            return response
        finally:
            self._in_flight -= 1
            ended, path = trio.current_time() - began, request.url.raw_path.decode("ascii")
            self.journal.append(JournalEntry(came, ended, request.method, path, status))

    async def _work(self, request: httpx.Request, came: float) -> httpx.Response:
        """Answer a request that was not refused."""
        seconds = self._latency(self._chance) if callable(self._latency) else self._latency
        faults = self._faults(came) if callable(self._faults) else self._faults
        is_fault = self._chance.random() < faults
        self._working += 1
        try:
            await self._take_time(seconds, request)
        finally:
            self._working -= 1
        if is_fault:
            return httpx.Response(self._fault_status, json={"error": "a fault"})
        return httpx.Response(200, content=self._body, headers={"Content-Type": "application/json"})

    async def _take_time(self, seconds: float, request: httpx.Request) -> None:
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and seconds > patience:
            await trio.sleep(patience)
            raise httpx.ReadTimeout(f"no answer within {patience:.3g} seconds", request=request)
        await trio.sleep(seconds)

    def _refusal(self, now: float) -> httpx.Response | None:
        if now < self._closed_until:
            return self._refused(429, self._closed_until - now)
        if self._window is not None and (wait := self._window.take(now)) > 0:
            return self._refused(429, wait)
        if self._working >= self._capacity:
            return self._refused(self._overload_status, None)
        return None

    def _refused(self, status: int, wait: float | None) -> httpx.Response:
        wait = wait if self._retry_after is None else self._retry_after
        headers = {} if wait is None else {"Retry-After": f"{math.ceil(wait)}"}  # RFC 9110, 10.2.3: whole seconds
        return httpx.Response(status, json={"error": "refused"}, headers=headers)
