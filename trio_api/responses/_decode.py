"""The one decode path: a response that was read, and a type, give a value and the problems met on the way."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple, Union, get_args, get_origin

import httpx

from .._errors import APIResponseValidationError
from .._media_types import is_json
from .._records import ValidationProblem
from ..models import NotJSON, loads, read
from ._cutters import body_text

__all__ = ["Decoded", "decode", "without_annotations"]

_EXCERPT: Final = 40  # characters of a body that an error message shows of its content type


class Decoded(NamedTuple):
    """A value built from a response, and every mismatch that was tolerated on the way."""

    value: Any
    problems: tuple[ValidationProblem, ...] = ()


def decode(response: httpx.Response, cast_to: Any, *, strict: bool) -> Decoded:
    """Build *cast_to* from the body of *response*, which has been read.

    Args:
        response: The response.
        cast_to: What to build. `str` and `bytes` are the body itself, `httpx.Response` the response, None
            nothing; anything else is built from JSON.
        strict: Whether any mismatch, or a content type that is not JSON, is an error.

    Raises:
        APIResponseValidationError: The body is no JSON, is of the wrong kind at its root, or, where *strict*,
            does not fit in any way.
    """
    try:
        taken, admits_none = _taken(cast_to)
    except TypeError:  # an Annotated type with unhashable metadata
        taken, admits_none = _taken.__wrapped__(cast_to)
    if taken is not None:
        return Decoded(taken(response))
    if admits_none and not response.content:
        return Decoded(None)
    return _decode_json(response, cast_to, strict=strict)


def _decode_json(response: httpx.Response, cast_to: Any, *, strict: bool) -> Decoded:
    if strict and not is_json(content_type := response.headers.get("content-type", "")):
        got = repr(content_type[:_EXCERPT]) if content_type else "none"
        raise APIResponseValidationError(f"expected a JSON content type, got {got}", response=response)
    content = response.content
    try:
        value, problems, fits_root = read(content, cast_to)
    except NotJSON as problem:
        what = "an empty body" if not content else str(problem)
        raise APIResponseValidationError(
            f"expected a JSON body for {_name(cast_to)}, got {what}", response=response
        ) from None
    if problems and (strict or not fits_root):
        raise APIResponseValidationError(response=response, problems=problems, body=loads(content))
    return Decoded(value, problems)


@functools.lru_cache(maxsize=1024)  # types; one that was forgotten is looked at again
def _taken(cast_to: Any) -> tuple[Callable[[httpx.Response], Any] | None, bool]:
    """What is taken from a response as it came; where that is JSON, None, and whether no body at all is null."""
    target = without_annotations(cast_to)
    if target is str:
        return body_text, False
    if target is bytes:
        return (lambda response: response.content), False
    if target is None or target is type(None):
        return (lambda response: None), False
    if isinstance(target, type) and issubclass(target, httpx.Response):
        return (lambda response: response), False
    return None, _admits_none(target)


def without_annotations(cast_to: Any) -> Any:
    """The type itself: ``Annotated[Item, ...]`` as ``Item``."""
    while get_origin(cast_to) is Annotated:
        cast_to = get_args(cast_to)[0]
    return cast_to


def _admits_none(target: Any) -> bool:
    """Whether an empty body can stand for None: for `object`, and for a union with None in it."""
    if target is object or target is Any:
        return True
    return get_origin(target) in {Union, types.UnionType} and type(None) in get_args(target)


def _name(cast_to: Any) -> str:
    return cast_to.__name__ if isinstance(cast_to, type) else str(cast_to).replace("typing.", "")
