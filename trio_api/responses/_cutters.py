"""A body cut into what is iterated over: chunks of bytes, chunks of text, lines. Pushed piece by piece, without IO.

However a body is split into pieces, the cuts are the same; except that without a chunk size a cutter holds nothing
back, and gives the pieces as they come.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import AnyStr, Final, Generic, Protocol, TypeVar, final

import httpx

from .._checks import check_count
from .._errors import ResponseTooLargeError

__all__ = ["ByteCutter", "Cutter", "LineCutter", "TextCutter", "body_text"]

T = TypeVar("T")

_LINE_ENDS: Final = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"  # those of `str.splitlines`


class Cutter(Protocol[T]):
    """Cuts one body."""

    def feed(self, data: bytes) -> list[T]:
        """Take in a piece of the body, and give what is complete."""
        ...

    def finish(self) -> list[T]:
        """Take in the end of the body, and give what is left."""
        ...


def body_text(response: httpx.Response) -> str:
    """The body of a response that was read, as text; bytes that its charset does not know become U+FFFD."""
    return response.content.decode(_encoding(response), errors="replace")


def _encoding(response: httpx.Response) -> str:
    """The charset of the Content-Type if Python knows it as one of text, else UTF-8."""
    encoding = response.encoding or "utf-8"
    try:
        b"x".decode(encoding, errors="replace")
    except (LookupError, ValueError):  # httpx takes any codec: "hex" is none of text, "idna" replaces nothing
        return "utf-8"
    return encoding


@final
class _Chunks(Generic[AnyStr]):
    """Regroups what comes into chunks of one size.

    Args:
        join: Makes one of many.
        size: The length of a chunk; None to hold nothing back.

    Raises:
        TypeError, ValueError: *size* is no int, or less than 1.
    """

    def __init__(self, join: Callable[[list[AnyStr]], AnyStr], size: int | None) -> None:
        if size is not None:
            check_count("chunk_size", size, kind="an int or None")
        self._join: Callable[[list[AnyStr]], AnyStr] = join
        self._size = size
        self._held: list[AnyStr] = []  # joined only once it is enough, so that many small pieces stay cheap
        self._length = 0

    def add(self, piece: AnyStr) -> list[AnyStr]:
        size = self._size
        if size is None:
            return [piece] if piece else []
        self._held.append(piece)
        self._length += len(piece)
        if self._length < size:
            return []
        joined = self._join(self._held)
        self._length %= size
        whole = len(joined) - self._length
        self._held = [joined[whole:]]
        return [joined[start : start + size] for start in range(0, whole, size)]

    def rest(self) -> list[AnyStr]:
        held, self._held, self._length = self._join(self._held), [], 0
        return [held] if held else []


@final
class ByteCutter:
    """Cuts a body into chunks of *chunk_size* bytes, the last one of what is left.

    Args:
        chunk_size: Bytes; None for the pieces as they come.

    Raises:
        TypeError, ValueError: *chunk_size* is no int, or less than 1.
    """

    def __init__(self, chunk_size: int | None = None) -> None:
        self._chunks = _Chunks(b"".join, chunk_size)

    def feed(self, data: bytes) -> list[bytes]:
        """Take in a piece of the body, and give what is complete."""
        return self._chunks.add(data)

    def finish(self) -> list[bytes]:
        """Take in the end of the body, and give what is left."""
        return self._chunks.rest()


@final
class TextCutter:
    """Decodes a body by its charset, and cuts the text into chunks of *chunk_size* characters.

    Args:
        response: Whose body it is.
        chunk_size: Characters; None for the pieces as they come.

    Raises:
        TypeError, ValueError: *chunk_size* is no int, or less than 1.
    """

    def __init__(self, response: httpx.Response, chunk_size: int | None = None) -> None:
        self._chunks = _Chunks("".join, chunk_size)
        self._decoder = codecs.getincrementaldecoder(_encoding(response))(errors="replace")

    def feed(self, data: bytes) -> list[str]:
        """Take in a piece of the body, and give what is complete."""
        return self._chunks.add(self._decoder.decode(data))

    def finish(self) -> list[str]:
        """Take in the end of the body, and give what is left."""
        return [*self._chunks.add(self._decoder.decode(b"", final=True)), *self._chunks.rest()]


@final
class LineCutter:
    """Decodes a body by its charset, and cuts the text into lines without their ends, as `str.splitlines` does.

    Args:
        response: Whose body it is.
        limit: The most characters that a line may have.
    """

    def __init__(self, response: httpx.Response, limit: int) -> None:
        self._response = response
        self._limit = limit
        self._text = TextCutter(response)
        self._begun: list[str] = []  # pieces of the line that has no end yet
        self._length = 0
        self._ends_in_cr = False  # a CR that an LF may belong to

    def feed(self, data: bytes) -> list[str]:
        """Take in a piece of the body, and give the lines that have ended.

        Raises:
            ResponseTooLargeError: A line is longer than the limit.
        """
        return [line for text in self._text.feed(data) for line in self._lines(text)]

    def finish(self) -> list[str]:
        """Take in the end of the body, and give the line that it ends."""
        lines = [line for text in self._text.finish() for line in self._lines(text)]
        if self._begun or self._ends_in_cr:
            lines.append("".join(self._begun))
        self._begun, self._length, self._ends_in_cr = [], 0, False
        return lines

    def _lines(self, text: str) -> list[str]:
        if self._ends_in_cr:
            text = "\r" + text
        self._ends_in_cr = text.endswith("\r")
        if self._ends_in_cr:
            text = text[:-1]
        if not text:
            return []
        lines = text.splitlines()
        self._begun.append(lines[0])
        self._length += len(lines[0])
        if self._length > self._limit:
            raise ResponseTooLargeError(
                f"a line of the body is longer than max_response_bytes={self._limit}", response=self._response
            )
        is_whole = text[-1] in _LINE_ENDS
        if len(lines) == 1 and not is_whole:
            return []
        lines[0] = "".join(self._begun)
        self._begun = [] if is_whole else [lines.pop()]
        self._length = sum(map(len, self._begun))
        return lines
