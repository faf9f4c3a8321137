"""Multipart bodies (RFC 2046, 5.1; RFC 7578): how named parts are written, and where one ends.

What the parts are called and what is in them is decided in `_form`.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from email.message import Message
from typing import Final, NamedTuple

from ._headers import encode_headers
from ._sources import CHUNK_SIZE, Pieces, Source

__all__ = ["Multipart", "Part", "boundary_in", "make_part"]

_BOUNDARY: Final = r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]"  # RFC 2046, 5.1.1
_CONTROL: Final = r"[\x00-\x08\x0a-\x1f\x7f]"
# '"' as WHATWG has it (HTML, 4.10.21.8), "\" as RFC 7578 has it by way of quoted-string: so most servers read them.
_ESCAPES: Final = str.maketrans({'"': "%22", "\\": "\\\\"})


class Part(NamedTuple):
    """One part of a multipart body."""

    head: bytes
    """Its header fields as they are sent, with the empty line after them."""
    source: Source
    """Its content."""


def make_part(
    label: str,
    name: str,
    source: Source,
    *,
    filename: str | None = None,
    content_type: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Part:
    """Make a part.

    Args:
        label: What it is called in messages.
        name: The name of the field.
        source: The content.
        filename: The name of the file, if it is one.
        content_type: Its Content-Type, unless *headers* have one.
        headers: Further header fields.

    Raises:
        TypeError: A name, or a header, is no text.
        ValueError: One has a character that can't be sent: CR, LF, NUL and other controls, or a lone surrogate; or a
            name ends with a backslash.
    """
    disposition = b'form-data; name="%s"' % _quoted(label, "name", name)
    if filename:
        disposition += b'; filename="%s"' % _quoted(label, "filename", filename)
    fields = {} if content_type is None else encode_headers({"Content-Type": content_type})
    fields |= encode_headers(headers or {})
    if "content-disposition" in fields:
        raise ValueError(f"{label}: the header Content-Disposition is made from the names; give the filename there")
    # Beyond ASCII the header fields of a part are in UTF-8 (RFC 7578, 5.1), those of a request in Latin-1.
    given = b"".join(
        b"%s: %s\r\n" % (key, value.decode("latin-1").encode()) for key, value in filter(None, fields.values())
    )
    return Part(b"Content-Disposition: %s\r\n%s\r\n" % (disposition, given), source)


def _quoted(label: str, what: str, text: str) -> bytes:
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise TypeError(f"{label}: the {what} must be a str, got {type(text).__name__}")
    if re.search(_CONTROL, text):
        raise ValueError(f"{label}: the {what} has a control character such as CR, LF or NUL, which no name can hold")
    if text.endswith("\\"):
        # However it is written, half of the parsers take it and the closing quotation mark for one within the name.
        raise ValueError(f"{label}: the {what} ends with a backslash, which servers take for a part of what follows")
    try:
        return text.translate(_ESCAPES).encode()
    except UnicodeEncodeError:
        raise ValueError(f"{label}: the {what} has a lone surrogate, which has no UTF-8") from None


class Multipart:
    """A multipart body: a source that is made of the sources of its parts.

    Args:
        parts: The parts, in order.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self.boundary: str = os.urandom(16).hex()
        """The text that stands between the parts. Too long to be met by chance, so the content is not searched."""

    @property
    def length(self) -> int | None:
        """How many bytes it has with all that frames the parts, if that is known of each."""
        total = len(self._end)
        for part in self._parts:
            if part.source.length is None:
                return None
            total += len(self._delimiter) + len(part.head) + part.source.length + len(b"\r\n")
        return total

    @property
    def is_one_shot(self) -> bool:
        """Whether a part gives its bytes once only."""
        return any(part.source.is_one_shot for part in self._parts)

    @property
    def blocks(self) -> bool:
        """Whether reading a part may take time."""
        return any(part.source.blocks for part in self._parts)

    @property
    def is_on_disk(self) -> bool:
        """Whether a part has to be looked for on a disk."""
        return any(part.source.is_on_disk for part in self._parts)

    def measure(self) -> None:
        """Look how long each part is now."""
        for part in self._parts:
            part.source.measure()

    def pieces(self) -> Pieces:
        """The parts and what frames them. What is in memory and small is joined: each piece is a write."""
        waiting = b""
        for part in self._parts:
            waiting += self._delimiter + part.head
            with contextlib.closing(part.source.pieces()) as pieces:
                for piece in pieces:
                    waiting += piece
                    if part.source.blocks or len(waiting) >= CHUNK_SIZE:
                        yield waiting
                        waiting = b""
            waiting += b"\r\n"
        yield waiting + self._end

    @property
    def _delimiter(self) -> bytes:
        return b"--%s\r\n" % self.boundary.encode("ascii")

    @property
    def _end(self) -> bytes:
        return b"--%s--\r\n" % self.boundary.encode("ascii")


def boundary_in(content_type: str) -> str | None:
    """The boundary that the value of a Content-Type header names, or None.

    Raises:
        ValueError: It is no multipart type, or the boundary is none that RFC 2046 allows.
    """
    parsed = Message()
    parsed["Content-Type"] = content_type
    if parsed.get_content_maintype() != "multipart":
        raise ValueError(f"files go as multipart/form-data, but the header 'Content-Type' says {content_type!r}")
    boundary = parsed.get_boundary()
    if boundary is not None and not re.fullmatch(_BOUNDARY, boundary):
        raise ValueError(
            "a boundary has 1 to 70 letters, digits and '()+_,-./:=? (RFC 2046), but the header 'Content-Type' says "
            f"{content_type!r}"
        )
    return boundary
