"""Measure how fast trio_api is, beside its peers and beside what is possible.

A row compares one figure of trio_api with a peer's of the same run. Both are measured in turns, each in a fresh process
on a core of its own, with the server on another; a ratio is the median of those of the rounds, and its range is shown
beside it. Figures of one machine say little about another: ratios travel better.

Peers come with the extra "bench"; a row whose peer is not installed says so.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import attrs

from .calls import measure_speeds
from .groups import SPEEDS, all_rows, chosen, measure
from .record import Record
from .rounds import FULL, QUICK, Effort
from .table import render

EXAMPLES = """examples:
  python -m tests.bench                         every row, and the speeds for the plot: about a quarter of an hour
  python -m tests.bench --rows get-50 growth    the rows whose names begin so
  python -m tests.bench --quick --rows import   a first impression
"""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="only rows whose names begin with one of these")
    parser.add_argument("--list", action="store_true", help="list the rows, and measure nothing")
    parser.add_argument("--quick", action="store_true", help="short runs: whether it works, and little more")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"rounds of each row (default: {FULL.rounds})")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the figures to FILE; what stands there of other rows is kept"
    )
    arguments = parser.parse_args()
    try:
        arguments.chosen = chosen(arguments.rows)
    except ValueError as error:
        parser.error(str(error))
    return arguments


def run(names: set[str], effort: Effort) -> Record:
    """Measure the rows *names*."""
    rows = list(measure(names, effort))
    speeds = list(measure_speeds(effort)) if SPEEDS in names else []
    return Record(rows, speeds, is_quick=effort.scale < 1)


def main() -> None:
    arguments = parse()
    if arguments.list:
        for row in all_rows():
            sys.stdout.write(f"{row.name:20}{row.what}; compared with {row.peer}\n")
        sys.stdout.write(f"{SPEEDS:20}requests a second of every client at every number of tasks, for the plot\n")
        return
    effort = QUICK if arguments.quick else FULL
    if arguments.rounds:
        effort = attrs.evolve(effort, rounds=arguments.rounds, few_rounds=arguments.rounds)
    record = run(arguments.chosen, effort)
    sys.stdout.write(f"{render(record.rows)}\n")
    if arguments.json:
        if arguments.json.exists():
            record = Record.from_json(arguments.json.read_text(encoding="utf-8")).merged(record)
        arguments.json.write_text(record.to_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
