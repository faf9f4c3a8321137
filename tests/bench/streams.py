"""How fast event streams are decoded, beside the decoders of others, in one run: ``python -m tests.bench.streams``.

No test: a time never fails a build. The peers come with the extra ``bench``; one that is not installed is left out.
Goal: 2.5 times the openai SDK's decoder for 100,000 events in 100-byte pieces, and time linear in size.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from trio_api import JSONLDecoder, SSEDecoder

GOAL = 2.5  # times the openai SDK's decoder
PIECE = 100  # bytes
RUNS = 5  # of which the best counts

Decode = Callable[[list[bytes]], int]
"""Decodes a stream that comes in pieces, and counts its events."""


@attrs.frozen
class Row:
    """One line of the report."""

    name: str
    ours: float
    """Events a second."""
    peer: float
    """The same of the peer; for linearity, our own with a tenth of the events."""
    goal: float

    @property
    def ratio(self) -> float:
        return self.ours / self.peer

    def __str__(self) -> str:
        verdict = "reached" if self.ratio >= self.goal else "NOT REACHED"
        return f"{self.name:48}{self.ours:12,.0f}{self.peer:12,.0f}{self.ratio:8.2f}{self.goal:8.2f}  {verdict}"


def our_sse(pieces: list[bytes]) -> int:
    decoder = SSEDecoder()
    return sum(len(decoder.feed(piece)) for piece in pieces)


def our_json_lines(pieces: list[bytes]) -> int:
    decoder = JSONLDecoder()
    return sum(len(decoder.feed(piece)) for piece in pieces) + len(decoder.finish())


def peers_of_sse() -> Iterator[tuple[str, Decode]]:
    """The openai SDK's decoder and httpx-sse's, over bytes in pieces as theirs are."""
    try:
        from openai._streaming import SSEDecoder as OpenAIDecoder

        yield "openai", lambda pieces: sum(1 for _ in OpenAIDecoder().iter_bytes(iter(pieces)))
    except ImportError:
        pass
    try:
        import httpx
        from httpx_sse import EventSource

        def httpx_sse(pieces: list[bytes]) -> int:
            headers = {"Content-Type": "text/event-stream"}
            source = EventSource(httpx.Response(200, headers=headers, content=iter(pieces)))
            return sum(1 for _ in source.iter_sse())

        yield "httpx-sse", httpx_sse
    except ImportError:
        pass


def peers_of_json_lines() -> Iterator[tuple[str, Decode]]:
    """The lines of httpx, which is what the SDKs read JSON Lines by."""
    import httpx

    def lines(pieces: list[bytes]) -> int:
        return sum(1 for line in httpx.Response(200, content=iter(pieces)).iter_lines() if line)

    yield "httpx iter_lines", lines


def stream(events: int, before: bytes, after: bytes) -> list[bytes]:
    """*events* small JSON objects, in pieces."""
    whole = b"".join(b'%b{"i": %d, "text": "hello"}%b' % (before, number, after) for number in range(events))
    return [whole[start : start + PIECE] for start in range(0, len(whole), PIECE)]


def speed(decode: Decode, pieces: list[bytes], events: int) -> float:
    """Events a second of CPU time."""
    started = time.process_time()
    assert decode(pieces) == events
    return events / (time.process_time() - started)


def race(name: str, goal: float, ours: Callable[[], float], peer: Callable[[], float]) -> Row:
    """The best of some runs each, in turns, so that both meet the same moods of the machine."""
    speeds = [(ours(), peer()) for _ in range(RUNS)]
    return Row(name, max(our for our, _ in speeds), max(their for _, their in speeds), goal)


def rows(events: int) -> Iterator[Row]:
    """The report: each format beside its peers, and beside itself at a tenth of the size."""
    formats = [
        ("SSE", our_sse, (b"data: ", b"\n\n"), peers_of_sse()),
        ("SSE, CR LF, named", our_sse, (b"event: add\r\ndata: ", b"\r\n\r\n"), peers_of_sse()),
        ("JSON Lines", our_json_lines, (b"", b"\n"), peers_of_json_lines()),
    ]
    for name, decode, (before, after), peers in formats:
        pieces, tenth = stream(events, before, after), stream(events // 10, before, after)
        ours = functools.partial(speed, decode, pieces, events)
        for peer_name, peer in peers:
            goal = GOAL if peer_name == "openai" else 1.0
            yield race(f"{name} / {peer_name}", goal, ours, functools.partial(speed, peer, pieces, events))
        fewer = functools.partial(speed, decode, tenth, events // 10)
        yield race(f"{name}, linear: 10x the events / 1x", 0.7, ours, fewer)


def main() -> None:
    """Print the report; ``--json FILE`` writes it too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--json", type=Path, help="a file for the rows")
    arguments = parser.parse_args()
    sys.stdout.write(f"{'events a second of CPU time':48}{'ours':>12}{'peer':>12}{'ratio':>8}{'goal':>8}\n")
    found: list[Row] = []
    for row in rows(arguments.events):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
        found.append(row)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([attrs.asdict(row) | {"ratio": row.ratio} for row in found], indent=2))


if __name__ == "__main__":
    main()
