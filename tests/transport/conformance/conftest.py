"""Each transport that is to behave, httpx's own and ours with either parser; and an authority for their TLS."""

from __future__ import annotations

import ssl

import pytest
import trustme
from trio.testing import MockClock

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
def good(authority: trustme.CA) -> ssl.SSLContext:
    """The context of a server at 127.0.0.1 that the authority vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context
