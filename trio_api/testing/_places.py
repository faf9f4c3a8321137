"""Where a coroutine stands, as the innermost line of it that is not Trio's own."""

from __future__ import annotations

import gc
import inspect
import os
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

import trio

__all__ = ["place_of", "place_of_caller"]

_TRIO: Final = os.path.dirname(os.path.abspath(trio.__file__))
_WRAPPED: Final = {"async_generator_asend", "async_generator_athrow"}


def place_of(coroutine: object) -> str:
    """Where a coroutine that waits does so: ``TrioTransport._wait_in_queue (_native.py:188)``; empty if nowhere.

    A task of Trio's own is at its innermost line there.
    """
    inner: FrameType | None = None
    for frame in _frames(coroutine):
        if inner is None or not _is_trios(frame) or _is_trios(inner):
            inner = frame
    return "" if inner is None else _shown(inner)


def place_of_caller(file: str) -> str:
    """Where the running code stands, seen from outside the source *file*."""
    frame: FrameType | None = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename in (__file__, file):
        frame = frame.f_back
    return "" if frame is None else _shown(frame)


def _is_trios(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_TRIO)


def _shown(frame: FrameType) -> str:
    code = frame.f_code
    return f"{code.co_qualname} ({os.path.basename(code.co_filename)}:{frame.f_lineno})"


def _frames(coroutine: Any) -> Iterator[FrameType]:
    """The frames from the outside in. `trio.lowlevel.Task.iter_await_frames` ends where a coroutine is wrapped."""
    while coroutine is not None:
        inside: Any = None
        for kind, rest in (("cr", "cr_await"), ("gi", "gi_yieldfrom"), ("ag", "ag_await")):
            frame: FrameType | None = getattr(coroutine, f"{kind}_frame", None)
            if frame is not None:
                yield frame
                inside = getattr(coroutine, rest)
        if type(coroutine).__name__ in _WRAPPED:  # CPython shows what is in it to nobody but its garbage collector
            inside = next((found for found in gc.get_referents(coroutine) if hasattr(found, "ag_frame")), None)
        coroutine = inside
