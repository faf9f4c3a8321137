"""The account of the pool: who gets which connection, in which order, and that no slot is ever lost."""

from __future__ import annotations

import itertools
import math
from typing import Any, TypeAlias

import httpx
import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from trio_api.transport._pool import SLOT, Pool, Waiter

Connection: TypeAlias = str


class Account:
    """A pool whose connections are names, with what it discarded and whom it woke."""

    def __init__(self, most: int | None = 2, idle: int | None = None) -> None:
        self.discarded: list[Connection] = []
        limits = httpx.Limits(max_connections=most, max_keepalive_connections=idle)
        self.pool: Pool[Connection] = Pool(limits, self.discarded.append)
        self.woken: list[str] = []

    def keep(self, *connections: Connection, origin: str = "a") -> None:
        """Open *connections* and leave them idle, in this order."""
        for connection in connections:
            assert self.pool.take(origin, fresh=True) is SLOT
            assert self.pool.release(connection, origin)

    def queue(self, name: str, origin: str = "a", *, fresh: bool = False) -> Waiter[Connection]:
        """Have *name* join the queue."""
        assert self.pool.take(origin, fresh=fresh) is None
        waiter = Waiter[Connection](origin, lambda: self.woken.append(name), fresh=fresh)
        self.pool.join(waiter)
        return waiter


def test_the_first_one_opens() -> None:
    """Where nothing is idle, the right to open a connection is given, as often as there are slots."""
    account = Account(most=2)
    assert [account.pool.take("a") for _ in range(3)] == [SLOT, SLOT, None]
    assert account.pool.slots_held == 2


def test_the_last_one_used_is_used_again() -> None:
    """The warmest connection is the least likely to be closed by the server."""
    account = Account(most=3)
    account.keep("one", "two", "three")
    assert [account.pool.take("a") for _ in range(4)] == ["three", "two", "one", None]


def test_idle_ones_are_listed_from_the_oldest() -> None:
    """Whoever looks for expired ones may stop at the first that is not."""
    account = Account(most=3)
    account.keep("one", "two", "three")
    assert list(account.pool.idle()) == ["one", "two", "three"]


def test_a_fresh_one_is_new() -> None:
    """With `fresh` an idle connection is passed over while there is another slot."""
    account = Account(most=2)
    account.keep("old")
    assert account.pool.take("a", fresh=True) is SLOT
    assert account.pool.take("a") == "old"
    assert account.discarded == []


def test_a_fresh_one_takes_the_place_of_an_idle_one() -> None:
    """With `fresh`, and all slots held by idle connections, one of them is closed, though it leads to the origin."""
    account = Account(most=1)
    account.keep("old")
    assert account.pool.take("a", fresh=True) is SLOT
    assert account.discarded == ["old"]
    assert account.pool.slots_held == 1


def test_the_longest_idle_gives_way() -> None:
    """For a new origin the connection that is idle for the longest is closed, whomever it leads to."""
    account = Account(most=3)
    account.keep("a1", origin="a")
    account.keep("b1", origin="b")
    account.keep("a2", origin="a")
    assert account.pool.take("c") is SLOT
    assert account.discarded == ["a1"]
    assert account.pool.take("a") == "a2"
    assert account.pool.take("b") == "b1"
    assert account.pool.slots_held == 3


def test_too_many_idle_ones_are_closed() -> None:
    """What comes back beyond the bound of kept-alive connections is closed, and its slot is free."""
    account = Account(most=2, idle=1)
    assert [account.pool.take("a"), account.pool.take("a")] == [SLOT, SLOT]
    assert account.pool.release("one", "a")
    assert not account.pool.release("two", "a")
    assert account.discarded == ["two"]
    assert account.pool.slots_held == 1
    assert account.pool.take("a") == "one"


def test_nothing_is_kept_where_nothing_may_be() -> None:
    """A bound of none closes every connection after its request."""
    account = Account(most=1, idle=0)
    assert account.pool.take("a") is SLOT
    assert not account.pool.release("one", "a")
    assert account.discarded == ["one"]
    assert account.pool.slots_held == 0


def test_no_bounds() -> None:
    """Limits of None bound nothing."""
    account = Account(most=None, idle=None)
    assert account.pool.most == math.inf
    names = [str(number) for number in range(1000)]
    account.keep(*names)
    assert account.pool.slots_held == 1000
    assert account.discarded == []


def test_first_come_first_served() -> None:
    """A connection that comes back goes to whom waits longest, and is never idle meanwhile."""
    account = Account(most=1)
    assert account.pool.take("a") is SLOT
    first, second = account.queue("first"), account.queue("second")
    assert account.pool.waiting == 2
    assert not account.pool.release("one", "a")
    assert (first.granted, second.granted) == ("one", None)
    assert not account.pool.release("one", "a")
    assert second.granted == "one"
    assert account.woken == ["first", "second"]
    assert list(account.pool.idle()) == []
    assert account.pool.slots_held == 1


