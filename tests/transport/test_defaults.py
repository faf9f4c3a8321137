"""The HTTP clients that a client opens when the caller brings none."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from trio_api import (
    DEFAULT_CONNECTION_LIMITS,
    DEFAULT_TIMEOUT,
    AsyncAPIClient,
    DefaultAsyncHttpxClient,
    DefaultHttpxClient,
    DefaultTrioHttpxClient,
    SyncAPIClient,
)

each = pytest.mark.parametrize("kind", [DefaultHttpxClient, DefaultAsyncHttpxClient, DefaultTrioHttpxClient])


def limits_of(client: Any) -> tuple[float, float]:
    """The most connections, and the most that are kept alive."""
    if isinstance(client, DefaultTrioHttpxClient):
        pool = client.direct.native._pool
        return pool.most, pool._most_idle
    pool = client._transport._pool
    return pool._max_connections, pool._max_keepalive_connections


@each
def test_the_defaults_are_the_public_constants(kind: Any) -> None:
    """600 seconds with 5 to connect, 1000 connections with 100 kept alive, redirects followed."""
    client = kind()
    assert client.timeout == DEFAULT_TIMEOUT == httpx.Timeout(600, connect=5)
    assert httpx.Limits(max_connections=1000, max_keepalive_connections=100) == DEFAULT_CONNECTION_LIMITS
    assert limits_of(client) == (1000, 100)
    assert client.follow_redirects is True


@each
def test_every_argument_of_httpx_is_taken(kind: Any) -> None:
    """They are httpx's own clients: whatever is given wins over the defaults."""
    client = kind(timeout=3, limits=httpx.Limits(max_connections=2), follow_redirects=False, headers={"X-A": "1"})
    assert client.timeout == httpx.Timeout(3)
    assert limits_of(client)[0] == 2
    assert client.follow_redirects is False
    assert client.headers["x-a"] == "1"


def test_they_are_httpxs_classes() -> None:
    """Wherever an ``httpx.Client`` or ``httpx.AsyncClient`` is asked for, they fit."""
    assert issubclass(DefaultHttpxClient, httpx.Client)
    assert issubclass(DefaultAsyncHttpxClient, httpx.AsyncClient)
    assert issubclass(DefaultTrioHttpxClient, httpx.AsyncClient)


def test_clients_open_their_own_kind() -> None:
    """The Trio client the Trio one, the blocking client the blocking one."""
    assert isinstance(AsyncAPIClient(base_url="https://api.example.com")._client, DefaultTrioHttpxClient)
    assert isinstance(SyncAPIClient(base_url="https://api.example.com")._client, DefaultHttpxClient)
