"""How a list is paged, told from its first response: pure, by rules over the body, the headers and the URL."""

from ._detect import detect as detect
from ._json_paths import Path as Path, as_object as as_object, format_path as format_path, parse_path as parse_path
from ._shape import (
    STYLE_NAMES as STYLE_NAMES,
    FirstResponse as FirstResponse,
    Hints as Hints,
    Name as Name,
    Shape as Shape,
)
