"""HTTP/1.1: whatever a server sends, in whatever pieces, is one response or one error, and no one else's response.

The first three bytes of an input are those of `pumps`, the fourth says how what the server sends is cut, the fifth how
it is asked and read and how the server ends; the rest is what it sends, `NEXT` where it waits for another request.
"""

from __future__ import annotations

import functools
import gzip
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any, Literal, TypeAlias, cast

import attrs
import httpx
import trio

from support.slow_streams import cut
from trio_api import ResponseTooLargeError
from trio_api.transport import READ_WITHIN, TrioTransport, read_trio
from trio_api.transport._http1 import MAX_HEAD_SIZE, SWITCHING
from trio_api.transport._parsers import ParserName

from .pumps import pumped
from .scripted_wire import Ending, ScriptedConnector, ScriptedWire
from .stepped import run_stepped
from .target import Target, split_off

__all__ = ["HTTP1"]

Reading: TypeAlias = Literal["raw", "decoded", "a piece"]

NEXT = b"\xfe\xff"
"""What stands, in an input, where the server waits for another request."""
URL = "http://api.test/"
OWN = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nown"  # what the server says on every later connection
TIMEOUT = 5.0  # seconds of a clock that never waits
LIMIT = 100_000  # bytes of a decoded body
LONG = 300_000  # bytes of what is sent over and over: more than a head may have
SLACK = 2 * 65_536  # bytes that two reads may bring before they are looked at
PARSERS: tuple[ParserName, ...] = ("httptools", "h11")
METHODS = ("GET", "HEAD", "GET with an upgrade", "GET")
READINGS: tuple[Reading, ...] = ("raw", "decoded", "a piece", "decoded")
ENDINGS: tuple[Ending, ...] = ("close", "silence", "reset", "close")


@attrs.frozen
class Plan:
    """What an input stands for."""

    answers: tuple[bytes, ...]
    """What the server sends after each request."""
    sizes: tuple[int, int]
    """Of the pieces, in turns."""
    method: str
    reading: Reading
    ending: Ending
    is_in_block: bool
    """Whether the transport has its block, and so its housekeeping."""

    def cut(self) -> list[list[bytes]]:
        """The answers in small pieces."""
        longer = 4096 if sum(map(len, self.answers)) > LONG // 2 else 1
        sizes = [size * longer for size in self.sizes]
        return [[piece for piece in cut(answer, sizes) if piece] for answer in self.answers]

    def whole(self) -> list[list[bytes]]:
        """The answers in pieces as large as one read takes."""
        return [cut(answer, [65_536]) for answer in self.answers]


@attrs.frozen
class Answer:
    """A response, as far as it was read."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    is_whole: bool
    """Whether it was read to its end."""


Outcome: TypeAlias = "Answer | str"
"""A response, or the kind of error that there was in its place."""


def check_http1(data: bytes) -> None:
    run_stepped(functools.partial(_check, _plan(data)))


def _plan(data: bytes) -> Plan:
    ways, sent = split_off(data[3:], 2)
    first, way = ways
    answers = pumped(data[:3] + sent, LONG).split(NEXT)[:3]
    return Plan(
        answers=tuple(answers),
        sizes=(first % 7, 1 + first // 7),
        method=METHODS[way % 4],
        reading=READINGS[way // 4 % 4],
        ending=ENDINGS[way // 16 % 4],
        is_in_block=way < 128,
    )


async def _check(plan: Plan) -> None:
    firsts = []
    for parser in PARSERS:
        outcomes = await _play(plan, parser, plan.cut())
        (whole, *_) = await _play(plan, parser, plan.whole())
        if plan.reading != "a piece":
            assert outcomes[0] == whole, (parser, outcomes[0], whole)
        firsts.append(whole)
    meanings = {_meaning(first) for first in firsts if isinstance(first, Answer) and first.is_whole}
    assert len(meanings) <= 1, meanings


def _meaning(answer: Answer) -> tuple[object, ...]:
    return answer.status, tuple((name.lower(), value.strip()) for name, value in answer.headers), answer.body


async def _play(plan: Plan, parser: ParserName, answers: Sequence[Sequence[bytes]]) -> list[Outcome]:
    """Ask once for each answer. Each is that server's own, to this very request, or that of another connection."""
    hostile = ScriptedWire(answers, plan.ending)
    wires = [hostile, *(ScriptedWire([[OWN]] * len(answers), "silence") for _ in answers)]
    outcomes: list[Outcome] = []
    transport = TrioTransport(trust_env=False, parser=parser)
    async with transport if plan.is_in_block else aclosing(transport):
        cast("Any", transport)._connector = ScriptedConnector(wires)
        for index in range(len(answers)):
            before = hostile.requests
            outcome = await _ask(transport, plan, hostile)
            outcomes.append(outcome)
            assert not any(transport.held().values()), transport
            if hostile.requests == before:
                assert isinstance(outcome, Answer)
                assert outcome.body == (b"" if plan.method == "HEAD" else b"own")
            elif index:  # what is read after another response is what is read alone
                alone = (await _play(attrs.evolve(plan, answers=plan.answers[index:]), parser, answers[index:]))[0]
                assert outcome == alone, (outcome, alone)
    assert hostile.is_closed
    return outcomes


