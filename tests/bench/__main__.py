"""Measure how fast trio_api is, beside its peers and beside what is possible.

A row compares one figure of trio_api with a peer's of the same run. Both are measured in turns, each in a fresh process
on a core of its own, with the server on another; a ratio is the median of those of the rounds, and its range is shown
beside it. Figures of one machine say little about another: ratios travel better.

Peers come with the extra "bench"; a row whose peer is not installed says so.
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

import attrs

from . import docs
from .calls import measure_speeds
from .groups import SPEEDS, all_rows, chosen, measure
from .plot import draw
from .record import Machine, Record
from .rounds import FULL, QUICK, Effort
from .table import render

BUSY = 0.5  # processes that ran in the last minute, on average

EXAMPLES = """examples:
  python -m tests.bench                         every row, and the speeds for the plot: about a quarter of an hour
  python -m tests.bench --rows get-50 growth    get-50-aiohttp, get-50-bare, get-50-openai and growth
  python -m tests.bench --quick --rows import   a first impression

the page docs/performance:
  python -m tests.bench --json docs/performance/figures.json    measure
  python -m tests.bench --docs                                  write its tables and its plot
"""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="only these rows; page is every page-...")
    parser.add_argument("--list", action="store_true", help="list the rows, and measure nothing")
    parser.add_argument("--quick", action="store_true", help="short runs: whether it works, and little more")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"rounds of each row (default: {FULL.rounds})")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the figures to FILE; what stands there of other rows is kept"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the speeds as SVG, where they were measured")
    parser.add_argument("--docs", action="store_true", help="measure nothing, but write what docs/performance shows")
    arguments = parser.parse_args()
    try:
        arguments.chosen = chosen(arguments.rows)
    except ValueError as error:
        parser.error(str(error))
    if (arguments.plot or arguments.docs) and find_spec("matplotlib") is None:
        parser.error("the plot is drawn by matplotlib, which is not installed; it comes with the extra bench")
    return arguments


def run(names: set[str], effort: Effort) -> Record:
    """Measure the rows *names*."""
    machine = Machine()
    if machine.load > BUSY:
        tell(f"The machine is busy (load {machine.load:.1f}): times on the clock will be off, CPU times less so.")
    rows = []
    for row in measure(names, effort):
        tell(f"{row.name}: {row.verdict.value}")
        rows.append(row)
    speeds = list(measure_speeds(effort)) if SPEEDS in names else []
    return Record(rows, speeds, machine, is_quick=effort.scale < 1)


def tell(line: str) -> None:
    """Say how it goes, beside the table."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def listing() -> str:
    """What can be measured, by name."""
    rows = [(row.name, f"{row.what}; compared with {row.peer}") for row in all_rows()]
    rows.append((SPEEDS, "requests a second of every client at every number of tasks, for the plot"))
    return "\n".join(f"{name:20}{what}" for name, what in rows)


def store(record: Record, path: Path) -> Record:
    """Write *record* to *path*, with what stands there of rows that were not measured now; gives the whole."""
    if path.exists():
        record = Record.from_json(path.read_text(encoding="utf-8")).merged(record)
    path.write_text(record.to_json(), encoding="utf-8")
    return record


def main() -> None:
    arguments = parse()
    if arguments.list:
        sys.stdout.write(f"{listing()}\n")
        return
    if arguments.docs:
        docs.write()
        return
    effort = QUICK if arguments.quick else FULL
    if arguments.rounds:
        effort = attrs.evolve(effort, rounds=arguments.rounds, few_rounds=arguments.rounds)
    record = run(arguments.chosen, effort)
    sys.stdout.write(f"{render(record.rows)}\n")
    if record.is_quick:
        sys.stdout.write("These are short runs; their figures say little.\n")
    if arguments.json:
        record = store(record, arguments.json)
    if arguments.plot:
        draw(record.speeds, arguments.plot)


if __name__ == "__main__":
    main()
