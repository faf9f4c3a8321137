"""The transports that have to behave alike, and a request over one of them."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import httpx
import pytest
import trio

from trio_api.transport import TrioTransport

__all__ = ["NATIVE", "STOCK", "OpenTransport", "Pieces", "fetch"]

OpenTransport: TypeAlias = Callable[..., httpx.AsyncBaseTransport]
"""Makes a transport, to be entered, from the options that httpx and we have in common."""

PATIENCE = 10.0  # seconds after which a test that waits for ever is ended; none comes near


@functools.cache
def _trusting_nobody() -> ssl.SSLContext:
    """One context for all tests: to load the authorities of the world takes longer than most tests."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _stock(**options: Any) -> httpx.AsyncBaseTransport:
    return httpx.AsyncHTTPTransport(**{"verify": _trusting_nobody(), "trust_env": False, **options})


def _native(parser: str, **options: Any) -> httpx.AsyncBaseTransport:
    return TrioTransport(**{"verify": _trusting_nobody(), "trust_env": False, "parser": parser, **options})


def _with_httptools(**options: Any) -> httpx.AsyncBaseTransport:
    pytest.importorskip("httptools")
    return _native("httptools", **options)


STOCK: dict[str, OpenTransport] = {"httpx": _stock}
NATIVE: dict[str, OpenTransport] = {"httptools": _with_httptools, "h11": functools.partial(_native, "h11")}


class Pieces(httpx.AsyncByteStream):
    """A body in pieces, among which may be an exception to raise, or the end of all progress: None.

    It is no async generator: where an upload is given up, httpx leaves those to the garbage collector.
    """

    def __init__(self, *pieces: bytes | Exception | None) -> None:
        self._pieces = iter(pieces)

    def __aiter__(self) -> Pieces:
        return self

    async def __anext__(self) -> bytes:
        match next(self._pieces, StopAsyncIteration()):
            case bytes() as piece:
                return piece
            case Exception() as error:
                raise error
            case None:
                await trio.sleep_forever()
        raise AssertionError("unreachable")


def _framed(headers: httpx.Headers, given: Mapping[str, str] | list[tuple[bytes, bytes]] | None) -> httpx.Headers:
    """*headers* of a request whose body is a stream: in chunks, where the test did *give* no framing."""
    if not {"content-length", "transfer-encoding"} & httpx.Headers(given).keys():
        headers.pop("Content-Length", None)  # httpx says 0 where it knows of no body
        headers["Transfer-Encoding"] = "chunked"
    return headers


async def fetch(
    transport: httpx.AsyncBaseTransport,
    url: str,
    method: str = "GET",
    *,
    headers: Mapping[str, str] | list[tuple[bytes, bytes]] | None = None,
    content: bytes | None = None,
    pieces: Pieces | None = None,
    extensions: dict[str, Any] | None = None,
) -> httpx.Response:
    """Send a request, with a body from memory or in *pieces*, and read the response to its end."""
    request = httpx.Request(method, url, headers=headers, content=content, extensions=extensions or {})
    if pieces is not None:
        request = httpx.Request(
            method, url, headers=_framed(request.headers, headers), stream=pieces, extensions=extensions
        )
    with trio.fail_after(PATIENCE):
        response = await transport.handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
    return response
