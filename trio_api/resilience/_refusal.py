"""An attempt that the client holds back."""

from __future__ import annotations

from typing import NamedTuple

import httpx

from .._errors import APIError, APITimeoutError
from ._cool_down import Pause

__all__ = ["Refusal", "refusal_for_pace", "refusal_for_pause"]


class Refusal(NamedTuple):
    """Why an attempt is not made, and its call fails."""

    request: httpx.Request
    """What would have been sent."""
    reason: httpx.Response | APIError
    """What the server said to another attempt, or an error of the client's own."""
    note: str
    """One line for the error."""
    retry_after: float | None
    """Seconds after which it would be made; None where that is not known."""


def refusal_for_pause(pause: Pause, seconds: float, request: httpx.Request) -> Refusal | None:
    """The refusal of an attempt whose time ends before a pause does.

    Args:
        pause: What the origin asked for.
        seconds: How long the attempt would have had to wait.
        request: What would have been sent.

    Returns:
        None where the server has refused nothing yet: it may as well be asked.
    """
    if pause.reason is None:
        return None
    note = f"Not sent: the server asked for a pause, of which {seconds:.3g} seconds were left, more than the call had."
    return Refusal(request, pause.reason, note, seconds)


def refusal_for_pace(seconds: float, left: float, request: httpx.Request) -> Refusal:
    """The refusal of an attempt whose time ends before its turn comes.

    Args:
        seconds: How long it would have had to wait, at least.
        left: How long the call had.
        request: What would have been sent.
    """
    message = f"Not sent: the rate limit has room in {seconds:.3g} s, and the call has {max(left, 0):.3g} s left"
    note = "The limit is the client's own (rate_limit=...): the server was not asked."
    return Refusal(request, APITimeoutError(message, sent=False, request=request), note, seconds)
