"""JSON Lines: each line an event."""

from __future__ import annotations

import pytest

from support.slow_streams import cut, push
from trio_api import APIStreamDecodeError, JSONLDecoder, ServerSentEvent


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b'{"a": 1}\n{"a": 2}\n', ['{"a": 1}', '{"a": 2}']),
        (b'{"a": 1}\r\n{"a": 2}', ['{"a": 1}', '{"a": 2}']),
        (b"\n\r\n \t\n1\n\n", ["1"]),
        (b"\xef\xbb\xbf1\n2", ["1", "2"]),
        (b'"a\rb"\n', ['"a\rb"']),
        (b" X\x0bX\x0c\t\n", ["X\x0bX\x0c"]),
        ('"\u2028\u0085"\n'.encode(), ['"\u2028\u0085"']),
        (b"", []),
        (b"\xef\xbb\xbf", []),
        (b"\xe2\x82\xac", ["\u20ac"]),
    ],
)
def test_lines(stream: bytes, expected: list[str]) -> None:
    """Each is a message of nothing but data: LF alone ends it, the last needs none, blank ones are passed over."""
    for sizes in ([len(stream)], [1], [2, 3]):
        events, problem = push(JSONLDecoder(), cut(stream, sizes))
        assert (events, problem) == ([ServerSentEvent(data=data) for data in expected], None)


@pytest.mark.parametrize(
    ("stream", "before", "problem"),
    [
        (b"1\n\xff\n2\n", 1, "is not UTF-8"),
        (b"1\n2\n\xe2\x82", 2, "is not UTF-8"),
        (b"\xef\xbb", 0, "is not UTF-8"),
        (b"1\n" + b"2" * 11 + b"\n3\n", 1, "is larger than 10 bytes"),
        (b"1\n" + b"2" * 11, 1, "is larger than 10 bytes"),
    ],
)
def test_what_is_before_a_broken_line_comes_first(stream: bytes, before: int, problem: str) -> None:
    """The lines before are given, then the stream fails for good."""
    for sizes in ([len(stream)], [1], [2, 3]):
        decoder = JSONLDecoder(max_event_bytes=10)
        events, raised = push(decoder, cut(stream, sizes))
        assert len(events) == before
        assert problem in (raised or "")
        with pytest.raises(APIStreamDecodeError):
            decoder.feed(b"4\n")


def test_a_line_may_be_as_large_as_the_limit() -> None:
    """Whether it comes whole or in pieces."""
    for sizes in ([11], [1], [10]):
        events, problem = push(JSONLDecoder(max_event_bytes=10), cut(b"1234567890\n", sizes))
        assert (len(events), problem) == (1, None)


def test_an_endless_line_is_stopped_at_a_mebibyte() -> None:
    """Memory is bounded."""
    decoder = JSONLDecoder()
    with pytest.raises(APIStreamDecodeError, match="larger than 1048576 bytes"):
        for _ in range(1100):
            assert decoder.feed(b"x" * 1000) == []
