"""What tests of real servers need: a clock that waits for bytes, and an authority for TLS."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from support.authority import authority as authority, good as good, trusting as trusting


@pytest.fixture
def clock() -> MockClock:
    """It jumps a moment after everybody waits, since bytes may still cross the loopback."""
    return MockClock(autojump_threshold=0.005)
