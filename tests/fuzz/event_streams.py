"""Event streams: any bytes, in any pieces, give what a slow reading of the whole gives; a bound on events holds.

The first byte of an input says how the rest is cut into pieces.
"""

from __future__ import annotations

import json
import math
from typing import Any

from support.slow_streams import cut, fitting_json_lines, fitting_sse, push, read_json_lines, read_sse
from trio_api import APIStreamDecodeError, JSONLDecoder, ServerSentEvent, SSEDecoder

from .target import Target, split_off

__all__ = ["JSON_LINES", "SSE"]

_SMALL = 40  # bytes of an event: a limit that short inputs reach
_TOO_DEEP = 500  # brackets: from somewhere above on, parsers give up, each at its own depth


def check_sse(data: bytes) -> None:
    pieces, stream = _pieces(data)
    assert push(SSEDecoder(), pieces) == (read_sse(stream), None)

    fitting = fitting_sse(stream, _SMALL)
    events, problem = push(SSEDecoder(max_event_bytes=_SMALL), pieces)
    assert events == read_sse(fitting)
    assert (problem is None) == (fitting == stream)


def check_json_lines(data: bytes) -> None:
    pieces, stream = _pieces(data)
    events, problem = push(JSONLDecoder(), pieces)
    assert events == read_json_lines(stream)
    assert (problem is None) == _is_utf_8(stream)
    for event in events:
        _check_json(event)

    fitting = fitting_json_lines(stream, _SMALL)
    events, problem = push(JSONLDecoder(max_event_bytes=_SMALL), pieces)
    assert events == read_json_lines(fitting)
    assert (problem is None) == (fitting == stream and _is_utf_8(stream))


def _pieces(data: bytes) -> tuple[list[bytes], bytes]:
    (first,), stream = split_off(data, 1)
    return cut(stream, [first % 7, 1 + first // 7]), stream


def _is_utf_8(stream: bytes) -> bool:
    try:
        stream.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_json(event: ServerSentEvent) -> None:
    """The standard library reads the same value, or both read none."""
    text = event.data.removeprefix("\ufeff")  # RFC 8259, 8.1: "parsers MAY ignore the presence of a byte order mark"
    try:
        value = event.json()
    except APIStreamDecodeError:
        if text.count("[") + text.count("{") < _TOO_DEEP:
            assert not _is_json(text), event
    else:
        assert repr(value) == repr(json.loads(text)), event


def _is_json(text: str) -> bool:
    """Whether *text* is JSON of which all can be held: RFC 8259, 6 and 8.2, leaves the rest to each parser."""
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair has no UTF-8
    except ValueError:
        return False
    return True


def _finite(number: str) -> float:
    if math.isinf(float(number)):
        raise ValueError(f"{number} is too large for a float")
    return float(number)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


UTF_8 = (b"\xef\xbb\xbf", b"\xef", b"\xbb", b"\xff", b"\xed\xa0\x80", "\u00e9\u2028\x85".encode(), b"\xf0\x9f\x98\x80")

SSE = Target(
    "sse",
    "Server-sent events are those of the standard's own algorithm, however they are cut, up to the first too large.",
    check_sse,
    seeds=(
        b'\x09event: message\nid: 1\nretry: 3000\ndata: {"a": 1}\ndata: b\n\n: comment\r\n\r\ndata: [DONE]\n\n',
        b"\x01data: a\r\r\ndata: b\n\n",
        b"\x01\xef\xbb\xbfdata: a\n\n",
        b"\x00data\n\ndata\ndata\n\ndata:\n\nid\n\nevent: x\n\nretry: 0001\ndata\n\n",
        b"\x10data: " + b"x" * 50 + b"\n\ndata: y\n\n",
    ),
    words=(
        *(b"data", b"event", b"id", b"retry", b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b"1", b"data: a\n"),
        *(b"x" * 38, b": " + b"c" * 38, b"9" * 13),
        *UTF_8,
    ),
)
JSON_LINES = Target(
    "json_lines",
    "JSON Lines are those of the whole, however they are cut, and each is the value that the standard library reads.",
    check_json_lines,
    seeds=(
        b'\x09{"a": [1, 2.5, -1e3, null, true], "b": {"c": "\\u00e9\\n"}}\r\n\r\n"x"\n12345678901234567890123\n',
        b"\x01{}\xff\n{}\n",
        b"\x01\xef\xbb\xbf[]\n \t\r\n{}",
        b"\x03[" + b"[" * 30 + b"]" * 31 + b"\n1\n",
    ),
    words=(
        *(
            b"{}",
            b"[]",
            b"[",
            b"]",
            b'{"a":',
            b"}",
            b",",
            b'"',
            b"\\u00e9",
            b"\\ud83d\\ude00",
            b"\\n",
            b"true",
            b"null",
        ),
        *(b"1", b"-0", b"0.1", b"1e5", b"1e999", b"-", b"\n", b"\r\n", b"\r", b" ", b"\t", b"\0", b"NaN", b"x" * 38),
        *UTF_8,
    ),
)
