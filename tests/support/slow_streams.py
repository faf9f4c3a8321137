"""Event streams read slowly and plainly, in whole: what the push parsers have to agree with."""

from __future__ import annotations

import codecs
import re
from typing import Protocol

from trio_api import APIStreamDecodeError, ServerSentEvent


class Decoder(Protocol):
    """A push parser."""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]: ...

    def finish(self) -> list[ServerSentEvent]: ...


def read_sse(stream: bytes) -> list[ServerSentEvent]:
    """WHATWG HTML, 9.2.6, sentence by sentence, on text."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    *lines, _ = re.split("\r\n|\r|\n", text)  # what follows the last line end is discarded
    events: list[ServerSentEvent] = []
    data, kind, last_id, retry = "", "", "", None
    for line in lines:
        if line == "":
            if data != "":
                events.append(ServerSentEvent(kind or "message", data.removesuffix("\n"), last_id, retry))
            data, kind, retry = "", "", None
            continue
        if line.startswith(":"):
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                kind = value
            case "data":
                data += value + "\n"
            case "id" if "\0" not in value:
                last_id = value
            case "retry" if re.fullmatch("[0-9]+", value) and len(value.lstrip("0")) <= 12:
                retry = int(value)
            case _:
                pass
    return events


def fitting_sse(stream: bytes, limit: int) -> bytes:
    """*stream* up to the line by which an event, or a comment on its own after it, has more than *limit* bytes."""
    start = len(codecs.BOM_UTF8) if stream.startswith(codecs.BOM_UTF8) else 0
    size = 0
    for match in re.finditer(rb"([^\r\n]*)(\r\n|\r|\n|$)", stream[start:]):
        line = match[1]
        if size + len(line) > limit:
            return stream[: start + match.start()]
        if not line:
            size = 0
        elif not line.startswith(b":"):
            size += len(line)
    return stream


def fitting_json_lines(stream: bytes, limit: int) -> bytes:
    """*stream* up to the first line of more than *limit* bytes."""
    start = len(codecs.BOM_UTF8) if stream.startswith(codecs.BOM_UTF8) else 0
    for match in re.finditer(rb"[^\n]*", stream[start:]):
        if len(match[0]) > limit:
            return stream[: start + match.start()]
    return stream


def read_json_lines(stream: bytes) -> list[ServerSentEvent]:
    """Each line that is not blank, up to the first that is no UTF-8."""
    events: list[ServerSentEvent] = []
    for line in stream.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        try:
            text = line.decode().strip(" \t\r")
        except UnicodeDecodeError:
            break
        if text:
            events.append(ServerSentEvent(data=text))
    return events


def push(decoder: Decoder, pieces: list[bytes]) -> tuple[list[ServerSentEvent], str | None]:
    """The events that *decoder* gives for *pieces*, and what it raised then, if it did."""
    events: list[ServerSentEvent] = []
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.finish()
    except APIStreamDecodeError as error:
        return events, str(error)
    return events, None


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    """*stream* in pieces of *sizes*, over and over; a size of 0 is an empty piece."""
    pieces: list[bytes] = []
    at = turn = 0
    while at < len(stream):
        size = sizes[turn % len(sizes)] if any(sizes) else len(stream)
        pieces.append(stream[at : at + size])
        at, turn = at + size, turn + 1
    return pieces
