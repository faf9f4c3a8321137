"""Each transport that is to behave, httpx's own and ours with either parser; and an authority for their TLS."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from support.authority import authority as authority, good as good, trusting as trusting
from support.transports import NATIVE, STOCK, OpenTransport


@pytest.fixture(params=[*STOCK, *NATIVE])
def opened(request: pytest.FixtureRequest) -> OpenTransport:
    """Opens any of the transports: for what they have in common."""
    return {**STOCK, **NATIVE}[request.param]


@pytest.fixture(params=[*NATIVE])
def native(request: pytest.FixtureRequest) -> OpenTransport:
    """Opens our transport: for what httpx's does otherwise, and the test says how."""
    return NATIVE[request.param]


@pytest.fixture
def clock() -> MockClock:
    """Trio's clock, which jumps where everybody waits; a moment later, since bytes may still cross the loopback."""
    return MockClock(autojump_threshold=0.005)
