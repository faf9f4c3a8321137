"""Responses that are no HTTP/1.1, or that two readers could read in two ways: refused, and their connection closed.

What is mended, and what one parser takes and the other refuses, is in `test_parsers`.
"""

from __future__ import annotations

import h11
import httpx
import pytest

from support.transports import OpenTransport, fetch
from support.wire import answer, ok, wire_server

STATUS = b"HTTP/1.1 200 OK\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
CHUNKED = STATUS + b"Transfer-Encoding: chunked\r\n\r\n"


def sized(value: bytes) -> bytes:
    return STATUS + b"Content-Length:" + value + b"\r\n\r\nhello"


def coded(value: bytes) -> bytes:
    return STATUS + b"Transfer-Encoding:" + value + b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


STATUS_LINES = {
    "another protocol": b"SSH-2.0-OpenSSH_9.6",
    "shoutcast": b"ICY 200 OK",
    "small letters": b"http/1.1 200 OK",
    "no minor version": b"HTTP/1 200 OK",
    "no dot": b"HTTP/11 200 OK",
    "long minor version": b"HTTP/1.10 200 OK",
    "no status": b"HTTP/1.1 OK",
    "two digits": b"HTTP/1.1 20 OK",
    "four digits": b"HTTP/1.1 2000 OK",
    "letters": b"HTTP/1.1 2x0 OK",
    "sign": b"HTTP/1.1 +20 OK",
    "negative": b"HTTP/1.1 -20 OK",
    "no space": b"HTTP/1.1 200OK",
    "two spaces": b"HTTP/1.1  200 OK",
    "tabs": b"HTTP/1.1\t200\tOK",
    "space in front": b" HTTP/1.1 200 OK",
}
HEADERS = {
    "no colon": b"abc",
    "no name": b": abc",
    "space before the colon": b"A : b",
    "space in the name": b"A b: c",
    "tab in the name": b"A\tb: c",
    "quote in the name": b'A"b: c',
    "bracket in the name": b"A(b: c",
    "non-ASCII name": b"\xc3\x84: b",
    "NUL in the name": b"A\0: b",
    "NUL in the value": b"A: b\0c",
    "CR in the value": b"A: b\rc",
    "CR for a line end": b"A: b\rC: d",
    "two CR": b"A: b\r",
    "folded first line": b" A: b",
}
LENGTHS = {
    "sign": b" +5",
    "negative": b" -5",
    "hexadecimal": b" 0x5",
    "fraction": b" 5.0",
    "exponent": b" 5e0",
    "underscore": b" 1_0",
    "letters": b" 5a",
    "nothing": b"",
    "two numbers": b" 5 5",
    "two numbers with a comma": b" 5, 6",
    "superscript": b" \xb2",
    "Arabic digit": " ٥".encode(),
    "space before the colon": b" 5\r\nContent-Length : 5",
    "another": b" 5\r\nContent-Length: 6",
    "another first": b" 6\r\nContent-Length: 5",
}
CHUNKS = {
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "no hex digit": b"g\r\nhello\r\n0\r\n\r\n",
    "sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "negative": b"-5\r\nhello\r\n0\r\n\r\n",
    "prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
    "underscore": b"0_5\r\nhello\r\n0\r\n\r\n",
    "space in front": b" 5\r\nhello\r\n0\r\n\r\n",
    "LF after the size": b"5\nhello\r\n0\r\n\r\n",
    "two CR after the size": b"5\r\r\nhello\r\n0\r\n\r\n",
    "LF in an extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "shorter than said": b"6\r\nhello\r\n0\r\n\r\n",
    "longer than said": b"4\r\nhello\r\n0\r\n\r\n",
    "no line end": b"5\r\nhello0\r\n\r\n",
    "LF after the data": b"5\r\nhello\n0\r\n\r\n",
    "CR after the data": b"5\r\nhello\r0\r\n\r\n",
    "thirty digits": b"0" * 6 + b"f" * 24 + b"\r\nhello",
    "trailer without a colon": b"5\r\nhello\r\n0\r\nabc\r\n\r\n",
    "trailer with a space": b"5\r\nhello\r\n0\r\nA : b\r\n\r\n",
}


def rows(prefix: str, responses: dict[str, bytes]) -> list[object]:
    return [pytest.param(response, id=f"{prefix}: {name}") for name, response in responses.items()]


async def check_that_it_is_refused(opened: OpenTransport, response: bytes) -> None:
    async with wire_server(answer(response), answer(ok(b"next"))) as server, opened() as transport:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(transport, server.url)
        await server.wires[0].client_left()
        assert (await fetch(transport, server.url)).content == b"next"


@pytest.mark.parametrize(
    "response",
    [
        *rows("status line", {name: line + b"\r\n" + EMPTY for name, line in STATUS_LINES.items()}),
        *rows("header", {name: STATUS + line + b"\r\n" + EMPTY for name, line in HEADERS.items()}),
        *rows("length", {name: sized(value) for name, value in LENGTHS.items()}),
        *rows("chunk", {name: CHUNKED + body for name, body in CHUNKS.items()}),
        pytest.param(
            sized(b" " + b"9" * 30),
            id="length: thirty digits",
            marks=pytest.mark.skipif(h11.__version__ < "0.15", reason="h11 waits for so much"),
        ),
    ],
)
async def test_what_everybody_refuses(opened: OpenTransport, response: bytes) -> None:
    """A breach of the protocol is an error, and nothing that came over its connection is ever used."""
    await check_that_it_is_refused(opened, response)


BOTH = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "response",
    [
        *rows(
            "version",
            {
                "0.9": b"HTTP/0.9 200 OK\r\n" + EMPTY,
                "2.0": b"HTTP/2.0 200 OK\r\n" + EMPTY,
                "1.2": b"HTTP/1.2 200 OK\r\n" + EMPTY,
                "RTSP": b"RTSP/1.0 200 OK\r\n" + EMPTY,
            },
        ),
        *rows(
            "status",
            {
                "000": b"HTTP/1.1 000 X\r\n" + EMPTY,
                "099": b"HTTP/1.1 099 X\r\n" + EMPTY,
                "NUL in the reason": b"HTTP/1.1 200 O\0K\r\n" + EMPTY,
                "CR in the reason": b"HTTP/1.1 200 O\rK\r\n" + EMPTY,
            },
        ),
        *rows(
            "length and coding",
            {
                "length first": STATUS + BOTH,
                "coding first": STATUS + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            },
        ),
        *rows(
            "coding",
            {
                "gzip": coded(b" gzip"),
                "identity": coded(b" identity"),
                "unknown": coded(b" xchunked"),
                "quoted": coded(b' "chunked"'),
                "chunked in the middle": coded(b" chunked, gzip"),
                "gzip before chunked": coded(b" gzip, chunked"),
                "chunked twice": coded(b" chunked, chunked"),
                "two lines": coded(b" chunked\r\nTransfer-Encoding: chunked"),
                "another line": coded(b" chunked\r\nTransfer-Encoding: identity"),
                "with a parameter": coded(b" chunked;a=b"),
                "nothing": coded(b""),
            },
        ),
    ],
)
async def test_what_we_refuse_with_either_parser(native: OpenTransport, response: bytes) -> None:
    """What RFC 9112 lets a recipient mend in different ways is not mended.

    With httpx (h11) a coding overrules a length, and it takes HTTP/2.0.
    """
    await check_that_it_is_refused(native, response)
