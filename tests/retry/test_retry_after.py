"""What a server may ask a client to wait, and the rubbish that servers send in its place."""

from __future__ import annotations

import math

import httpx
import pytest
from hypothesis import example, given, strategies as st

from trio_api.retry import parse_retry_after

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, section 5.6.7
NOW_TEXT = "Sun, 06 Nov 1994 08:49:37 GMT"


def parse(**headers: str) -> float | None:
    """Parse with ``retry_after_ms=`` for ``Retry-After-Ms`` and so on."""
    return parse_retry_after(httpx.Headers({name.replace("_", "-"): text for name, text in headers.items()}), now=NOW)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3.0),
        ("60", 60.0),
        ("61", 61.0),
        ("120", 120.0),
        ("121", 121.0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("1e2", 100.0),
        ("1E+2", 100.0),
        ("5e-1", 0.5),
        (" 3\t", 3.0),  # RFC 9110, section 5.5: whitespace around a value is no part of it
        ("4320000", 4_320_000.0),
        ("1e999", math.inf),
        ("9" * 400, math.inf),
    ],
)
def test_seconds(text: str, seconds: float) -> None:
    """A number of seconds may have a fraction and an exponent; one too large for a float is infinite."""
    assert parse(retry_after=text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.0",
        "-10",
        "-0",
        "1e-999",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "1_0",
        "١٢",
        "３",
        "1 0",
        "3\u00a0",
        "0x10",
        "3s",
        "3, 5",
        ".",
        "e5",
        "1e",
        "soon",
        "Sun, 06 Nov 1994 08:49:36 GMT",  # past
        NOW_TEXT,  # now
        "Fri, 31 Dec 100000 23:59:59 GMT",
        "Sun, 31 Feb 2094 08:49:37 GMT",
        "Sun, 06 Nov 2094 25:49:37 GMT",
        "Sun, 06 Nov 2094 08:49:37 +99999999",
        "tomorrow at 08:49:37",
    ],
)
def test_nothing_usable(text: str) -> None:
    """Zero, negative and endless numbers, times past or on no calendar, and rubbish ask for nothing."""
    assert parse_retry_after(httpx.Headers([(b"Retry-After", text.encode())]), now=NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:50:37 GMT",  # IMF-fixdate
        "Sunday, 06-Nov-94 08:50:37 GMT",  # RFC 850
        "Sun Nov  6 08:50:37 1994",  # asctime
        "Sun, 06 Nov 1994 08:50:37 -0000",
        "Sun, 06 Nov 1994 10:50:37 +0200",
    ],
)
def test_every_form_of_an_http_date(text: str) -> None:
    """The three forms of RFC 9110 and the offsets of RFC 5322 are read, as GMT where they name none."""
    assert parse(retry_after=text) == 60.0


def test_a_date_is_measured_against_the_responses_own() -> None:
    """The server's clock counts, not ours, where the response says what it shows."""
    asked = "Wed, 01 Jan 2031 00:00:30 GMT"
    assert parse(retry_after=asked, date="Wed, 01 Jan 2031 00:00:00 GMT") == 30.0


@pytest.mark.parametrize("date", ["rubbish", "", "Fri, 31 Dec 100000 23:59:59 GMT"])
def test_a_broken_date_header_counts_as_none(date: str) -> None:
    """Where the response's own date is rubbish our clock is used."""
    assert parse(retry_after="Sun, 06 Nov 1994 08:50:07 GMT", date=date) == 30.0


def test_the_clock_is_read_when_no_other_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a ``Date`` and without an argument the system's clock is used."""
    monkeypatch.setattr("time.time", lambda: NOW)
    assert parse_retry_after(httpx.Headers({"Retry-After": "Sun, 06 Nov 1994 08:49:47 GMT"})) == 10.0


@pytest.mark.parametrize(("text", "seconds"), [("1500", 1.5), ("1e5", 100.0), ("0.5", 0.0005), ("1e999", math.inf)])
def test_milliseconds_count_first(text: str, seconds: float) -> None:
    """``Retry-After-Ms`` is finer than ``Retry-After`` and wins."""
    assert parse(retry_after_ms=text, retry_after="7") == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "1_0", "soon", "5e-324", NOW_TEXT])
def test_unusable_milliseconds_leave_it_to_the_seconds(text: str) -> None:
    """``Retry-After-Ms`` without a usable number is as if it were not there."""
    assert parse(retry_after_ms=text, retry_after="7") == 7.0
    assert parse(retry_after_ms=text) is None


def test_without_the_headers_nothing_was_asked() -> None:
    """A response without either header asks for nothing."""
    assert parse_retry_after(httpx.Headers()) is None


_NUMBERISH = st.text(alphabet="0123456789.eE+-_ ,infa٣", max_size=30)
_DATEISH = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Sun", "Xyz", ""]),
    st.integers(-1, 40),
    st.sampled_from(["Jan", "Feb", "Nov", "Foo", "13"]),
    st.integers(-1, 10**6),
    *[st.integers(-1, 70)] * 3,
    st.sampled_from(["GMT", "+0000", "-9999", "+999999999", "EST", "Z", ""]),
)
_HEADER_TEXT = st.one_of(st.text(max_size=60), _NUMBERISH, _DATEISH)


@given(milliseconds=_HEADER_TEXT, seconds=_HEADER_TEXT, date=_HEADER_TEXT)
@example(milliseconds="9" * 5000, seconds="", date="")
def test_no_header_text_raises(milliseconds: str, seconds: str, date: str) -> None:
    """Whatever a server sends, the answer is None or more than 0 seconds."""
    fields = [("Retry-After-Ms", milliseconds), ("Retry-After", seconds), ("Date", date)]
    asked = parse_retry_after(
        httpx.Headers([(name.encode(), text.encode("utf-8", "surrogateescape")) for name, text in fields]), now=NOW
    )
    assert asked is None or asked > 0
