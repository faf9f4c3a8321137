"""The runs of an async function under one fault after the other, and what is looked at after each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias, final

import attrs
import trio

from ..client import AsyncAPIClient
from ._holdings import all_at_rest, holdings, left_beyond

__all__ = ["Injection", "TortureReport", "Trials", "Work"]

_REST: Final = 0.02  # seconds without a thing to do, after which nothing more is to come

Work: TypeAlias = Callable[[], Awaitable[object]]
"""What is put to the torture: called without arguments, again and again."""


@final
@attrs.frozen
class Injection:
    """One fault that was injected."""

    number: int
    """Its number, from 1: what ``only=`` takes."""
    what: str
    """What was done: ``"cancelled while it waited"``, ``"read: end"``."""
    place: str
    """Where the function stood, as far as that is known: ``PlainWire.receive (_wire.py:132)``."""

    def __str__(self) -> str:
        return f"point {self.number}, {self.what}" + (f", in {self.place}" if self.place else "")


@final
@attrs.frozen
class TortureReport:
    """What was survived: nothing was left, and the function ran well again after each of them."""

    injections: tuple[Injection, ...]
    """The faults that were injected, in their order."""

    @property
    def places(self) -> Counter[str]:
        """How many faults there were at each place."""
        return Counter(injection.place for injection in self.injections)

    def __str__(self) -> str:
        return f"{len(self.injections)} faults at {len(self.places)} places, and nothing was left"


@final
class Trials:
    """Looks whether a function leaves the world as it found it.

    Args:
        name: Of the tool, for messages.
        work: The function.
        clients: Open clients that it uses.
        check: The caller's own look at the world; raises an AssertionError.
    """

    def __init__(
        self, name: str, work: Work, clients: Iterable[AsyncAPIClient], check: Callable[[], object] | None
    ) -> None:
        self._name: Final = name
        self.work: Final = work
        self._clients: Final = tuple(clients)
        self._check: Final = check
        self._allowed: Counter[str] = Counter()
        self._injections: Final[list[Injection]] = []

    async def begin(self) -> None:
        """Run the function undisturbed, and take what is open then for what may be open."""
        await self.work()
        with trio.move_on_after(1, shield=True):  # the other end of a connection may still be closing
            await all_at_rest(_REST)
        self._allowed = holdings(self._clients)

    def report(self) -> TortureReport:
        """What was survived so far."""
        return TortureReport(tuple(self._injections))

    async def survived(self, injection: Injection, wrong: str | None, again: str) -> None:  # noqa: ASYNC910  # where fn does not
        """Look at the world after a fault, run the function undisturbed, and look again.

        Args:
            injection: The fault.
            wrong: What is wrong already.
            again: How to have this fault alone.

        Raises:
            AssertionError: Something was left, or the function does not run any more.
        """
        try:
            complaint = wrong or await self._what_is_left("")
            if complaint is None:
                await self.work()
                complaint = await self._what_is_left(" after the next run")
        except Exception as error:
            raise AssertionError(self._message(injection, f"the next run failed: {error!r}", again)) from error
        if complaint is not None:
            raise AssertionError(self._message(injection, complaint, again))
        self._injections.append(injection)

    async def _what_is_left(self, when: str) -> str | None:
        left = await left_beyond(self._allowed, lambda: holdings(self._clients))
        if left:
            return f"left{when}: " + ", ".join(f"{count} x {what}" for what, count in sorted(left.items()))
        try:
            if self._check is not None:
                self._check()
        except AssertionError as error:
            return f"the check{when} failed: {error}"
        return None

    def _message(self, injection: Injection, complaint: str, again: str) -> str:
        return f"{self._name}: {injection}: {complaint}\nTo have it alone: {self._name}(..., {again})"
