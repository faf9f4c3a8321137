"""Tolerant is not silent: each place of a model that responses do not fit is logged once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from .._logging import logger
from .._records import ValidationProblem
from .._redact import one_line

__all__ = ["ProblemLog"]

_CAPACITY: Final = 10_000  # places remembered; beyond that the log falls silent rather than grow


class ProblemLog:
    """Remembers what a client has warned of, so that a crawl of a million odd items warns once."""

    def __init__(self) -> None:
        self._warned: set[tuple[str, str]] = set()

    def report(self, model: object, problems: Iterable[ValidationProblem]) -> None:
        """Log each problem whose (model, path) is new; all indexes of an array are one path."""
        name = model.__name__ if isinstance(model, type) else str(model)
        for problem in problems:
            path = one_line(problem.path)  # the keys in it are the server's, and may be long
            place = (name, re.sub(r"\[\d+\]", "[]", path))
            if place not in self._warned and len(self._warned) < _CAPACITY:
                self._warned.add(place)
                got = problem.got if problem.got.isidentifier() else "another value"  # else it quotes the body
                logger.warning("A response does not fit %s: %s: expected %s, got %s", name, path, problem.expected, got)
