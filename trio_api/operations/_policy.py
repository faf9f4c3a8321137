"""How often an operation is asked after: one immutable value."""

from __future__ import annotations

import math
import random
from typing import Final

import attrs
import httpx

from .._checks import fraction_field, seconds_field
from ..request import check_field_name
from ..retry import RETRY_AFTER_SPREAD, parse_retry_after

__all__ = ["PollPolicy"]

_GROWTH: Final = 1.5  # of each wait over the last; as google.api_core has it for its operations
_MAX_EXPONENT: Final = 1750  # about the largest power of 1.5 that a float holds


def _header_name(instance: object, attribute: attrs.Attribute[str | None], value: object) -> None:
    if value is not None:
        check_field_name(attribute.name, value)


@attrs.frozen(kw_only=True)
class PollPolicy:
    """How long to wait before a long-running operation is asked after again.

    What the server asks for counts first: the *hint* of its last answer. Where there is none, the wait before poll *n*,
    counted from 0, is exponential backoff with jitter taken off::

        min(interval * 1.5**n, max_interval) * (1 - jitter * random())

    so with the defaults at most 1, 1.5, 2.25, ... 20, 20, ... seconds. The defaults but for the jitter are those of
    google.api_core.future.polling. For a constant wait give both intervals the same value.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    interval: float = attrs.field(default=1.0, validator=seconds_field)
    """The longest wait before the second poll, in seconds. Default: 1."""
    max_interval: float = attrs.field(default=20.0, validator=seconds_field)
    """The longest wait that no hint asked for, in seconds. Default: 20."""
    jitter: float = attrs.field(default=0.25, validator=fraction_field)
    """The part of a wait that no hint asked for, 0 to 1, that chance may take off. Default: 0.25."""
    hint_header: str | None = attrs.field(default=None, validator=_header_name)
    """A header of the API's own that hints when to ask again: it is read before ``Retry-After``, and as that is, but in
    milliseconds where its name ends in ``-ms``, as that of ``openai-poll-after-ms``. Default: None."""
    max_hint: float = attrs.field(default=3600.0, validator=seconds_field)
    """The longest hint that is waited out, in seconds; a longer one ends the waiting. Default: 3600."""

    def hint(self, headers: httpx.Headers) -> float | None:
        """The wait that an answer asks for.

        Args:
            headers: The headers of the answer.

        Returns:
            Seconds, more than 0; None where nothing usable is asked.
        """
        if self.hint_header is not None and (text := headers.get(self.hint_header)) is not None:
            name = "retry-after-ms" if self.hint_header.lower().endswith("-ms") else "retry-after"
            asked = parse_retry_after(httpx.Headers({name: text, "date": headers.get("date", "")}))
            if asked is not None:
                return asked
        return parse_retry_after(headers)

    def delay(
        self, poll: int, *, hint: float | None = None, time_left: float = math.inf, chance: float | None = None
    ) -> float | None:
        """The wait before a poll, counted from the last answer; None where there is no use in waiting.

        A hint is never cut short, and up to a tenth of it is added by chance. A wait that no hint asked for is cut
        short where that leaves time for one more poll, `interval` before the end.

        Args:
            poll: Which wait it is, from 0.
            hint: Seconds that the server asked for; None, or nothing above 0, is ordinary backoff.
            time_left: Seconds from the last answer until the time is up. Default: no bound.
            chance: 0 to 1, so that all who wait for a poll wait alike. Default: drawn now.

        Returns:
            Seconds, fewer than *time_left*.
        """
        chance = random.random() if chance is None else chance
        if hint is not None and hint > 0:  # NaN is not
            wait = hint * (1 + RETRY_AFTER_SPREAD * chance)
            return wait if hint <= self.max_hint and wait < time_left else None
        wait = min(self.interval * _GROWTH ** min(poll, _MAX_EXPONENT), self.max_interval)
        wait *= 1 - self.jitter * chance
        if wait < time_left:
            return wait
        last = time_left - self.interval
        return last if self.interval <= last < time_left else None
