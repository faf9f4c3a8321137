"""How the calls of a client have fared, origin by origin: what ``client.statistics()`` gives."""

from __future__ import annotations

from typing import final

import attrs

__all__ = ["ClientStatistics", "OriginStatistics"]


@final
@attrs.frozen(kw_only=True)
class OriginStatistics:
    """How the calls to one origin have fared: those that begin there, wherever redirects lead them."""

    origin: str
    """Scheme, host and port: ``https://api.example.com:443``."""
    calls: int
    """Calls that came to an end: a response, or an error of this library's. Cancelled ones are not among them."""
    failed: int
    """Those of them that came to an error."""
    refused: int = 0
    """Those of them that failed since the client held an attempt back."""
    throttled: int = 0
    """Attempts that were held back since most before them failed."""
    paced: int = 0
    """Attempts that waited for a rate limit of the client's own."""
    attempts: int
    """Attempts whose end was seen, those of calls that go on too."""
    hedges: int = 0
    """Those of them that were sent beside another one that took long. Each is an attempt, cancelled ones too."""
    hedges_won: int = 0
    """Hedges whose answer came first."""
    retries: int
    """Retries that were due and paid for."""
    retries_refused: int
    """Retries that were due and not made, since the budget was used up."""
    budget_left: int | None
    """Tokens left of the retry budget; None where there is no budget."""
    in_flight: int = 0
    """Attempts that hold a permit of ``max_concurrency``; 0 where it is off."""
    waiting: int = 0
    """Attempts that wait for such a permit."""
    concurrency_limit: int | None = None
    """How many attempts may be in flight at a time, as it stands; None where there is no limit."""
    shared: int = 0
    """Calls that were one with another that was in flight, and are not among `calls`."""
    revalidated: int = 0
    """Attempts at which the server said that the answer which was kept still holds."""


@final
@attrs.frozen(kw_only=True)
class ClientStatistics:
    """How the calls of a client and of the copies that share its budget have fared."""

    origins: tuple[OriginStatistics, ...]
    """One for each origin, the one used last at the end; of the 1,000 that were used last."""
