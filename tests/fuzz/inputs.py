"""Inputs made by Hypothesis: known ones, changed in a few places; and the words of the format in any order."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from .target import Target

__all__ = ["inputs"]


def inputs(target: Target, corpus: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """Inputs for *target*.

    Args:
        target: What is fuzzed.
        corpus: Further inputs to begin with.
    """
    words = st.sampled_from(target.words) | st.binary(max_size=4)
    changed = st.builds(_changed, st.sampled_from([*target.seeds, *corpus]), st.lists(_changes(words), max_size=8))
    free = st.builds(lambda start, rest: start + b"".join(rest), st.binary(max_size=6), st.lists(words, max_size=30))
    return (changed | free).map(lambda data: data[: target.largest])


def _changes(words: st.SearchStrategy[bytes]) -> st.SearchStrategy[tuple[int, int, bytes]]:
    """Where, how many bytes go, and what comes in their place."""
    return st.tuples(st.integers(0, 200), st.just(0) | st.integers(0, 20), words)


def _changed(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for place, gone, word in changes:
        at = place % (len(data) + 1)
        data = data[:at] + word + data[at + gone :]
    return data
