"""One target, fuzzed by Hypothesis: for where there is no Atheris.

Known inputs are changed; what runs a line of the library that none ran before is known from then on. It is much slower
than Atheris and blind to branches within a line; what fails it makes as short as it can.
"""

from __future__ import annotations

import hashlib
import sys
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import Any, Self

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

import trio_api

from .inputs import inputs
from .limits import check_within_limits
from .target import Target
from .targets import TARGETS

__all__ = ["Fuzzer"]

_ROUND = 100  # inputs between two looks at the clock and at what was learnt
_LIBRARY = str(Path(trio_api.__file__).parent)


class _Lines:
    """The lines of the library that were run while the block was open."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int]] = set()

    def __enter__(self) -> Self:
        self._before = sys.gettrace()  # a measurement of coverage, maybe
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _enter(self, frame: FrameType, event: str, argument: object) -> Any:
        return self._step if frame.f_code.co_filename.startswith(_LIBRARY) else None

    def _step(self, frame: FrameType, event: str, argument: object) -> Any:
        self.seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._step


class Fuzzer:
    def __init__(self, target: Target, corpus: Path, found: Path) -> None:
        self._target = target
        self._corpus = corpus
        self._found = found
        self._known = [path.read_bytes() for path in sorted(corpus.iterdir())]
        self._lines: set[tuple[str, int]] = set()
        self._failing = b""
        self.count = 0

    def run(self, seconds: int) -> bool:
        """Whether the claim held all the time."""
        until, number = time.monotonic() + seconds, 0
        for data in (*self._target.seeds, *self._known):
            self._check(data)
        while time.monotonic() < until:
            number += 1
            try:
                self._round(number)
            except Exception:
                traceback.print_exc()
                self._save(self._found, f"{self._target.name}-crash-", self._failing)
                return False
        return True

    def _round(self, number: int) -> None:
        @hypothesis.seed(number)
        @settings(
            max_examples=_ROUND,
            database=None,
            deadline=None,
            suppress_health_check=[*HealthCheck],
            phases=[Phase.generate, Phase.target, Phase.shrink],
        )
        @given(inputs(self._target, self._known))
        def check(data: bytes) -> None:
            hypothesis.target(float(self._check(data)))

        check()

    def _check(self, data: bytes) -> int:
        """Check *data*; how many lines it ran."""
        self.count += 1
        self._failing = data
        with _Lines() as lines:
            check_within_limits(self._target, data)
        if not lines.seen <= self._lines:
            self._lines |= lines.seen
            self._known.append(data)
            self._save(self._corpus, "", data)
        return len(lines.seen)

    def _save(self, directory: Path, prefix: str, data: bytes) -> None:
        name = hashlib.sha256(data).hexdigest()[:16]
        (directory / f"{prefix}{name}").write_bytes(data)


def main(name: str, seconds: int, corpus: Path, found: Path) -> int:
    fuzzer = Fuzzer(TARGETS[name], corpus, found)
    held = fuzzer.run(seconds)
    sys.stderr.write(f"stat::number_of_executed_units: {fuzzer.count}\n")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])))