async def _ask(transport: TrioTransport, plan: Plan, wire: ScriptedWire) -> Outcome:
    method, _, upgrade = plan.method.partition(" ")
    extensions: dict[str, Any] = {"timeout": {"read": TIMEOUT}}
    if plan.reading == "decoded":
        extensions[READ_WITHIN] = LIMIT
    headers = {"Connection": "upgrade", "Upgrade": "echo"} if upgrade else None
    request = httpx.Request(method, URL, headers=headers, extensions=extensions)
    began, given = trio.current_time(), wire.given
    response: httpx.Response | None = None
    try:
        response = await transport.handle_async_request(request)
        outcome: Outcome = await _read(response, plan.reading, wire)
    except (httpx.TransportError, httpx.DecodingError, ResponseTooLargeError) as error:
        outcome = type(error).__name__
    assert response is not None or wire.given - given <= MAX_HEAD_SIZE + SLACK
    assert trio.current_time() - began <= (TIMEOUT if wire.waits else 0)  # no wait for one who left
    return outcome


async def _read(response: httpx.Response, reading: Reading, wire: ScriptedWire) -> Answer:
    headers = tuple(response.headers.raw)
    if response.status_code == SWITCHING:
        body, is_whole = await _read_switched(response), True
    elif reading == "decoded":
        response = await read_trio(response, LIMIT)
        body, is_whole = response.content, True
        assert len(body) <= LIMIT
    else:
        body, is_whole = await _read_raw(response, reading, wire)
    return Answer(response.status_code, headers, body, is_whole)


async def _read_raw(response: httpx.Response, reading: Reading, wire: ScriptedWire) -> tuple[bytes, bool]:
    """The body as it came, and whether that is all of it; between two of its pieces is no more than a head's worth."""
    stream = cast("httpx.AsyncByteStream", response.stream)
    body, given = b"", wire.given
    try:
        async for piece in stream:
            assert wire.given - given <= len(piece) + MAX_HEAD_SIZE + SLACK
            body, given = body + piece, wire.given
            if reading == "a piece":
                return body, False
    finally:
        await response.aclose()
    return body, True


async def _read_switched(response: httpx.Response) -> bytes:
    """What follows the head of a 101, until the server ends."""
    network = response.extensions["network_stream"]
    rest = b""
    try:
        while piece := await network.read(1000, TIMEOUT):
            rest += piece
    except httpx.TransportError:
        pass
    finally:
        await response.aclose()
    return rest


def _response(*lines: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"", body])


_LENGTH = _response(b"Content-Length: 5", body=b"hello")
_CHUNKED = _response(b"Transfer-Encoding: chunked", body=b'3\r\nhel\r\n2;a="b"\r\nlo\r\n0\r\nTrailer: x\r\n\r\n')
_GZIP = gzip.compress(b"hello" * 10, mtime=0)

HTTP1 = Target(
    "http1",
    "Whatever bytes a server sends, in whatever pieces, are one response or one httpx error, the same with both "
    "parsers where both take it, and nothing of it is taken for the answer to another request.",
    check_http1,
    seeds=(
        b"\0\0\0\x09\x00" + _LENGTH,
        b"\0\0\0\x09\x84" + _CHUNKED + NEXT + _LENGTH,
        b"\0\0\0\x20\x00" + _LENGTH + b"\r\n" + NEXT + _CHUNKED + NEXT + _LENGTH,
        # what is too much, or too little, could be taken for a part of what is asked for next
        b"\0\0\0\x20\x00" + _LENGTH + _LENGTH + NEXT + _LENGTH,
        b"\0\0\0\x00\x00" + _LENGTH + _response(b"Content-Length: 44") + NEXT + _LENGTH,
        b"\0\0\0\x00\x00" + _LENGTH + b"HTTP/1.1 200 OK\r\nA: " + NEXT + _LENGTH,
        b"\0\0\0\x40\x08" + _response(b"Content-Length: 49", body=b"hello") + NEXT + _LENGTH,
        b"\0\0\0\x09\x01" + _LENGTH[:-5] + NEXT + _LENGTH[:-5],
        b"\0\0\0\x09\x02" + b"HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nhello",
        b"\0\0\0\x40\x04" + _response(b"Content-Encoding: gzip", b"Content-Length: %d" % len(_GZIP), body=_GZIP),
        b"\0\0\0\x40\x10" + _response(b"Connection: close", body=b"until the end"),
        b"\0\0\0\x40\x20" + b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
        b"\0\0\0\x40\x08" + b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: <a>\r\n\r\n" + _CHUNKED + NEXT + _LENGTH,
        b"\0\0\0\x40\x00" + b"HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n" + NEXT + b"HTTP/1.1 204 N\r\n\r\n",
        b"\0\0\0\x40\x00" + b"HTTP/1.1 200 OK\nA: b\n c\nContent-Length: 5\n\nhello",
        b"\xff\x11\x06\x30\x00" + b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 0\r\n\r\n",
        b"\xff\x36\x02\x30\x00" + b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n5;a",
    ),
    words=(
        *(
            b"HTTP/1.1 ",
            b"HTTP/1.0 ",
            b"200 OK",
            b"100 C",
            b"101 S",
            b"204 N",
            b"304 N",
            b"\r\n",
            b"\r\n\r\n",
            b"\n",
            b"\r",
        ),
        *(b"Content-Length: ", b"Content-Length: 5\r\n", b"Transfer-Encoding: ", b"Transfer-Encoding: chunked\r\n"),
        *(b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Upgrade: echo\r\n", b"Content-Encoding: gzip\r\n"),
        *(b"A: b\r\n", b" c\r\n", b":", b";", b",", b" ", b"\t", b"\0", b"\x0b", b"\x7f", b"\x85", b"\xff", b"-", b"+"),
        *(b"hello", b"5\r\nhello\r\n", b"0\r\n\r\n", b"0", b"5", b"a", b"f" * 16, b"f" * 17, b"1" * 20, b"x", _GZIP),
        *(b"gzip", b"deflate, gzip", b"identity", b"br", b"chunked, gzip", b"xchunked", NEXT, _LENGTH, _CHUNKED),
    ),
)
