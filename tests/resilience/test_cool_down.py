"""What an origin asked for: who waits, until when, and in which order they are let go; by table and as properties."""

from __future__ import annotations

import math
import random
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import example, given, strategies as st

from trio_api.resilience import CoolDown, Pause, Ticket

TOLD = httpx.Response(429)
OTHER = httpx.Response(503)


def paused(seconds: float = 10.0, **rules: Any) -> Pause:
    """A pause that began at 0."""
    pause = Pause(CoolDown(**rules))
    pause.begin(0.0, seconds, TOLD)
    return pause


def released(pause: Pause, tickets: list[Ticket], now: float) -> dict[int, float]:
    """When each of *tickets* goes, by number, if they ask as a driver does: at the time that they were told."""
    asks = dict.fromkeys(tickets, now)
    gone: dict[int, float] = {}
    while asks:
        ticket = min(asks, key=lambda one: (asks[one], one.number))
        due = pause.due(ticket, asks[ticket])
        if due <= asks[ticket]:
            gone[ticket.number] = asks.pop(ticket)
            pause.leave(ticket)
        else:
            asks[ticket] = due
    return gone


def lucky(ticket: Ticket, chance: float) -> Ticket:
    """The same ticket with another chance."""
    return ticket._replace(chance=chance)


# -- the pause -----------------------------------------------------------------------------------------------


def test_a_pause_lasts_as_long_as_was_asked() -> None:
    """From when the response came; what asked for it is kept so long."""
    pause = Pause(CoolDown())
    assert not pause.is_on(100.0)
    pause.begin(100.0, 5.0, TOLD)
    assert pause.is_on(100.0)
    assert pause.is_on(104.999)
    assert pause.reason is TOLD
    assert not pause.is_on(105.0)
    assert pause.reason is None


@pytest.mark.parametrize("seconds", [0.0, -1.0, 120.1, math.inf, math.nan])
def test_what_is_no_wait_or_too_long_a_one_is_not_shared(seconds: float) -> None:
    """A server that asks for an hour stops the call that was told, and no other."""
    pause = Pause(CoolDown())
    pause.begin(0.0, seconds, TOLD)
    assert not pause.is_on(0.0)


@pytest.mark.parametrize(("seconds", "is_on"), [(30.0, True), (30.1, False)])
def test_the_longest_wait_can_be_set(seconds: float, is_on: bool) -> None:
    """`max_wait` is in seconds."""
    assert paused(seconds, max_wait=30).is_on(1.0) is is_on


def test_the_longest_of_what_was_asked_counts() -> None:
    """Whatever order the answers come in, and with the response that asked for it."""
    pause = paused(10.0)
    pause.begin(2.0, 5.0, OTHER)
    assert (pause.until, pause.reason) == (10.0, TOLD)
    pause.begin(3.0, 20.0, OTHER)
    assert (pause.until, pause.reason) == (23.0, OTHER)


def test_a_success_that_says_that_nothing_is_left_does_not_undo_a_refusal() -> None:
    """It may make the pause longer; who can't wait is still told what the server said."""
    pause = paused(10.0)
    pause.begin(2.0, 30.0, None)
    assert (pause.until, pause.reason) == (32.0, TOLD)
    pause.begin(40.0, 5.0, None)
    assert (pause.until, pause.reason) == (45.0, None)


# -- the order -----------------------------------------------------------------------------------------------


def test_those_who_wait_are_let_go_in_order_over_the_spread() -> None:
    """Each in its part of it, by chance: four in the second after a pause of ten."""
    pause = paused(10.0)
    gone = released(pause, [pause.arrive() for _ in range(4)], 1.0)
    for number in range(4):
        assert 10 + number / 4 <= gone[number] <= 10 + (number + 1) / 4
    assert not pause.is_on(11.0)


def test_without_a_spread_all_go_when_it_is_over() -> None:
    """At the same time."""
    pause = paused(10.0, spread=0)
    assert set(released(pause, [pause.arrive() for _ in range(4)], 1.0).values()) == {10.0}


def test_nobody_goes_before_the_pause_is_over() -> None:
    """Whoever asks earlier is told when to ask again."""
    pause = paused(10.0)
    ticket = pause.arrive()
    assert [pause.due(ticket, now) for now in (0.0, 5.0, 9.999)] == [10.0] * 3


def test_who_comes_while_others_are_let_go_waits_for_them() -> None:
    """And those who come so go apart, too: in the tenth of the spread that comes then."""
    pause = paused(10.0)
    early = [pause.arrive() for _ in range(2)]
    first = pause.due(early[0], 10.0)
    late = [pause.arrive() for _ in range(5)]
    assert [pause.due(ticket, 10.01) for ticket in late] == [11.0] * 5
    gone = released(pause, early + late, first)
    assert sorted(gone, key=lambda number: gone[number]) == [*range(7)]
    for place in range(5):
        assert 11 + 0.1 * place / 5 <= gone[2 + place] <= 11 + 0.1 * (place + 1) / 5


def test_when_the_last_has_gone_nobody_waits() -> None:
    """Even if their time is not over yet."""
    pause = paused(10.0)
    ticket = pause.arrive()
    now = pause.due(ticket, 10.0)
    assert pause.is_on(now)
    pause.leave(ticket)
    assert not pause.is_on(now)


