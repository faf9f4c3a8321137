"""Whatever goes wrong with whichever connect, read or write: an error of the tree or none, and nothing is left."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path
from typing import Any

from trio.testing import MockClock

from support.wire import wire_server
from torture.flows import FLOWS
from torture.service import Service
from trio_api import AsyncAPIClient
from trio_api.testing import torture_io

NEED_RETRIES = {"backoff", "cooling_down", "all_at_once", "crowd"}


@contextlib.contextmanager
def as_single() -> Any:
    """The flow's own nursery makes groups, the client none: let out what is in them."""
    try:
        yield
    except ExceptionGroup as group:
        raise group.exceptions[0] from None  # noqa: ASYNC123


async def test_only_documented_errors(
    name: str,
    tls: bool,
    retries: int,
    every: int,
    good: ssl.SSLContext,
    trusting: ssl.SSLContext,
    tmp_path: Path,
    clock: MockClock,
    record_property: Any,
) -> None:
    """With retries and without them; the waits are those of the clients' own timeouts."""
    flow = FLOWS[name]
    async with wire_server(Service(), tls=good if tls else None) as server:

        async def run() -> None:
            settings = {"verify": trusting, "trust_env": False, "timeout": 5.0, **flow.settings(server.url, trusting)}
            if name not in NEED_RETRIES:
                settings["max_retries"] = retries
            async with AsyncAPIClient(base_url=server.url, **settings) as client:
                with as_single():
                    await flow.run(client, tmp_path)

        report = await torture_io(run, every=every, within=120)
    record_property("injections", len(report.injections))
