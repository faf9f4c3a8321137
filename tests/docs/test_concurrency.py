"""The examples of the how-to on concurrency limits run as they stand, and do what the page says of them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
from trio.testing import MockClock

import trio_api
from trio_api.testing import SimulatedServer

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "concurrency.rst"
BLOCKS = [
    textwrap.dedent(block)
    for block in re.findall(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)", PAGE.read_text(encoding="utf-8"))
]
LIMIT, DEADLOCK, PRIORITY, ADAPTIVE, STATISTICS = BLOCKS


@attrs.frozen
class Job:
    id: int


async def play(source: str, server: httpx.AsyncBaseTransport, **how: Any) -> Any:
    """Run *source*: with the client that it makes, or with one made by *how*."""

    async def fetch(client: trio_api.AsyncAPIClient, number: int) -> None:
        await client.get(f"/{number}", cast_to=object)

    names: dict[str, Any] = {"trio": trio, "fetch": fetch, "Job": Job, "Report": object, **vars(trio_api)}
    async with httpx.AsyncClient(transport=server) as http_client:
        address = {"base_url": "https://api.example.com", "http_client": http_client}
        make, _, rest = source.partition("\n") if source.startswith("client = ") else ("", "", source)
        names |= {"make": lambda **given: trio_api.AsyncAPIClient(**{**given, **address})}
        names |= {"client": trio_api.AsyncAPIClient(**address, **how)}
        exec(make.replace("AsyncAPIClient", "make"), names)  # the page is ours
        exec(f"async def example():\n    pass\n{textwrap.indent(rest, '    ')}", names)
        async with names["client"] as client:
            await names["example"]()
            return client.statistics()


async def test_the_limit_is_kept(autojump_clock: MockClock) -> None:
    """Ten are on their way, the others wait."""
    server = SimulatedServer()
    await play(LIMIT.replace("10_000", "100"), server)
    assert (server.requests, server.busiest) == (100, 10)


async def test_the_deadlock_is_one(autojump_clock: MockClock) -> None:
    """And a scope ends it; with two permits there is none."""

    def answer(request: httpx.Request) -> httpx.Response:
        events = {"content": b'data: {"id": 1}\n\n', "headers": {"Content-Type": "text/event-stream"}}
        return httpx.Response(200, **(events if request.method == "GET" else {"json": {}}))

    with trio.move_on_after(3600) as scope:
        await play(DEADLOCK, httpx.MockTransport(answer), max_concurrency=1)
    assert scope.cancelled_caught
    await play(DEADLOCK, httpx.MockTransport(answer), max_concurrency=2)


@pytest.mark.parametrize(
    ("source", "limit"), [(PRIORITY, None), (ADAPTIVE + PRIORITY, 20), (PRIORITY + STATISTICS, None)]
)
async def test_the_others_run(autojump_clock: MockClock, source: str, limit: int | None) -> None:
    """As they stand."""
    statistics = await play(source, SimulatedServer())
    assert statistics.origins[0].concurrency_limit == limit
