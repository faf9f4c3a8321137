"""Lines of a stream of bytes, wherever it is cut."""

from __future__ import annotations

import re

from hypothesis import example, given, strategies as st

from support.slow_streams import cut
from trio_api.streaming._lines import LineSplitter

MARK = b"\xef\xbb\xbf"


def lines_of(splitter: LineSplitter, stream: bytes, sizes: list[int]) -> list[bytes]:
    found = [line for piece in cut(stream, sizes) for line in splitter.feed(piece)]
    return [*found, splitter.finish()]


@given(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", MARK, MARK[:2], b""]), max_size=9).map(b"".join),
    st.lists(st.integers(0, 4), min_size=1, max_size=4),
    st.booleans(),
)
@example(b"\na", [1], True)
@example(b"a\r\nb\r\n\r\nc", [2, 3], True)
@example(b"a\r\nb\n", [2, 3], True)
@example(MARK + b"a\n", [1], True)
@example(MARK[:2], [1], True)
def test_any_cut_gives_the_lines_of_the_whole(stream: bytes, sizes: list[int], cr_ends: bool) -> None:
    """LF ends a line, CR and CRLF where they are to; a byte order mark at the start is no part of one."""
    whole = stream.removeprefix(MARK)
    expected = re.split(rb"\r\n|\r|\n" if cr_ends else rb"\n", whole)
    for cuts in (sizes, [len(stream)]):
        assert lines_of(LineSplitter(cr_ends=cr_ends), stream, cuts) == expected


def test_what_has_no_end_yet_is_counted() -> None:
    """The bytes of the line that goes on, over all its pieces."""
    splitter = LineSplitter(cr_ends=True)
    pending = []
    for piece in (b"abc", b"de\nf", b"\r", b"\n"):
        splitter.feed(piece)
        pending.append(splitter.pending)
    assert pending == [3, 1, 0, 0]
