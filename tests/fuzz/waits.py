"""What servers ask to wait: ``Retry-After`` and the fields that tell of a quota, beside plain readings of the RFCs.

An input is lines: each is the value of one field, in the order that the target's claim names.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterator
from typing import Any

import attrs
import httpx

from trio_api import CoolDown, QuotaHeaders, RetryPolicy
from trio_api.resilience._cool_down import Pause
from trio_api.resilience._quota_headers import QuotaReader
from trio_api.retry import parse_retry_after

from .pumps import pumped
from .target import Target

__all__ = ["RATE_LIMIT", "RETRY_AFTER"]

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, section 5.6.7
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"

_RETRIES = RetryPolicy()
_COOL_DOWN = CoolDown()
_FIELDS = (
    b"RateLimit",
    b"X-RateLimit-Remaining",
    b"X-RateLimit-Reset",
    b"Date",
    b"x-requests-left",
    b"x-requests-reset",
)
_QUOTAS = QuotaReader([*_COOL_DOWN.quota_headers, QuotaHeaders("x-requests-left", "x-requests-reset")])

# RFC 9110, 5.6.7
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_DAY_L = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_IMF_FIXDATE = rf"{_DAY}, [0-9]{{2}} {_MONTH} [0-9]{{4}} {_TIME} GMT"
_RFC_850 = rf"{_DAY_L}, [0-9]{{2}}-{_MONTH}-[0-9]{{2}} {_TIME} GMT"
_ASCTIME = rf"{_DAY} {_MONTH} [ 0-9][0-9] {_TIME} [0-9]{{4}}"


def check_retry_after(data: bytes) -> None:
    lines = [*pumped(data).split(b"\n"), b"", b""][:3]
    names = (b"Retry-After", b"Date", b"Retry-After-Ms")
    headers = [(name, line) for name, line in zip(names, lines, strict=True) if line]
    asked = parse_retry_after(httpx.Headers(headers), now=NOW)
    _check_wait(asked)
    if b"Retry-After-Ms" not in dict(headers):
        expected = _retry_after(lines[0].decode("latin-1"), lines[1].decode("latin-1"))
        assert expected is None or (asked or 0) == max(expected, 0), (expected, asked)
    _check_delay(asked)


def check_rate_limit(data: bytes) -> None:
    is_error = bool(data[:1] and data[0] & 1)
    lines = pumped(data[1:]).split(b"\n")
    headers = [(name, line) for name, line in zip(_FIELDS, lines, strict=False) if line]
    wait = _QUOTAS.wait(headers, is_error=is_error, now=NOW)
    _check_wait(wait)
    if [name for name, _ in headers] == [b"RateLimit"]:
        items = read_sf_list(lines[0])
        if items is not None and not any(map(_names_a_time, items)):
            assert (wait or 0) == max(map(_seconds_of, items), default=0), (wait, items)
    if wait is not None:
        _check_pause(wait)


def _check_wait(seconds: float | None) -> None:
    """It is something above zero, or nothing."""
    assert seconds is None or (isinstance(seconds, float) and seconds > 0), seconds


def _check_delay(asked: float | None) -> None:
    """What is waited for is at least what was asked, and little more; or nothing is, where it is too much."""
    delay = _RETRIES.delay(0, retry_after=asked)
    if asked is None:
        assert delay is not None
        assert 0 <= delay <= _RETRIES.maximum
    elif asked > _RETRIES.max_retry_after:
        assert delay is None
    else:
        assert delay is not None
        assert asked <= delay <= 1.1 * asked


def _check_pause(wait: float) -> None:
    """Who shares the wait is never held for longer than the policy allows."""
    pause = Pause(_COOL_DOWN)
    began = pause.begin(NOW, wait, None)
    assert began == (wait <= _COOL_DOWN.max_wait and NOW + wait > NOW)
    assert pause.until <= NOW + _COOL_DOWN.max_wait


# -- the references --------------------------------------------------------------------------------------------


def _retry_after(text: str, date: str) -> float | None:
    """RFC 9110, 10.2.3: delay-seconds or an HTTP-date; None for what it does not define."""
    text = text.strip(" \t")
    if re.fullmatch("[0-9]+", text):
        return float(text)
    moment = _http_date(text)
    sent = _http_date(date.strip(" \t")) if date else NOW
    return None if moment is None or sent is None else moment - sent


def _http_date(text: str) -> float | None:
    """The moment; None for what is no HTTP-date, and for the form of two digits, whose century each may guess."""
    for pattern, form in ((_IMF_FIXDATE, "%a, %d %b %Y %H:%M:%S GMT"), (_ASCTIME, "%a %b %d %H:%M:%S %Y")):
        if re.fullmatch(pattern, text):
            try:
                return float(calendar.timegm(time.strptime(text, form)))
            except ValueError:
                return None
    return None


@attrs.frozen
class Item:
    """A member of a list of RFC 9651: only what it needs here, its parameters."""

    parameters: dict[str, Any]


class _Broken(Exception):
    """It is no structured field."""


def read_sf_list(field: bytes) -> list[Item] | None:
    """A List of Items (RFC 9651, 4.2.1); None where it is none, or has what no quota has: lists within, other types."""
    try:
        return list(_members(field.decode("ascii").strip(" ")))
    except (_Broken, UnicodeDecodeError):
        return None


_BARE = re.compile(
    r'(?P<string>"(?:[ !#-\[\]-~]|\\["\\])*")'
    r"|(?P<decimal>-?[0-9]{1,12}\.[0-9]{1,3}(?![0-9.]))"
    r"|(?P<integer>-?[0-9]{1,15}(?![0-9.]))"
    r"|(?P<token>[A-Za-z*][-!#$%&'*+.^_`|~0-9A-Za-z:/]*)"
    r"|(?P<bytes>:[A-Za-z0-9+/=]*:)"
    r"|(?P<boolean>\?[01])"
)
_KEY = re.compile(r"[a-z*][-a-z0-9_.*]*")


def _members(text: str) -> Iterator[Item]:
    at = 0
    while text[at:]:
        at = _bare(text, at)[1]
        parameters, at = _parameters(text, at)
        yield Item(parameters)
        rest = text[at:].lstrip(" \t")
        if not rest:
            return
        after = rest[1:].lstrip(" \t")
        if rest[0] != "," or not after:
            raise _Broken
        at = len(text) - len(after)


def _parameters(text: str, at: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while text[at : at + 1] == ";":
        at += 1 + len(text[at + 1 :]) - len(text[at + 1 :].lstrip(" "))
        key = _KEY.match(text, at)
        if key is None:
            raise _Broken
        at, value = key.end(), True
        if text[at : at + 1] == "=":
            value, at = _bare(text, at + 1)
        found[key[0]] = value
    return found, at


def _bare(text: str, at: int) -> tuple[Any, int]:
    match = _BARE.match(text, at)
    if match is None:
        raise _Broken
    if match["integer"] or match["decimal"]:
        return float(match[0]), match.end()
    return match[0], match.end()


def _seconds_of(item: Item) -> float:
    """What nothing is left of is to be waited for."""
    left, until = item.parameters.get("r"), item.parameters.get("t")
    is_spent = isinstance(left, float) and left == 0
    return until if is_spent and isinstance(until, float) and until > 0 else 0.0


def _names_a_time(item: Item) -> bool:
    """Whether its number is a moment, which no draft has but some servers send."""
    until = item.parameters.get("t")
    return isinstance(until, float) and until > 1e9


RETRY_AFTER = Target(
    "retry_after",
    "Retry-After, beside a Date and Retry-After-Ms, is a wait above 0 as RFC 9110 has it, or none; within its bound.",
    check_retry_after,
    seeds=(
        b"\0\0\0120",
        b"\0\0\0" + b"\n".join([b"Sun, 06 Nov 1994 08:49:57 GMT", DATE]),
        b"\0\0\0" + b"\n".join([b"Sunday, 06-Nov-94 08:49:57 GMT", b"Sun Nov  6 08:49:37 1994", b"1500.5"]),
        b"\0\0\0Fri, 31 Dec 9999 23:59:59 GMT",
        b"\xff\0\x011x",
        b"\xff\0\x019",
    ),
    words=(
        *(
            b"0",
            b"1",
            b"120",
            b"9" * 20,
            b"9" * 400,
            b".",
            b"e",
            b"E+",
            b"e-",
            b"-",
            b"+",
            b"_",
            b" ",
            b"\t",
            b"\n",
            b",",
        ),
        *(b"inf", b"nan", b"1e999", b"1e-400", b"0x1", b"GMT", b"+0000", b"-9999", b"UTC", b"Sun", b"Sunday", b"Nov"),
        *(b":", b"08:49:37", b"24:00:00", b"23:59:60", b"1994", b"10000", b"0000", b"31", b"00", b"\xb2", b"\xd9\xa3"),
        *(DATE, b"Sun Nov  6 08:49:37 1994", b"06-Nov-94"),
    ),
    largest=512,
)
RATE_LIMIT = Target(
    "rate_limit",
    "RateLimit, X-RateLimit-Remaining and -Reset, Date, and a vendor's pair give a wait above 0, or none, "
    "and the one that RFC 9651 reads where RateLimit is the only one.",
    check_rate_limit,
    seeds=(
        b'\0\0\0\0"burst";r=0;t=2, "daily";r=0;t=60;pk=:cXVvdGE=:',
        b'\0\0\0\0"a;r=1,b\\"";r=0;t=4;x="y,z", default ; r=1;t=9',
        b"\1\0\0\0limit=100, remaining=0, reset=5",
        b"\0\0\0\0" + b"\n".join([b"", b"0", b"784111800", DATE, b"0", b"6m0.5s"]),
        b"\0\0\0\0"
        + b"\n".join([b"", b"0.0", b"1994-11-06T08:49:47.25Z", b"", b"0", b"Sun, 06 Nov 1994 08:50:00 GMT"]),
        b'\0\xff\x02\x050 "a";r=0;t=1, ',
        b"\0\xff\x03\x02\n0\n1h",
    ),
    words=(
        *(
            b'"a"',
            b'"',
            b"\\",
            b";",
            b"; ",
            b",",
            b", ",
            b"=",
            b" ",
            b"\t",
            b"\n",
            b"r=0",
            b";r=0;t=5",
            b";t=",
            b";r=",
            b"r",
        ),
        *(b"t", b"a", b"*", b"remaining=0", b"reset=5", b"limit", b"(", b")", b":YQ==:", b"@1", b"?1", b'%"a"', b"0.0"),
        *(
            b"0",
            b"-0",
            b"1",
            b"-1",
            b".5",
            b"00",
            b"1e3",
            b"9" * 15,
            b"9" * 400,
            b"784111800",
            b"784111800000",
            b"1e12",
        ),
        *(b"s", b"ms", b"h", b"1h", b"6m0s", b"\xc2\xb5s", b"\xb5s", b"d", b"Z", b"T", b"1994-11-06T08:49:47Z", DATE),
    ),
    largest=512,
)
