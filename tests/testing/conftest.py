"""What tests of real servers need: a clock that waits for bytes, and an authority for TLS."""

from __future__ import annotations

import ssl

import pytest
import trustme
from trio.testing import MockClock


@pytest.fixture
def clock() -> MockClock:
    """It jumps a moment after everybody waits, since bytes may still cross the loopback."""
    return MockClock(autojump_threshold=0.005)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """The context of a client that trusts the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


@pytest.fixture
def serving(authority: trustme.CA) -> ssl.SSLContext:
    """The context of a server at 127.0.0.1 that the authority vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context
