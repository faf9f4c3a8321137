"""The parser of the Link header, by the cases of RFC 8288."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from trio_api.pages import Link, parse_links


def links(*headers: str) -> list[tuple[str, set[str]]]:
    return [(link.target, set(link.relations)) for link in parse_links(headers)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://x.test/a?page=2>; rel="next"', [("https://x.test/a?page=2", {"next"})]),
        ("</a>; rel=next", [("/a", {"next"})]),
        ("</a>;rel=next", [("/a", {"next"})]),
        ("</a> ; rel = next", [("/a", {"next"})]),
        ('</a>; REL="NEXT"', [("/a", {"next"})]),
        ('</a>; title="x; y, z"; rel="next"', [("/a", {"next"})]),
        ('</a>; title="say \\"rel=last\\""; rel=next', [("/a", {"next"})]),
        ('</a>; rel="next https://x.test/rel#more"', [("/a", {"next", "https://x.test/rel#more"})]),
        ('</a>; rel="next"; rel="last"', [("/a", {"next"})]),
        ('</a>; rel="prev", </b>; rel="next"', [("/a", {"prev"}), ("/b", {"next"})]),
        ('</a?x=1,2;3>; rel="next",</b>;rel=last', [("/a?x=1,2;3", {"next"}), ("/b", {"last"})]),
        (',, </a>; rel="next",,', [("/a", {"next"})]),
        ("</a>; crossorigin; rel=next", [("/a", {"next"})]),
        ("</a>", [("/a", set())]),
        ("</a>; rel", [("/a", set())]),
        ('</a>; rel="n\\ext\\\nlast"', [("/a", {"next", "last"})]),
        ("<>; rel=next", [("", {"next"})]),
        ('</a>; rel="next', [("/a", {"next"})]),
        ('</a>; rel="next\\', [("/a", {"next"})]),
        ('</a>; rel="next" rubbish, </b>; rel=last', [("/a", {"next"}), ("/b", {"last"})]),
        ("</a; rel=next", []),
        ("rubbish", []),
        ("", []),
    ],
)
def test_a_header_is_read_as_the_rfc_has_it(header: str, expected: list[tuple[str, set[str]]]) -> None:
    """Quoted strings, several links and relations, names in any case, what can't be read ends the field."""
    assert links(header) == expected


def test_several_headers_are_one_list() -> None:
    """Links of all Link fields count, in order, and a broken field does not end the others."""
    assert links("</a>; rel=prev", "broken", "</b>; rel=next") == [("/a", {"prev"}), ("/b", {"next"})]


def test_the_anchor_is_kept() -> None:
    """A link may start from elsewhere, and who follows it has to know."""
    assert parse_links(['</a>; rel=next; anchor="#part"'])[0].anchor == "#part"


targets = st.text(st.characters(codec="ascii", exclude_characters="<>", exclude_categories=["Cc"]), max_size=20)
relation = st.sampled_from(["next", "prev", "first", "last", "https://x.test/rel"])
titles = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20)


@given(st.lists(st.tuples(targets, st.sets(relation, min_size=1), titles), max_size=4))
def test_what_is_written_is_read(written: list[tuple[str, set[str], str]]) -> None:
    """Any links, with any title in quotes before the relations, come back as they were."""

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    header = ", ".join(
        f"<{target}>; title={quoted(title)}; rel={quoted(' '.join(relations))}" for target, relations, title in written
    )
    assert parse_links([header]) == [
        Link(target.strip(), frozenset(relations), None) for target, relations, _ in written
    ]


@given(st.text())
def test_rubbish_never_raises(header: str) -> None:
    """Whatever a server sends, the parser gives links or none."""
    parse_links([header])
