"""Who turns the bytes of a stream, as they come in pieces, into events; everyone counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

__all__ = ["FRAMES", "STREAM_DECODERS", "stream"]

PIECE = 100  # bytes

Decode = Callable[[list[bytes]], int]
"""Decodes a stream, given in pieces, and counts its events."""

FRAMES = {  # what stands before and after the JSON of each event
    "sse": (b"data: ", b"\n\n"),
    "sse_named": (b"event: add\r\ndata: ", b"\r\n\r\n"),
    "lines": (b"", b"\n"),
}


def stream(events: int, frame: tuple[bytes, bytes]) -> list[bytes]:
    """*events* small JSON objects, each between the halves of *frame*, cut into pieces."""
    before, after = frame
    whole = b"".join(b'%b{"i": %d, "text": "hello"}%b' % (before, number, after) for number in range(events))
    return [whole[start : start + PIECE] for start in range(0, len(whole), PIECE)]


def our_sse() -> Decode:
    from trio_api import SSEDecoder

    def count(pieces: list[bytes]) -> int:
        decoder = SSEDecoder()
        return sum(len(decoder.feed(piece)) for piece in pieces)

    return count


def our_json_lines() -> Decode:
    from trio_api import JSONLDecoder

    def count(pieces: list[bytes]) -> int:
        decoder = JSONLDecoder()
        return sum(len(decoder.feed(piece)) for piece in pieces) + len(decoder.finish())

    return count


def openai_sse() -> Decode:
    from openai._streaming import SSEDecoder

    return lambda pieces: sum(1 for _ in SSEDecoder().iter_bytes(iter(pieces)))


def httpx_sse() -> Decode:
    import httpx
    from httpx_sse import EventSource

    def count(pieces: list[bytes]) -> int:
        response = httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=iter(pieces))
        return sum(1 for _ in EventSource(response).iter_sse())

    return count


def httpx_lines() -> Decode:
    """The lines of httpx, which is what the SDKs read JSON Lines by."""
    import httpx

    def lines(pieces: list[bytes]) -> Iterator[str]:
        return (line for line in httpx.Response(200, content=iter(pieces)).iter_lines() if line)

    return lambda pieces: sum(1 for _ in lines(pieces))


STREAM_DECODERS: dict[str, dict[str, Callable[[], Decode]]] = {
    "sse": {"trio_api": our_sse, "openai": openai_sse, "httpx_sse": httpx_sse},
    "sse_named": {"trio_api": our_sse, "openai": openai_sse},
    "lines": {"trio_api": our_json_lines, "httpx": httpx_lines},
}
