"""A transport that answers by a script, for clients of both colours; and the clocks that time what they do."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any, TypeAlias, cast

import attrs
import httpx
import trio

Answer: TypeAlias = "httpx.Response | Exception | Slow | Callable[[httpx.Request], httpx.Response]"


@attrs.frozen
class Slow:
    """An answer that takes *seconds* of the clock in use."""

    seconds: float
    answer: Answer


@attrs.frozen
class Sent:
    """A request as it came to the transport."""

    time: float
    method: str
    url: httpx.URL
    headers: httpx.Headers
    body: bytes
    extensions: dict[str, Any]

    @property
    def path(self) -> str:
        """The path with the query, as it is sent."""
        return self.url.raw_path.decode()

    @property
    def timeout(self) -> Any:
        """The timeouts of the request, in seconds by operation."""
        return self.extensions["timeout"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class VirtualTime:
    """Stands in for the module `time` in the blocking driver: sleeping takes no time and passes some."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


class Script(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """Answers the n-th request with the n-th answer; one too many is an error of the test.

    It checkpoints, as a real transport does and `httpx.MockTransport` does not.
    """

    def __init__(self, *answers: Answer, time: VirtualTime | None = None) -> None:
        self.answers = list(answers)
        self.sent: list[Sent] = []
        self.time = time or VirtualTime()

    @property
    def waits(self) -> list[float]:
        """Seconds between each request and the next."""
        times = [sent.time for sent in self.sent]
        return [round(after - before, 9) for before, after in itertools.pairwise(times)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        stream = cast("AsyncIterable[bytes]", request.stream)
        self._take(request, b"".join([chunk async for chunk in stream]), trio.current_time())
        answer = self._next(request)
        while isinstance(answer, Slow):
            limit = request.extensions["timeout"]["read"]
            if limit is not None and answer.seconds > limit:
                await trio.sleep(limit)
                raise httpx.ReadTimeout("slow", request=request)
            await trio.sleep(answer.seconds)
            answer = answer.answer
        return self._give(answer, request)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        stream = cast("Iterable[bytes]", request.stream)
        self._take(request, b"".join(stream), self.time.monotonic())
        answer = self._next(request)
        while isinstance(answer, Slow):
            limit = request.extensions["timeout"]["read"]
            if limit is not None and answer.seconds > limit:
                self.time.sleep(limit)
                raise httpx.ReadTimeout("slow", request=request)
            self.time.sleep(answer.seconds)
            answer = answer.answer
        return self._give(answer, request)

    def _take(self, request: httpx.Request, body: bytes, time: float) -> None:
        self.sent.append(Sent(time, request.method, request.url, request.headers.copy(), body, request.extensions))

    def _next(self, request: httpx.Request) -> Answer:
        assert self.answers, f"the script has no answer to {request.method} {request.url}"
        return self.answers.pop(0)

    def _give(self, answer: Answer, request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, httpx.Response) and callable(answer):
            answer = answer(request)
        return cast("httpx.Response", answer)


def reply(body: object = None, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """A JSON answer."""
    return httpx.Response(status, json={} if body is None else body, headers=headers)
