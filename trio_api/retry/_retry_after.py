"""What the server asked for: ``Retry-After-Ms`` and ``Retry-After``, read without trust."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

__all__ = ["parse_retry_after"]

# RFC 9110, section 10.2.3 has digits alone; servers send fractions and exponents too. No sign, no "inf", no "1_0",
# no digits of other scripts, all of which float() would take.
_NUMBER: Final = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"


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
    milliseconds = _number(headers.get("retry-after-ms")) or 0.0
    if milliseconds / 1000 > 0:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is None:
        seconds = _seconds_until(text, headers.get("date"), now)
    return seconds if seconds is not None and seconds > 0 else None


def _number(text: str | None) -> float | None:
    value = (text or "").strip(" \t")  # RFC 9110, section 5.5: such whitespace is no part of a field's value
    return float(value) if re.fullmatch(_NUMBER, value) else None


def _seconds_until(text: str | None, date: str | None, now: float | None) -> float | None:
    until = _timestamp(text)
    if until is None:
        return None
    sent = _timestamp(date)
    if sent is None:
        sent = time.time() if now is None else now
    return until - sent


def _timestamp(date: str | None) -> float | None:
    try:
        moment = parsedate_to_datetime(date or "")
    except Exception:  # email.utils raises many kinds for rubbish: ValueError, TypeError, IndexError, OverflowError
        return None
    return _utc(moment).timestamp()


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)  # HTTP-dates are in GMT
