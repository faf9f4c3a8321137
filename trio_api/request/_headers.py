"""Header fields and methods: what may be sent (RFC 9110, 5 and 9.1), and layers of headers over one another."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from .._types import Headers, Omit

__all__ = [
    "Field",
    "Fields",
    "HeaderBlock",
    "check_method",
    "encode_headers",
    "merge_headers",
    "merge_raw_headers",
    "render_fields",
]

Field: TypeAlias = tuple[bytes, bytes]
"""Name and value of a header as they are sent."""

Fields: TypeAlias = dict[str, Field | None]
"""Lower-case names to name and value as they are sent, or to None where the header is omitted.

Layers of it merge by ``|``.
"""

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
# RFC 9110, 5.5: visible characters and obs-text, blanks and tabs only between them
_VALUE: Final = re.compile(r"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")


@functools.lru_cache(maxsize=64)
def check_method(method: str) -> str:
    """Return *method* in upper case.

    Raises:
        ValueError: It is no token, as RFC 9110 asks for.
    """
    if not _TOKEN.fullmatch(method):
        raise ValueError(f"method must be a token such as 'GET' or 'POST', got {method!r}")
    return method.upper()


def check_field_name(name: str, value: object) -> str:
    """Return *value* if it can be the name of a header; *name* is the argument that the error names.

    Raises:
        TypeError: It is no text.
        ValueError: It is no token, as RFC 9110 asks for.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be the name of a header, got {value!r}")
    if not _TOKEN.fullmatch(value):
        raise ValueError(f"{name} must be the name of a header, got {value!r}")
    return value


def render_fields(fields: Iterable[Field]) -> bytes:
    """*fields* as HTTP/1.1 has them on the wire (RFC 9112, 5)."""
    return b"".join([b"%b: %b\r\n" % field for field in fields])


class HeaderBlock:
    """The fields of a request, or those that many have in common; rendered when that is asked for, and once."""

    __slots__ = ("_text", "fields")

    def __init__(self, fields: Iterable[Field]) -> None:
        self.fields: Final = tuple(fields)
        self._text: bytes | None = None

    @property
    def text(self) -> bytes:
        """The fields on the wire."""
        if self._text is None:
            self._text = render_fields(self.fields)
        return self._text


def merge_headers(*layers: Headers) -> dict[str, str | Omit]:
    """Lay headers over one another, lowest first. Names are the same in any case; the last spelling is kept.

    `omit` replaces what stands below it and stays in the result, so that merging is associative and a header of a
    layer below the result is removed too.

    Raises:
        TypeError: A name or value is no text.
        ValueError: A name is no token, or a value has a character that no header can hold.
    """
    merged: dict[str, tuple[str, str | Omit]] = {}
    for layer in layers:
        for name, value in layer.items():
            merged[_check_field(name, value)] = (name, value)
    return dict(merged.values())


def encode_headers(headers: Headers) -> Fields:
    """*headers* as they are sent.

    Raises:
        TypeError, ValueError: As `merge_headers`.
    """
    return {
        _check_field(name, value): None if isinstance(value, Omit) else (name.encode("ascii"), value.encode("latin-1"))
        for name, value in headers.items()
    }


def merge_raw_headers(headers: Iterable[tuple[bytes, bytes]]) -> Fields:
    """The headers of an httpx client as fields; repeated ones become one list (RFC 9110, 5.3).

    Raises:
        ValueError: As `merge_headers`.
    """
    merged: Fields = {}
    for name, value in headers:
        key = _check_field(name.decode("latin-1"), value.decode("latin-1"))
        before = merged.get(key)
        merged[key] = (name, value) if before is None else (before[0], before[1] + b", " + value)
    return merged


def _check_field(name: object, value: object) -> str:
    """Raise for what can't be sent, else return the name in lower case. Values may be secrets: none is shown."""
    if not isinstance(name, str):
        raise TypeError(f"header names must be str, got {name!r}")
    key = _checked_name(name)
    if not isinstance(value, (str, Omit)):
        raise TypeError(f"header {name!r} must be a str, or omit to remove it; got {type(value).__name__}")
    if isinstance(value, str) and not _VALUE.fullmatch(value):
        raise ValueError(f"header {name!r} {_complaint(value)}")
    return key


@functools.lru_cache(maxsize=256)
def _checked_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"header names are made of letters, digits and !#$%&'*+-.^_`|~ (RFC 9110), got {name!r}")
    return name.lower()


def _complaint(value: str) -> str:
    if not value.isascii() and any(character > "\xff" for character in value):
        return "has a character beyond Latin-1, which no header can hold; encode it, as RFC 8187 does"
    if value.strip("\t ") != value and _VALUE.fullmatch(value.strip("\t ")):
        return "begins or ends with a blank, which is no part of a header's value"
    return "has a control character such as CR, LF or NUL, which no header can hold"
