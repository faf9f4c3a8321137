"""Send very many requests through very few connections, and cancel them at any moment.

What is lost now and then, a connection's slot, a permit, a socket, a task or a kilobyte, is lost for ever: after some
thousand requests nobody gets a connection any more. So the last request has to succeed, and nothing may be left. The
server, in a process of its own, answers late, in drips, with a goodbye, or not at all. In place of a whole client a
transport alone can be soaked, and httpx's own, to compare.

The exit code is 0 if every figure of the table was reached.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import trio

from trio_api import AsyncAPIClient, Limits, RetryPolicy
from trio_api.transport import TrioTransport

from .gauges import Held, living_tasks, open_sockets, resident
from .load import Load, Plan
from .senders import ClientSender, Sender, TransportSender
from .table import Figures, render

CHECKOUT = Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000
PROGRESS = 5.0  # seconds between two lines
WARM = 10_000  # requests, or a tenth of all where that is more, after which memory is measured for the first time

EXAMPLES = """examples:
  python -m tests.soak                          100,000 requests: some minutes
  python -m tests.soak --requests 1000000       the long one: tox -e soak
  python -m tests.soak --by httpx               httpx's own transport
"""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--requests", type=int, default=100_000, metavar="N", help="how many to send (default: %(default)s)")
    add("--connections", type=int, default=4, metavar="N", help="how many there may be (default: %(default)s)")
    add("--tasks", type=int, default=50, metavar="N", help="how many share them (default: %(default)s)")
    add("--cancel", type=float, default=0.4, metavar="PART", help="how many are cancelled (default: %(default)s)")
    add("--seed", type=int, default=1, metavar="N", help="of what is random in the client (default: %(default)s)")
    add("--stall", type=float, default=10.0, metavar="SECONDS", help="without progress: dead (default: %(default)s)")
    by = ["client", "transport", "transport-without-block", "httpx"]
    add("--by", choices=by, default="client", help="what sends: a client, or a transport alone (default: %(default)s)")
    add("--json", action="store_true", help="print the result as JSON")
    return parser.parse_args()


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run the server; gives its URL."""
    command = [sys.executable, "-m", "tests.soak.server"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


@contextlib.asynccontextmanager
async def sender(arguments: argparse.Namespace, url: str) -> AsyncIterator[tuple[Sender, Held]]:
    """Open what sends; gives it, and what tells what it holds."""
    most = arguments.connections
    limits = Limits(max_connections=most, max_keepalive_connections=None, keepalive_expiry=1.0)
    if arguments.by == "client":
        retry = RetryPolicy(max_retries=1, initial=0.001, maximum=0.005)
        async with AsyncAPIClient(
            base_url=url, limits=limits, max_concurrency=most + 2, retry=retry, trust_env=False
        ) as client:
            yield ClientSender(client), client._held
    elif arguments.by == "httpx":
        async with httpx.AsyncHTTPTransport(limits=limits, trust_env=False) as theirs:
            yield TransportSender(theirs, url), dict
    else:
        ours = TrioTransport(limits=limits, trust_env=False)
        async with contextlib.aclosing(ours) if arguments.by == "transport-without-block" else ours:
            yield TransportSender(ours, url), ours.held


async def soak(arguments: argparse.Namespace, url: str) -> Figures:
    """Run it; gives the result."""
    plan = Plan(arguments.requests, arguments.tasks, arguments.cancel, arguments.stall, arguments.seed)
    began, cpu, sockets, tasks = time.monotonic(), time.process_time(), open_sockets(), living_tasks()
    warm: list[int] = []
    async with sender(arguments, url) as (sends, held):
        load = Load(sends, plan)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(report, load, warm, began)
            await load.run()
            nursery.cancel_scope.cancel(reason="it is over")
        left = {name: count for name, count in held().items() if count}
    return Figures(
        by=arguments.by,
        requests=load.ended,
        asked=arguments.requests,
        is_alive=load.is_alive,
        held=left,
        sockets_left=open_sockets() - sockets,
        tasks_left=living_tasks() - tasks,
        memory_growth=resident() - warm[0] if warm else None,
        seconds=round(time.monotonic() - began, 1),
        cpu_seconds=round(time.process_time() - cpu, 1),
        outcomes=dict(load.outcomes.most_common()),
        cancelled_while=dict(load.cancelled_while.most_common()),
    )


async def report(load: Load, warm: list[int], began: float) -> None:
    """Say how it goes, now and then."""
    said = began
    while True:
        await trio.sleep(0.25)
        now = time.monotonic()
        if not warm and load.ended >= max(WARM, load.requests // 10):
            warm.append(resident())
        if now - said >= PROGRESS:
            said = now
            tell(f"{load.ended:>9,} requests, {load.ended / (now - began):,.0f}/s, {resident() / MEGABYTE:.0f} MB")


def tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main() -> None:
    arguments = parse()
    if arguments.by == "httpx":
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves generators and sockets to the collector
    with server() as url:
        figures = trio.run(soak, arguments, url)
    sys.stdout.write((json.dumps(figures.as_json()) if arguments.json else render(figures)) + "\n")
    sys.exit(0 if figures.are_met else 1)


if __name__ == "__main__":
    main()
