"""A media type is told by its essence, whatever parameters stand behind it."""

from __future__ import annotations

import pytest

from trio_api._media_types import essence_of, is_json


@pytest.mark.parametrize("content_type", ["text/html", " Text/HTML ; charset=utf-8", "text/html;a=b;c=d"])
def test_parameters_and_case_are_no_part_of_the_essence(content_type: str) -> None:
    """The type itself is left."""
    assert essence_of(content_type) == "text/html"


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON", True),
        ("application/vnd.api+json", True),
        ("application/problem+json ;q=1", True),
        ("text/json", True),
        ("text/html", False),
        ("application/jsonp", False),
        ("application/json-seq", False),
        ("", False),
    ],
)
def test_what_is_a_json_content_type(content_type: str, expected: bool) -> None:
    """``application/json``, ``text/json`` and everything that ends in ``+json``, with or without parameters."""
    assert is_json(content_type) is expected
