"""A Starlette application with event streams, for a real ASGI server: ``python -m support.streaming_app``.

Served by Hypercorn on its Trio worker, on a port of the system's choice.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import hypercorn.config
import hypercorn.trio
import trio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route


def _event(number: int) -> bytes:
    return f"id: {number}\ndata: {json.dumps({'n': number})}\n\n".encode()


async def events(request: Request) -> StreamingResponse:
    """``?count=``, after the ``Last-Event-ID``, with ``[DONE]`` behind; ``?break_after=`` dies after so many."""
    count = int(request.query_params["count"])
    breaks = int(request.query_params.get("break_after", count))
    first = int(request.headers.get("last-event-id", 0)) + 1

    async def body() -> AsyncIterator[bytes]:
        yield b"retry: 10\n\n"
        for number in range(first, min(first + breaks, count + 1)):
            yield _event(number)
        if first + breaks <= count:
            raise RuntimeError("the stream breaks off, as it was asked to")
        yield b"data: [DONE]\n\n"

    return StreamingResponse(body(), media_type="text/event-stream")


async def lines(request: Request) -> StreamingResponse:
    """``?count=`` lines of JSON."""

    async def body() -> AsyncIterator[bytes]:
        for number in range(int(request.query_params["count"])):
            yield json.dumps({"n": number}).encode() + b"\n"

    return StreamingResponse(body(), media_type="application/x-ndjson")


async def heartbeats(request: Request) -> StreamingResponse:
    """One event, then comments for ever."""

    async def body() -> AsyncIterator[bytes]:
        yield _event(1)
        while True:
            yield b": beat\n\n"
            await trio.sleep(0.02)

    return StreamingResponse(body(), media_type="text/event-stream")


async def echo(request: Request) -> StreamingResponse:
    """What was POSTed, as one event."""
    posted: Any = await request.json()

    async def body() -> AsyncIterator[bytes]:
        yield f"data: {json.dumps(posted)}\n\n".encode()

    return StreamingResponse(body(), media_type="text/event-stream")


async def home(request: Request) -> PlainTextResponse:
    """It is up."""
    return PlainTextResponse("up")


application = Starlette(
    routes=[
        Route("/", home),
        Route("/events", events),
        Route("/lines", lines),
        Route("/heartbeats", heartbeats),
        Route("/echo", echo, methods=["POST"]),
    ]
)


def serve() -> None:
    """Serve until the end; Hypercorn logs its address."""
    config = hypercorn.config.Config()
    config.bind = ["127.0.0.1:0"]
    config.graceful_timeout = 0.1
    trio.run(hypercorn.trio.serve, application, config)


if __name__ == "__main__":
    serve()
