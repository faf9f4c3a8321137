"""What the load is sent by: a whole client of this library, or a transport alone, ours or httpx's."""

from __future__ import annotations

import random
from collections.abc import Awaitable
from typing import Any, Protocol

import httpx
import trio
import trio.lowlevel

from trio_api import APIError, AsyncAPIClient

from .phase import Phase

__all__ = ["ClientSender", "Sender", "TransportSender"]

WEIGHTS = {
    "fast": 8,
    "late": 4,
    "drip": 3,
    "long": 1,
    "goodbye": 1,
    "sudden": 1,
    "vanish": 1,
    "refuse": 1,
}
READING = "reading the body"
LAST_ONE = 5.0  # seconds that the last request may take for each thing it does
READ_TIMEOUTS = [None, 0.005, 5.0]
PIECE = 16_384
UPLOAD = 4 * PIECE
FRAMINGS = [{"Content-Length": str(UPLOAD)}, {"Transfer-Encoding": "chunked"}]


class Sender(Protocol):
    """Sends requests."""

    errors: tuple[type[Exception], ...]
    """What a request may fail by."""
    phases: list[str]
    """Those of a request that it tells, from the first."""

    async def exchange(self, dice: random.Random, phase: Phase | None) -> None:
        """Send a request, and read of its answer all, a part or nothing."""

    async def last(self) -> bytes:
        """Send a request that is to succeed; give the answer."""


class Upload(httpx.AsyncByteStream):
    """A body that comes in pieces, slower than it could."""

    def __init__(self) -> None:
        self._left = UPLOAD

    def __aiter__(self) -> Upload:
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if not self._left:
            raise StopAsyncIteration
        self._left -= PIECE
        return b"x" * PIECE


class TransportSender:
    """By an open transport, which tells how far a request is."""

    errors = (httpx.TransportError,)
    phases = ["in the queue", "connecting", "sending", "waiting", READING]

    def __init__(self, transport: httpx.AsyncBaseTransport, url: str) -> None:
        self._transport = transport
        self._url = url

    async def exchange(self, dice: random.Random, phase: Phase | None) -> None:
        path, is_upload = _task(dice)
        extensions: dict[str, Any] = {"timeout": {"read": dice.choice(READ_TIMEOUTS), "pool": 60.0}}
        if phase is not None:
            extensions["trace"] = phase.trace
        request = httpx.Request(
            "POST" if is_upload else "GET",
            f"{self._url}/{path}",
            headers={"Host": "soak", **dice.choice(FRAMINGS)} if is_upload else None,
            stream=Upload() if is_upload else None,
            extensions=extensions,
        )
        response = await self._transport.handle_async_request(request)
        if phase is not None:
            phase.enter(READING)
        try:
            if dice.random() < 0.8:
                await response.aread()
            elif dice.random() < 0.5:
                await anext(aiter(response.stream), None)
        finally:
            await response.aclose()

    async def last(self) -> bytes:
        timeouts = {"pool": LAST_ONE, "connect": LAST_ONE, "read": LAST_ONE, "write": LAST_ONE}
        request = httpx.Request("GET", f"{self._url}/fast", extensions={"timeout": timeouts})
        response = await self._transport.handle_async_request(request)
        await response.aread()
        await response.aclose()
        return response.content


class ClientSender:
    """By an open client: some requests as calls, some with the response open, of which a part is read."""

    errors = (APIError,)
    phases = ["calling", READING]

    def __init__(self, client: AsyncAPIClient) -> None:
        self._client = client

    async def exchange(self, dice: random.Random, phase: Phase | None) -> None:
        path, is_upload = _task(dice)
        timeout = httpx.Timeout(60.0, read=dice.choice(READ_TIMEOUTS))
        options: dict[str, Any] = {"timeout": timeout}
        call: Awaitable[object]
        if is_upload:
            call = self._client.post(path, cast_to=bytes, content=Upload(), options=options)
        elif dice.random() < 0.8:
            call = self._client.get(path, cast_to=bytes, options=options)
        else:
            call = self._open(path, options, phase, is_read=dice.random() < 0.5)
        await call

    async def _open(self, path: str, options: dict[str, Any], phase: Phase | None, is_read: bool) -> None:
        async with self._client.with_streaming_response.get(path, cast_to=bytes, options=options) as response:
            if phase is not None:
                phase.enter(READING)
            if is_read:
                await anext(aiter(response.iter_bytes()), None)

    async def last(self) -> bytes:
        return await self._client.get("fast", cast_to=bytes, options={"timeout": LAST_ONE})


def _task(dice: random.Random) -> tuple[str, bool]:
    """What to ask for, and whether to upload something with it."""
    [path] = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))
    return path, path == "refuse" or dice.random() < 0.1
