"""Paths with placeholders: each value stays within the component that it stands in."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from .._types import NotGiven, Omit
from ._scalars import scalar_text
from ._urls import check_path, check_text

__all__ = ["path_template"]

_PLACEHOLDER: Final = r"\{([^{}]*)\}"
# RFC 3986, 3.3: pchar, without the ";" that some servers end a segment at
_SEGMENT_SAFE: Final = "!$&'()*+,=:@"
_FIRST_SEGMENT_SAFE: Final = _SEGMENT_SAFE.replace(":", "")  # 4.2: a colon there would make it a scheme
_AUTHORITY: Final = r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?]*"


def path_template(template: str, /, **values: object) -> str:
    """Fill a path with values, each quoted for its place.

    ``path_template("/files/{name}", name="a/b c")`` gives ``/files/a%2Fb%20c``: whatever a value holds, the path
    keeps its segments. Behind a ``?`` values are quoted for a query.

    Args:
        template: The path, with placeholders ``{name}``.
        values: A value for each placeholder: text, a number, an enum member (by its value), a date, a UUID ...

    Returns:
        The path, for any verb of the client.

    Raises:
        TypeError: A value is missing, is None or no scalar, or belongs to no placeholder.
        ValueError: A value is empty or has a backslash; the path would have a segment ``.`` or ``..``, plain or
            percent-encoded; or the template itself is broken.
    """
    names = set(re.findall(_PLACEHOLDER, template))
    literal = re.sub(_PLACEHOLDER, "", template)
    check_text(literal, "path template")
    if "{" in literal or "}" in literal or "#" in literal:
        raise ValueError(f"path template {template!r} has a stray '{{', '}}' or '#'")
    if names != values.keys():
        missing, unknown = sorted(names - values.keys()), sorted(values.keys() - names)
        raise TypeError(f"path template {template!r}: missing values {missing}, values without a placeholder {unknown}")
    if (authority := re.match(_AUTHORITY, template)) and "{" in authority[0]:
        raise ValueError(
            f"path template {template!r} has a placeholder in its host; only its path and query may have one"
        )
    path, mark, query = template.partition("?")
    filled = re.sub(_PLACEHOLDER, lambda found: _in_segment(found, values[found[1]]), path)
    check_path(filled, "path template")
    return filled + mark + re.sub(_PLACEHOLDER, lambda found: quote(_text(found[1], values[found[1]]), safe=""), query)


def _in_segment(found: re.Match[str], value: object) -> str:
    text = _text(found[1], value)
    if not text:
        raise ValueError(f"the path value {found[1]!r} is empty, and so would be its segment")
    if "\\" in text:
        raise ValueError(f"the path value {found[1]!r} has a backslash, which some servers take for '/'")
    return quote(text, safe=_SEGMENT_SAFE if "/" in found.string[: found.start()] else _FIRST_SEGMENT_SAFE)


def _text(name: str, value: object) -> str:
    if value is None or isinstance(value, (Omit, NotGiven)):
        raise TypeError(f"the path value {name!r} must not be {value!r}")
    text = scalar_text(value)
    if text is None:
        raise TypeError(f"the path value {name!r} must be text, a number or another scalar, got {type(value).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"the path value {name!r} has a lone surrogate, which no URL can hold") from None
    return text