@pytest.mark.parametrize(("origin", "fresh"), [("b", False), ("a", True), ("b", True)])
def test_another_connection_than_came_back(origin: str, fresh: bool) -> None:
    """Whom it does not serve gets its slot: the longest waiting goes first, whatever suits the others."""
    account = Account(most=1)
    assert account.pool.take("a") is SLOT
    first, second = account.queue("first", origin, fresh=fresh), account.queue("second", "a")
    assert not account.pool.release("one", "a")
    assert (first.granted, second.granted) == (SLOT, None)
    assert account.discarded == ["one"]
    assert account.pool.slots_held == 1


def test_nobody_overtakes_the_queue() -> None:
    """A slot that becomes free while somebody waits is his, not that of who asks next."""
    account = Account(most=1)
    assert account.pool.take("a") is SLOT
    waiter = account.queue("first")
    account.pool.give_up()
    assert waiter.granted is SLOT
    assert account.pool.take("a") is None


def test_a_slot_that_is_given_up_goes_to_the_queue() -> None:
    """Where opening failed, or a connection broke, the next one may try."""
    account = Account(most=1)
    assert account.pool.take("a") is SLOT
    waiter = account.queue("first")
    account.pool.give_up()
    assert (waiter.granted, account.woken, account.pool.slots_held) == (SLOT, ["first"], 1)
    account.pool.give_up()
    assert account.pool.slots_held == 0


def test_leaving_the_queue() -> None:
    """Who leaves is passed over, and changes nobody's place."""
    account = Account(most=1)
    assert account.pool.take("a") is SLOT
    first, second, third = (account.queue(name) for name in ("first", "second", "third"))
    account.pool.leave(second)
    account.pool.give_up()
    account.pool.give_up()
    assert account.woken == ["first", "third"]
    assert second.granted is None
    assert first.granted is third.granted is SLOT


def test_everybody_is_sent_away() -> None:
    """When the pool closes, who waits is woken with nothing; the slots stay with whom they belong to."""
    account = Account(most=1)
    assert account.pool.take("a") is SLOT
    waiters = [account.queue("first"), account.queue("second", "b")]
    account.pool.dismiss()
    assert account.woken == ["first", "second"]
    assert [waiter.granted for waiter in waiters] == [None, None]
    assert (account.pool.waiting, account.pool.slots_held) == (0, 1)


def test_evicting_an_idle_one() -> None:
    """An idle connection that is closed frees its slot; the others of its origin stay."""
    account = Account(most=2)
    account.keep("one", "two")
    assert account.pool.evict("two")
    assert account.discarded == ["two"]
    assert account.pool.slots_held == 1
    assert [account.pool.take("a"), account.pool.take("a")] == ["one", SLOT]


@pytest.mark.parametrize("connection", ["used", "unknown"])
def test_evicting_what_is_not_idle(connection: str) -> None:
    """A connection that is used, or is no more, is left to whom it belongs."""
    account = Account(most=1)
    account.keep("used")
    assert account.pool.take("a") == "used"
    assert not account.pool.evict(connection)
    assert account.discarded == []
    assert account.pool.slots_held == 1


ORIGINS = st.sampled_from(["a", "a", "a", "b", "c"])


