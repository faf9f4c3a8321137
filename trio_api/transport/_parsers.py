"""Which parser reads responses: httptools where it is installed, else h11."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Literal, TypeAlias

from ._http1 import ResponseParser

__all__ = ["ParserName", "parser_factory"]

ParserName: TypeAlias = Literal["httptools", "h11"]


def parser_factory(name: ParserName | None = None) -> Callable[[], ResponseParser]:
    """What makes the parser of a connection.

    Args:
        name: Which one; None for httptools where it is installed, else h11.

    Raises:
        ImportError: httptools was asked for and isn't installed.
        ValueError: There is no such parser.
    """
    if name is None:
        name = "h11" if importlib.util.find_spec("httptools") is None else "httptools"
    if name == "h11":
        from ._h11 import H11Parser

        return H11Parser
    if name == "httptools":
        from ._httptools import HttptoolsParser

        return HttptoolsParser
    raise ValueError(f"parser must be 'httptools', 'h11' or None, got {name!r}")
