"""The row of the import: what ``import trio_api`` costs beside the import of what it stands on."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

import attrs

from .processes import run_json
from .rounds import Effort, race
from .row import Row

__all__ = ["ROWS", "measure"]

OURS = "trio_api"
BENEATH = "trio, httpx, attrs, cattrs"
REPEATS = 3  # times the rounds of other rows: an import is short, and each needs a new process

ROWS = [
    Row(name="import", what=f"import {OURS}: CPU time", peer=f"import {BENEATH}", unit=" ms", goal=1.2, sense="at most")
]

# The user's CPU time alone: what the kernel does to read files is not ours to better. Compiled modules are kept, even
# where PYTHONDONTWRITEBYTECODE is set: else everything but what was installed would be compiled each time.
CODE = """
import sys
sys.dont_write_bytecode = False
from resource import RUSAGE_SELF, getrusage
before = getrusage(RUSAGE_SELF).ru_utime
import {}
print((getrusage(RUSAGE_SELF).ru_utime - before) * 1e3)
"""


def measure(rows: Iterable[Row], effort: Effort) -> Iterator[Row]:
    """Import in turns, each time in a new process, after one import that leaves compiled modules behind."""
    contenders = {what: functools.partial(run_json, "-c", CODE.format(what)) for what in (OURS, BENEATH)}
    race(contenders, 1)
    for row in rows:
        times = race(contenders, effort.rounds * REPEATS)
        yield attrs.evolve(row, ours=times[OURS], peers=times[BENEATH])