def test_a_longer_pause_keeps_those_who_were_not_let_go_yet() -> None:
    """When some are on their way, one of them is refused: the others keep their order, and go after it."""
    pause = paused(10.0)
    tickets = [pause.arrive() for _ in range(10)]
    dues = [pause.due(ticket, 10.0) for ticket in tickets]
    for ticket in tickets[:4]:
        assert pause.due(ticket, dues[3]) <= dues[3]
        pause.leave(ticket)
    pause.begin(dues[3] + 0.01, 20.0, OTHER)
    newcomer = pause.arrive()
    assert pause.due(tickets[4], dues[4]) == pause.until
    gone = released(pause, [newcomer, *tickets[4:]], dues[4])
    assert sorted(gone, key=lambda number: gone[number]) == [*range(4, 11)]
    assert pause.until <= min(gone.values()) <= max(gone.values()) <= pause.until + 2.0


def test_a_pause_after_an_empty_one_begins_anew() -> None:
    """What was told to those who are gone keeps nobody waiting."""
    pause = paused(100.0)
    ticket = pause.arrive()
    assert pause.due(ticket, 100.0) > 100.0
    pause.leave(ticket)
    pause.begin(101.0, 1.0, TOLD)
    assert released(pause, [pause.arrive()], 101.5).popitem()[1] <= 102.1


def test_who_gives_up_leaves_no_gap() -> None:
    """The spread is shared by those who are there when it begins."""
    pause = paused(10.0)
    tickets = [pause.arrive() for _ in range(10)]
    for ticket in tickets[:9]:
        pause.leave(ticket)
    assert pause.due(lucky(tickets[9], 0.0), 10.0) == 10.0


def test_when_all_gave_up_the_pause_goes_on_by_itself() -> None:
    """Until its time, and no longer."""
    pause = paused(10.0)
    pause.leave(pause.arrive())
    assert pause.is_on(9.0)
    assert not pause.is_on(10.0)


def test_who_has_no_time_for_the_spread_goes_at_once() -> None:
    """The server asked for the pause; the spread is the client's own."""
    pause = paused(10.0)
    first, second = lucky(pause.arrive(), 0.5), lucky(pause.arrive(), 0.5)
    assert pause.due(first, 5.0, latest=9.0) == 10.0
    assert pause.due(second, 10.0, latest=10.5) == 10.0
    assert pause.due(second, 10.0, latest=11.0) == 10.75
    assert pause.due(first, 10.0, latest=11.0) == 10.25
    late = pause.arrive()
    assert pause.due(late, 10.1, latest=10.9) == 10.1
    assert pause.due(late, 10.1, latest=11.1) == 11.0


def test_whoever_was_overtaken_goes_at_once() -> None:
    """A thread that the system woke late asks when those after it are being let go."""
    pause = paused(10.0)
    slow = pause.arrive()
    pause.due(slow, 10.0)
    late = pause.arrive()
    pause.due(late, 11.0)
    assert pause.due(slow, 11.0) <= 11.0


@st.composite
def _crowds(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Those who come: when, and how long after it they give up."""
    return sorted(draw(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 40)), max_size=30)))


@example(crowd=[(3.0, 16.0), (18.0, 1.0)], asked=[(18.0, 0.5), (2.5, 15.0)], seed=0)
@given(
    crowd=_crowds(),
    asked=st.lists(st.tuples(st.floats(0, 25), st.floats(0.01, 15)), min_size=1, max_size=5),
    seed=st.integers(0, 1000),
)
def test_nobody_goes_in_a_pause_nor_before_who_came_earlier(
    crowd: list[tuple[float, float]], asked: list[tuple[float, float]], seed: int
) -> None:
    """Whenever they come and give up, and however often the server asks again; and everybody goes in the end."""
    random.seed(seed)
    pause = Pause(CoolDown())
    events: list[tuple[float, int, str, Any]] = [(at, 0, "asked", seconds) for at, seconds in asked]
    events += [(at, 1, "comes", at + patience) for at, patience in crowd]
    gone: list[int] = []
    waiting: dict[int, Ticket] = {}
    while events:
        now, _, what, value = event = min(events, key=lambda one: one[:3])
        events.remove(event)
        if what == "asked":
            pause.begin(now, value, TOLD)
        elif what == "comes" and pause.is_on(now):
            ticket = pause.arrive()
            waiting[ticket.number] = ticket
            events += [(now, 2 + ticket.number, "asks", ticket), (value, 1, "gives up", ticket)]
        elif what == "gives up" and value.number in waiting:
            pause.leave(waiting.pop(value.number))
        elif what == "asks" and value.number in waiting:
            due = pause.due(value, now)
            if due > now:
                events.append((due, 2 + value.number, "asks", value))
            else:
                assert now >= pause.until
                assert all(value.number < number for number in waiting if number != value.number)
                gone.append(value.number)
                pause.leave(waiting.pop(value.number))
    assert waiting == {}
    assert gone == sorted(gone)
    assert not pause.is_on(100.0)


# -- the value -----------------------------------------------------------------------------------------------


def test_the_defaults() -> None:
    """Two minutes at most, and a tenth of the wait to let them go."""
    assert (CoolDown().max_wait, CoolDown().spread) == (120.0, 0.1)
    assert CoolDown() == attrs.evolve(CoolDown(), spread=0.1)


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"max_wait": -1}, ValueError, "^max_wait"),
        ({"max_wait": "1"}, TypeError, "^max_wait"),
        ({"spread": 1.5}, ValueError, "^spread"),
        ({"spread": None}, TypeError, "^spread"),
    ],
)
def test_a_field_that_cannot_be_is_named(fields: dict[str, Any], kind: type[Exception], message: str) -> None:
    """Before anything is sent."""
    with pytest.raises(kind, match=message):
        CoolDown(**fields)
