"""The facts that errors and responses carry: what a call came to, its attempts, and the values that did not fit."""

from __future__ import annotations

from typing import NamedTuple

import attrs
import httpx

__all__ = ["AttemptRecord", "Reply", "ValidationProblem"]


@attrs.frozen
class AttemptRecord:
    """What became of one attempt of a call."""

    number: int
    """The attempt's place in the call, from 0."""
    status_code: int | None = None
    """The status of the response, or None where none came."""
    error: Exception | None = attrs.field(default=None, eq=False)
    """What went wrong, or None where a response came."""
    elapsed: float = 0.0
    """Seconds from sending to the end of the response or to the failure."""
    waited: float = 0.0
    """Seconds waited after this attempt before the next one; 0 for the last."""
    request_id: str | None = None
    """The response's ``x-request-id`` header."""


class Reply(NamedTuple):
    """What a call comes to when it succeeds."""

    response: httpx.Response
    attempts: tuple[AttemptRecord, ...]
    """All of them, in order."""
    retries_taken: int


@attrs.frozen
class ValidationProblem:
    """A value of a response that does not fit its model; ``str()`` is the line shown in errors and logs."""

    path: str
    """The JSON path of the value: ``$.data[3].price``."""
    expected: str
    """What the model asks for: ``float``."""
    got: str
    """What the response has: ``str``, or ``nothing`` for a missing field."""

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, got {self.got}"
