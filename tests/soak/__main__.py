"""Send very many requests through very few connections, and cancel them at any moment.

A slot of the pool that is lost now and then is lost for ever: after some thousand requests nobody gets a connection any
more. So the last request has to succeed, and no connection may be in use when nobody uses one. The server, in a
process of its own, answers late, in drips, with a goodbye, or not at all. httpx's own transport can take the place of
ours, to compare.

The exit code is 0 if the transport lived.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import trio

from trio_api.transport import TrioTransport

from .gauges import open_sockets, resident
from .load import Load, Plan

CHECKOUT = Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000
PROGRESS = 5.0  # seconds between two lines
WARM = 0.1  # the part of the requests after which memory is measured for the first time

EXAMPLES = """examples:
  python -m tests.soak                          100,000 requests: some minutes
  python -m tests.soak --requests 1000000       the long one
  python -m tests.soak --transport httpx        httpx's own transport
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
    add("--transport", choices=["trio", "httpx"], default="trio", help="whose transport (default: %(default)s)")
    add("--no-block", action="store_true", help="our transport without its block, so without its housekeeping")
    add("--json", action="store_true", help="print the result as JSON")
    return parser.parse_args()


@contextmanager
def server() -> Iterator[str]:
    """Run the server; gives its URL."""
    command = [sys.executable, "-m", "tests.soak.server"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def transport_of(arguments: argparse.Namespace) -> httpx.AsyncBaseTransport:
    limits = httpx.Limits(max_connections=arguments.connections, max_keepalive_connections=None, keepalive_expiry=1.0)
    if arguments.transport == "httpx":
        return httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
    return TrioTransport(limits=limits, trust_env=False)


async def soak(arguments: argparse.Namespace, url: str) -> dict[str, Any]:
    """Run it; gives the result."""
    plan = Plan(arguments.requests, arguments.tasks, arguments.cancel, arguments.stall, arguments.seed)
    transport = transport_of(arguments)
    load = Load(transport, url, plan)
    began, cpu, sockets = time.monotonic(), time.process_time(), open_sockets()
    warm: list[int] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(report, load, warm, began)
        if arguments.no_block:
            await load.run()
            shown = repr(transport)
            await transport.aclose()
        else:
            async with transport:
                await load.run()
                shown = repr(transport)
        nursery.cancel_scope.cancel(reason="it is over")
    return {
        "transport": arguments.transport,
        "is_alive": load.is_alive and ("in_use=0 waiting=0" in shown or arguments.transport == "httpx"),
        "requests": load.ended,
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "memory_growth": resident() - warm[0] if warm else None,
        "sockets_left": open_sockets() - sockets,
        "pool": shown,
        "outcomes": dict(load.outcomes.most_common()),
        "cancelled_while": dict(load.cancelled_while.most_common()),
    }


async def report(load: Load, warm: list[int], began: float) -> None:
    """Say how it goes, now and then."""
    said = began
    while True:
        await trio.sleep(0.25)
        now = time.monotonic()
        if not warm and load.ended >= load.requests * WARM:
            warm.append(resident())
        if now - said >= PROGRESS:
            said = now
            tell(f"{load.ended:>9,} requests, {load.ended / (now - began):,.0f}/s, {resident() / MEGABYTE:.0f} MB")


def tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def render(result: dict[str, Any]) -> str:
    """The result for people."""
    growth = result["memory_growth"]
    lines = [
        f"{result['transport']}: {'alive' if result['is_alive'] else 'DEAD'} after {result['requests']:,} requests",
        f"{result['requests'] / result['seconds']:,.0f} requests a second; CPU: {result['cpu_seconds']:.0f} seconds",
        f"memory: {'unknown' if growth is None else f'{growth / MEGABYTE:+.1f} MB'} since a tenth of the requests",
        f"sockets left: {result['sockets_left']}; {result['pool']}",
    ]
    for title in ("outcomes", "cancelled_while"):
        counts = ", ".join(f"{name} {count:,}" for name, count in result[title].items())
        lines.append(f"{title.replace('_', ' ')}: {counts}")
    return "\n".join(lines)


def main() -> None:
    arguments = parse()
    if arguments.transport == "httpx":
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves generators and sockets to the collector
    with server() as url:
        result = trio.run(soak, arguments, url)
    sys.stdout.write((json.dumps(result) if arguments.json else render(result)) + "\n")
    sys.exit(0 if result["is_alive"] else 1)


if __name__ == "__main__":
    main()
