"""The journal of a scripted API: what is written down of each attempt, and what can be asserted of it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any, Final

import attrs
import httpx

from .._checks import check_fraction, check_seconds
from ..retry import parse_retry_after

__all__ = ["ROUNDING", "Entry", "Journal", "Journaled", "MockAttempt"]

ROUNDING: Final = 1e-6  # seconds: what comes to the microsecond when it is due is not too early


@attrs.frozen
class MockAttempt:
    """One attempt at a `MockAPI`: what came, and what was answered."""

    number: int
    """Its place in the journal, from 1."""
    came: float
    """When it came, in seconds of Trio's clock since the first one."""
    method: str
    """The method, in upper case."""
    url: httpx.URL = attrs.field(repr=False)
    """Where it went."""
    headers: httpx.Headers = attrs.field(repr=False)
    """Its headers."""
    retry: int | None
    """How many retries of the call came before, as its ``...-Retry-Count`` header says; None where it has none."""
    body: bytes = attrs.field(default=b"", repr=False)
    """Its body, as far as it came."""
    is_whole: bool = False
    """Whether the body came to its end."""
    is_sent: bool = False
    """Whether there was a connection, so that the server may have got something of it."""
    ended: float | None = None
    """When its answer was read or closed, or it broke, in seconds since the first attempt; None before."""
    status: int | None = None
    """The status that was answered; None where nothing was."""
    answer_headers: httpx.Headers = attrs.field(factory=httpx.Headers, repr=False)
    """The headers of the answer."""
    is_broken: bool = False
    """Whether a fault or a timeout ended it, before the answer or within."""
    answer: str = "in flight"
    """What was answered, in words: ``503``; ``ConnectError while connecting``."""

    @property
    def path(self) -> str:
        """The path with the query, as it was sent."""
        return self.url.raw_path.decode("ascii")

    @property
    def json(self) -> Any:
        """The body, read as JSON.

        Raises:
            ValueError: It is none.
        """
        return json.loads(self.body)

    @property
    def retry_after(self) -> float | None:
        """Seconds that the answer asked to wait, where it is an error; None where it said nothing usable."""
        return None if self.status is None or self.status < 400 else parse_retry_after(self.answer_headers)

    @property
    def has_failed(self) -> bool:
        """Whether it broke, or was answered with a status of 400 or more."""
        return self.is_broken or (self.status is not None and self.status >= 400)

    def __str__(self) -> str:
        retry = f" (retry {self.retry})" if self.retry else ""
        took = "" if self.ended is None or self.ended == self.came else f" after {self.ended - self.came:.6g} s"
        asked = "" if self.retry_after is None else f", Retry-After {self.retry_after:g} s"
        return f"{self.number:3}. at {self.came:.3f} s: {self.method} {self.path}{retry} -> {self.answer}{took}{asked}"


class Journal:
    """The attempts, in the order in which they came, and the complaints of the API itself."""

    def __init__(self) -> None:
        self.attempts: Final[list[MockAttempt]] = []
        self.complaints: Final[list[str]] = []
        self._began: float | None = None

    def begin(self, request: httpx.Request, now: float) -> Entry:
        """Write down that *request* came *now*."""
        if self._began is None:
            self._began = now
        number, came = len(self.attempts) + 1, now - self._began
        headers = request.headers.copy()
        self.attempts.append(MockAttempt(number, came, request.method, request.url, headers, _retry_count(headers)))
        return Entry(self, number - 1, self._began)


class Entry:
    """The place of one attempt in the journal."""

    def __init__(self, journal: Journal, index: int, began: float) -> None:
        self._journal: Final = journal
        self.index: Final = index
        self._began: Final = began

    @property
    def attempt(self) -> MockAttempt:
        """What is written there."""
        return self._journal.attempts[self.index]

    def note(self, **changes: Any) -> None:
        """Write down what became known."""
        self._journal.attempts[self.index] = attrs.evolve(self.attempt, **changes)

    def end(self, now: float, answer: str, *, is_broken: bool = False) -> None:
        """Write down that it is over, unless it was before."""
        if self.attempt.ended is None:
            self.note(ended=now - self._began, answer=answer, is_broken=is_broken)


class Journaled:
    """What has a journal, and the assertions about it."""

    def __init__(self, journal: Journal) -> None:
        self._journal: Final = journal

    @property
    def journal(self) -> tuple[MockAttempt, ...]:
        """The attempts, in the order in which they came."""
        return tuple(self._journal.attempts)

    def assert_expected(self) -> None:
        """Assert that each request had an answer; the other assertions do too.

        A request without one is an `AssertionError` where it is sent, which the program may have caught.

        Raises:
            AssertionError: One had none; the message shows which, and the journal.
        """
        if self._journal.complaints:
            self._fail("; ".join(dict.fromkeys(self._journal.complaints)))

    def assert_attempts(self, count: int) -> None:
        """Assert how many attempts came.

        Args:
            count: How many.

        Raises:
            AssertionError: There were more or fewer; the message shows the journal.
        """
        self.assert_expected()
        if len(self.journal) != count:
            self._fail(f"expected {count} attempt{'' if count == 1 else 's'}, got {len(self.journal)}")

    def assert_waited(self, waits: Sequence[float], *, jitter: float = 0.0, spread: float = 0.0) -> None:
        """Assert how long was waited between the attempts, from the end of each to the coming of the next.

        Args:
            waits: Seconds, one for each attempt but the first.
            jitter: The part of each wait, 0 to 1, that chance may take off: that of the `RetryPolicy`. Default: 0.
            spread: The part of each wait, 0 to 1, that chance may add; 0.1 after a ``Retry-After``. Default: 0.

        Raises:
            AssertionError: The waits were others; the message shows the journal.
            TypeError, ValueError: An argument can't be what it is meant to be.
        """
        check_fraction("jitter", jitter)
        check_fraction("spread", spread)
        expected = [check_seconds("waits", wait) for wait in waits]
        self.assert_expected()
        waited = [
            after.came - (before.came if before.ended is None else before.ended)
            for before, after in itertools.pairwise(self.journal)
        ]
        if len(waited) != len(expected) or not all(
            wait * (1 - jitter) - ROUNDING <= real <= wait * (1 + spread) + ROUNDING
            for wait, real in zip(expected, waited, strict=True)
        ):
            tolerance = [f"less up to {jitter:.0%}"] * bool(jitter) + [f"more up to {spread:.0%}"] * bool(spread)
            margin = f" ({', '.join(tolerance)})" if tolerance else ""
            self._fail(f"expected waits of {_listed(expected)} s{margin}, got {_listed(waited)} s")

    def _fail(self, what: str) -> None:
        lines = [str(attempt) for attempt in self.journal] or ["  no attempt came"]
        raise AssertionError("\n".join([what, "The journal:", *lines]))


def _listed(seconds: Sequence[float]) -> str:
    return f"[{', '.join(f'{round(wait, 6):g}' for wait in seconds)}]"


def _retry_count(headers: httpx.Headers) -> int | None:
    """What a header of attempts says, whatever the prefix of its name is."""
    text = next((value for name, value in headers.items() if name.endswith("-retry-count")), "")
    return int(text) if text.isdecimal() else None
