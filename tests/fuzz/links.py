"""The ``Link`` field: what the parser of RFC 8288's appendix B gives, written out letter by letter; and where it leads.

An input is the field's text, in Latin-1; line feeds stand between several fields.
"""

from __future__ import annotations

from typing import Any

import httpx

from support.paged import BASE, page_of
from trio_api import CrossOriginError
from trio_api.pages import Link, LinkPage, parse_links
from trio_api.request import Origins, followed_url, origin_of
from trio_api.transport._http1 import MAX_HEADERS

from .pumps import pumped
from .target import Target

__all__ = ["LINK"]

_HERE = httpx.URL(BASE + "items?page=1")
_ORIGINS = Origins(httpx.URL(BASE))


def check_link(data: bytes) -> None:
    lines = pumped(data).split(b"\n")[:MAX_HEADERS]
    fields = [line.decode("latin-1") for line in lines]
    links = parse_links(fields)
    assert links == [link for field in fields for link in _read(field)]
    assert parse_links([_written(link) for link in links]) == links
    for link in links[:5]:
        _check_target(link.target)
    _check_page(lines)


def _check_target(target: str) -> None:
    """It is followed within our origin, without the credentials that it names, or refused."""
    try:
        url = followed_url(target, _ORIGINS, own="/items", told="it leads to", base=_HERE)
    except (CrossOriginError, ValueError):
        return
    assert origin_of(url) == _ORIGINS.base
    assert not httpx.URL(url).userinfo
    assert "#" not in url


def _check_page(lines: list[bytes]) -> None:
    """The pages that it announces are counted, and made only when they are asked for."""
    untyped: Any = page_of
    page = untyped(LinkPage[Any], [], url=str(_HERE), headers=[(b"Link", line) for line in lines])
    page.next_page_info()
    infos = page.remaining_page_infos()
    if infos:
        assert len(infos) < 10**19
        assert infos[0].url is not None
        assert infos[len(infos) - 1].url is not None


# -- the reference ---------------------------------------------------------------------------------------------


class _Text:
    """A field and how much of it was read."""

    def __init__(self, field: str) -> None:
        self._rest = list(reversed(field))

    def peek(self) -> str:
        """The next character; none at the end."""
        return self._rest[-1] if self._rest else ""

    def take(self) -> str:
        return self._rest.pop() if self._rest else ""

    def until(self, ends: str) -> str:
        """What stands before any of *ends*."""
        found = ""
        while self._rest and self.peek() not in ends:
            found += self.take()
        return found

    def skip(self, characters: str) -> None:
        while self._rest and self.peek() in characters:
            self.take()


def _read(field: str) -> list[Link]:
    """RFC 8288, B.2, where what can't be read ends the field."""
    links: list[Link] = []
    text = _Text(field)
    while True:
        text.skip(" \t,")
        if text.take() != "<":
            return links
        target = text.until(">")
        if not text.take():
            return links
        parameters = _read_parameters(text)
        relations = parameters.get("rel", "").lower().split()
        links.append(Link(target.strip(), frozenset(relations), parameters.get("anchor")))
        text.until(",")


def _read_parameters(text: _Text) -> dict[str, str]:
    """B.3; the first of a name counts (3.3)."""
    found: dict[str, str] = {}
    while True:
        text.skip(" \t")
        if text.peek() != ";":
            return found
        text.take()
        text.skip(" \t")
        name, value = text.until(" \t=;,").lower(), ""
        text.skip(" \t")
        if text.peek() == "=":
            text.take()
            text.skip(" \t")
            value = _read_quoted(text) if text.peek() == '"' else text.until(";,").strip()
        found.setdefault(name, value)


def _read_quoted(text: _Text) -> str:
    """B.4: a quoted string, which the end of the field ends too."""
    found = ""
    text.take()
    while (character := text.take()) not in ('"', ""):
        found += text.take() if character == "\\" else character
    return found


def _written(link: Link) -> str:
    quoted = [
        f'; {name}="{value}"'
        for name, text in [("rel", " ".join(sorted(link.relations))), ("anchor", link.anchor)]
        if text is not None and (value := text.replace("\\", "\\\\").replace('"', '\\"')) is not None
    ]
    return f"<{link.target}>{''.join(quoted)}"


LINK = Target(
    "link",
    "The Link field is read as RFC 8288 has it, and leads to no other origin.",
    check_link,
    seeds=(
        b'\0\0\0<https://api.example.com/items?page=2>; rel="next", <?page=9>; rel=last',
        b'\0\0\0</a>; title="x; y, \\"z\\""; REL="NEXT start"; rel=last; anchor="#here",,\n<//evil.test/>;rel=next',
        b"\0\0\0</a?x=1,2;3> ; crossorigin ; rel = next rubbish, </b>;rel",
        b"\0\0\0<http://user:secret@api.example.com:443/#top>; rel=next",
        b'\xff\x00\x05; a="<x>',
    ),
    words=(
        *(b"<", b">", b";", b",", b"=", b'"', b"\\", b" ", b"\t", b"\n", b"rel", b"next", b"last", b"anchor", b"title"),
        *(b'rel="next"', b"; rel=last", b"</a>", b"<?page=2>", b"<?page=99999999999999999999>", b"page=", b"#", b"?"),
        *(b"http://", b"https://", b"//", b"@", b":", b"/../", b"%2e", b"[::1]", b"\xe9", b"\x85", b"\xa0", b"\0"),
    ),
)