class Users(RuleBasedStateMachine):
    """Some users of a pool that do whatever they may in any order: the books balance after every step."""

    most: int | None = 3
    most_idle: int | None = 2

    def __init__(self) -> None:
        super().__init__()
        self.numbers = itertools.count()
        limits = httpx.Limits(max_connections=self.most, max_keepalive_connections=self.most_idle)
        self.pool: Pool[int] = Pool(limits, self.discard)
        self.opening: list[str] = []
        """Whom those that hold a slot and no connection yet connect to."""
        self.used: dict[int, str] = {}
        self.idle: dict[int, str] = {}
        self.closed: set[int] = set()
        self.queue: list[Waiter[int]] = []
        self.woken: list[Waiter[int]] = []

    def discard(self, connection: int) -> None:
        assert connection not in self.closed, "closed twice"
        self.idle.pop(connection, None)
        self.used.pop(connection, None)
        self.closed.add(connection)

    def got(self, granted: Any, origin: str, fresh: bool) -> None:
        """Somebody holds *granted* from now on."""
        if granted is SLOT:
            self.opening.append(origin)
            return
        assert not fresh
        assert granted not in self.closed
        assert self.idle.pop(granted) == origin, "a connection to another origin, or one that somebody uses"
        self.used[granted] = origin

    def serve(self) -> None:
        """Who was woken goes on."""
        for waiter in self.woken:
            assert waiter is self.queue.pop(0), "somebody overtook"
            assert waiter.granted is not None
            self.got(waiter.granted, str(waiter.origin), waiter.fresh)
        self.woken.clear()

    @rule(origin=ORIGINS, fresh=st.booleans())
    def ask(self, origin: str, fresh: bool) -> None:
        """Somebody needs a connection, and gets in the queue if there is none."""
        could_reuse = not fresh and origin in self.idle.values()
        warmest = [connection for connection, leads_to in self.idle.items() if leads_to == origin][-1:]
        coldest, slots_held = next(iter(self.idle), None), self.pool.slots_held
        granted = self.pool.take(origin, fresh=fresh)
        if granted is None:
            waiter = Waiter[int](origin, lambda: self.woken.append(waiter), fresh=fresh)
            self.pool.join(waiter)
            self.queue.append(waiter)
            return
        assert (granted is not SLOT) == could_reuse
        if granted is not SLOT:
            assert [granted] == warmest
        elif self.pool.slots_held == slots_held:
            assert coldest in self.closed, "another had to give way"
        self.got(granted, origin, fresh)

    @precondition(lambda self: self.opening)
    @rule(data=st.data(), fails=st.booleans())
    def connect(self, data: st.DataObject, fails: bool) -> None:
        """A connection was opened, or could not be, or who opened it was cancelled."""
        origin = self.opening.pop(data.draw(st.integers(0, len(self.opening) - 1)))
        if fails:
            self.pool.give_up()
            self.serve()
        else:
            self.used[next(self.numbers)] = origin

    @precondition(lambda self: self.used)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """A response has ended."""
        connection = data.draw(st.sampled_from(sorted(self.used)))
        origin = self.used.pop(connection)
        self.idle[connection] = origin  # for `discard` and for whom it is handed to
        is_idle = self.pool.release(connection, origin)
        assert is_idle == (not self.woken and connection in self.idle)
        self.serve()

    @precondition(lambda self: self.used)
    @rule(data=st.data())
    def break_off(self, data: st.DataObject) -> None:
        """A connection in use broke, or its response was given up."""
        connection = data.draw(st.sampled_from(sorted(self.used)))
        self.discard(connection)
        self.pool.give_up()
        self.serve()

    @precondition(lambda self: self.queue)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Somebody in the queue was cancelled."""
        waiter = self.queue.pop(data.draw(st.integers(0, len(self.queue) - 1)))
        self.pool.leave(waiter)

    @rule(data=st.data())
    def evict(self, data: st.DataObject) -> None:
        """A connection expired, or the server closed it; maybe one that is used, or closed since."""
        connection = data.draw(st.integers(0, max([0, *self.idle, *self.used, *self.closed])))
        was_idle = connection in self.idle
        assert self.pool.evict(connection) == was_idle
        assert not was_idle or connection in self.closed
        self.serve()

    @invariant()
    def slots_add_up(self) -> None:
        """What is held is open or being opened, and no more than may be."""
        held = len(self.idle) + len(self.used) + len(self.opening)
        assert self.pool.slots_held == held
        assert held <= self.pool.most

    @invariant()
    def idle_ones_add_up(self) -> None:
        """The idle ones are those that came back, from the oldest, and no more than may be kept."""
        assert list(self.pool.idle()) == list(self.idle)
        assert self.most_idle is None or len(self.idle) <= self.most_idle
        assert not self.closed & (self.idle.keys() | self.used.keys())
        assert not self.idle.keys() & self.used.keys()

    @invariant()
    def nobody_waits_in_vain(self) -> None:
        """Where somebody waits, all slots are held by others that work."""
        assert self.pool.waiting == len(self.queue)
        assert all(waiter.granted is None for waiter in self.queue)
        if self.queue:
            assert self.pool.slots_held == self.most
            assert not self.idle

    def teardown(self) -> None:
        """When all come to an end, everybody in the queue was served in turn, and what is left is idle."""
        while self.used or self.opening:
            if self.opening:
                self.used[next(self.numbers)] = self.opening.pop()
            connection, origin = self.used.popitem()
            self.idle[connection] = origin
            self.pool.release(connection, origin)
            self.serve()
            self.slots_add_up()
        assert self.pool.waiting == 0
        assert self.queue == []
        for connection in self.pool.idle():
            assert self.pool.evict(connection)
        assert self.pool.slots_held == 0


class UsersOfOne(Users):
    """One connection for all."""

    most = 1
    most_idle = None


class UsersWithoutKeepAlive(Users):
    """No connection is kept."""

    most = 2
    most_idle = 0


class UsersWithoutBounds(Users):
    """As many as they like."""

    most = None
    most_idle = 2


TestUsers = Users.TestCase
TestUsers.settings = settings(max_examples=60, stateful_step_count=40)
TestUsersOfOne = UsersOfOne.TestCase
TestUsersWithoutKeepAlive = UsersWithoutKeepAlive.TestCase
TestUsersWithoutBounds = UsersWithoutBounds.TestCase
for case in (TestUsersOfOne, TestUsersWithoutKeepAlive, TestUsersWithoutBounds):
    case.settings = settings(max_examples=20, stateful_step_count=30)
