"""Event streams, downloads and operations: what breaks off is gone on with, without a gap and without a repetition."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import httpx

from simulation.lists import IN_ORDER
from simulation.play import Play
from trio_api import PollPolicy, StreamDialect
from trio_api.testing import Reply

__all__ = ["downloads", "events", "operations"]

DIALECT = StreamDialect.sse(done_data="[DONE]")


async def events(play: Play) -> None:
    """Server-sent events with ids, which break off and are gone on with after the last one seen."""
    chance, count = play.chance, play.chance.randint(0, 20)
    serve = play.planted.get("events", lambda first, count: range(first, count))

    def stream(request: httpx.Request) -> Reply:
        first = int(request.headers.get("Last-Event-ID", -1)) + 1
        numbers = list(serve(first, count))
        pieces: list[Any] = [b"retry: 100\n\n"]
        for number in numbers:
            pieces += [f"id: {number}\ndata: {number}\n\n".encode(), chance.choice([0.0, 0.0, 0.3])]
        reply = Reply(pieces=[*pieces, b"data: [DONE]\n\n"], headers={"Content-Type": "text/event-stream"})
        size = sum(len(piece) for piece in reply.script() if isinstance(piece, bytes))
        return reply.cut(chance.randrange(size)) if chance.random() < 0.3 else reply

    play.sim.get(play.path(), stream)
    found: list[int] = []

    async with play.client(max_retries=5) as client:

        async def read() -> None:
            async with client.stream("GET", play.path(), cast_to=int, dialect=DIALECT, reconnect=True) as stream:
                async for number in stream:
                    found.append(number)  # noqa: PERF401  # what was found before an error counts

        outcome = await play.outcome(read)
    expected = list(range(count))
    if found != (expected if outcome.is_done else expected[: len(found)]):
        play.breach(IN_ORDER, f"events, {'whole' if outcome.is_done else 'in part'}, of {count}: {found}")


async def downloads(play: Play) -> None:
    """A file whose download breaks off: gone on with, by another call too, and under its name only once it is whole."""
    chance = play.chance
    content = chance.randbytes(chance.choice([10, 20_000, 60_000]))
    tag, checksum = '"v1"', f"sha256:{hashlib.sha256(content).hexdigest()}"

    def serve(request: httpx.Request) -> Reply:
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if wanted is None or request.headers.get("If-Range", tag) != tag:
            return Reply(content=content, headers={"ETag": tag})
        start = int(wanted[1])
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return Reply(206, content=content[start:], headers={"ETag": tag, "Content-Range": span})

    play.sim.get(play.path(), serve)
    target = play.folder / play.name
    async with play.client(max_retries=3) as client:

        async def download() -> None:
            headers = {"Accept-Encoding": "identity"}
            response: Any
            async with client.with_streaming_response.get(
                play.path(), cast_to=bytes, options={"headers": headers}
            ) as response:
                await response.stream_to_file(target, resume=True, checksum=checksum)

        for _ in range(3):
            outcome = await play.outcome(download)
            if target.exists() is not outcome.is_done or (outcome.is_done and target.read_bytes() != content):
                play.breach("a file is whole under its name", f"{outcome}, {target.exists()}")
            if outcome.is_done:
                break
    for left in play.folder.glob(f"{play.name}*"):
        left.unlink()


async def operations(play: Play) -> None:
    """An operation that takes some asking."""
    asked, needed = 0, play.chance.randint(1, 4)

    def state(request: httpx.Request) -> Any:
        nonlocal asked
        asked += 1
        if asked < needed:
            return Reply(202, json={"state": "running"}, headers={"Retry-After": "1"})
        return {"state": "done", "play": play.name}

    play.sim.get(play.path(), state)
    async with play.client(max_retries=4) as client:

        async def poll() -> Any:
            policy = PollPolicy(interval=0.5)
            return await client.poll(
                play.path(), cast_to=object, until=lambda value: value["state"] == "done", policy=policy
            )

        outcome = await play.outcome(poll)
    if outcome.is_done and outcome.value != {"state": "done", "play": play.name}:
        play.breach("an operation gives its result", outcome.value)
