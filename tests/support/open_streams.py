"""Event streams for clients of both colours: bodies that come in steps, and what a test does with a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, TypeAlias

import httpx
import trio

from .scripted import VirtualTime

Step: TypeAlias = "bytes | float | Exception"
"""What comes next: a piece, so many seconds without one, or a failure."""


class StepwiseBody(httpx.AsyncByteStream, httpx.SyncByteStream):
    """A body that comes in steps, within the read timeout of its request, and knows whether it was closed."""

    def __init__(self, *steps: Step, time: VirtualTime | None = None) -> None:
        self._steps = list(steps)
        self._time = time or VirtualTime()
        self._read_timeout: float | None = None
        self.closed = False

    def answer(self, content_type: str = "text/event-stream", status: int = 200) -> Callable[..., httpx.Response]:
        """The answer of a script that has this body."""

        def give(request: httpx.Request) -> httpx.Response:
            self._request = request
            return httpx.Response(status, headers={"Content-Type": content_type}, stream=self)

        return give

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._begin()
        return _AsyncPieces(self)

    def __iter__(self) -> Iterator[bytes]:
        self._begin()
        while (step := self._next()) is not None:
            if isinstance(step, bytes):
                yield step
            else:
                self._time.sleep(self._within_timeout(step))
                self._check(step)

    async def next_piece(self) -> bytes:
        while (step := self._next()) is not None:
            if isinstance(step, bytes):
                return step
            await trio.sleep(self._within_timeout(step))
            self._check(step)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()
        self.closed = True

    def close(self) -> None:
        self.closed = True

    def _begin(self) -> None:
        self._read_timeout = self._request.extensions["timeout"]["read"]  # httpcore looks here, and only now

    def _next(self) -> bytes | float | None:
        step = self._steps.pop(0) if self._steps else None
        if isinstance(step, Exception):
            raise step
        return step

    def _within_timeout(self, seconds: float) -> float:
        return seconds if self._read_timeout is None else min(seconds, self._read_timeout)

    def _check(self, seconds: float) -> None:
        if self._within_timeout(seconds) < seconds:
            raise httpx.ReadTimeout("slow", request=self._request)


class _AsyncPieces:
    def __init__(self, body: StepwiseBody) -> None:
        self._body = body

    def __aiter__(self) -> _AsyncPieces:
        return self

    async def __anext__(self) -> bytes:
        return await self._body.next_piece()


Use: TypeAlias = Callable[[Any], Generator[Any, Any, Any]]
"""What a test does with an open stream: a generator as the body of `support.colours`."""


def with_stream(use: Use, method: str = "GET", **how: Any) -> Callable[[Any], Any]:
    """The body of a test: opens a stream, as *how* says, and leaves its block when *use* is done with it."""

    def body(client: Any) -> Any:
        how.setdefault("cast_to", object)
        block = client.stream(method, "/events", **how)
        is_async = hasattr(block, "__aenter__")
        stream = yield block.__aenter__() if is_async else block.__enter__()
        try:
            return (yield from use(stream))
        finally:
            yield block.__aexit__(None, None, None) if is_async else block.__exit__(None, None, None)

    return body


def to_the_end(stream: Any) -> Generator[Any, Any, Any]:
    """All that is left."""
    return (yield stream.until_done())


def following(iterator: Any) -> Any:
    """What comes next, or None."""
    return anext(iterator, None) if hasattr(iterator, "__anext__") else next(iterator, None)


def one_by_one(stream: Any) -> Generator[Any, Any, Any]:
    """All that is left, by iteration."""
    values: list[Any] = []
    while (value := (yield following(stream))) is not None:
        values.append(value)
    return values


def raw(stream: Any) -> Generator[Any, Any, Any]:
    """All events that are left, themselves."""
    return (yield from one_by_one(stream.raw_events()))
