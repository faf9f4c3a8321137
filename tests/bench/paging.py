"""Rows of lists: how near to the ideal pages are fetched side by side and ahead, and what a long crawl holds."""

from __future__ import annotations

import functools
import importlib.util
import math
from collections.abc import Iterable, Iterator

import attrs

from .crawls import AHEAD, DELAY, FAN_OUT_PAGES, PREFETCH_PAGES, WIDTH
from .processes import list_server, run_json
from .rounds import Effort, race
from .row import Row

__all__ = ["ROWS", "measure"]

ITEMS = 1_000_000  # of the long crawl
PARTS = 10  # the crawl whose pages are counted has so many times fewer items
GROWTH = 2.0  # MB

IDEAL = 1 + math.ceil((FAN_OUT_PAGES - 1) / WIDTH)  # page times: the first page tells of the others, then full rounds
LONGEST = PREFETCH_PAGES * DELAY  # seconds of fetching, and of working: one of them is hidden behind the other

FAN_OUT = Row(
    name="fan-out",
    what=f"{FAN_OUT_PAGES} pages of {DELAY * 1000:.0f} ms, {WIDTH} at a time",
    peer=f"the ideal: {IDEAL} page times",
    unit=" s",
    goal=1.10,
    sense="at most",
)
PREFETCH = Row(
    name="prefetch",
    what=f"{PREFETCH_PAGES} pages, fetch {DELAY * 1000:.0f} ms, work {DELAY * 1000:.0f} ms",
    peer="the longer of the two sums",
    unit=" s",
    goal=1.05 + 1 / PREFETCH_PAGES,  # and one page, since the first cannot be worked on before it is fetched
    sense="at most",
)
MEMORY = Row(
    name="crawl-memory",
    what=f"crawl of {ITEMS:,} items: memory grows",
    peer="the limit",
    unit=" MB",
    goal=1.0,
    sense="at most",
)
HELD = Row(
    name="crawl-pages",
    what=f"crawl of {ITEMS // PARTS:,} items: pages held",
    peer="one, and those ahead",
    unit="",
    goal=1.0,
    sense="at most",
)
ROWS = [FAN_OUT, PREFETCH, MEMORY, HELD]


def measure(rows: Iterable[Row], effort: Effort) -> Iterator[Row]:
    """Measure *rows*, the crawls that take long once."""
    items = effort.size(ITEMS)
    plans = {  # the crawl, its items, its rounds, what it is compared with
        FAN_OUT: ("fan_out", 0, effort.rounds, IDEAL * DELAY),
        PREFETCH: ("prefetch", 0, effort.rounds, LONGEST),
        MEMORY: ("memory", items, 1, GROWTH),
        HELD: ("held", items // PARTS, 1, AHEAD + 1),
    }
    with list_server() as root:
        for row in rows:
            which, items, rounds, limit = plans[row]
            if row is MEMORY and importlib.util.find_spec("psutil") is None:
                yield row
                continue
            found = race({which: functools.partial(run_json, "-m", "tests.bench.crawls", which, root, items)}, rounds)
            yield attrs.evolve(row, ours=found[which], peers=[limit] * rounds)
