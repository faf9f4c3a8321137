"""Sentinels and type aliases that every floor may use.

Nothing here decides anything: a sentinel is a value with a name, an alias a name for a type.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Final, Literal, TypeAlias, final

import httpx

__all__ = [
    "MISSING",
    "AnyMapping",
    "Content",
    "FileContent",
    "FileTree",
    "FileTuple",
    "FileTypes",
    "Files",
    "Headers",
    "Method",
    "Missing",
    "NotGiven",
    "Omit",
    "Progress",
    "Query",
    "TimeoutTypes",
    "not_given",
    "omit",
]


class _Sentinel:
    """A falsy value that stands for itself: one instance, by identity, through copies and pickles."""

    __slots__ = ()
    _name: str = "<sentinel>"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return self._name

    def __copy__(self) -> _Sentinel:
        return self

    def __deepcopy__(self, memo: object) -> _Sentinel:
        return self

    def __reduce__(self) -> str:
        return _GLOBALS[self._name]


@final
class NotGiven(_Sentinel):
    """The type of `not_given`: the argument was left out, so what stands above it is inherited.

    It exists because None is a value of its own (``timeout=None`` means: no timeout).
    """

    __slots__ = ()
    _name = "<not given>"


@final
class Omit(_Sentinel):
    """The type of `omit`: what would be sent by default is removed.

    ``headers={"User-Agent": omit}`` sends no User-Agent; ``body={"note": omit}`` sends no such key.
    """

    __slots__ = ()
    _name = "<omit>"


@final
class Missing(_Sentinel):
    """The type of `MISSING`: a required field of a model for which the response had no value."""

    __slots__ = ()
    _name = "<missing>"


_GLOBALS: Final = {"<not given>": "not_given", "<omit>": "omit", "<missing>": "MISSING"}

not_given: Final = NotGiven()
omit: Final = Omit()
MISSING: Final = Missing()

Method: TypeAlias = str
"""An HTTP method in any case: it is sent in upper case."""

AnyMapping: TypeAlias = Mapping[str, object]

Headers: TypeAlias = Mapping[str, "str | Omit"]
"""Header names, in any case, to values; `omit` removes the header."""

Query: TypeAlias = Mapping[str, object]
"""Query parameters: scalars, sequences and mappings, nested at will."""

Content: TypeAlias = "bytes | str | os.PathLike[str] | IO[bytes] | Iterable[bytes] | AsyncIterable[bytes]"
"""A raw request body: bytes and text are sent as they are, the others streamed; a path is read from disk."""

FileContent: TypeAlias = "bytes | str | os.PathLike[str] | IO[bytes] | Iterator[bytes]"
"""What is in a file of a multipart body: bytes and text as they are, the others streamed; a path is read from disk."""

FileTuple: TypeAlias = (
    tuple[str | None, Any] | tuple[str | None, Any, str | None] | tuple[str | None, Any, str | None, Mapping[str, str]]
)
"""Filename (None for a plain field), content, content type and headers of a file.

With a JSON content type the content may be an attrs instance, a mapping or a list.
"""

FileTypes: TypeAlias = "FileContent | FileTuple"
"""A file: its content alone, or with its name and what else is known of it."""

FileTree: TypeAlias = "FileTypes | Mapping[str, FileTree] | Sequence[FileTree] | Omit | NotGiven | None"
"""A file, or mappings and lists of files, nested at will; what is None or left out is not sent."""

Files: TypeAlias = "Mapping[str, FileTree] | Sequence[tuple[str, FileTree]]"
"""Names to files; mappings and lists of files give nested names. In pairs a name may stand more than once."""

Progress: TypeAlias = "Callable[[int, int | None], object]"
"""Told how many bytes were transferred, and of how many, where that is known."""

TimeoutTypes: TypeAlias = "float | httpx.Timeout | None"
"""Seconds for each operation (connect, read, write, pool), an `httpx.Timeout`, or None for no timeout."""
