"""What the tests of the clients share: the two colours, a pinned chance, and the virtual clock."""

from __future__ import annotations

import random

import pytest

from support.colours import BlockingColour, Colour, TrioColour
from support.scripted import VirtualTime


@pytest.fixture(params=[TrioColour, BlockingColour], ids=["trio", "blocking"])
def colour(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Colour:
    """Each of the two colours in turn, with chance pinned to 0 and no clock but virtual ones."""
    time = VirtualTime()
    for noun in ("driver", "admission", "pacing", "open_body", "stream", "operation"):
        monkeypatch.setattr(f"trio_api.client._{noun}_blocking.time", time)
    monkeypatch.setattr("trio_api.transport._read.time", time)
    monkeypatch.setattr("trio_api.transport._bodies.time", time)
    monkeypatch.setattr(random, "random", lambda: 0.0)
    colour: Colour = request.param(time)
    return colour
