"""How a body is cut up for iteration: the same cuts, however it was split on its way."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import httpx
import pytest
from hypothesis import example, given, strategies as st

from trio_api import ResponseTooLargeError
from trio_api.responses import ByteCutter, Cutter, TextCutter
from trio_api.responses._cutters import LineCutter, body_text

LINE_TEXT = st.text(st.sampled_from("ab\n\r\x0b\x0c\x1c\x85\u2028é𐍈"), max_size=30)
CUTS = st.lists(st.integers(0, 60), max_size=6)


def of(charset: str | None = None, content: bytes = b"") -> httpx.Response:
    content_type = "text/plain" if charset is None else f"text/plain; charset={charset}"
    return httpx.Response(200, headers={"Content-Type": content_type}, content=content)


def split(body: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(places)]


def cut(cutter: Cutter[Any], pieces: list[bytes]) -> list[Any]:
    return [found for piece in pieces for found in cutter.feed(piece)] + cutter.finish()


@given(st.binary(max_size=60), CUTS, st.integers(1, 20))
def test_bytes_come_in_chunks_of_one_size(body: bytes, cuts: list[int], size: int) -> None:
    """Each has *chunk_size* bytes, the last one what is left."""
    chunks = cut(ByteCutter(size), split(body, cuts))
    assert chunks == [body[start : start + size] for start in range(0, len(body), size)]


@given(st.text(max_size=30), CUTS, st.integers(1, 20), st.sampled_from(["utf-8", "utf-16", "utf-32-le"]))
def test_text_comes_in_chunks_of_one_size(text: str, cuts: list[int], size: int, charset: str) -> None:
    """Characters are counted, and none is torn apart by the bytes' split."""
    text = text.encode("utf-8", "ignore").decode()
    chunks = cut(TextCutter(of(charset), size), split(text.encode(charset), cuts))
    assert chunks == [text[start : start + size] for start in range(0, len(text), size)]


@given(LINE_TEXT, CUTS)
@example("a\r\nb", [2])
@example("\r", [])
@example("a\r", [1])
@example("a\r\r\n\n", [2, 3])
def test_lines_are_those_of_splitlines(text: str, cuts: list[int]) -> None:
    """CR LF across a split is one end, and a last line needs none."""
    assert cut(LineCutter(of(), 1000), split(text.encode(), cuts)) == text.splitlines()


@pytest.mark.parametrize("cutter", [ByteCutter, lambda: TextCutter(of())])
def test_without_a_size_nothing_is_held_back(cutter: Any) -> None:
    """Pieces pass as they come; empty ones are left out."""
    made = cutter()
    assert [len(made.feed(piece)) for piece in (b"abc", b"", b"d")] == [1, 0, 1]
    assert made.finish() == []


@given(st.binary(max_size=40), CUTS)
def test_bytes_that_no_charset_knows_are_replaced(body: bytes, cuts: list[int]) -> None:
    """Whatever comes is text, and the same as when it is decoded at once."""
    assert "".join(cut(TextCutter(of()), split(body, cuts))) == body.decode(errors="replace")


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("latin-1", b"\xe9", "é"),
        ("no-such-charset", "é".encode(), "é"),
        ("hex", "é".encode(), "é"),  # a codec of Python, but none of text
        ("idna", "é".encode(), "é"),
        (None, "é".encode(), "é"),
    ],
)
def test_the_charset_is_the_one_of_the_content_type(charset: str | None, body: bytes, text: str) -> None:
    """One that is none counts as UTF-8, for pieces and for the whole."""
    assert "".join(cut(TextCutter(of(charset)), [body])) == text
    assert body_text(of(charset, body)) == text


def test_a_line_without_end_is_stopped() -> None:
    """The line that is being collected is bounded, however small the pieces are."""
    cutter = LineCutter(of(), 10)
    assert cutter.feed(b"0123456789\n01234567") == ["0123456789"]
    cutter.feed(b"89")
    with pytest.raises(ResponseTooLargeError, match="longer than max_response_bytes=10"):
        cutter.feed(b"x")


@pytest.mark.parametrize("cutter", [ByteCutter, lambda size: TextCutter(of(), size)])
@pytest.mark.parametrize(("size", "error"), [(0, ValueError), (-1, ValueError), (1.0, TypeError), (True, TypeError)])
def test_a_chunk_has_a_size(cutter: Any, size: Any, error: type[Exception]) -> None:
    """Less than 1, or no int, is told at once."""
    with pytest.raises(error, match="chunk_size must be"):
        cutter(size)


def test_many_small_pieces_stay_cheap() -> None:
    """A chunk from single bytes is joined once: nothing is copied with every byte, and little is held beside them."""

    class Piece(bytes):
        def __add__(self, other: object) -> bytes:
            raise AssertionError("what came before was copied")

        __radd__ = __add__

    size, piece = 1 << 16, Piece(b"x")
    cutter = ByteCutter(size)
    tracemalloc.start()
    try:
        for _ in range(size - 1):
            assert cutter.feed(piece) == []
        assert tracemalloc.get_traced_memory()[1] < 16 * size
    finally:
        tracemalloc.stop()
    assert cutter.feed(piece) == [b"x" * size]
