"""Reading a stream as its dialect has it: what is delivered, and when what is wrong is raised."""

from __future__ import annotations

import pytest

from trio_api import APIStreamDecodeError, APIStreamError, APIStreamTruncatedError, ServerSentEvent, StreamDialect
from trio_api.streaming import EventReader, NoEvent

DONE = StreamDialect.sse(done_data="[DONE]", done_events=("stop",))


def reader_of(*pieces: bytes, dialect: StreamDialect = DONE, finished: bool = False) -> EventReader:
    reader = EventReader(dialect)
    for piece in pieces:
        reader.feed(piece)
    if finished:
        reader.finish()
    return reader


def pulled(reader: EventReader) -> list[str | NoEvent | type[Exception]]:
    """The data of each event up to what is none."""
    got: list[str | NoEvent | type[Exception]] = []
    while True:
        try:
            event = reader.pull()
        except APIStreamError as error:
            return [*got, type(error)]
        if not isinstance(event, ServerSentEvent):
            return [*got, event]
        got.append(event.data)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: 1\n\ndata: 2\n\n", ["1", "2", NoEvent.NEED_DATA]),
        (b"event: ping\ndata: {}\n\n: x\n\n", [NoEvent.NEED_DATA]),
        (b"data: 1\n\ndata: [DONE]\n\ndata: 2\n\n", ["1", NoEvent.END]),
        (b"data: 1\n\nevent: stop\ndata: 2\n\ndata: 3\n\n", ["1", "2", NoEvent.END]),
        (b"data: 1\n\nevent: error\ndata: 2\n\ndata: 3\n\n", ["1", APIStreamError]),
    ],
)
def test_what_is_pulled(stream: bytes, expected: list[object]) -> None:
    """A sentinel is not delivered, a named terminal event is, and nothing after either."""
    assert pulled(reader_of(stream)) == expected


@pytest.mark.parametrize(
    ("dialect", "stream", "last"),
    [
        (DONE, b"data: 1\n\n", APIStreamTruncatedError),
        (DONE, b"data: 1\n\ndata: [DONE]\n\n", NoEvent.END),
        (StreamDialect.sse(), b"data: 1\n\n", NoEvent.END),
        (StreamDialect.json_lines(), b"1", NoEvent.END),
        (StreamDialect.json_lines(max_event_bytes=1), b"1\n22", APIStreamDecodeError),
        (StreamDialect.json_lines(), b"1\n\xff", APIStreamDecodeError),
    ],
)
def test_how_a_stream_ends(dialect: StreamDialect, stream: bytes, last: object) -> None:
    """With its connection, unless the dialect declares more; what is wrong is raised after the events before it."""
    reader = reader_of(stream, dialect=dialect, finished=True)
    assert pulled(reader) == ["1", last]
    assert pulled(reader) == [last]


def test_what_follows_the_end_is_not_looked_at() -> None:
    """Bytes after the terminal event can't break the stream."""
    reader = reader_of(b"data: [DONE]\n\n", b"data: " + b"x" * 2**21, finished=True)
    assert reader.is_terminated
    assert pulled(reader) == [NoEvent.END]


def test_after_an_error_event_the_stream_is_over() -> None:
    """It was the end, but not the one of a complete stream."""
    reader = reader_of(b"event: error\ndata: {}\n\n")
    assert pulled(reader) == [APIStreamError]
    assert pulled(reader) == [NoEvent.END]
    assert not reader.is_terminated


@pytest.mark.parametrize(
    ("data", "body", "message"),
    [
        (b'{"error": {"message": "Overloaded"}}', {"message": "Overloaded"}, "'error': Overloaded"),
        (b'{"message": "Overloaded"}', {"message": "Overloaded"}, "'error': Overloaded"),
        (b'{"error": "no"}', {"error": "no"}, "'error'"),
        (b"Overloaded", "Overloaded", "'error': Overloaded"),
        (b"[1]", [1], "'error'"),
    ],
)
def test_an_error_event_carries_its_body(data: bytes, body: object, message: str) -> None:
    """Unwrapped, as that of a status error is; its message is shown."""
    with pytest.raises(APIStreamError) as caught:
        reader_of(b"event: error\ndata: " + data + b"\n\n").pull()
    assert caught.value.body == body
    assert str(caught.value) == f"the stream sent an event {message}"


@pytest.mark.parametrize(
    ("stream", "has_news"),
    [
        (b"", False),
        (b": beat\n\nevent: ping\ndata: {}\n\nid: 1\n\n", False),
        (b"data: 1\n\n", True),
        (b"data: [DONE]\n\n", True),
        (b"event: error\ndata: 1\n\n", True),
        (b"x" * 2**21, True),
    ],
)
def test_news_is_what_the_caller_will_meet(stream: bytes, has_news: bool) -> None:
    """An event of content, the end or a failure; no ping and no comment."""
    assert reader_of(stream).has_news is has_news
    assert reader_of(stream, finished=True).has_news


def test_a_stream_resumes_where_it_was_cut_off() -> None:
    """Half an event is dropped, id and reconnection time stay."""
    reader = reader_of(b"retry: 5\nid: 1\ndata: a\n\nid: 2\ndata: b", finished=True)
    assert pulled(reader) == ["a", APIStreamTruncatedError]
    assert (reader.is_cut_off, reader.is_terminated) == (True, False)
    reader.resume()
    assert (reader.last_event_id, reader.retry, reader.is_cut_off) == ("1", 5, False)
    reader.feed(b"retry: 6\ndata: b\n\ndata: [DONE]\n\n")
    assert pulled(reader) == ["b", NoEvent.END]
    assert (reader.last_event_id, reader.retry) == ("1", 6)


def test_a_stream_that_was_cut_off_says_why_it_counts_as_that() -> None:
    """The dialect declares an end, and it did not come."""
    with pytest.raises(APIStreamTruncatedError, match=r"^the stream ended without the terminal event that its dialect"):
        reader_of(b"data", finished=True).pull()


def test_json_lines_have_no_ids() -> None:
    """So they can't be gone on with."""
    reader = reader_of(b"1\n", dialect=StreamDialect.json_lines())
    assert (reader.last_event_id, reader.retry) == ("", None)


def test_a_server_that_has_no_more_to_say_ends_the_stream() -> None:
    """Whatever the dialect declares."""
    reader = EventReader(DONE)
    reader.end()
    assert pulled(reader) == [NoEvent.END]


def test_data_that_is_no_json_is_shown_with_its_body() -> None:
    """`ServerSentEvent.json` raises an error of the library."""
    with pytest.raises(APIStreamDecodeError, match="the data of an event 'chunk' is not JSON") as caught:
        ServerSentEvent("chunk", "<html>").json()
    assert caught.value.body == "<html>"
    assert ServerSentEvent(data='{"a": 1}').json() == {"a": 1}
