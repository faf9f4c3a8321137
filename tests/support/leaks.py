"""Everything that a failure may show: what ends up in logs, reports and error trackers."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path

from trio_api import APIError

__all__ = ["everything_shown"]

_TESTS = str(Path(__file__).parent.parent)


def everything_shown(error: BaseException) -> str:
    """Texts, reprs and pickles of an exception and of all that hangs on it, and the locals of every frame.

    The frames of the tests are left out: the locals of the caller's own frames are the caller's.
    """
    parts: list[str] = []
    for each in _family(error):
        parts += [str(each), repr(each), repr(each.__dict__), repr(getattr(each, "__notes__", ""))]
        if isinstance(each, APIError):
            parts += [repr(each.attempts), repr(each.request), pickle.dumps(each).decode("latin-1")]
            parts += [repr(getattr(each, "response", None))]
        summary = traceback.TracebackException.from_exception(each, capture_locals=True)
        parts += [f"{frame.name} {frame.locals}" for frame in summary.stack if not frame.filename.startswith(_TESTS)]
    return "\n".join(parts)


def _family(error: BaseException) -> Iterator[BaseException]:
    """The exception, its causes and contexts, the parts of a group, and the errors of its attempts."""
    seen: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or any(current is known for known in seen):
            continue
        seen.append(current)
        yield current
        pending += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            pending += current.exceptions
        if isinstance(current, APIError):
            pending += [record.error for record in current.attempts]
