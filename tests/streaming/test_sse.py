"""Server-sent events, as the WHATWG HTML standard interprets them (9.2.6), and what it leaves open: size and speed."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, strategies as st

from support.slow_streams import cut, push, read_sse
from trio_api import APIStreamDecodeError, ServerSentEvent, SSEDecoder


def events_of(stream: bytes) -> list[ServerSentEvent]:
    events, problem = push(SSEDecoder(), [stream])
    assert problem is None
    return events


STANDARD = {
    "stocks": (b"data: YHOO\ndata: +2\ndata: 10\n\n", [("message", "YHOO\n+2\n10", "")]),
    "four blocks": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [("message", "first event", "1"), ("message", "second event", ""), ("message", " third event", "")],
    ),
    "empty data": (b"data\n\ndata\ndata\n\ndata:", [("message", "", ""), ("message", "\n", "")]),
    "one space": (b"data:test\n\ndata: test\n\n", [("message", "test", ""), ("message", "test", "")]),
    "named events": (
        b"event: add\ndata: 73857293\n\nevent:remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n",
        [("add", "73857293", ""), ("remove", "2153", ""), ("add", "113411", "")],
    ),
}


@pytest.mark.parametrize(("stream", "expected"), STANDARD.values(), ids=STANDARD)
def test_examples_of_the_standard(stream: bytes, expected: list[tuple[str, str, str]]) -> None:
    """Each example of 9.2.6 gives what the standard says of it."""
    assert [(event.event, event.data, event.id) for event in events_of(stream)] == expected


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\r\rdata: b\r\n\r\ndata: c\n\n", ["a", "b", "c"]),
        (b"data: a\r\n\ndata: b\n\r\n", ["a", "b"]),
        (b"data: a\r\ndata: b\rdata: c\r\n\r\n", ["a\nb\nc"]),
        (b"data: a\n\rdata: b\r\r", ["a", "b"]),
        (b"data: a\x0b\x0c\x85\xe2\x80\xa8\n\n", ["a\x0b\x0c\ufffd\u2028"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"]),
        (b"data: \xff\xc3\n\n", ["\ufffd\ufffd"]),
        (b"data: \xed\xa0\x80\n\n", ["\ufffd" * 3]),
        (b"data: a", []),
        (b"data: a\n", []),
        (b"event: ping\n\nretry: 1\n\nid: 7\n\n", []),
        (b"DATA: a\ndata : b\n data: c\n\n", []),
        (b"data: a:b\n\n", ["a:b"]),
        (b"", []),
    ],
)
def test_lines_and_text(stream: bytes, expected: list[str]) -> None:
    """CR, LF and CRLF end a line and nothing else does; one byte order mark is passed over; bad UTF-8 is replaced."""
    for sizes in ([len(stream)], [1], [2, 3]):
        events, problem = push(SSEDecoder(), cut(stream, sizes))
        assert ([event.data for event in events], problem) == (expected, None)


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        (b"3000", 3000),
        (b"0", 0),
        (b"9" * 12, 10**12 - 1),
        (b"9" * 13, None),
        (b"0" * 5000 + b"7", 7),
        (b"1" * 5000, None),
        (b"-1", None),
        (b"1.5", None),
        (b"1e3", None),
        (b" 1", None),
        (b"", None),
        ("\u0663".encode(), None),
    ],
)
def test_reconnection_time(digits: bytes, expected: int | None) -> None:
    """Only ASCII digits are a reconnection time; one beyond all reason is none."""
    decoder = SSEDecoder()
    (event,) = decoder.feed(b"retry: " + digits + b"\ndata: a\n\n")
    assert event.retry == decoder.retry == expected


def test_a_reconnection_time_belongs_to_its_event() -> None:
    """The next event has none; the decoder remembers it."""
    decoder = SSEDecoder()
    events = decoder.feed(b"retry: 5\ndata: a\n\ndata: b\n\n")
    assert ([event.retry for event in events], decoder.retry) == ([5, None], 5)


def test_fields_have_names_in_lower_case() -> None:
    """Another spelling is another field, and ignored."""
    (event,) = events_of(b"EVENT: x\nID: 1\nRetry: 2\nData: b\ndata: a\n\n")
    assert event == ServerSentEvent(data="a")


def test_bad_utf_8_is_replaced_everywhere() -> None:
    """In the type and the id of an event as in its data."""
    (event,) = events_of(b"event: \xff\nid: 1\xff\ndata: \xff\n\n")
    assert (event.event, event.id, event.data) == ("\ufffd", "1\ufffd", "\ufffd")


def test_an_id_persists() -> None:
    """An event without an id has the last one; an id with a NUL is none; an empty one takes it away."""
    stream = b"id: 1\ndata: a\n\ndata: b\n\nid: \x002\ndata: c\n\nid\ndata: d\n\n"
    assert [event.id for event in events_of(stream)] == ["1", "1", "1", ""]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"id: 1\ndata: a\n\n", "1"),
        (b"id: 1\n\n", "1"),
        (b"id: 1\n", "0"),
        (b"id: 1\ndata: a\n\nid: 2\ndata: b\n", "1"),
    ],
)
def test_the_last_id_is_that_of_the_last_block(stream: bytes, expected: str) -> None:
    """A block that was cut off does not count: its event has to come again."""
    decoder = SSEDecoder(last_event_id="0")
    push(decoder, [stream])
    assert decoder.last_event_id == expected


def test_a_stream_that_is_gone_on_with_keeps_its_id() -> None:
    """As browsers do it: the events have the last id until another comes."""
    (event,) = SSEDecoder(last_event_id="41").feed(b"data: a\n\n")
    assert event.id == "41"


@given(st.lists(st.text(max_size=8), max_size=8), st.lists(st.integers(0, 9), min_size=1))
def test_any_data_comes_through_any_cut(texts: list[str], sizes: list[int]) -> None:
    """What is written line by line is read again, wherever the bytes are cut."""
    texts = [text.replace("\r", "").replace("\n", "") for text in texts]
    stream = b"".join(f"data: {text}\n\n".encode("utf-8", "replace") for text in texts)
    events, problem = push(SSEDecoder(), cut(stream, sizes))
    assert problem is None
    assert events == read_sse(stream)


@pytest.mark.parametrize(
    ("stream", "fine"),
    [
        (b"data: " + b"x" * 94 + b"\n\n", True),
        (b"data: " + b"x" * 94 + b"\n\ndata: " + b"x" * 94 + b"\n\n", True),
        (b"data: " + b"x" * 95, False),
        (b"data: " + b"x" * 95 + b"\n\n", False),
        (b"data: 1234\n" * 10 + b"\n", True),
        (b"data: 1234\n" * 10 + b":\n", False),
        (b"data\n" * 30, False),
        (b"event: x\n" * 20, False),
        (b"id: " + b"x" * 97, False),
        (b": " + b"x" * 99, False),
        (b": pong\n" * 1000 + b"data: a\n\n", True),
        (b"data: a\n\n" * 1000, True),
        (b"\n" * 1000, True),
    ],
)
def test_an_event_is_bounded(stream: bytes, fine: bool) -> None:
    """Its fields together, and any one line, have at most the bytes that the limit says, however they are cut."""
    for pieces in ([stream], cut(stream, [1]), cut(stream, [7])):
        _, problem = push(SSEDecoder(max_event_bytes=100), pieces)
        assert problem == (None if fine else "an event of the stream is larger than 100 bytes")


@pytest.mark.parametrize("piece", [b"x" * 1000, b"data:\n" * 1000, b"data: x\n" * 1000, b"event: x\n" * 1000])
def test_an_endless_event_is_stopped_at_a_mebibyte(piece: bytes) -> None:
    """A line without an end, or lines without a blank one, take bounded memory and end in an error."""
    decoder = SSEDecoder()
    tracemalloc.start()
    with pytest.raises(APIStreamDecodeError, match="larger than 1048576 bytes"):
        for _ in range(2000):
            assert decoder.feed(piece) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * 2**20


def test_endless_comments_take_no_memory() -> None:
    """A server may send its heartbeats for ever, with blank lines or without."""
    decoder = SSEDecoder()
    tracemalloc.start()
    for _ in range(3000):
        assert decoder.feed(b": heartbeat\n" * 100) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**18


def test_events_before_a_failure_come_first() -> None:
    """The piece that breaks the stream gives what it completed; every call after it raises."""
    decoder = SSEDecoder(max_event_bytes=10)
    assert [event.data for event in decoder.feed(b"data: a\n\ndata: " + b"x" * 10)] == ["a"]
    for call in (lambda: decoder.feed(b"\n\n"), decoder.finish, lambda: decoder.feed(b"")):
        with pytest.raises(APIStreamDecodeError):
            call()


def test_the_work_grows_as_the_stream_does() -> None:
    """A piece is copied into its line once: what is copied grows linearly, however small the pieces are."""
    copied = 0

    class Counted(bytes):
        def split(self, *arguments: object) -> list[bytes]:  # type: ignore[override]
            nonlocal copied
            copied += len(self)
            return super().split(*arguments)  # type: ignore[arg-type]

    decoder = SSEDecoder()
    decoder.feed(b"data: ")
    for _ in range(10_000):
        decoder.feed(Counted(b"x" * 100))
    assert copied == 1_000_000
    assert len(decoder.feed(b"\n\n")[0].data) == 1_000_000


@pytest.mark.parametrize(("limit", "kind"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)])
def test_a_limit_is_a_number_of_bytes(limit: int, kind: type[Exception]) -> None:
    """Anything else is refused by name."""
    with pytest.raises(kind, match=r"^max_event_bytes "):
        SSEDecoder(max_event_bytes=limit)
