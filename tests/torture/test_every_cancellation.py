"""Cancelled at every checkpoint, whatever a client was asked for: nothing is left, and the next run is fine."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from trio.testing import MockClock

from support.wire import wire_server
from torture.flows import FLOWS
from torture.service import Service
from trio_api import AsyncAPIClient
from trio_api.testing import cancel_everywhere


async def test_nothing_is_left(
    name: str,
    pooled: int,
    tls: bool,
    every: int,
    good: ssl.SSLContext,
    trusting: ssl.SSLContext,
    tmp_path: Path,
    clock: MockClock,
    record_property: Any,
) -> None:
    """No task, socket, file, thread, slot or permit, by new connections and by kept ones, plain and under TLS."""
    flow = FLOWS[name]
    async with wire_server(Service(), tls=good if tls else None) as server:

        def opened() -> AsyncAPIClient:
            settings = {"verify": trusting, "trust_env": False, **flow.settings(server.url, trusting)}
            return AsyncAPIClient(base_url=server.url, **settings)

        def no_parts() -> None:
            left = {path.name for path in tmp_path.iterdir()}
            assert left <= {"upload", "resumed.part", "resumed.part.json", "resumed"}, left

        if pooled:
            async with opened() as client:
                report = await cancel_everywhere(
                    lambda: flow.run(client, tmp_path), clients=[client], check=no_parts, every=every
                )
        else:

            async def cold() -> None:
                async with opened() as client:
                    await flow.run(client, tmp_path)

            report = await cancel_everywhere(cold, check=no_parts, every=every)
    record_property("injections", len(report.injections))
    assert report.injections
