"""One decoder in a process of its own: ``python -m tests.bench.decoders KIND NAME SIZES...`` prints seconds as JSON.

They are the CPU time of one run for each of the sizes.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import time
from collections.abc import Callable

from .page_decoders import PAGE_DECODERS, checked
from .stream_decoders import FRAMES, STREAM_DECODERS, stream


def seconds_of(run: Callable[[], object], patience: float) -> float:
    """The CPU time of one *run*, after a first one, in seconds: the mean of as many as *patience* has time for."""
    run()
    count, started = 0, time.process_time()
    while count == 0 or time.process_time() - started < patience:
        run()
        count += 1
    return (time.process_time() - started) / count


def of_page(name: str, patience: float) -> list[float]:
    """The CPU time of a page."""
    return [seconds_of(checked(PAGE_DECODERS[name]()), patience)]


def of_streams(kind: str, name: str, sizes: list[int], patience: float) -> list[float]:
    """The CPU time of streams of *sizes* events."""
    decode = STREAM_DECODERS[kind][name]()
    found = []
    for size in sizes:
        pieces = stream(size, FRAMES[kind])
        if decode(pieces) != size:
            raise AssertionError(f"{name} did not find {size} events")
        found.append(seconds_of(functools.partial(decode, pieces), patience))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["page", *STREAM_DECODERS])
    parser.add_argument("name", help="who decodes")
    parser.add_argument("sizes", type=int, nargs="+", help="how many events each stream has; of pages, 1")
    parser.add_argument("--seconds", type=float, default=1.0, help="for how long a measurement is repeated")
    arguments = parser.parse_args()
    if arguments.kind == "page":
        found = of_page(arguments.name, arguments.seconds)
    else:
        found = of_streams(arguments.kind, arguments.name, arguments.sizes, arguments.seconds)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
