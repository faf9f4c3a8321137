"""Fuzz what is read of a hostile server: each target makes a claim about any bytes, and is given very many.

By Atheris where it is installed, which looks for inputs that take new branches, else by Hypothesis. Inputs that got
somewhere new are kept in the corpus, from which the next run goes on. What breaks a claim is made short, saved and
shown, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))  # as pytest has it: ``fuzz`` and ``support`` are found there

from fuzz.findings import check_again, report  # noqa: E402
from fuzz.targets import TARGETS  # noqa: E402

EXAMPLES = """examples:
  python -m tests.fuzz                              every target, five minutes each
  python -m tests.fuzz sse link --seconds 60        these two, a minute each
  python -m tests.fuzz http1 --replay FILE          check one input again, and say what breaks
"""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET", help="what to fuzz (default: everything)")
    add("--list", action="store_true", help="list the targets and what each claims, and fuzz nothing")
    add("--seconds", type=int, default=300, metavar="N", help="how long to fuzz each (default: %(default)s)")
    add(
        "--corpus", type=Path, default=Path(".fuzz"), metavar="DIR", help="where inputs are kept (default: %(default)s)"
    )
    engine = "atheris" if find_spec("atheris") else "hypothesis"
    add("--engine", choices=["atheris", "hypothesis"], default=engine, help="what fuzzes (default here: %(default)s)")
    add("--replay", type=Path, metavar="FILE", help="check the input in FILE, and fuzz nothing; for one target")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.targets if name not in TARGETS]:
        parser.error(f"there is no target {unknown[0]!r}; there are {', '.join(TARGETS)}")
    if arguments.replay is not None and len(arguments.targets) != 1:
        parser.error("--replay needs one target")
    return arguments


def fuzz(name: str, arguments: argparse.Namespace) -> bool:
    """Fuzz one target, in a process of its own; whether its claim held."""
    say(f"{name}: {TARGETS[name].claim}")
    corpus, found = arguments.corpus / name, arguments.corpus / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    before = {*found.iterdir()}
    command = [sys.executable, "-m", f"fuzz.by_{arguments.engine}", name, str(arguments.seconds)]
    began, cpu = time.monotonic(), os.times().children_user
    with subprocess.Popen(
        [*command, str(corpus.resolve()), str(found.resolve())],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        log = process.stderr.read()
    count = re.search(r"number_of_executed_units: *([0-9]+)", log)
    inputs = f"{int(count[1]):,}" if count else "unknown"
    took, cpu = time.monotonic() - began, os.times().children_user - cpu
    say(f"{name}: {inputs} inputs in {took:.0f} s, {cpu:.0f} s of CPU, by {arguments.engine}")
    if not process.returncode:
        return True
    findings = sorted({*found.iterdir()} - before)
    if not findings:
        say(log)
    for finding in findings:
        say(report(TARGETS[name], finding))
    return False


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    arguments = parse()
    names = arguments.targets or [*TARGETS]
    if arguments.list:
        say("\n".join(f"{name}: {TARGETS[name].claim}" for name in names))
        return 0
    if arguments.replay is not None:
        check_again(TARGETS[names[0]], arguments.replay)
        say(f"{names[0]} holds its claim for {arguments.replay}")
        return 0
    held = [fuzz(name, arguments) for name in names]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
