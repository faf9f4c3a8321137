"""Reading a response into memory, within a bound; the account of the bytes is `trio_api.responses.BodyBuffer`."""

from __future__ import annotations

import time
from typing import cast

import httpx

from ..responses import BodyBuffer, LazyResponse, header_of
from ._incoming import BlockingIncoming, TrioIncoming, native_stream

__all__ = ["read_blocking", "read_trio"]


def read_blocking(response: httpx.Response, limit: int, deadline: float) -> httpx.Response:
    """Read *response*, at most *limit* decoded bytes and until *deadline* (`time.monotonic`), and close it.

    Raises:
        httpx.HTTPError: The connection broke, the time is up, or the body can't be decoded.
        ResponseTooLargeError: The body is larger.
    """
    buffer = BodyBuffer(response, limit)
    incoming = BlockingIncoming(response)
    try:
        while (piece := incoming.receive()) is not None and buffer.add(piece):
            if time.monotonic() > deadline:  # each read is within its timeout, but a drip of them is not
                raise httpx.ReadTimeout("the time of the call is up", request=response.request)
    except httpx.DecodingError:
        if not response.is_error:  # the status of an error says more than what its body can't
            raise
    finally:
        incoming.close()
    return buffer.finish()


async def read_trio(response: httpx.Response, limit: int) -> httpx.Response:
    """Read *response*, at most *limit* decoded bytes, and close it.

    Raises:
        httpx.HTTPError: The connection broke, or the body can't be decoded.
        ResponseTooLargeError: The body is larger.
    """
    known = _known_content(response, limit)
    if known is not None:
        return known  # noqa: ASYNC910  # it came with the head, which was waited for
    buffer = BodyBuffer(response, limit)
    incoming = TrioIncoming(response)
    try:
        while (piece := await incoming.receive()) is not None and buffer.add(piece):
            pass
    except httpx.DecodingError:
        if not response.is_error:
            raise
    finally:
        await incoming.aclose()
    return buffer.finish()


def _known_content(response: httpx.Response, limit: int) -> httpx.Response | None:
    """*response* with its body where the ordinary is the case: a small one, not encoded, that came with the head."""
    stream = native_stream(response)
    if stream is None or header_of(response, "content-encoding") is not None:
        return None
    content = stream.take_known(limit)
    return None if content is None else cast("LazyResponse", response).with_content(content)
