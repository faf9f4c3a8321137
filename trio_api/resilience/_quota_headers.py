"""What responses say of a quota, read without trust: ``RateLimit``, ``X-RateLimit-*`` and what vendors have alike."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, final

import attrs

from .._instants import parse_http_date, parse_number, parse_rfc_3339, seconds_until
from ..request import check_field_name

__all__ = ["STANDARD_QUOTA_HEADERS", "QuotaHeaders", "QuotaReader"]

_OF_A_PART: Final = frozenset({b"x-ratelimit-resource", b"x-ratelimit-bucket"})  # GitHub's and Discord's
_SINCE_EPOCH: Final = 1e9  # a larger number is a time, since it would be a wait of 31 years
_LATE_TIME: Final = 1e11  # a larger one is not in seconds, since it would be the year 5138
_UNITS: Final = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}

# A zero that stands alone, in a field of any form. What has none needs no further look.
_ZERO: Final = re.compile(rb"(?:^|[=,\s])0(?:\.0*)?(?:[;,\s]|$)")

# Go's durations, as OpenAI has them: 6m0s, 1.5s, 20ms
_SPAN: Final = r"([0-9]+(?:\.[0-9]+)?)(d|h|ms|m|us|µs|ns|s)"
_SPANS: Final = re.compile(rf"(?:{_SPAN})+")

# A member of a list or dictionary (RFC 9651, section 3): "name";r=0;t=30 or name=0
_VALUE: Final = r'"(?:[^"\\]|\\.)*"|[^\s",;]+'
_MEMBER: Final = re.compile(
    r'[ \t]*(?P<name>"(?:[^"\\]|\\.)*"|[^\s"=;,]+)'
    rf"(?:=(?P<value>{_VALUE}))?"
    rf"(?P<parameters>(?: *; *[^\s\"=;,]+(?:=(?:{_VALUE}))?)*)"
    r"[ \t]*(?:,|$)"
)
_PARAMETER: Final = re.compile(rf"; *([^\s\"=;,]+)(?:=({_VALUE}))?")


def _field_name(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_field_name(attribute.name, value)


@final
@attrs.frozen
class QuotaHeaders:
    """Two headers that say what is left of a quota and when there is more; or one that says both.

    Raises:
        TypeError, ValueError: A field is no name of a header; the message names it.
    """

    remaining: str = attrs.field(validator=_field_name)
    """The header that says how much is left: a number. Case does not matter."""
    reset: str | None = attrs.field(default=None, validator=attrs.validators.optional(_field_name))
    """The header that says when there is more: seconds, a time as seconds or milliseconds since the epoch, a duration
    such as ``6m0s`` or ``20ms``, a date and time of RFC 3339, or an HTTP-date. None where `remaining` is a structured
    field that says both, as the IETF's ``RateLimit`` does. Default: None."""


STANDARD_QUOTA_HEADERS: Final = (
    QuotaHeaders("RateLimit"),
    QuotaHeaders("RateLimit-Remaining", "RateLimit-Reset"),
    QuotaHeaders("X-RateLimit-Remaining", "X-RateLimit-Reset"),
)
"""draft-ietf-httpapi-ratelimit-headers: version 07 and later; up to 06; and what many servers had before."""


@final
class QuotaReader:
    """Reads how long a response says that nothing is left of a quota.

    Args:
        sources: Where it looks.
    """

    __slots__ = ("_lengths", "_sources", "_telling")

    def __init__(self, sources: Sequence[QuotaHeaders]) -> None:
        self._sources: Final = tuple(
            (one.remaining.lower().encode("ascii"), None if one.reset is None else one.reset.lower().encode("ascii"))
            for one in sources
        )
        self._telling: Final = frozenset(remaining for remaining, _ in self._sources)
        self._lengths: Final = frozenset(map(len, self._telling))

    def wait(
        self, raw_headers: Sequence[tuple[bytes, bytes]], *, is_error: bool, now: float | None = None
    ) -> float | None:
        """How long nothing is left.

        A success that names the resource or the bucket that the quota is of says nothing of the whole origin, and is
        not heeded; an error is.

        Args:
            raw_headers: Names and values as they came.
            is_error: Whether the response is an error.
            now: Seconds since the epoch, for a response that has no ``Date``. Default: the system's clock.

        Returns:
            Seconds, more than 0, the longest of what is said; `math.inf` for a number too large for a float; None
            where something is left, or nothing is said that can be read.
        """
        lengths = self._lengths
        for name, value in raw_headers:
            # Nearly always it is not even as long.
            if len(name) in lengths and name.lower() in self._telling and _ZERO.search(value):
                return self._read(_by_name(raw_headers), is_error, now)
        return None

    def _read(self, fields: Mapping[bytes, str], is_error: bool, now: float | None) -> float | None:
        if not is_error and not _OF_A_PART.isdisjoint(fields):
            return None
        date = fields.get(b"date")
        waits = [
            wait
            for remaining, reset in self._sources
            for left, until in (
                _members(fields.get(remaining, "")) if reset is None else [(fields.get(remaining), fields.get(reset))]
            )
            if parse_number(left) == 0 and (wait := _seconds(until or "", date, now)) > 0
        ]
        return max(waits, default=None)


def _by_name(raw_headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """The fields by their names in lower case; of several, all of them (RFC 9110, 5.3)."""
    fields: dict[bytes, str] = {}
    for raw_name, raw_value in raw_headers:
        name, value = raw_name.lower(), raw_value.decode("latin-1")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _members(field: str) -> Iterator[tuple[str | None, str | None]]:
    """What is left and until when, of each policy that a ``RateLimit`` field tells of; none where it can't be read."""
    found: list[tuple[str | None, str | None]] = []
    flat: dict[str, str] = {}
    at = 0
    while at < len(field):
        member = _MEMBER.match(field, at)
        if member is None:
            return
        at = member.end()
        if member["value"] is None:
            parameters = dict(_PARAMETER.findall(member["parameters"]))
            found.append((parameters.get("r"), parameters.get("t")))
        else:
            flat[member["name"]] = member["value"]
    yield from found
    yield flat.get("remaining"), flat.get("reset")  # version 07: limit=100, remaining=0, reset=5


def _seconds(reset: str, date: str | None, now: float | None) -> float:
    """The seconds until there is more; 0 where that can't be read, and not more for a time past."""
    text = reset.strip(" \t")
    number = parse_number(text)
    if number is not None:
        if number <= _SINCE_EPOCH or number == math.inf:
            return number
        while number > _LATE_TIME:
            number /= 1000
        return seconds_until(number, date, now)
    if _SPANS.fullmatch(text):
        return sum(float(count) * _UNITS[unit] for count, unit in re.findall(_SPAN, text))
    moment = parse_rfc_3339(text)
    if moment is None:
        moment = parse_http_date(text)
    return 0.0 if moment is None else seconds_until(moment, date, now)
