"""Entry points for a fuzzer: any bytes, in any pieces, give what the slow reading of the whole gives.

With Atheris installed, ``PYTHONPATH=tests python -m fuzz.event_streams sse`` runs one until it is stopped; the suite
runs both for a moment with Hypothesis.
"""

from __future__ import annotations

import sys

from support.slow_streams import cut, push, read_json_lines, read_sse
from trio_api import JSONLDecoder, SSEDecoder

_SMALL = 40  # bytes: a limit that short inputs reach


def fuzz_sse(data: bytes) -> None:
    """The first byte says how the rest is cut into pieces."""
    sizes, stream = _sizes(data), data[1:]
    events, problem = push(SSEDecoder(), cut(stream, sizes))
    assert problem is None
    assert events == read_sse(stream)
    assert push(SSEDecoder(max_event_bytes=_SMALL), cut(stream, sizes)) == push(
        SSEDecoder(max_event_bytes=_SMALL), [stream]
    )


def fuzz_json_lines(data: bytes) -> None:
    """The first byte says how the rest is cut into pieces."""
    sizes, stream = _sizes(data), data[1:]
    assert push(JSONLDecoder(), cut(stream, sizes))[0] == read_json_lines(stream)
    assert push(JSONLDecoder(max_event_bytes=_SMALL), cut(stream, sizes)) == push(
        JSONLDecoder(max_event_bytes=_SMALL), [stream]
    )


def _sizes(data: bytes) -> list[int]:
    first = data[0] if data else 0
    return [first % 7, 1 + first // 7]


if __name__ == "__main__":
    import atheris

    atheris.Setup(sys.argv[:1], {"sse": fuzz_sse, "json_lines": fuzz_json_lines}[sys.argv[1]])
    atheris.Fuzz()
