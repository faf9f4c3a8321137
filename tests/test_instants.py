"""Numbers and times as header fields have them: what is one is read, and nothing else is."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from trio_api._instants import parse_http_date, parse_number, parse_rfc_3339, seconds_until

MOMENT = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0.0), (" 12\t", 12.0), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("9" * 400, math.inf)]
)
def test_a_number_is_read(text: str, number: float) -> None:
    """With fractions and exponents, which servers send where digits are asked for."""
    assert parse_number(text) == number


@pytest.mark.parametrize("text", [None, "", "-1", "+1", "1_0", "inf", "nan", "0x1", "١", "1 2", "1,2", "."])
def test_what_is_no_number_is_none(text: str | None) -> None:
    """Nor is what `float` alone would take."""
    assert parse_number(text) is None


@pytest.mark.parametrize("text", ["1" * 20_000 + "x", "1." + "1" * 20_000 + "x", "1e" + "1" * 20_000 + "x"])
def test_long_rubbish_is_none_at_once(text: str) -> None:
    """Digits that fit in two ways would be tried in all of them, for 15 seconds where a header is long."""
    began = time.process_time()
    assert parse_number(text) is None
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:30:15Z",
        "2026-03-01t12:30:15z",
        "2026-03-01 12:30:15Z",
        "2026-03-01T12:30:15.000000000Z",
        "2026-03-01T13:30:15+01:00",
    ],
)
def test_a_time_of_rfc_3339_is_read(text: str) -> None:
    """In each of its forms; a fraction of any length."""
    assert parse_rfc_3339(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    ["", "2026-03-01", "2026-03-01T12:30:15", "20260301T123015Z", "2026-13-01T12:30:15Z", "2026-03-01T12:30:61Z", "1"],
)
def test_what_is_no_time_of_rfc_3339_is_none(text: str) -> None:
    """One without a zone could be of any."""
    assert parse_rfc_3339(text) is None


def test_an_http_date_is_read() -> None:
    """It is in GMT."""
    assert parse_http_date("Sun, 01 Mar 2026 12:30:15 GMT") == MOMENT
    assert parse_http_date(None) is None


def test_a_time_is_measured_against_the_date_of_the_response() -> None:
    """So that the two clocks need not agree; against ours where there is none."""
    assert seconds_until(MOMENT, "Sun, 01 Mar 2026 12:30:10 GMT", now=0.0) == 5.0
    assert seconds_until(MOMENT, None, now=MOMENT + 3) == -3.0


@given(st.text())
def test_rubbish_is_never_an_error(text: str) -> None:
    """Whatever a server sends is read, or is None."""
    for parse in (parse_number, parse_http_date, parse_rfc_3339):
        assert parse(text) is None or isinstance(parse(text), float)
