"""What responses say of a quota: every form that servers have is read, and rubbish says nothing."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from trio_api.resilience import CoolDown, QuotaHeaders
from trio_api.resilience._quota_headers import QuotaReader

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC).timestamp()
DATE = "Sun, 01 Mar 2026 12:30:15 GMT"
OPENAI = QuotaHeaders("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests")
ANTHROPIC = QuotaHeaders("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset")
STANDARD = CoolDown().quota_headers


def wait(
    *headers: tuple[str, str], sources: tuple[QuotaHeaders, ...] = STANDARD, is_error: bool = False
) -> float | None:
    """What the headers say, on a client whose clock is two days behind the server's."""
    raw = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
    return QuotaReader(sources).wait(raw, is_error=is_error, now=NOW - 172_800)


# -- the forms -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ('"default";r=0;t=30', 30.0),
        ("default;r=0;t=30", 30.0),
        ('"default" ; r=0 ; t=30', 30.0),
        ('"default";t=30;r=0', 30.0),
        ('"default";r=0;t=30;pk=:cXVvdGE=:', 30.0),
        ('"burst";r=0;t=2, "daily";r=0;t=60', 60.0),
        ('"burst";r=0;t=2, "daily";r=100;t=60', 2.0),
        ('"a;r=1,b\\"";r=0;t=4;x="y,z"', 4.0),
        ('"default";r=1;t=30', None),
        ('"default";r=10;t=30', None),
        ('"default";r=0', None),
        ('"default";r=0;t=0', None),
        ('"default";t=30', None),
        ('"default";r=0;t=soon', None),
        ('"default";r=0;t=-5', None),
        ('"default;r=0;t=30', None),
        ('"burst";r=0;t=2, "daily;r=0', None),
    ],
)
def test_the_field_of_the_draft_as_it_is_now(field: str, seconds: float | None) -> None:
    """A list of policies: the longest wait of those of which nothing is left; nothing where it can't be read."""
    assert wait(("RateLimit", field)) == seconds


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("limit=100, remaining=0, reset=5", 5.0),
        ("reset=5,remaining=0", 5.0),
        ("limit=100, remaining=10, reset=5", None),
        ("limit=100, remaining=0", None),
        ("limit=0, reset=5", None),
    ],
)
def test_the_field_of_the_draft_as_it_was_in_version_07(field: str, seconds: float | None) -> None:
    """A dictionary."""
    assert wait(("RateLimit", field)) == seconds


@pytest.mark.parametrize("prefix", ["RateLimit", "X-RateLimit", "x-ratelimit", "X-Ratelimit"])
@pytest.mark.parametrize(("remaining", "seconds"), [("0", 5.0), ("0.0", 5.0), ("1", None), ("50", None), ("", None)])
def test_three_headers(prefix: str, remaining: str, seconds: float | None) -> None:
    """Up to version 06 of the draft, and what many servers had before."""
    headers = [(f"{prefix}-Limit", "100"), (f"{prefix}-Remaining", remaining), (f"{prefix}-Reset", "5")]
    assert wait(*headers) == seconds


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        (f"{NOW + 7:.0f}", 7.0),
        (f"{(NOW + 7.25) * 1e3:.0f}", 7.25),
        (f"{(NOW + 7) * 1e6:.0f}", 7.0),
        ("2026-03-01T12:30:22Z", 7.0),
        ("Sun, 01 Mar 2026 12:30:22 GMT", 7.0),
        ("7s", 7.0),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("20ms", 0.02),
        ("1d", 86400.0),
        ("9" * 400, math.inf),
        (f"{NOW - 7:.0f}", None),
        ("2026-03-01T12:30:08Z", None),
        ("0", None),
        ("-7", None),
        ("soon", None),
        ("7 seconds", None),
        ("", None),
    ],
)
def test_a_reset_is_a_wait_or_a_time(reset: str, seconds: float | None) -> None:
    """Times are measured against the Date of the response; those past say nothing."""
    said = wait(("Date", DATE), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset))
    assert said == (None if seconds is None else pytest.approx(seconds))


def test_a_time_without_a_date_is_measured_by_our_clock() -> None:
    """Which was two days behind."""
    assert wait(("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", f"{NOW - 172_790:.0f}")) == pytest.approx(10)


