"""The set of digests by which a loop is found."""

from __future__ import annotations

from hypothesis import given, strategies as st

from trio_api.pages._loops import LoopDetector

digests = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 40), st.integers(0, 2**20).map(lambda n: n << 40))


@given(st.lists(digests), st.lists(digests))
def test_it_is_a_set(added: list[int], asked: list[int]) -> None:
    """What was added is in it, what was not is not, and adding again changes nothing (0 counts as 1)."""
    detector = LoopDetector()
    for digest in added:
        detector.add(digest)
        assert digest in detector
    model = {digest or 1 for digest in added}
    assert len(detector) == len(model)
    for digest in asked:
        assert (digest in detector) == ((digest or 1) in model)


def test_a_hundred_thousand_pages_take_two_megabytes() -> None:
    """The memory is that of an array at least a third full."""
    detector = LoopDetector()
    for number in range(1, 100_001):
        detector.add(number * 0x9E3779B97F4A7C15 % 2**64)
    assert detector._cells.itemsize * len(detector._cells) <= 100_000 * 24
