"""An input that breaks the claim of its target: made short, shown, and how to check it again and to keep it."""

from __future__ import annotations

import time
import traceback
from pathlib import Path
from typing import Final

from .target import Target

__all__ = ["check_again", "report"]

_PATIENCE: Final = 30.0  # seconds to make an input shorter


def check_again(target: Target, path: Path) -> None:
    """Check the input in the file *path*."""
    target.check(path.read_bytes())


def report(target: Target, path: Path) -> str:
    """What is said of the finding in the file *path*, which gets a shorter input if there is one."""
    data = path.read_bytes()
    lines = [f"\n{target.name} does not hold its claim: {target.claim}"]
    error = None if _is_costly(path) else _failure(target, data)
    if error is not None:
        data = _shortened(target, data, type(error))
        path.write_bytes(data)
        lines.append("".join(traceback.format_exception(error)))
    else:
        lines.append(f"it takes too long, or too much memory, or breaks in the fuzzer's process only: {path.name}")
    lines.append(f"the input, {len(data)} bytes: {data!r}")
    lines.append(f"check it again:        python -m tests.fuzz {target.name} --replay {path}")
    lines.append(f"keep it as a test:     add it to KEPT[{target.name!r}] in tests/fuzz/kept.py\n")
    return "\n".join(lines)


def _is_costly(path: Path) -> bool:
    """Whether the fuzzer ended it: to check it here might take for ever."""
    return any(kind in path.name for kind in ("-timeout-", "-oom-", "-slow-unit-"))


def _failure(target: Target, data: bytes) -> Exception | None:
    try:
        target.check(data)
    except Exception as error:
        return error
    return None


def _shortened(target: Target, data: bytes, kind: type[Exception]) -> bytes:
    """What is left of *data* where pieces are taken out, as long as it fails in this way."""
    until = time.monotonic() + _PATIENCE
    size = len(data) // 2
    while size:
        at = 0
        while at < len(data) and time.monotonic() < until:
            less = data[:at] + data[at + size :]
            if isinstance(_failure(target, less), kind):
                data = less
            else:
                at += size
        size //= 2
    return data
