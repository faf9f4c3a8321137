"""The JSON body of a call: what the call gives, and the keys merged over it."""

from __future__ import annotations

from typing import cast

from .._types import AnyMapping, NotGiven
from ..models import dumps, unstructure

__all__ = ["encode_json", "merge_json"]


def encode_json(json_data: object, extra_json: AnyMapping | None) -> bytes | None:
    """Write the JSON body.

    Args:
        json_data: An attrs instance, mapping, sequence or scalar; None is ``null``; `not_given` is no body.
        extra_json: Keys merged shallowly over it; they win. Alone they are the body. `omit` removes a key.

    Returns:
        The bytes, or None where there is no body.

    Raises:
        TypeError: A value has no JSON, or *extra_json* stands beside a body that has no keys.
        ValueError: A number is NaN or infinite. Both name the JSON path.
    """
    if not extra_json and not isinstance(json_data, NotGiven):
        return dumps(json_data)  # most calls: nothing to merge
    merged = merge_json(json_data, extra_json)
    return None if isinstance(merged, NotGiven) else dumps(merged)


def merge_json(json_data: object, extra_json: AnyMapping | None) -> object:
    """The body as plain JSON values, with the keys of *extra_json*; `not_given` where there is none.

    Raises:
        TypeError, ValueError: As `encode_json`.
    """
    extra = {key: value for key, value in (extra_json or {}).items() if not isinstance(value, NotGiven)}
    body: object = {} if extra and isinstance(json_data, NotGiven) else json_data
    if isinstance(body, NotGiven):
        return body
    body = unstructure(body)
    if not extra:
        return body
    if not isinstance(body, dict):
        raise TypeError(
            "extra_json merges keys into the body, so the body must be a mapping or an attrs instance, "
            f"got {type(json_data).__name__}"
        )
    return unstructure({**cast("dict[str, object]", body), **extra})
