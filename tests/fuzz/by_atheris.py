"""One target, fuzzed by Atheris: libFuzzer, guided by which branches of the library and of h11 an input takes.

``python -m tests.fuzz`` runs it in a process of its own, since libFuzzer ends the process when it ends.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import atheris

__all__: list[str] = []


def main(name: str, seconds: int, corpus: Path, found: Path) -> None:
    with atheris.instrument_imports(include=["trio_api", "h11"]):
        from .limits import HANG, MEMORY, check_within_limits
        from .targets import TARGETS
    target = TARGETS[name]
    for number, data in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(data)
    words = corpus.with_suffix(".dict")
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={target.largest}",
        f"-dict={words}",
        f"-timeout={HANG}",
        f"-rss_limit_mb={MEMORY}",
        f"-artifact_prefix={found}/{name}-",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], functools.partial(check_within_limits, target))
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
