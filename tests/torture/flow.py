"""A flow: one thing that a client can be asked for, to be put to the torture; and the register of them all."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import trio

from trio_api import APIError, AsyncAPIClient

__all__ = ["FLOWS", "Flow", "Stage", "flow", "item", "side_by_side"]


@attrs.frozen
class Stage:
    """Where a flow runs: at a server, by clients that trust it."""

    url: str
    verify: ssl.SSLContext
    settings: dict[str, Any]

    def client(self, **settings: Any) -> AsyncAPIClient:
        """A client that is not open yet, with *settings* besides those of the stage."""
        defaults = {"base_url": self.url, "verify": self.verify, "trust_env": False, "timeout": 5.0}
        return AsyncAPIClient(**{**defaults, **self.settings, **settings})


@attrs.frozen
class Flow:
    """One thing to do. It is done again and again, so it is short: a run for each of its points is quadratic."""

    run: Callable[..., Awaitable[object]]
    """Does it, with an open client and a folder, and asserts what comes of it."""
    settings: Callable[[str, ssl.SSLContext], dict[str, Any]]
    """The client's, made of the server's URL and who is trusted."""
    opens: bool
    """Whether it opens clients itself: in place of one it is given the `Stage`."""
    is_native: bool
    """Whether its sockets are those of a `TrioTransport`, whose operations can be tortured.

    If not it has none, or they are httpcore's, which leaves one to the garbage collector where a handshake of TLS is
    cancelled: so these flows are not cancelled over TLS.
    """
    needs_retries: bool
    """Whether the server fails it on purpose."""
    raises: tuple[type[Exception], ...]
    """What may come out of it where something goes wrong."""

    async def run_cold(self, stage: Stage, folder: Path) -> None:
        """Do it by a client of its own, which has no connection yet."""
        if self.opens:
            await self.run(stage, folder)
        else:
            async with stage.client() as client:
                await self.run(client, folder)


FLOWS: dict[str, Flow] = {}


def flow(
    name: str = "",
    *,
    made: Callable[[str, ssl.SSLContext], dict[str, Any]] | None = None,
    opens: bool = False,
    is_native: bool = True,
    needs_retries: bool = False,
    raises: tuple[type[Exception], ...] = (APIError,),
    **settings: Any,
) -> Callable[[Callable[..., Awaitable[object]]], Callable[..., Awaitable[object]]]:
    """Make a function a flow.

    Args:
        name: Of the flow. Default: the function's.
        made: Makes *settings* that are not to be shared, or depend on the server.
        opens: As `Flow` has it.
        is_native: As `Flow` has it.
        needs_retries: As `Flow` has it.
        raises: As `Flow` has it.
        settings: The client's.
    """

    def add(run: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        key = name or run.__name__
        assert key not in FLOWS, key
        FLOWS[key] = Flow(run, made or (lambda url, verify: settings), opens, is_native, needs_retries, raises)
        return run

    return add


async def side_by_side(*calls: Callable[[], Awaitable[object]]) -> None:
    """Make calls in tasks of their own."""
    async with trio.open_nursery() as nursery:
        for call in calls:
            nursery.start_soon(call)


def item(client: AsyncAPIClient, path: str = "/item") -> Callable[[], Awaitable[object]]:
    """A call."""
    return functools.partial(client.get, path, cast_to=object)
