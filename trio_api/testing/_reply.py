"""What a scripted API answers: a response as a value, its body as a script of bytes, pauses and a break."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias, cast, final

import attrs
import httpx

from .._checks import check_bytes, check_seconds, seconds_field
from .._types import NotGiven, not_given

__all__ = ["BODILESS", "Piece", "Reply"]

Piece: TypeAlias = "bytes | float | Exception"
"""Bytes of a body; seconds that pass before the next; or what breaks it off."""

BODILESS: Final = frozenset({204, 304})  # RFC 9110, 8.6 and 15.4.5: nothing comes, and no length is said


def _status(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"status must be an int, an HTTP status, got {value!r}")
    if not 200 <= value <= 999:
        raise ValueError(f"status must be that of a final response, 200 to 999, got {value}")


def _headers(value: Mapping[str, str] | Iterable[tuple[str, str]]) -> httpx.Headers:
    try:
        return httpx.Headers(cast("Any", value if isinstance(value, Mapping) else list(value)))
    except (TypeError, ValueError, AttributeError):
        raise TypeError(f"headers must be a mapping of text to text, or pairs, got {value!r}") from None


def _content(instance: object, attribute: attrs.Attribute[bytes], value: object) -> None:
    if not isinstance(value, bytes):
        raise TypeError(f"content must be bytes, got {value!r}; for JSON use json=..., for a script pieces=...")


def _pieces(value: Iterable[Piece] | None) -> tuple[Piece, ...] | None:
    if value is None:
        return None
    if isinstance(value, (str, bytes)):
        raise TypeError(f"pieces must be an iterable of pieces, got {value!r}; for a body as a whole use content=...")
    pieces = tuple(value)
    for number, piece in enumerate(pieces):
        if isinstance(piece, Exception):
            if number < len(pieces) - 1:
                raise ValueError(f"pieces has something behind {piece!r}, which breaks the body off")
        elif not isinstance(piece, bytes):
            check_seconds("a piece that is neither bytes nor an exception", piece)
    return pieces


@final
@attrs.frozen
class Reply:
    """A response of a `MockAPI`; it is sent as often as asked for, each time anew.

    Raises:
        TypeError, ValueError: A field cannot be what it is meant to be; the message names it.
    """

    status: int = attrs.field(default=200, validator=_status)
    """The status. Default: 200."""
    json: object = attrs.field(default=not_given, kw_only=True)
    """The body, as what JSON is made from."""
    content: bytes = attrs.field(default=b"", kw_only=True, validator=_content)
    """The body in bytes, as they go over the wire."""
    pieces: tuple[Piece, ...] | None = attrs.field(default=None, kw_only=True, converter=_pieces)
    """The body as a script: bytes come as they stand, each in a piece of its own; a number lets seconds pass; an
    exception, as the last, breaks the body off. No ``Content-Length`` is said."""
    headers: httpx.Headers = attrs.field(factory=httpx.Headers, kw_only=True, converter=_headers, repr=False)
    """The headers, a mapping or pairs. Those of the body's form and length are added."""
    delay: float = attrs.field(default=0.0, kw_only=True, validator=seconds_field)
    """Seconds from the end of the request to the head of the response. Default: 0."""

    def __attrs_post_init__(self) -> None:
        if (not isinstance(self.json, NotGiven)) + bool(self.content) + (self.pieces is not None) > 1:
            raise TypeError("a Reply has one body: json=..., content=... or pieces=..., not two of them")

    @classmethod
    def of(cls, response: httpx.Response) -> Reply:
        """The reply that says what *response* says.

        Raises:
            TypeError: Its body is not in memory.
        """
        if not isinstance(response.stream, httpx.ByteStream):
            raise TypeError("the body of an httpx.Response must be in memory; for a stream use Reply(pieces=[...])")
        raw = b"".join(response.stream)
        return cls(response.status_code, content=raw, headers=response.headers)

    def cut(self, at: int | None = None, error: Exception | None = None) -> Reply:
        """The same reply, whose body breaks off; what its headers say of the length stays.

        Args:
            at: After how many bytes. Default: after the last, before the end is known.
            error: What is met. Default: the `httpx.RemoteProtocolError` of a server that closes the connection.

        Raises:
            TypeError, ValueError: *at* is no int, or negative.
        """
        if at is not None:
            check_bytes("at", at, least=0)
        kept: list[Piece] = []
        left = at
        for piece in self.script():
            if isinstance(piece, Exception) or left == 0:
                break
            if isinstance(piece, bytes) and left is not None:
                piece, left = piece[:left], left - len(piece[:left])
            kept.append(piece)
        given = sum(len(piece) for piece in kept if isinstance(piece, bytes))
        kept.append(error or httpx.RemoteProtocolError(f"peer closed connection after {given} bytes of the body"))
        return attrs.evolve(self, json=not_given, content=b"", pieces=kept, headers=self.all_headers())

    @property
    def broken_by(self) -> Exception | None:
        """What breaks the body off; None where it comes to its end."""
        last = self.pieces[-1] if self.pieces else None
        return last if isinstance(last, Exception) else None

    def script(self) -> tuple[Piece, ...]:
        """The body, piece by piece."""
        if self.pieces is not None:
            return self.pieces
        whole = self.content if isinstance(self.json, NotGiven) else jsonlib.dumps(self.json).encode()
        return (whole,) if whole else ()

    def all_headers(self) -> httpx.Headers:
        """The headers with those of the body's form and length."""
        headers = self.headers.copy()
        if not isinstance(self.json, NotGiven):
            headers.setdefault("Content-Type", "application/json")
        if self.pieces is None and self.status not in BODILESS:
            length = sum(len(piece) for piece in self.script() if isinstance(piece, bytes))
            headers.setdefault("Content-Length", str(length))
        return headers
