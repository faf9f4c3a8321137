"""What tests of a public `FaultServer` have in common: a client of it, a call, and what it is answered with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from trio_api import AsyncAPIClient
from trio_api.testing import FaultServer, Reply

__all__ = ["GOOD", "client_of", "events", "get"]

GOOD = Reply(json={"id": 7})
"""What `get` returns as ``{"id": 7}``."""


def events(*pieces: bytes | float) -> Reply:
    """A stream of server-sent events, each piece a chunk of it or a pause."""
    return Reply(pieces=pieces, headers={"Content-Type": "text/event-stream"})


@asynccontextmanager
async def client_of(server: FaultServer, **settings: Any) -> AsyncIterator[AsyncAPIClient]:
    """An open client of *server*, without retries unless they are asked for."""
    async with AsyncAPIClient(**{"base_url": server.url, "trust_env": False, "max_retries": 0, **settings}) as client:
        yield client


async def get(client: AsyncAPIClient) -> Any:
    """One call."""
    return await client.get("/reports/7", cast_to=object)
