"""From the bytes of a page to JSON Lines: each item as the server wrote it, less the white space.

Nothing is decoded to Python values, so ``1.10`` stays ``1.10`` and no integer is too large.
"""

from __future__ import annotations

import codecs

import msgspec

from ..detection import Path, format_path

__all__ = ["json_lines"]

_NULL = msgspec.Raw(b"null")


def json_lines(body: bytes, items: Path) -> list[bytes]:
    """The items of a page, a line each, without line ends.

    An absent array and null in its place are an empty page, since there are APIs that leave out what is empty
    (Google's); but not where an error stands there instead.

    Args:
        body: The page's body: JSON in UTF-8.
        items: Where the array is; ``()`` when the body is the array.

    Raises:
        ValueError: The body is no JSON, or there is something else than an array.
    """
    raw = msgspec.Raw(body.removeprefix(codecs.BOM_UTF8))
    try:
        for key in items:
            fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
            if key not in fields and not fields.keys().isdisjoint(("error", "errors")):
                raise ValueError("the body is an error, though the status is not")
            raw = fields.get(key, _NULL)
        array: list[msgspec.Raw] | None = msgspec.json.decode(raw, type=list[msgspec.Raw] | None)
        return [msgspec.json.format(item, indent=-1) for item in array or ()]
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"no array of items at {format_path(items)}: {error}") from None
