"""Numbers and times as header fields have them, read without trust."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ["parse_http_date", "parse_number", "parse_rfc_3339", "seconds_until"]

# RFC 9110, section 10.2.3 has digits alone; servers send fractions and exponents too. No sign, no "inf", no "1_0",
# no digits of other scripts, all of which float() would take. Digits fit in one way only: else long rubbish takes ages.
_NUMBER: Final = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_RFC_3339: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def parse_number(text: str | None) -> float | None:
    """A number that is not negative; `math.inf` where it is too large for a float, None where it is none."""
    value = (text or "").strip(" \t")  # RFC 9110, section 5.5: such whitespace is no part of a field's value
    return float(value) if re.fullmatch(_NUMBER, value) else None


def parse_http_date(text: str | None) -> float | None:
    """An HTTP-date (RFC 9110, section 5.6.7) in seconds since the epoch; None where it is none."""
    try:
        moment = parsedate_to_datetime(text or "")
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()  # they are in GMT
    except Exception:  # email.utils raises many kinds for rubbish: ValueError, TypeError, IndexError, OverflowError
        return None


def parse_rfc_3339(text: str) -> float | None:
    """A date and time of RFC 3339 in seconds since the epoch; None where it is none."""
    if not re.fullmatch(_RFC_3339, text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None


def seconds_until(moment: float, date: str | None, now: float | None = None) -> float:
    """The seconds from when a response was sent to a moment that it names, so that the two clocks need not agree.

    Args:
        moment: Seconds since the epoch.
        date: The response's ``Date``, or None.
        now: Seconds since the epoch, for a response that has no ``Date``. Default: the system's clock.
    """
    sent = parse_http_date(date)
    if sent is None:
        sent = time.time() if now is None else now
    return moment - sent
