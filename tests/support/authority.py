"""Fixtures for TLS on loopback: an authority, and the contexts of both ends. A conftest imports the ones it needs."""

from __future__ import annotations

import ssl

import pytest
import trustme

__all__ = ["authority", "good", "trusting"]


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
