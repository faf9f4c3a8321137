"""The life of the token in use, by the clock: when the next is due, and when none is to be fetched."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from trio_api import Token
from trio_api.auth import Standing, TokenLife

GOOD, DUE, GONE = Standing.GOOD, Standing.DUE, Standing.GONE


def life_of(*, refresh_at: float = 0.8, leeway: float = 10.0) -> TokenLife:
    """A life whose backoff is 1, 2, 4, ... seconds."""
    return TokenLife(refresh_at=refresh_at, leeway=leeway, backoff=lambda n: 2.0**n)


def holding(token: Token, *, began: float = 0.0, now: float = 0.0, **how: float) -> TokenLife:
    life = life_of(**how)
    life.fetched(token, began, now, wall=1_000_000 + now)
    return life


def standings(life: TokenLife, *times: float) -> list[Standing]:
    return [life.look(time).standing for time in times]


def test_at_first_there_is_none() -> None:
    """And none is fetched ahead of the first need."""
    life = life_of()
    assert life.look(0) == (GONE, None)
    assert life.next_fetch == math.inf
    assert not life.is_left_off(0)


def test_the_next_is_due_after_a_part_of_its_life() -> None:
    """It goes on being used while it is due, and ends ten seconds early."""
    life = holding(Token("t", expires_in=1000))
    assert life.next_fetch == 800
    assert standings(life, 0, 799, 800, 989, 990, 2000) == [GOOD, GOOD, DUE, DUE, GONE, GONE]


def test_a_life_counts_from_when_the_token_was_asked_for() -> None:
    """What the answer took on its way is a part of it."""
    life = holding(Token("t", expires_in=1000), began=0, now=100)
    assert life.next_fetch == 800
    assert standings(life, 989, 990) == [DUE, GONE]


def test_an_end_by_the_wall_clock_counts_alike() -> None:
    """A JWT's ``exp``."""
    life = holding(Token("t", expires_at=1_000_000 + 1000), began=0, now=0)
    assert life.next_fetch == 800
    assert standings(life, 989, 990) == [DUE, GONE]


def test_of_a_short_life_the_leeway_takes_little() -> None:
    """A token of five seconds is used for 4.5."""
    life = holding(Token("t", expires_in=5))
    assert life.next_fetch == 4
    assert standings(life, 3.9, 4.4, 4.6) == [GOOD, DUE, GONE]


def test_a_token_without_an_end_is_never_due() -> None:
    """Only a server that rejects it ends it."""
    life = holding(Token("t"))
    assert life.next_fetch == math.inf
    assert standings(life, 0, 1e12) == [GOOD, GOOD]


@pytest.mark.parametrize("left", [0, -7, 0.001])
def test_a_token_that_is_over_when_it_comes_makes_no_storm(left: float) -> None:
    """The background leaves it alone; whoever needs one fetches it."""
    life = holding(Token("t", expires_at=1_000_000 + left), began=-1)
    assert life.next_fetch >= 0.1
    assert life.look(1).standing is GONE


def test_after_a_failure_it_is_left_off() -> None:
    """Longer each time; until then the token serves as long as it is good, and calls know why there is none."""
    life = holding(Token("t", expires_in=1000))
    error = OSError()
    assert [life.failed(error, 800), life.failed(error, 801), life.failed(error, 803)] == [1, 2, 4]
    assert life.next_fetch == 807
    assert standings(life, 804, 807, 990) == [GOOD, DUE, GONE]
    assert life.error is error
    assert [life.is_left_off(806), life.is_left_off(807)] == [True, False]


def test_a_fetch_that_succeeds_makes_it_as_new() -> None:
    """The failures before it are forgotten."""
    life = holding(Token("t", expires_in=1000))
    life.failed(OSError(), 800)
    life.fetched(Token("u", expires_in=1000), 801, 801, 0)
    assert life.error is None
    assert life.next_fetch == 1601
    assert life.failed(OSError(), 1700) == 1


def test_a_first_fetch_that_failed_is_made_again_by_who_needs_it() -> None:
    """Nobody fetches ahead for calls that may never come."""
    life = life_of()
    life.failed(OSError(), 0)
    assert life.next_fetch == math.inf
    assert life.is_left_off(0.5)


def test_a_policy_without_a_wait_makes_no_storm() -> None:
    """A tenth of a second is the least."""
    life = TokenLife(refresh_at=0.8, leeway=0, backoff=lambda n: 0.0)
    assert life.failed(OSError(), 0) == 0.1


def test_a_rejected_token_is_gone_at_once() -> None:
    """And the next is wanted now."""
    token = Token("t", expires_in=1000)
    life = holding(token)
    assert life.rejected(token, 5)
    assert life.look(5).standing is GONE
    assert life.next_fetch <= 5


def test_a_late_rejection_does_not_end_the_next_token() -> None:
    """Only the one that was sent; the request may go again with the other."""
    old, new = Token("t", expires_in=1000), Token("t", expires_in=1000)
    life = holding(new)
    assert life.rejected(old, 5)
    assert life.look(5).token is new


def test_a_server_that_accepts_no_token_is_not_helped_by_more() -> None:
    """Each forced fetch holds off the next for longer; until then the token stays in use."""
    life = life_of()
    forced = []
    for now in range(20):
        token = life.look(now).token
        if token is None:
            life.fetched(token := Token(f"t{now}", expires_in=1000), now, now, 0)
        if life.rejected(token, now):
            forced.append(now)
    assert forced == [0, 1, 3, 7, 15]


def test_rejections_long_ago_are_forgotten() -> None:
    """A key that is rotated once a day is no server that accepts none."""
    life = life_of()
    for now in (0.0, 1.0, 10_000.0, 10_001.0):
        life.fetched(token := Token("t", expires_in=1000), now, now, 0)
        assert life.rejected(token, now)


@given(
    life=st.floats(0.01, 1e7),
    delay=st.floats(0, 100),
    refresh_at=st.floats(0.01, 0.99),
    leeway=st.floats(0, 1e4),
    now=st.floats(0, 2e7),
)
def test_no_token_is_used_after_its_end(
    life: float, delay: float, refresh_at: float, leeway: float, now: float
) -> None:
    """Whatever the figures; and whoever fetches ahead does so before the end, unless the token was late itself."""
    held = holding(Token("t", expires_in=life), now=delay, refresh_at=refresh_at, leeway=leeway)
    if now >= max(life, delay) + 1e-3:  # but for what floats round
        assert held.look(now).token is None
    if delay < life * refresh_at - 1:
        assert held.next_fetch < life
