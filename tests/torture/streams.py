"""Flows: streams of events."""

from __future__ import annotations

from pathlib import Path

from torture.flow import flow
from torture.service import EVENTS
from trio_api import AsyncAPIClient, StreamDialect

DIALECT = StreamDialect.sse(done_data="[DONE]")


@flow()
async def events(client: AsyncAPIClient, folder: Path) -> None:
    async with client.stream("GET", "/events", cast_to=object, dialect=DIALECT) as stream:
        assert [event async for event in stream] == EVENTS


@flow()
async def until_done(client: AsyncAPIClient, folder: Path) -> None:
    async with client.stream("GET", "/events", cast_to=object, dialect=DIALECT, idle_timeout=3) as stream:
        assert await stream.until_done() == EVENTS


@flow()
async def raw_events(client: AsyncAPIClient, folder: Path) -> None:
    async with client.stream("GET", "/events", cast_to=object, dialect=DIALECT) as stream:
        assert len([event async for event in stream.raw_events()]) == 3


@flow()
async def leaving_a_stream(client: AsyncAPIClient, folder: Path) -> None:
    async with client.stream("GET", "/events", cast_to=object, dialect=DIALECT) as stream:
        assert await anext(stream) == EVENTS[0]
        await stream.aclose()


@flow(needs_retries=True)
async def reconnecting(client: AsyncAPIClient, folder: Path) -> None:
    """The server breaks off after each event."""
    async with client.stream("GET", "/brittle", cast_to=object, dialect=DIALECT, reconnect=True) as stream:
        assert [event async for event in stream] == EVENTS


@flow()
async def json_lines(client: AsyncAPIClient, folder: Path) -> None:
    async with client.stream("GET", "/lines", cast_to=object) as stream:
        assert [line async for line in stream] == EVENTS
