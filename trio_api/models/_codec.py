"""The ways in and out: bytes to JSON values to models, and back."""

from __future__ import annotations

import codecs
from typing import Any, NamedTuple

import msgspec

from .._records import ValidationProblem
from ._converter import converter
from ._mismatch import Mismatch
from ._unstructure import Unsendable

__all__ = ["NotJSON", "Structured", "dumps", "loads", "read", "structure", "unstructure"]

_TOO_DEEP = "nested too deeply"


class NotJSON(ValueError):
    """Bytes are no JSON, or JSON that is nested too deeply to be read; the message says which."""


def loads(data: bytes) -> object:
    """Decode JSON. Integers stay exact; a byte order mark is passed over.

    Args:
        data: The body, in UTF-8.

    Returns:
        None, a bool, int, float, str, list or dict.

    Raises:
        NotJSON: It is none, or no parser could follow how deeply it is nested.
    """
    try:
        return msgspec.json.decode(data.removeprefix(codecs.BOM_UTF8))
    except RecursionError:
        raise NotJSON(_TOO_DEEP) from None
    except UnicodeDecodeError:
        raise NotJSON("not JSON: not in UTF-8") from None
    except msgspec.DecodeError as error:
        raise NotJSON(f"not JSON: {error}" if data.strip() else "not JSON: empty") from None


def dumps(value: object) -> bytes:
    """Encode *value*, a model or anything that `unstructure` takes, as JSON.

    Raises:
        TypeError, ValueError: As `unstructure` does; text that holds half a surrogate pair is a `ValueError` too.
    """
    try:
        return msgspec.json.encode(unstructure(value))
    except UnicodeEncodeError:
        raise ValueError("cannot be sent as JSON: a text holds half of a surrogate pair") from None


def unstructure(value: object) -> Any:
    """Turn a model, or a mapping, sequence or scalar with models in it, into plain JSON values.

    Wire names, ISO 8601, enums by value, UUID and Decimal as text, bytes in base64; `omit`, `not_given` and `MISSING`
    are left out, None is kept, extras go back to where they came from.

    Raises:
        TypeError: Something in it has no JSON form.
        ValueError: A number is infinite or NaN, or *value* is nested too deeply or contains itself.
    """
    try:
        return converter.unstructure(value)
    except Unsendable as error:
        raise error.kind(f"${error.path}: {error.message}") from None
    except RecursionError:
        raise ValueError(f"cannot be sent as JSON: {_TOO_DEEP}, or contains itself") from None


class Structured(NamedTuple):
    """What became of a JSON value."""

    value: Any
    """The model, with everything that did not fit kept as it came."""
    problems: tuple[ValidationProblem, ...] = ()
    """Everything that did not fit."""
    fits_root: bool = True
    """Whether the value is at least of the right kind: False for a list where a class was asked for."""


def structure(value: object, cast_to: Any) -> Structured:
    """Build *cast_to* from a JSON value. What does not fit is kept as it came, and told.

    Args:
        value: What `loads` gives.
        cast_to: An attrs class or any other type of values: generic classes, unions, ``list[...]``, ``Annotated``, ...

    Returns:
        The value and the problems; no problem means that every part is what its annotation says.

    Raises:
        TypeError: *cast_to* is, or contains, a type that cannot be built from JSON.
        NotJSON: The value is nested too deeply.
    """
    try:
        return Structured(converter.get_structure_hook(cast_to)(value, cast_to))
    except Mismatch as error:
        problems = tuple(ValidationProblem(f"${path}", expected, got) for path, expected, got in error.problems)
        return Structured(error.kept, problems, fits_root=not (error.is_own and error.kept is value))
    except RecursionError:
        raise NotJSON(_TOO_DEEP) from None


def read(data: bytes, cast_to: Any) -> Structured:
    """Build *cast_to* from JSON: what `structure` makes of what `loads` gives, by a short way where that is the same.

    Args:
        data: The body, in UTF-8.
        cast_to: As for `structure`.

    Raises:
        TypeError: As `structure` does.
        NotJSON: As `loads` and `structure` do.
    """
    shortcut = converter.get_shortcut(cast_to)
    if shortcut is not None:
        try:
            return Structured(shortcut(data))
        except Exception:  # noqa: S110 - whatever it is, the long way tells it in its own words
            pass
    return structure(loads(data), cast_to)
