"""From what a call gives as files and form fields to the named parts of a multipart body."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from typing import Any, Final, cast

import attrs

from .._media_types import is_json
from .._types import NotGiven, Omit
from ..models import dumps
from ._json_body import merge_json
from ._multipart import Multipart, Part, make_part
from ._options import FinalRequestOptions
from ._query import ArrayFormat, Querystring, array_name, nested_name
from ._scalars import scalar_text
from ._sources import DataSource, FileSource, IterableSource, PathSource, Source, checked_piece

__all__ = ["form_of"]

_UNNAMED: Final = "upload"  # the filename of what has none, as httpx has it: without one it would be no file
_UNKNOWN: Final = "application/octet-stream"
_RIGHT_FILES: Final = "give files={'file': Path('a.txt')} or files=[('file', Path('a.txt'))]"


def form_of(options: FinalRequestOptions, qs: Querystring) -> Multipart:
    """Make the form of a call: its body's keys as fields, then its files.

    Raises:
        TypeError: A file is nothing that bytes can be read from, or the body has no keys.
        ValueError: A name can't be sent.
    """
    names = _Names(qs)
    try:
        return Multipart([*names.fields(options), *names.files(options.files)])
    except RecursionError:
        raise ValueError("files are nested too deeply") from None


class _Names:
    """Gives each part its name; nested ones as the client's query has them.

    Arrays are ``name[]`` unless the query has them by index: servers tell arrays of a form by that alone.
    """

    def __init__(self, qs: Querystring) -> None:
        self.qs: Final = qs

    @property
    def array_format(self) -> ArrayFormat:
        return "indices" if self.qs.array_format == "indices" else "brackets"

    def fields(self, options: FinalRequestOptions) -> Iterator[Part]:
        body = merge_json(options.json_data, options.extra_json)
        if isinstance(body, NotGiven):
            return
        if not isinstance(body, dict):
            raise TypeError(
                "beside files the body goes as form fields, so it must be a mapping or an attrs instance, "
                f"got {type(options.json_data).__name__}"
            )
        for key, value in cast("dict[str, object]", body).items():
            yield from self._fields(key, value)

    def files(self, files: object) -> Iterator[Part]:
        for name, value in _pairs(files):
            if not isinstance(name, str):
                raise TypeError(f"files must have str names, got {name!r}; {_RIGHT_FILES}")
            yield from self._files(name, value)

    def _fields(self, name: str, value: object) -> Iterator[Part]:
        if value is None:
            return
        inner = self._inner(name, value)
        if inner is not None:
            for key, item in inner:
                yield from self._fields(key, item)
            return
        text = scalar_text(value) or ""
        yield make_part(f"body field {name!r}", name, DataSource(text.encode()))

    def _files(self, name: str, value: object) -> Iterator[Part]:
        if value is None or isinstance(value, (Omit, NotGiven)):
            return
        inner = self._inner(name, value)
        if inner is None:
            yield _file_part(name, value)
            return
        for key, item in inner:
            yield from self._files(key, item)

    def _inner(self, name: str, value: object) -> Iterator[tuple[str, object]] | None:
        """The names and values within a mapping or an array, or None if *value* is neither."""
        if isinstance(value, Mapping):
            items = cast("Mapping[str, object]", value).items()
            return ((nested_name(name, f"{key}", self.qs.nested_format), item) for key, item in items)
        if isinstance(value, list):
            array = cast("list[object]", value)
            return ((array_name(name, index, self.array_format), item) for index, item in enumerate(array))
        return None


def _pairs(files: object) -> Iterable[tuple[object, object]]:
    untyped: Any = files
    kind = type(files).__name__
    if isinstance(files, Mapping):
        named: Iterable[tuple[object, object]] = untyped.items()
        return named
    pairs: list[Any] = list(untyped) if isinstance(files, (list, tuple)) else [untyped]
    if not all(isinstance(pair, tuple) for pair in pairs) or not set(map(len, pairs)) <= {2}:
        raise TypeError(f"files must be a mapping or a list of pairs, got {kind}; {_RIGHT_FILES}")
    return pairs


def _file_part(name: str, value: object) -> Part:
    """The part of a file: content, or a tuple of (filename, content[, content type[, headers]])."""
    label = f"files: {name!r}"
    untyped: Any = value
    if not isinstance(value, tuple):
        filename = _filename_of(value)
        return make_part(label, name, _source(label, value), filename=filename, content_type=_type_of(filename))
    items: tuple[Any, ...] = untyped
    if not 2 <= len(items) <= 4:
        raise TypeError(f"{label} must be a tuple of (filename, content[, type[, headers]]), got {len(items)} items")
    filename, content, content_type, headers = (*items, None, None)[:4]
    source = _source(label, content, content_type)
    if content_type is None and filename:
        content_type = _type_of(filename)
    return make_part(label, name, source, filename=filename, content_type=content_type, headers=headers)


def _source(label: str, content: object, content_type: object = None) -> Source:
    untyped: Any = content
    if isinstance(content, str):
        try:
            return DataSource(content.encode())
        except UnicodeEncodeError:
            raise ValueError(f"{label} has a lone surrogate, which has no UTF-8; give bytes") from None
    if isinstance(content, (bytes, bytearray, memoryview)):
        return DataSource(checked_piece(untyped, label))
    if isinstance(content, os.PathLike):
        return PathSource(untyped, label)
    if isinstance(content, AsyncIterable):
        raise TypeError(f"{label} is asynchronous, which only content=... can be; give the path, or a plain file")
    if hasattr(content, "read"):
        return FileSource(untyped, label)
    if isinstance(content, Iterator):
        return IterableSource(untyped, label)
    says_json = isinstance(content_type, str) and is_json(content_type)
    if says_json and (isinstance(content, (Mapping, list)) or attrs.has(type(content))):
        return DataSource(dumps(untyped))
    raise TypeError(
        f"{label} must be bytes, str, a path, a file opened in binary mode or an iterator of bytes, "
        f"got {type(content).__name__}; for JSON give (None, {{...}}, 'application/json')"
    )


def _filename_of(content: object) -> str:
    path = cast("os.PathLike[Any]", content)
    name: object = os.fspath(path) if hasattr(content, "__fspath__") else getattr(content, "name", None)
    if not isinstance(name, (str, bytes)):  # that of an open file is a number where it was opened by one
        return _UNNAMED
    return os.path.basename(os.fsdecode(name)) or _UNNAMED


def _type_of(filename: object) -> str:
    """By the extension. Not by `mimetypes.guess_type`: that reads files of the system when it is first asked."""
    extension = os.path.splitext(filename)[1].lower() if isinstance(filename, str) else ""
    return mimetypes.types_map.get(extension, _UNKNOWN)
