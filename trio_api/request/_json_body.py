"""The JSON body of a call: what the call gives, and the keys merged over it."""

from __future__ import annotations

from typing import cast

from .._types import AnyMapping, NotGiven
from ..models import dumps, unstructure

__all__ = ["encode_json"]


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
    extra = {key: value for key, value in (extra_json or {}).items() if not isinstance(value, NotGiven)}
    if not extra:
        return None if isinstance(json_data, NotGiven) else dumps(json_data)
    if isinstance(json_data, NotGiven):
        return dumps(extra)
    body = unstructure(json_data)
    if not isinstance(body, dict):
        raise TypeError(
            "extra_json merges keys into the body, so the body must be a mapping or an attrs instance, "
            f"got {type(json_data).__name__}"
        )
    return dumps({**cast("dict[str, object]", body), **extra})