def test_vendors_have_their_own() -> None:
    """Which the configuration names: then those are read, and no others."""
    openai = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")]
    anthropic = [
        ("Date", DATE),
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-requests-reset", "2026-03-01T12:30:25Z"),
    ]
    assert wait(*openai) is None
    assert wait(*openai, sources=(*STANDARD, OPENAI)) == 360.0
    assert wait(*anthropic, sources=(ANTHROPIC,)) == 10.0
    assert wait(("RateLimit", '"default";r=0;t=30'), sources=(ANTHROPIC,)) is None
    assert wait(("RateLimit", '"default";r=0;t=30'), sources=()) is None


def test_the_longest_wait_counts() -> None:
    """Of all the headers that say that nothing is left."""
    headers = [
        ("RateLimit", '"default";r=0;t=3'),
        ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Reset", "9"),
        ("RateLimit-Remaining", "4"),
        ("RateLimit-Reset", "60"),
    ]
    assert wait(*headers) == 9.0


def test_a_field_may_be_sent_in_lines() -> None:
    """They are one list (RFC 9110, section 5.3)."""
    assert wait(("RateLimit", '"burst";r=5;t=2'), ("ratelimit", '"daily";r=0;t=60')) == 60.0


@pytest.mark.parametrize("name", ["X-RateLimit-Resource", "x-ratelimit-bucket"])
def test_the_quota_of_a_part_says_nothing_of_the_whole(name: str) -> None:
    """GitHub's search has a quota of its own, and each of Discord's routes: only a refusal is heeded."""
    headers = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "9"), (name, "search")]
    assert wait(*headers) is None
    assert wait(*headers, is_error=True) == 9.0


# -- rubbish -------------------------------------------------------------------------------------------------


VALUES = st.one_of(
    st.text(st.characters(max_codepoint=255)),
    st.text('0123456789.,;=":rt \t\\-eTZdhms'),
    st.sampled_from(["0", '"a";r=0;t=', "limit=0, remaining=0, reset=", "9" * 400, "1e999", "0001-01-01T00:00:00Z"]),
)
NAMES = st.sampled_from(
    ["RateLimit", "RateLimit-Remaining", "RateLimit-Reset", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Date", "A"]
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8), st.booleans())
def test_rubbish_is_no_error(headers: list[tuple[str, str]], is_error: bool) -> None:
    """What is concluded is a wait, or nothing."""
    seconds = wait(*headers, is_error=is_error)
    assert seconds is None or seconds > 0


@given(VALUES)
def test_rubbish_beside_a_remaining_of_zero_is_no_error(reset: str) -> None:
    """The same, where the rest of the way is nearly always gone."""
    seconds = wait(("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset))
    assert seconds is None or seconds > 0


def test_a_long_field_is_read_in_a_moment() -> None:
    """No form of it makes the reader go back and forth."""
    for piece in ('"', ' "a"', ";", "; a", ' "\\', "a=", "1h", "0;r=0;t=1 "):
        assert wait(("RateLimit", "0 " + piece * 20_000)) is None
        assert wait(("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", piece * 20_000)) in (None, 72_000_000.0)


# -- the value -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"remaining": b"a"}, TypeError, r"^remaining must be the name of a header, got b'a'$"),
        ({"remaining": None}, TypeError, r"^remaining must"),
        ({"remaining": ""}, ValueError, r"^remaining must be the name of a header, got ''$"),
        ({"remaining": "a b"}, ValueError, r"^remaining must"),
        ({"remaining": "a", "reset": "ä"}, ValueError, r"^reset must"),
        ({"remaining": "a", "reset": 5}, TypeError, r"^reset must"),
    ],
)
def test_what_is_no_name_of_a_header_is_refused(fields: dict[str, Any], kind: type[Exception], message: str) -> None:
    """By an error that names the field."""
    with pytest.raises(kind, match=message):
        QuotaHeaders(**fields)


@pytest.mark.parametrize("value", ["RateLimit", b"RateLimit", QuotaHeaders("RateLimit"), 5, ["RateLimit"], [None]])
def test_the_headers_of_a_cool_down_are_many(value: Any) -> None:
    """A single one in place of a list of them is a slip."""
    with pytest.raises(TypeError, match=r"^quota_headers must be an iterable of QuotaHeaders, got "):
        CoolDown(quota_headers=value)


def test_the_headers_of_a_cool_down_come_in_any_iterable() -> None:
    """They are kept as a tuple: the value is immutable."""
    assert CoolDown(quota_headers=[OPENAI]) == CoolDown(quota_headers=iter((OPENAI,)))
