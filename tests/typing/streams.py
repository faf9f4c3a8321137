"""What type checkers make of event streams; checked, never run."""

from __future__ import annotations

from typing import assert_type

import attrs

from trio_api import (
    AsyncAPIClient,
    AsyncStream,
    JSONLDecoder,
    ServerSentEvent,
    SSEDecoder,
    Stream,
    StreamDialect,
    SyncAPIClient,
)


@attrs.define
class Chunk:
    text: str


@attrs.define
class Stop:
    reason: str


async def with_trio(client: AsyncAPIClient) -> None:
    async with client.stream("POST", "/chat", cast_to=Chunk, body={}, idle_timeout=5) as stream:
        assert_type(stream, AsyncStream[Chunk])
        async for chunk in stream:
            assert_type(chunk, Chunk)
        assert_type(await stream.until_done(), list[Chunk])
        async for event in stream.raw_events():
            assert_type(event, ServerSentEvent)
        assert_type(stream.response.status_code, int)
    dialect = StreamDialect.sse(done_data="[DONE]", done_events=["stop"])
    async with client.stream("GET", "/feed", cast_to=Chunk | Stop, dialect=dialect, reconnect=True) as either:
        assert_type(await anext(either), Chunk | Stop)


def blocking(client: SyncAPIClient) -> None:
    with client.stream("GET", "/feed", cast_to=list[int], dialect=StreamDialect.json_lines()) as stream:
        assert_type(stream, Stream[list[int]])
        for numbers in stream:
            assert_type(numbers, list[int])
        assert_type(stream.until_done(), list[list[int]])
        for event in stream.raw_events():
            assert_type(event, ServerSentEvent)


assert_type(SSEDecoder().feed(b""), list[ServerSentEvent])
assert_type(JSONLDecoder(max_event_bytes=10).finish(), list[ServerSentEvent])
