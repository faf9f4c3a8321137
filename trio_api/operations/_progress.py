"""How far one operation is: a machine that is told the time and the answers, and says what to do. It never waits."""

from __future__ import annotations

import enum
import math
import random
from typing import Any, Final, Generic, Literal, TypeVar, cast

import attrs
import httpx

from .._errors import OperationFailedError, OperationTimeoutError
from .._records import Reply
from .._redact import redact_url
from .._types import NotGiven
from ..request import FinalRequestOptions
from ._rules import PollRules
from ._start import Start, encode_token

__all__ = ["PENDING", "OperationProgress", "Pending"]

T = TypeVar("T")

_CLOCK_GRAIN: Final = 1e-3  # seconds: a call that ends with the operation's time may seem to end a rounding before it


class Pending(enum.Enum):
    """The type of `PENDING`."""

    PENDING = "the operation goes on, and its answer has no value"


PENDING: Final[Literal[Pending.PENDING]] = Pending.PENDING


class _Verdict(enum.Enum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class OperationProgress(Generic[T]):
    """How far an operation is. Times are seconds of the driver's clock.

    Each poll is `wait`, `answered`, where that says so `judge`, and `state`. Who waits for a turn to poll asks for the
    `state` alone, if `polls` has changed meanwhile.

    Args:
        options: The request of a poll, but for its URL.
        start: Where to ask, and what is known already.
        rules: What it goes by.
    """

    def __init__(self, options: FinalRequestOptions, start: Start, rules: PollRules) -> None:
        self.options: FinalRequestOptions = attrs.evolve(options, url=start.url)
        """The request of a poll."""
        self._rules = rules
        self.polls: int = start.polls
        """How many polls were answered, those before a token was taken too."""
        self.last: T | None = None
        """The value of the last answer that had one."""
        self._verdict = _Verdict.RUNNING
        self._has_value = False  # the last answer
        self._is_told = start.told is not None
        self._hint = None if start.told is None else rules.policy.hint(start.told)
        self._since: float | None = None  # when the last answer came, here; None where there was none
        self._chance = random.random()  # drawn once for each wait, so that all who wait wake up together
        self._reply: Reply | None = None

    @property
    def url(self) -> str:
        """Where is asked, as it may be shown."""
        return redact_url(self.options.url)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to ask."""
        return self._verdict is not _Verdict.RUNNING

    def token(self) -> dict[str, Any]:
        """Where to go on, for another process."""
        return encode_token(self.options.url, self.polls)

    def ends(self, now: float) -> float:
        """When a wait for the result that begins *now* is out of time."""
        return now + self._rules.timeout

    def wait(self, now: float, ends: float) -> float:
        """Seconds to wait before the next poll.

        Args:
            now: The time.
            ends: When the time is up.

        Raises:
            OperationTimeoutError: Nothing could be asked before that; or the server asks for more patience than the
                policy has.
        """
        if self._since is None and self._is_told:
            self._since = now
        wait: float | None = 0.0
        if self._since is not None:
            poll = max(self.polls - 1, 0)
            left = ends - self._since
            delay = self._rules.policy.delay(poll, hint=self._hint, time_left=left, chance=self._chance)
            wait = None if delay is None else max(self._since + delay - now, 0.0)
        if wait is None or now + wait >= ends:
            raise self._out_of_time(self._why_not_wait(ends - now))
        return wait

    def options_within(self, time_left: float, total_timeout: float | None) -> FinalRequestOptions:
        """The request of a poll that takes no longer than *time_left*.

        Args:
            time_left: Seconds.
            total_timeout: What the client grants any call, in seconds; None for no bound.
        """
        if math.isinf(time_left):
            return self.options
        given = self.options.total_timeout
        own = total_timeout if isinstance(given, NotGiven) else given
        return attrs.evolve(self.options, total_timeout=max(time_left if own is None else min(own, time_left), 0.0))

    def is_up(self, now: float, ends: float) -> bool:
        """Whether a call that ran out of time did so because that of the whole wait was up."""
        return now >= ends - _CLOCK_GRAIN

    def cut_off(self) -> OperationTimeoutError:
        """The error where the time was up while it was asked, by this waiter or another."""
        return self._out_of_time("the time was up while it was asked")

    def answered(self, reply: Reply, now: float) -> bool:
        """Take an answer in.

        Returns:
            Whether its value is to be built, and judged.
        """
        self.polls += 1
        self._since, self._reply, self._has_value = now, reply, False
        self._hint, self._chance = self._rules.policy.hint(reply.response.headers), random.random()
        return self._rules.has_value(reply.response)

    def judge(self, value: T) -> None:
        """Find out whether the operation is over, by the value of its last answer."""
        self.last, self._has_value = value, True
        if self._rules.failed is not None and self._rules.failed(value):
            self._verdict = _Verdict.FAILED
        elif self._rules.until is None or self._rules.until(value):
            self._verdict = _Verdict.DONE

    def state(self) -> T | Pending:
        """The value of the last answer, if it had one.

        Raises:
            OperationFailedError: It says that the operation failed.
        """
        return self.result() if self.is_over or self._has_value else PENDING

    def result(self) -> T:
        """The last value; once it is over, what the operation came to.

        Raises:
            OperationFailedError: It failed.
        """
        if self._verdict is _Verdict.FAILED:
            raise OperationFailedError(f"The operation at {self.url} failed", **self._facts())
        return cast("T", self.last)

    def _why_not_wait(self, time_left: float) -> str:
        if self._hint is None:
            return f"the {max(time_left, 0.0):.3g} s left are too short for another poll"
        if self._hint > self._rules.policy.max_hint:
            longest = self._rules.policy.max_hint
            return f"the server asks to wait {self._hint:.3g} s, more than the policy's max_hint of {longest:.3g} s"
        return f"the server asks to wait {self._hint:.3g} s, and {max(time_left, 0.0):.3g} s are left"

    def _out_of_time(self, why: str) -> OperationTimeoutError:
        return OperationTimeoutError(f"The operation at {self.url} is not done: {why}", **self._facts())

    def _facts(self) -> dict[str, Any]:
        reply = self._reply
        request: httpx.Request | None = None if reply is None else reply.response.request
        return {
            "value": self.last,
            "token": self.token(),
            "request": request,
            "attempts": () if reply is None else reply.attempts,
            "retry_after": self._hint,
        }
