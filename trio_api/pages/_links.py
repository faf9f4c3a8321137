"""The ``Link`` header field: RFC 8288, section 3 and appendix B.2 and B.3, without IRIs and extended parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

__all__ = ["Link", "parse_links"]

_TARGET: Final = re.compile(r"[ \t,]*<([^>]*)>")
_PARAMETER: Final = re.compile(r"[ \t]*;[ \t]*([^ \t=;,]*)(?:[ \t]*(=)[ \t]*)?")
_VALUE: Final = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|\\?$)|([^;,]*)', re.DOTALL)


class Link(NamedTuple):
    """One link of a header."""

    target: str
    """The target as it was written, absolute or relative."""
    relations: frozenset[str]
    """The relation types of ``rel``, in lower case."""
    anchor: str | None = None
    """What the link starts from where that is not the page itself, as it was written."""


def parse_links(headers: Iterable[str]) -> list[Link]:
    """Read all ``Link`` header fields of a response, in order.

    What can't be read ends its field, as appendix B.2 has it; the links before it count.
    """
    return [link for header in headers for link in _links_of(header)]


def _links_of(header: str) -> Iterator[Link]:
    at = 0
    while match := _TARGET.match(header, at):
        parameters, at = _parameters(header, match.end())
        # 3.3: "The rel parameter MUST be present but MUST NOT appear more than once in a given link-value;
        # occurrences after the first MUST be ignored by parsers."
        relations = frozenset(parameters.get("rel", "").lower().split())
        yield Link(match[1].strip(), relations, parameters.get("anchor"))
        # B.2, 10: what stands between the parameters and the next comma is no part of any link
        following = header.find(",", at)
        if following < 0:
            return
        at = following + 1


def _parameters(header: str, at: int) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    while match := _PARAMETER.match(header, at):
        name, at, value = match[1].lower(), match.end(), ""
        if match[2]:
            written = _VALUE.match(header, at)
            assert written is not None  # it takes anything, and nothing
            at = written.end()
            value = written[2].strip() if written[1] is None else re.sub(r"\\(.)", r"\1", written[1], flags=re.DOTALL)
        found.setdefault(name, value)
    return found, at
