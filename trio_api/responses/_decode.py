"""The one decode path: a response that was read, and a type, give a value and the problems met on the way."""

from __future__ import annotations

import types
from typing import Annotated, Any, Final, Union, get_args, get_origin

import attrs
import httpx

from .._errors import APIResponseValidationError
from .._records import ValidationProblem
from ..models import NotJSON, loads, structure
from ._cutters import body_text

__all__ = ["Decoded", "decode", "is_json", "without_annotations"]

_EXCERPT: Final = 40  # characters of a body that an error message shows of its content type


@attrs.frozen
class Decoded:
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
    target = without_annotations(cast_to)
    if target is str:
        return Decoded(body_text(response))
    if target is bytes:
        return Decoded(response.content)
    if target is None or target is type(None):
        return Decoded(None)
    if isinstance(target, type) and issubclass(target, httpx.Response):
        return Decoded(response)
    if not response.content and _admits_none(target):
        return Decoded(None)
    return _decode_json(response, cast_to, strict=strict)


def _decode_json(response: httpx.Response, cast_to: Any, *, strict: bool) -> Decoded:
    if strict and not is_json(content_type := response.headers.get("content-type", "")):
        got = repr(content_type[:_EXCERPT]) if content_type else "none"
        raise APIResponseValidationError(f"expected a JSON content type, got {got}", response=response)
    try:
        body = loads(response.content)
        structured = structure(body, cast_to)
    except NotJSON as problem:
        what = "an empty body" if not response.content else str(problem)
        raise APIResponseValidationError(
            f"expected a JSON body for {_name(cast_to)}, got {what}", response=response
        ) from None
    if structured.problems and (strict or not structured.fits_root):
        raise APIResponseValidationError(response=response, problems=structured.problems, body=body)
    return Decoded(structured.value, structured.problems)


def is_json(content_type: str) -> bool:
    """Whether a Content-Type is JSON: ``application/json``, ``text/json`` or ``+json`` (RFC 6839)."""
    essence = content_type.partition(";")[0].strip().lower()
    return essence in {"application/json", "text/json"} or essence.endswith("+json")


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
