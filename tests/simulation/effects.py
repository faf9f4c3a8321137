"""Requests that change something at the server, and reads: nothing happens twice, and each has its own answer."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import trio

from simulation.play import Play
from trio_api import AsyncAPIClient, Hedge

__all__ = ["closing", "keyed", "reads", "unkeyed", "uploads"]

ONCE = "at most one effect of an unkeyed POST"
ONCE_PER_KEY = "at most one effect of a key, and one key for a call"
OWN_ANSWER = "each call has its own answer"
WHOLE = "what is stored is what was sent"


class Unkeyed(AsyncAPIClient):
    idempotency_header = None


async def unkeyed(play: Play) -> None:
    """Orders without a key: what had its effect is not sent again."""
    effects: Counter[int] = Counter()

    def place(request: httpx.Request) -> Any:
        number = json.loads(request.content)["number"]
        effects[number] += 1
        return {"number": number}

    play.sim.post(play.path(), place)

    async with play.client(Unkeyed, max_retries=4) as client:

        async def order(number: int) -> None:
            body = {"number": number, "text": "x" * play.chance.randint(0, 3000)}
            outcome = await play.outcome(lambda: client.post(play.path(), body=body, cast_to=object))
            if outcome.is_done and (outcome.value != {"number": number} or not effects[number]):
                play.breach(OWN_ANSWER, f"{number}: {outcome.value}")

        await play.side_by_side(6, order)
    for number, count in effects.items():
        if count > 1:
            play.breach(ONCE, f"order {number} was placed {count} times")


async def keyed(play: Play) -> None:
    """Orders and changes with a key, of which the server keeps the answer: sent again, and done once."""
    keys: dict[str, set[str]] = {}

    def place(request: httpx.Request) -> Any:
        call = json.loads(request.content)["call"]
        keys.setdefault(call, set()).add(request.headers["Idempotency-Key"])
        return {"call": call}

    play.sim.route("*", play.path(), place)

    async with play.client(max_retries=4) as client:

        async def change(number: int) -> None:
            call = client.post if number % 2 else client.patch
            body = {"call": str(number)}
            outcome = await play.outcome(lambda: call(play.path(), body=body, cast_to=object))
            if outcome.is_done and (outcome.value != body or str(number) not in keys):
                play.breach(OWN_ANSWER, f"{number}: {outcome.value}")

        await play.side_by_side(6, change)
    for number, sent in keys.items():
        if len(sent) > 1:
            play.breach(ONCE_PER_KEY, f"call {number} was sent by {len(sent)} keys")
    if len(set().union(*keys.values())) < len(keys):
        play.breach(ONCE_PER_KEY, "two calls have the same key")


async def reads(play: Play) -> None:
    """GETs over few connections, hedged or not: none gets the answer of another."""
    play.sim.get(play.path("{id}"), lambda request: {"id": request.url.path.rpartition("/")[2]})
    settings: dict[str, Any] = {"hedge": Hedge(after=0.05, budget=1.0)} if play.chance.random() < 0.3 else {}
    limits = httpx.Limits(max_connections=play.chance.randint(1, 5), keepalive_expiry=play.chance.choice([0.5, 5.0]))
    async with play.client(limits=limits, **settings) as client:

        async def read(number: int) -> None:
            for turn in range(2):
                asked = f"{number}-{turn}"
                outcome = await play.outcome(lambda asked=asked: client.get(play.path(asked), cast_to=object))
                if outcome.is_done and outcome.value != {"id": asked}:
                    play.breach(OWN_ANSWER, f"{asked}: {outcome.value}")

        await play.side_by_side(6, read)


async def uploads(play: Play) -> None:
    """Bodies that can be sent again, and ones that can't: the server has each as a whole, or has nothing."""
    stored: dict[str, str] = {}

    def store(request: httpx.Request) -> Any:
        name = request.url.path.rpartition("/")[2]
        stored[name] = hashlib.sha256(request.content).hexdigest()
        return {"sha256": stored[name]}

    play.sim.put(play.path("{name}"), store)
    async with play.client() as client:

        async def upload(number: int) -> None:
            data = play.chance.randbytes(play.chance.choice([0, 10, 5000, 40_000]))
            content: Any = data if number % 2 else pieces(data)
            outcome = await play.outcome(lambda: client.put(play.path(number), content=content, cast_to=object))
            expected = hashlib.sha256(data).hexdigest()
            if stored.get(str(number), expected) != expected:
                play.breach(WHOLE, f"{number} was stored as something else")
            if outcome.is_done and outcome.value != {"sha256": expected}:
                play.breach(OWN_ANSWER, f"{number}: {outcome.value}")

        await play.side_by_side(3, upload)


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 3000):
        await trio.sleep(0.01)
        yield data[start : start + 3000]


async def closing(play: Play) -> None:
    """The client is closed amid calls of tasks around it: each ends soon, by an error of the library or its value."""
    play.sim.get(play.path("{id}"), lambda request: {"id": request.url.path.rpartition("/")[2]})
    ended: list[float] = []

    async def call(number: int) -> None:
        for turn in range(3):
            asked = f"{number}-{turn}"
            outcome = await play.outcome(lambda asked=asked: client.get(play.path(asked), cast_to=object))
            if outcome.is_done and outcome.value != {"id": asked}:
                play.breach(OWN_ANSWER, f"{asked}: {outcome.value}")
        ended.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        async with play.client(shutdown_grace=play.chance.choice([0.0, 1.0])) as client:
            for number in range(4):
                nursery.start_soon(call, number)
            await trio.sleep(play.chance.uniform(0, 0.5))
            left = trio.current_time()
        closed = trio.current_time()
    if max(closed, *ended) > left + 5:
        play.breach("a client is closed soon", f"left at {left}, closed at {closed}, its calls ended at {ended}")
