"""The entry points of the fuzzer, run for a moment."""

from __future__ import annotations

from hypothesis import example, given, settings, strategies as st

from fuzz.event_streams import fuzz_json_lines, fuzz_sse

TOKENS = [b"data", b"event", b"id", b"retry", b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b"1", b"{}", b"x" * 50]
UTF_8 = [b"\xef\xbb\xbf", b"\xef", b"\xbb", b"\xff", b"\xed\xa0\x80", "\u00e9\u2028\x85".encode(), b"\xf0\x9f\x98\x80"]
streams = st.lists(st.sampled_from(TOKENS + UTF_8) | st.binary(max_size=4), max_size=40).map(b"".join)
inputs = st.builds(lambda first, stream: bytes([first]) + stream, st.integers(0, 255), streams)


@given(inputs)
@settings(max_examples=400)
@example(b"\x01data: a\r\r\ndata: b\n\n")
@example(b"\x01\xef\xbb\xbfdata: a\n\n")
def test_server_sent_events(data: bytes) -> None:
    """Any bytes, cut anywhere, are read as the standard reads the whole of them."""
    fuzz_sse(data)


@given(inputs)
@settings(max_examples=400)
@example(b"\x01{}\xff\n{}\n")
def test_json_lines(data: bytes) -> None:
    """Any bytes, cut anywhere, are read line by line as the whole of them is."""
    fuzz_json_lines(data)
