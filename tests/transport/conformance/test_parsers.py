"""Where the two parsers differ, and that neither way another response can be read out of it.

Both refuse what `test_refused` lists, and agree on what is valid (`test_splits`). What is left are responses that no
proper server sends. Line ends and folds in a head are mended by both alike, and end the connection. Of the rest, one
parser may refuse what the other takes; they may not read two different bodies out of it.
"""

from __future__ import annotations

import httpx
import pytest
import trio
from hypothesis import given, settings, strategies as st

from support.slow_streams import cut
from support.transports import NATIVE, OpenTransport, fetch
from support.wire import answer, close, ok, wire_server

STATUS = b"HTTP/1.1 200 OK\r\n"
CHUNKED = STATUS + b"Transfer-Encoding: chunked\r\n\r\n"


async def read(opened: OpenTransport, *pieces: bytes) -> tuple[int, bytes] | None:
    """The status and the body that a transport reads, then nothing of it by the next request; None: refused."""
    found = None
    async with wire_server(answer(pieces, then=close), answer(ok(b"next"))) as server, opened() as transport:
        try:
            first = await fetch(transport, server.url)
            found = first.status_code, first.content
        except httpx.RemoteProtocolError:
            pass
        await server.wires[0].client_left()  # or the server did, after all that it had to say
        assert (await fetch(transport, server.url)).content == b"next"
    return found


SIZE = b"Content-Length: 5\r\n"


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", id="LF only"),
        pytest.param(b"HTTP/1.1 200 OK\n" + SIZE + b"\r\nhello", id="LF after the status"),
        pytest.param(STATUS + b"A: b\n" + SIZE + b"\r\nhello", id="LF after a header"),
        pytest.param(STATUS + SIZE + b"\nhello", id="LF at the end"),
        pytest.param(STATUS + b"A: b\r\n c\r\n" + SIZE + b"\r\nhello", id="fold by a space"),
        pytest.param(STATUS + b"A: b\r\n\tc\r\n" + SIZE + b"\r\nhello", id="fold by a tab"),
        pytest.param(STATUS + b"Content-Length:\r\n 5\r\n\r\nhello", id="folded length"),
        pytest.param(STATUS + b"A: b\r\n Content-Length: 7\r\n" + SIZE + b"\r\nhello", id="fold that hides a length"),
    ],
)
@pytest.mark.parametrize("split", [False, True], ids=["at once", "in pieces"])
async def test_mended_alike(native: OpenTransport, response: bytes, split: bool) -> None:
    """A bare LF for a line end, and a header over several lines (RFC 9112, 2.2 and 5.2): taken, and the end of it."""
    pieces = tuple(cut(response, [7])) if split else (response,)
    async with wire_server(answer(pieces), answer(ok(b"next"))) as server, native() as transport:
        assert (await fetch(transport, server.url)).content == b"hello"
        await server.wires[0].client_left()
        assert (await fetch(transport, server.url)).content == b"next"


@pytest.mark.parametrize(
    ("response", "meaning"),
    [
        pytest.param(ok(b"hello", b"Content-Length: 5"), (200, b"hello"), id="the same length twice"),
        pytest.param(STATUS + b"Content-Length: 5, 5\r\n\r\nhello", (200, b"hello"), id="the same length in a list"),
        pytest.param(STATUS + b"Content-Length: 18446744073709551616\r\n\r\nhello", None, id="a length of 65 bits"),
        pytest.param(CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n", (200, b"hello"), id="space after a chunk size"),
        pytest.param(CHUNKED + b"5;\r\nhello\r\n0\r\n\r\n", (200, b"hello"), id="empty chunk extension"),
        pytest.param(CHUNKED + b'5; a="\\""\r\nhello\r\n0\r\n\r\n', (200, b"hello"), id="escaped chunk extension"),
        pytest.param(CHUNKED + b"5;a\rb\r\nhello\r\n0\r\n\r\n", (200, b"hello"), id="CR in a chunk extension"),
        pytest.param(CHUNKED + b"5;a\0b\r\nhello\r\n0\r\n\r\n", (200, b"hello"), id="NUL in a chunk extension"),
        pytest.param(CHUNKED + b"5\r\nhello\r\n0\r\n\n", (200, b"hello"), id="LF after the trailers"),
        pytest.param(CHUNKED + b"fffffffffffffffff\r\nhello", None, id="a chunk of 68 bits"),
        pytest.param(
            CHUNKED + b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n", (200, b"hello"), id="length in a trailer"
        ),
        pytest.param(
            STATUS + b"A: \x01\x7f\r\nContent-Length: 5\r\n\r\nhello", (200, b"hello"), id="controls in a value"
        ),
        pytest.param(b"\r\n" + ok(b"hello"), (200, b"hello"), id="an empty line in front"),
        pytest.param(
            b"HTTP/1.1 200 O\x01K\r\nContent-Length: 5\r\n\r\nhello", (200, b"hello"), id="control in the reason"
        ),
    ],
)
async def test_either_refused_or_read_alike(
    native: OpenTransport, response: bytes, meaning: tuple[int, bytes] | None
) -> None:
    """What one parser takes and the other refuses has one meaning only."""
    assert await read(native, response) in (None, meaning)


LINES = [
    *(
        b"HTTP/1.1 200 OK",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 100 C\r\n",
        b"HTTP/1.1 204 N",
        b"",
        b"5",
        b"3",
        b"hello",
        b"hel",
    ),
    *(b"Content-Length: 5", b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Connection: close", b"A: b", b" c"),
]
BITS = [b"0\r\n\r\n", b"hello", b"\n", b"\r", b":", b";", b" ", b"\t", b"\0", b"-", b"+", b"x"]
PIECES = [*(line + b"\r\n" for line in LINES), *BITS]
STARTS = [b"HTTP/1.1 200 OK\r\n", CHUNKED, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"]


@settings(max_examples=50)
@given(
    st.sampled_from(STARTS),
    st.lists(st.sampled_from(PIECES), max_size=10).map(b"".join),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_no_response_has_two_meanings(start: bytes, rest: bytes, sizes: list[int]) -> None:
    """Any mixture of the parts of responses: however it comes it is the same, and to both parsers if both take it."""
    whole = start + rest
    found = set()
    for native in NATIVE.values():
        meaning = trio.run(read, native, whole)
        assert trio.run(read, native, *cut(whole, sizes)) == meaning
        found.add(meaning)
    assert len(found - {None}) <= 1
