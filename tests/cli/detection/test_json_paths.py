"""Dotted paths."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from trio_api.cli.detection import parse_path
from trio_api.cli.detection._json_paths import at, format_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("data", ("data",)),
        ("data.items", ("data", "items")),
        (".", ()),
        (r"@odata\.nextLink", ("@odata.nextLink",)),
        (r"a\\.b", ("a\\", "b")),
    ],
)
def test_dotted_text_is_a_path(text: str, path: tuple[str, ...]) -> None:
    """Dots part keys, a lone dot is the body, a backslash keeps a dot in its key."""
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["", "..", "a..b", ".a", "a."])
def test_a_path_with_an_empty_key_is_refused(text: str) -> None:
    """A slip of the finger is not taken for another path."""
    with pytest.raises(ValueError, match="not a path"):
        parse_path(text)


@given(st.lists(st.text(min_size=1)))
def test_a_formatted_path_reads_back(keys: list[str]) -> None:
    """Whatever the keys hold, the text of a path means the path."""
    assert parse_path(format_path(tuple(keys))) == tuple(keys)


def test_at_walks_objects_only() -> None:
    """What is not there is None, in arrays and scalars too."""
    body = {"a": {"b": [1]}}
    assert at(body, ("a", "b")) == [1]
    assert at(body, ("a", "x", "y")) is None
    assert at([1], ("0",)) is None
