"""Where a request goes, found without httpx's parser where that would find the same."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from trio_api.request import origin_of, prepare_base_url, resolve_url
from trio_api.request._address import Address, BaseAddress, is_plain_path


def address_of(path: str, query: str | None, base_url: str = "https://api.example.com/v1") -> Address | None:
    base, _ = prepare_base_url(base_url)
    return BaseAddress(base, origin_of(base)).joined(path, query)


@given(
    base_url=st.sampled_from(["https://api.example.com", "http://h:81/a%2Fb/?q=%20[1]", "https://bücher.example/ü/"]),
    path=st.text("aZ0-_~./", min_size=1, max_size=10).filter(is_plain_path),
    query=st.none() | st.text("aZ0-_~./é&=%2F+,#?", max_size=8),
)
def test_a_short_cut_leads_to_the_same_place(base_url: str, path: str, query: str | None) -> None:
    """Origin, target, Host and URL are those that the parser finds; or the short cut is not taken."""
    short = address_of(path, query, base_url)
    if short is not None:
        long = Address.of(resolve_url(prepare_base_url(base_url)[0], path).with_query(query))
        assert (*short[:3], short.url) == (*long[:3], long.url)


@pytest.mark.parametrize("query", [None, "a=b", "a=%2F&b=c,d", "a" * 2048])
def test_a_plain_query_takes_the_short_cut(query: str | None) -> None:
    """Unreserved characters, what joins parameters, and what is quoted as it should be."""
    assert address_of("items", query) is not None


@pytest.mark.parametrize("query", ["", "a=/", "a=%2f", "a=%", "a b", "é", "a" * 2049])
def test_another_query_is_for_the_parser(query: str) -> None:
    """And so is one that is too long to look at."""
    assert address_of("items", query) is None


def test_a_path_is_looked_at_up_to_a_length() -> None:
    """Of 2,048 characters; the parser takes the others."""
    assert is_plain_path("a" * 2048)
    assert not is_plain_path("a" * 2049)
