"""What the server asked for: ``Retry-After-Ms`` and ``Retry-After``, read without trust."""

from __future__ import annotations

import httpx

from .._instants import parse_http_date, parse_number, seconds_until

__all__ = ["parse_retry_after"]


def parse_retry_after(headers: httpx.Headers, *, now: float | None = None) -> float | None:
    """How long the server asked to wait (RFC 9110, section 10.2.3).

    ``Retry-After-Ms`` counts first, then ``Retry-After`` in seconds or as an HTTP-date. A date is measured against
    the response's own ``Date``, so that the two clocks need not agree.

    Args:
        headers: The response's headers.
        now: Seconds since the epoch, for a response that has no ``Date``. Default: the system's clock.

    Returns:
        Seconds, more than 0; `math.inf` for a number too large for a float; None where nothing usable was asked:
        zero, a time past, a date that no calendar holds, rubbish.
    """
    wait = (parse_number(headers.get("retry-after-ms")) or 0.0) / 1000
    if wait > 0:
        return wait
    text = headers.get("retry-after")
    seconds = parse_number(text)
    if seconds is None:
        until = parse_http_date(text)
        seconds = None if until is None else seconds_until(until, headers.get("date"), now)
    return seconds if seconds is not None and seconds > 0 else None
