"""Paths into a JSON body: tuples of keys, and the dotted text that the command line takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

__all__ = ["Path", "as_array", "as_object", "at", "format_path", "parse_path"]

Path: TypeAlias = tuple[str, ...]
"""Keys from the outside in; ``()`` is the body itself."""


_KEY = re.compile(r"(?:[^.\\]|\\.)+", re.DOTALL)
_DOTTED = re.compile(rf"{_KEY.pattern}(?:\.{_KEY.pattern})*", re.DOTALL)


def parse_path(text: str) -> Path:
    r"""The path that dotted text means: ``meta.next``; ``.`` is the body itself, ``\.`` a dot within a key.

    Raises:
        ValueError: It begins or ends with a dot, or there is nothing between two dots.
    """
    if text == ".":
        return ()
    if not _DOTTED.fullmatch(text):
        raise ValueError(f"not a path: {text!r}; a path is keys with dots between them, as in data.items, or . alone")
    return tuple(re.sub(r"\\(.)", r"\1", key, flags=re.DOTALL) for key in _KEY.findall(text))


def format_path(path: Path) -> str:
    """The dotted text of *path*."""
    return ".".join(re.sub(r"([.\\])", r"\\\1", key) for key in path) or "."


def as_object(value: object) -> Mapping[str, object]:
    """*value* if it is a JSON object, else an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def as_array(value: object) -> Sequence[object]:
    """*value* if it is a JSON array, else an empty one."""
    return cast("Sequence[object]", value) if isinstance(value, list) else ()


def at(body: object, path: Path) -> object:
    """What stands at *path*, or None."""
    for key in path:
        body = as_object(body).get(key)
    return body
