"""What one operation is polled by: when it is over, how often to ask, and for how long."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import httpx

from .._checks import check_seconds
from ._policy import PollPolicy

__all__ = ["PollRules"]

_ACCEPTED: Final = 202  # "the processing has not been completed": RFC 9110, section 15.3.3


class PollRules(NamedTuple):
    """When an operation is over, how often it is asked after, and for how long."""

    until: Callable[[Any], object] | None = None
    """Whether a value is the last one; None: the status says so."""
    failed: Callable[[Any], object] | None = None
    """Whether a value says that the operation failed; None: none does."""
    policy: PollPolicy = PollPolicy()
    timeout: float = math.inf
    """Seconds of one wait for the result; infinite where it has no bound."""

    @classmethod
    def checked(cls, *, until: Any, failed: Any, policy: object, timeout: float | None) -> PollRules:
        """The rules, if these arguments can be some.

        Raises:
            TypeError, ValueError: They can't; the message names the argument.
        """
        for name, predicate in (("until", until), ("failed", failed)):
            if predicate is not None and (not callable(predicate) or inspect.iscoroutinefunction(predicate)):
                raise TypeError(f"{name} must be a plain function of the value, or None, got {predicate!r}")
        if policy is not None and not isinstance(policy, PollPolicy):
            raise TypeError(f"policy must be a PollPolicy such as PollPolicy(interval=5.0), or None, got {policy!r}")
        seconds = math.inf if timeout is None else check_seconds("timeout", timeout)
        return cls(until, failed, policy or PollPolicy(), seconds)

    def has_value(self, response: httpx.Response) -> bool:
        """Whether an answer is built into a value: without *until*, one that only says "not yet" need not fit it."""
        return self.until is not None or response.status_code != _ACCEPTED
