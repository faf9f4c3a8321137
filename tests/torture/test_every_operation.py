"""Whatever goes wrong with whichever connect, read or write: an error of the tree or none, and nothing is left."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from trio.abc import Instrument
from trio.testing import MockClock

from support.wire import wire_server
from torture.flow import Flow, Stage
from torture.service import Service
from trio_api.testing import torture_io


@contextlib.contextmanager
def as_single() -> Iterator[None]:
    """The flow's own nursery makes groups, the client none: let out what is in them."""
    try:
        yield
    except ExceptionGroup as group:
        raise group.exceptions[0] from None  # noqa: ASYNC123


@pytest.mark.usefixtures("trusted_by_all")
async def test_only_documented_errors(
    flow: Flow,
    tls: bool,
    retried: bool,
    every: int,
    good: ssl.SSLContext,
    trusting: ssl.SSLContext,
    tmp_path: Path,
    clock: MockClock,
    patience: Instrument,
    record_property: Any,
) -> None:
    """With retries and without them; the waits are those of the clients' own timeouts."""
    async with wire_server(Service(), tls=good if tls else None) as server:
        settings = flow.settings(server.url, trusting)
        if not retried and not flow.needs_retries:
            settings = {**settings, "max_retries": 0}
        stage = Stage(server.url, trusting, settings)

        async def run() -> None:
            with as_single():
                await flow.run_cold(stage, tmp_path)

        report = await torture_io(run, raises=flow.raises, every=every, within=900)
    record_property("faults", len(report.injections))
