"""The one decode path, for an event of a stream."""

from __future__ import annotations

from typing import Any

import httpx

from .._errors import APIResponseValidationError, APIStreamDecodeError
from ..models import NotJSON, read
from ..streaming import ServerSentEvent
from ._decode import Decoded, without_annotations

__all__ = ["decode_event"]


def decode_event(event: ServerSentEvent, cast_to: Any, *, response: httpx.Response, strict: bool) -> Decoded:
    """Build *cast_to* from the data of *event*.

    Args:
        event: The event.
        cast_to: What to build. `ServerSentEvent` is the event itself, `str` and `bytes` its data, None nothing;
            anything else is built from JSON.
        response: The response that the event came in.
        strict: Whether any mismatch is an error.

    Raises:
        APIStreamDecodeError: The data is no JSON.
        APIResponseValidationError: The data is of the wrong kind at its root, or, where *strict*, does not fit in
            any way.
    """
    target = without_annotations(cast_to)
    if target is ServerSentEvent:
        return Decoded(event)
    if target is str:
        return Decoded(event.data)
    if target is bytes:
        return Decoded(event.data.encode())
    if target is None or target is type(None):
        return Decoded(None)
    try:
        value, problems, fits_root = read(event.data.encode(), cast_to)
    except NotJSON as problem:
        raise APIStreamDecodeError(f"the data of an event {event.event!r} is {problem}", body=event.data) from None
    if problems and (strict or not fits_root):
        raise APIResponseValidationError(response=response, problems=problems, body=event.json())
    return Decoded(value, problems)
