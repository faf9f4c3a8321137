"""How bytes are cut on their way makes no difference: any split of a response, any split of a request."""

from __future__ import annotations

import attrs
import pytest
import trio
from hypothesis import given, settings, strategies as st

from support.slow_streams import cut
from support.transports import NATIVE, OpenTransport, fetch
from support.wire import answer, ok, wire_server

CANONICAL = {
    "length": ok(b"hello", b"X-A: b"),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: u\r\n\r\n",
    "1xx": b"HTTP/1.1 103 Hi\r\nLink: a\r\n\r\n" + ok(b"hello"),
}


@attrs.frozen
class Answer:
    """A response, as far as it does not depend on how it came."""

    status: int
    reason: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


async def receive(opened: OpenTransport, *responses: tuple[bytes, ...]) -> list[Answer]:
    """What comes of *responses*, in pieces each, over one connection."""
    answers = []
    async with wire_server(answer(*responses)) as server, opened() as transport:
        for _ in responses:
            response = await fetch(transport, server.url)
            reason = response.extensions["reason_phrase"]
            answers.append(Answer(response.status_code, reason, response.headers.raw, response.content))
        assert len(server.wires) == 1
    return answers


@pytest.mark.parametrize("name", CANONICAL)
async def test_a_split_at_every_byte(opened: OpenTransport, name: str) -> None:
    """In two pieces, cut anywhere, and byte by byte: always the same response."""
    response = CANONICAL[name]
    halves = [(response[:at], response[at:]) for at in range(1, len(response))]
    whole, *split = await receive(opened, (response,), tuple(cut(response, [1])), *halves)
    assert whole.body == b"hello"
    assert all(each == whole for each in split)


TOKENS = st.text("abcXYZ019-_.!#$%&'*+^`|~", min_size=1, max_size=12).map(str.encode)
VALUES = st.binary(max_size=20).map(lambda raw: bytes(byte for byte in raw if byte >= 0x20 and byte != 0x7F).strip())
FRAMING = {b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"keep-alive", b"proxy-connection"}
HEADERS = st.lists(st.tuples(TOKENS.filter(lambda name: name.lower() not in FRAMING), VALUES), max_size=5)
REASONS = st.text("abc XYZ()", max_size=10).map(lambda text: text.strip().encode())


@st.composite
def responses(draw: st.DrawFn) -> tuple[bytes, Answer]:
    """A valid response of a kept-alive connection, as bytes and as what they mean."""
    status = draw(st.sampled_from([200, 201, 204, 206, 304, 400, 404, 500, 503, 599]))
    reason, headers, pieces = (
        draw(REASONS),
        draw(HEADERS),
        draw(st.lists(st.binary(min_size=1, max_size=40), max_size=4)),
    )
    body = b"".join(pieces)
    if status in (204, 304):
        pieces, body = [], b""
    elif draw(st.booleans()):
        headers = [*headers, (b"Content-Length", b"%d" % len(body))]
        pieces = [body]
    else:
        headers = [(b"Transfer-Encoding", b"chunked"), *headers]
        extension = draw(st.sampled_from([b"", b";a", b";a=b"]))
        pieces = [b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces]
        pieces.append(b"0\r\n" + draw(st.sampled_from([b"", b"X-T: u\r\n"])) + b"\r\n")
    lines = [
        b"HTTP/1.1 %d %b" % (status, reason),
        *(b"%b:%b%b" % (name, b" ", value) for name, value in headers),
        b"",
        b"",
    ]
    return b"\r\n".join(lines) + b"".join(pieces), Answer(status, reason, headers, body)


@settings(max_examples=40)
@given(st.lists(st.tuples(responses(), st.lists(st.integers(1, 50), min_size=1, max_size=8)), min_size=1, max_size=4))
def test_any_responses_in_any_pieces(cases: list[tuple[tuple[bytes, Answer], list[int]]]) -> None:
    """Whatever is valid is what it means, however it comes, and with either parser."""
    pieces = [tuple(cut(raw, sizes)) for (raw, _), sizes in cases]
    for native in NATIVE.values():
        assert trio.run(receive, native, *pieces) == [meant for (_, meant), _ in cases]
