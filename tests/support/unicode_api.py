"""The embedded API server for tests: its tables are made once a session, and it can run in a thread of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import trio

from trio_api.cli.server import NO_FAULTS, FaultRates, UnicodeAPI, UnicodeTables, serve

__all__ = ["UNICODE_API", "UNICODE_TABLES", "faulty", "records", "unicode_server"]

UNICODE_TABLES: Final = UnicodeTables()
UNICODE_API: Final = UnicodeAPI(tables=UNICODE_TABLES)


def faulty(**rates: Any) -> FaultRates:
    """Rates that are zero unless they are given."""
    return FaultRates(**{"latency": (0.0, 0.0), "rate_limited": 0, "unavailable": 0, "dropped": 0, "cut": 0, **rates})


def records(category: str) -> list[Any]:
    """The characters of a category, as the server has them."""
    table = UNICODE_TABLES.characters_of(category)
    assert table is not None
    return [json.loads(row) for row in table.rows]


@contextmanager
def unicode_server(api: UnicodeAPI = UNICODE_API, *, rates: FaultRates = NO_FAULTS, seed: int = 0) -> Iterator[str]:
    """The URL of a server that runs in a thread, for clients that block."""
    started = threading.Event()
    stop = trio.Event()
    urls: list[str] = []
    tokens: list[trio.lowlevel.TrioToken] = []

    async def run() -> None:
        tokens.append(trio.lowlevel.current_trio_token())
        async with serve(api, rates=rates, seed=seed) as server:
            urls.append(server.url)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=trio.run, args=(run,))
    thread.start()
    try:
        assert started.wait(10)
        yield urls[0]
    finally:
        tokens[0].run_sync_soon(stop.set)
        thread.join()
