"""Everything that a failure may show: what ends up in logs, reports and error trackers."""

from __future__ import annotations

import base64
import functools
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path

from trio_api import APIError

__all__ = ["CANARY", "assert_nothing_leaks", "everything_shown", "hidden_forms"]

CANARY = "c4nary"
"""What stands in every secret of the tests; neither a header nor a URL writes it in another way."""

_TESTS = str(Path(__file__).parent.parent)


def everything_shown(error: BaseException) -> str:
    """Texts, reprs and pickles of an exception and of all that hangs on it, and the locals of every frame.

    The frames of the tests are left out: the locals of the caller's own frames are the caller's.
    """
    parts: list[str] = []
    for each in _family(error):
        parts += [str(each), repr(each), repr(each.__dict__), repr(getattr(each, "__notes__", ""))]
        if isinstance(each, APIError):
            parts += [repr(getattr(each.request, "headers", None)), repr(each.attempts), repr(each.request)]
            parts += [pickle.dumps(each).decode("latin-1")]
            parts += [repr(getattr(each, "response", None))]
        summary = traceback.TracebackException.from_exception(each, capture_locals=True)
        parts += [f"{frame.name} {frame.locals}" for frame in summary.stack if not frame.filename.startswith(_TESTS)]
    return "\n".join(parts)


def assert_nothing_leaks(error: BaseException, log: str = "") -> None:
    """Neither what *error* shows nor the text of a log has the canary in it, plain or in base64."""
    for line in [*everything_shown(error).splitlines(), *log.splitlines()]:
        for form in (CANARY, *hidden_forms(CANARY)):
            assert form not in line, line[max(line.index(form) - 200, 0) :][:400]


@functools.cache
def hidden_forms(text: str) -> tuple[str, ...]:
    """The base64 of whatever holds *text* has one of these in it: what of it does not depend on what is around."""
    forms: list[str] = []
    for before in range(3):  # bytes of the group of three that it begins in
        encoded = base64.b64encode(bytes(before) + text.encode()).decode()
        forms.append(encoded[-(-before * 8 // 6) : (before + len(text)) * 8 // 6])
    return tuple(forms)


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
