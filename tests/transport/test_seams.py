"""What is used of httpx and httpcore that they don't promise: where a test fails, a release of theirs changed it."""

from __future__ import annotations

import inspect
from typing import Any

import httpcore
import httpx
import pytest

from trio_api import DefaultTrioHttpxClient
from trio_api.transport import _seams


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("_init_transport", {"transport", "limits", "http1", "http2", "verify", "cert", "trust_env"}),
        ("_init_proxy_transport", {"proxy", "limits", "http1", "http2", "verify", "cert", "trust_env"}),
        ("_transport_for_url", {"url"}),
        ("_send_single_request", {"request"}),
    ],
)
def test_httpx_still_has_the_method(name: str, parameters: set[str]) -> None:
    """By this name, with these parameters: `trio_api.transport._seams` overrides it or watches over it."""
    assert set(inspect.signature(getattr(httpx.AsyncClient, name)).parameters) == {"self", *parameters}


@pytest.mark.parametrize("name", ["_transport", "_mounts"])
def test_httpx_still_has_the_attribute(name: str) -> None:
    """The transport, and those of the proxies by their patterns."""
    assert name in vars(httpx.AsyncClient())


def test_httpx_makes_its_transports_by_these_methods() -> None:
    """Both are called with keywords only, but for the proxy: that is what the overrides rely on."""
    made: list[tuple[int, set[str]]] = []

    class Watched(httpx.AsyncClient):
        def _init_transport(self, *args: Any, **kwargs: Any) -> httpx.AsyncBaseTransport:
            made.append((len(args), set(kwargs)))
            return super()._init_transport(*args, **kwargs)

        def _init_proxy_transport(self, *args: Any, **kwargs: Any) -> httpx.AsyncBaseTransport:
            made.append((len(args), set(kwargs)))
            return super()._init_proxy_transport(*args, **kwargs)

    Watched(proxy="http://127.0.0.1:3128")
    options = {"verify", "cert", "trust_env", "http1", "http2", "limits"}
    assert made == [(0, options | {"transport"}), (1, options)]


@pytest.mark.parametrize(
    "function",
    [
        httpx.AsyncClient.send,
        httpx.AsyncClient._send_single_request,
        httpx.AsyncClient._transport_for_url,
        httpx.AsyncHTTPTransport.handle_async_request,
        httpcore.AsyncConnectionPool.handle_async_request,
    ],
)
def test_httpxs_own_functions_are_known(function: Any) -> None:
    """That is how it is seen that somebody replaced one."""
    assert _seams._is_own(function)


def test_nothing_is_patched_here() -> None:
    """So that requests go the short way."""
    assert not _seams.transport_is_patched()
    assert not _seams.transport_is_patched()
    client: Any = DefaultTrioHttpxClient(trust_env=False)
    assert client.goes_direct()
