"""Reading a response into memory, within a bound; the account of the bytes is `trio_api.responses.BodyBuffer`."""

from __future__ import annotations

import time

import httpx

from ..responses import BodyBuffer, LazyResponse
from ._incoming import BlockingIncoming, TrioIncoming

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
        while (piece := incoming.receive()) is not None and buffer.add(piece, incoming.received):
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
    if isinstance(response, LazyResponse) and response.is_read and len(response.content) <= limit:
        return response  # noqa: ASYNC910  # it came with the head, which was waited for
    buffer = BodyBuffer(response, limit)
    incoming = TrioIncoming(response)
    try:
        while (piece := await incoming.receive()) is not None and buffer.add(piece, incoming.received):
            pass
    except httpx.DecodingError:
        if not response.is_error:
            raise
    finally:
        await incoming.aclose()
    return buffer.finish()
