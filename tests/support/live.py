"""One test for both colours of client against a real server.

A test's body may be a coroutine function even for the blocking client, as long as it awaits nothing but what
stands here: `settle`, `opened`, `everything` and `take` do with either colour's objects what its own syntax would.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import trio

from trio_api import AsyncAPIClient, SyncAPIClient

T = TypeVar("T")


async def settle(value: Any) -> Any:
    """*value*, awaited where it can be."""
    return await value if inspect.isawaitable(value) else value


@contextlib.asynccontextmanager
async def opened(block: Any) -> AsyncIterator[Any]:
    """``async with`` or ``with``."""
    if hasattr(block, "__aenter__"):
        async with block as entered:
            yield entered
    else:
        with block as entered:
            yield entered


async def everything(items: Any) -> list[Any]:
    """What iteration gives, to its end."""
    return [item async for item in items] if hasattr(items, "__aiter__") else list(items)


async def take(items: Any, count: int) -> list[Any]:
    """What the next *count* steps of iteration give."""
    step = anext if hasattr(items, "__anext__") else next
    return [await settle(step(items)) for _ in range(count)]


class Live:
    """Opens a client of one colour for a test's body."""

    name: str

    def call(self, base_url: str, body: Callable[[Any], Any], **settings: Any) -> Any:
        """What *body* makes of an open client.

        Args:
            base_url: The client's.
            body: A function of the client, plain or async.
            settings: The client's. ``classes`` is a pair: the class for Trio and the blocking one.
        """
        client_class = self.of(settings.pop("classes", (AsyncAPIClient, SyncAPIClient)))
        return self._run(client_class(base_url=base_url, trust_env=False, **settings), body)

    async def meet(self, base_url: str, body: Callable[[Any], Any], **settings: Any) -> Any:
        """As `call`, from within a Trio test whose server runs in its own loop.

        The client of Trio runs there too, the blocking one in a worker thread, from where `ask` reaches the loop.
        """
        raise NotImplementedError

    async def ask(self, function: Callable[[], Awaitable[T]]) -> T:
        """What an async function of the test's loop gives, for a body that `meet` runs."""
        raise NotImplementedError

    def items(self, base_url: str, body: Callable[[Any], Any], **settings: Any) -> list[Any]:
        """The items of the paginator, or of the block, that *body* gets from an open client."""

        async def collect(client: Any) -> list[Any]:
            source = body(client)
            if not hasattr(source, "__aenter__") and not hasattr(source, "__enter__"):
                return await everything(source)
            async with opened(source) as items:
                return await everything(items)

        found: list[Any] = self.call(base_url, collect, **settings)
        return found

    def of(self, pair: tuple[T, T]) -> T:
        """This colour's of a pair: for Trio, blocking."""
        raise NotImplementedError

    def _run(self, client: Any, body: Callable[[Any], Any]) -> Any:
        raise NotImplementedError


class LiveTrio(Live):
    name = "trio"

    async def meet(self, base_url: str, body: Callable[[Any], Any], **settings: Any) -> Any:
        async with AsyncAPIClient(base_url=base_url, trust_env=False, **settings) as client:
            return await settle(body(client))

    async def ask(self, function: Callable[[], Awaitable[T]]) -> T:
        return await function()

    def of(self, pair: tuple[T, T]) -> T:
        return pair[0]

    def _run(self, client: Any, body: Callable[[Any], Any]) -> Any:
        async def main() -> Any:
            async with client:
                return await settle(body(client))

        return trio.run(main)


class LiveBlocking(Live):
    name = "blocking"

    async def meet(self, base_url: str, body: Callable[[Any], Any], **settings: Any) -> Any:
        return await trio.to_thread.run_sync(functools.partial(self.call, base_url, body, **settings))

    async def ask(self, function: Callable[[], Awaitable[T]]) -> T:
        return trio.from_thread.run(function)

    def of(self, pair: tuple[T, T]) -> T:
        return pair[1]

    def _run(self, client: Any, body: Callable[[Any], Any]) -> Any:
        with client:
            result = body(client)
            return _finish(result) if inspect.iscoroutine(result) else result


def _finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise AssertionError("the body awaits something that only Trio can wait for")
