"""Cancelled at every checkpoint, whatever a client was asked for: nothing is left, and the next run is fine."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path
from typing import Any

import pytest
from trio.abc import Instrument
from trio.testing import MockClock

from support.wire import wire_server
from torture.flow import Flow, Stage
from torture.service import Service
from trio_api.testing import cancel_everywhere


@pytest.mark.usefixtures("trusted_by_all")
async def test_nothing_is_left(
    flow: Flow,
    pooled: bool,
    tls: bool,
    every: int,
    good: ssl.SSLContext,
    trusting: ssl.SSLContext,
    tmp_path: Path,
    clock: MockClock,
    patience: Instrument,
    record_property: Any,
) -> None:
    """No task, socket, file, thread, slot or permit, by new connections and by kept ones, plain and under TLS."""

    def no_parts() -> None:
        left = {path.name for path in tmp_path.iterdir()}
        assert left <= {"upload", "resumed.part", "resumed.part.json", "resumed"}, left

    async with wire_server(Service(), tls=good if tls else None) as server:
        stage = Stage(server.url, trusting, flow.settings(server.url, trusting))
        if pooled:
            async with stage.client() as client:
                run = functools.partial(flow.run, client, tmp_path)
                report = await cancel_everywhere(run, clients=[client], check=no_parts, raises=flow.raises, every=every)
        else:
            run = functools.partial(flow.run_cold, stage, tmp_path)
            report = await cancel_everywhere(run, check=no_parts, raises=flow.raises, every=every)
    assert report.injections
    record_property("points", len(report.injections))
