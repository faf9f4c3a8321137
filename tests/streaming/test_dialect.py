"""What a dialect declares."""

from __future__ import annotations

import pytest

from trio_api import APIStreamDecodeError, JSONLDecoder, ServerSentEvent, SSEDecoder, StreamDialect
from trio_api.streaming import EventRole

FULL = StreamDialect.sse(done_data="[DONE]", done_events=["stop"], error_events=["oops"], ignore_events=["beat"])


@pytest.mark.parametrize(
    ("event", "role"),
    [
        (ServerSentEvent("message", "{}"), EventRole.CONTENT),
        (ServerSentEvent("other", "{}"), EventRole.CONTENT),
        (ServerSentEvent("error", "{}"), EventRole.CONTENT),
        (ServerSentEvent("oops", "{}"), EventRole.ERROR),
        (ServerSentEvent("beat", "{}"), EventRole.IGNORED),
        (ServerSentEvent("stop", "{}"), EventRole.LAST),
        (ServerSentEvent("message", "[DONE]"), EventRole.END),
        (ServerSentEvent("beat", "[DONE]"), EventRole.END),
    ],
)
def test_the_role_of_an_event(event: ServerSentEvent, role: EventRole) -> None:
    """The dialect says what each event is to the stream."""
    assert FULL.role(event) is role


def test_the_plain_dialect() -> None:
    """Errors and pings are known by their usual names, and no end is declared."""
    plain = StreamDialect.sse()
    assert plain.role(ServerSentEvent("error")) is EventRole.ERROR
    assert plain.role(ServerSentEvent("ping")) is EventRole.IGNORED
    assert [FULL.declares_end, plain.declares_end, StreamDialect.json_lines().declares_end] == [True, False, False]
    assert StreamDialect.sse(done_events=("stop",)).declares_end
    assert StreamDialect.sse(done_data="[DONE]").declares_end


@pytest.mark.parametrize(
    ("content_type", "decoder"),
    [
        ("text/event-stream", SSEDecoder),
        ("", SSEDecoder),
        ("application/jsonl", JSONLDecoder),
        ("application/x-ndjson; charset=utf-8", JSONLDecoder),
        ("Application/X-NDJSON", JSONLDecoder),
    ],
)
def test_the_content_type_names_a_dialect(content_type: str, decoder: type[object]) -> None:
    """JSON Lines by its types, else server-sent events."""
    assert type(StreamDialect.for_content_type(content_type).decoder()) is decoder


def test_a_dialect_tells_its_format() -> None:
    """By the name of what makes it."""
    assert [StreamDialect.sse().format, StreamDialect.json_lines().format] == ["sse", "json_lines"]


@pytest.mark.parametrize("dialect", [StreamDialect.sse(max_event_bytes=9), StreamDialect.json_lines(max_event_bytes=9)])
def test_a_decoder_has_the_limit_of_its_dialect(dialect: StreamDialect) -> None:
    """An event may not be larger."""
    with pytest.raises(APIStreamDecodeError, match="larger than 9 bytes"):
        dialect.decoder().feed(b"data: 1234")


@pytest.mark.parametrize(("given", "expected"), [({}, ""), ({"last_event_id": "41"}, "41")])
def test_a_decoder_may_go_on_where_another_broke_off(given: dict[str, str], expected: str) -> None:
    """With its last event id; else it has none."""
    decoder = StreamDialect.sse().decoder(**given)
    assert isinstance(decoder, SSEDecoder)
    assert decoder.last_event_id == expected


@pytest.mark.parametrize(
    ("dialect", "content_type", "tolerant", "strict"),
    [
        (StreamDialect.sse(), "text/event-stream; charset=utf-8", True, True),
        (StreamDialect.sse(), "", True, False),
        (StreamDialect.sse(), "text/plain", True, False),
        (StreamDialect.sse(), "application/json", False, False),
        (StreamDialect.sse(), "application/problem+json", False, False),
        (StreamDialect.sse(), "text/html", False, False),
        (StreamDialect.json_lines(), "application/jsonl", True, True),
        (StreamDialect.json_lines(), "application/json", True, True),
        (StreamDialect.json_lines(), "text/plain", True, False),
    ],
)
def test_what_a_dialect_reads(dialect: StreamDialect, content_type: str, tolerant: bool, strict: bool) -> None:
    """A wrong label is tolerated unless the body would silently be a stream without events."""
    assert dialect.reads(content_type, strict=False) is tolerant
    assert dialect.reads(content_type, strict=True) is strict


def test_what_a_request_accepts() -> None:
    """Each format is asked for by its own type."""
    assert [StreamDialect.sse().accept, StreamDialect.json_lines().accept] == ["text/event-stream", "application/jsonl"]


def test_names_are_no_single_text() -> None:
    """``done_events="stop"`` would be the events s, t, o and p."""
    with pytest.raises(TypeError, match=r"\('stop',\)"):
        StreamDialect.sse(done_events="stop")


@pytest.mark.parametrize("make", [StreamDialect.sse, StreamDialect.json_lines])
def test_a_limit_is_a_number_of_bytes(make: type[StreamDialect]) -> None:
    """Anything else is refused when the dialect is made."""
    with pytest.raises(ValueError, match="max_event_bytes"):
        make(max_event_bytes=0)  # type: ignore[call-arg]
