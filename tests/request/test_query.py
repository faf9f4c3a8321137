"""Query strings."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from trio_api._types import not_given, omit
from trio_api.request import Querystring

ARRAYS = ("repeat", "brackets", "comma", "indices")
texts = st.text(st.characters(exclude_categories=["Cs"]))


class Size(enum.IntEnum):
    """An enum to be sent by value."""

    BIG = 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b&c=d+é/?#", "a%20b%26c%3Dd%2B%C3%A9%2F%3F%23"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (10**20, "100000000000000000000"),
        (0.1, "0.1"),
        (1e22, "1e%2B22"),
        (Size.BIG, "3"),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), "2024-02-29T12%3A00%3A00%2B00%3A00"),
        (date(2024, 2, 29), "2024-02-29"),
        (time(1, 2), "01%3A02%3A00"),
        (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (Decimal("1.10"), "1.10"),
    ],
)
def test_a_scalar_is_written_as_text(value: object, text: str) -> None:
    """Each kind of scalar has one text, percent-encoded whole."""
    assert Querystring().stringify({"x": value}) == f"x={text}"


@pytest.mark.parametrize("value", [None, omit, not_given, [], {}, [None], [[]], {"a": None}, {"a": {"b": omit}}])
@pytest.mark.parametrize("array_format", ARRAYS)
def test_what_has_no_value_is_not_sent(value: object, array_format: Any) -> None:
    """None, `omit`, `not_given` and what holds nothing else come to nothing."""
    assert Querystring(array_format=array_format).stringify({"x": value, "y": 1, "z": {"x": value}}) == "y=1"


@pytest.mark.parametrize("value", [None, omit, not_given])
@pytest.mark.parametrize("array_format", ARRAYS)
def test_what_is_dropped_leaves_no_gap(value: object, array_format: Any) -> None:
    """An array is written as if what is dropped from it had never been there."""
    qs = Querystring(array_format=array_format)
    assert qs.stringify({"x": ["a", value, 1]}) == qs.stringify({"x": ["a", 1]})


@pytest.mark.parametrize(
    ("array_format", "nested_format", "query"),
    [
        ("repeat", "brackets", "a=1&a=2&b[c]=3&b[d]=4&b[d]=5&e[f]=6&e[f]=7&g=8&g=9"),
        ("brackets", "brackets", "a[]=1&a[]=2&b[c]=3&b[d][]=4&b[d][]=5&e[][f]=6&e[][f]=7&g[][]=8&g[][]=9"),
        ("indices", "brackets", "a[0]=1&a[1]=2&b[c]=3&b[d][0]=4&b[d][1]=5&e[0][f]=6&e[1][f]=7&g[0][0]=8&g[1][0]=9"),
        ("comma", "brackets", "a=1,2&b[c]=3&b[d]=4,5&e[f]=6&e[f]=7&g=8&g=9"),
        ("repeat", "dots", "a=1&a=2&b.c=3&b.d=4&b.d=5&e.f=6&e.f=7&g=8&g=9"),
        ("brackets", "dots", "a[]=1&a[]=2&b.c=3&b.d[]=4&b.d[]=5&e[].f=6&e[].f=7&g[][]=8&g[][]=9"),
        ("indices", "dots", "a[0]=1&a[1]=2&b.c=3&b.d[0]=4&b.d[1]=5&e[0].f=6&e[1].f=7&g[0][0]=8&g[1][0]=9"),
        ("comma", "dots", "a=1,2&b.c=3&b.d=4,5&e.f=6&e.f=7&g=8&g=9"),
    ],
)
def test_nested_values_in_every_style(array_format: Any, nested_format: Any, query: str) -> None:
    """Arrays, mappings, mappings of arrays, arrays of mappings and arrays of arrays."""
    qs = Querystring(array_format=array_format, nested_format=nested_format)
    params = {"a": (1, None, 2), "b": {"c": 3, "d": [4, 5]}, "e": [{"f": 6}, {"f": 7}], "g": [[8], [9]]}
    assert unquote(qs.stringify(params)) == query


def test_a_comma_of_a_value_is_told_from_the_joining_one() -> None:
    """Only the joining comma is a comma in the URL."""
    assert Querystring(array_format="comma").stringify({"x": ["a,b", "c"]}) == "x=a%2Cb,c"


@given(st.dictionaries(texts, texts))
def test_any_text_comes_through_a_servers_parser(params: dict[str, str]) -> None:
    """`parse_qsl` gives back the names and values that were put in."""
    assert parse_qsl(Querystring().stringify(params), keep_blank_values=True) == list(params.items())


@given(
    st.dictionaries(st.text("ab", min_size=1), st.lists(texts, min_size=1, max_size=3), max_size=3),
    st.sampled_from(ARRAYS),
)
def test_any_array_comes_through_a_servers_parser(params: dict[str, list[str]], array_format: Any) -> None:
    """In every style the server finds the elements in order."""
    query = Querystring(array_format=array_format).stringify(params)
    parsed: dict[str, list[str]] = {}
    if array_format == "comma":
        for field in query.split("&") if query else []:
            name, _, joined = field.partition("=")
            parsed[name] = [unquote(text) for text in joined.split(",")]
    else:
        for name, value in parse_qsl(query, keep_blank_values=True):
            parsed.setdefault(name.partition("[")[0], []).append(value)
    assert parsed == params


@pytest.mark.parametrize("value", [b"x", object(), {1, 2}, iter([1]), bytearray(b"x"), memoryview(b"x"), 1j])
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [value], lambda value: {"in": [value]}])
@pytest.mark.parametrize("array_format", ARRAYS)
def test_a_value_of_another_type_is_refused(value: object, wrap: Any, array_format: Any) -> None:
    """A TypeError names the parameter, as the query would, and the type."""
    with pytest.raises(TypeError, match=rf"query parameter 'x.*' must be .* got {type(value).__name__}"):
        Querystring(array_format=array_format).stringify({"x": wrap(value)})


def test_keys_are_text() -> None:
    """A nested key of another type is a TypeError that names the parameter."""
    with pytest.raises(TypeError, match=r"query parameter 'x\[a\]' must have str keys, got 1"):
        Querystring().stringify({"x": {"a": {1: 2}}})


@pytest.mark.parametrize("params", [{"x": "\ud800"}, {"x": ["\ud800"]}, {"x\ud800": "a"}, {"x\ud800": ["a"]}])
@pytest.mark.parametrize("array_format", ARRAYS)
def test_a_lone_surrogate_is_refused(params: dict[str, Any], array_format: Any) -> None:
    """It has no UTF-8, so no URL can hold it; the error names the parameter, as the query would."""
    with pytest.raises(ValueError, match=r"^query parameter 'x.*' has a lone surrogate"):
        Querystring(array_format=array_format).stringify(params)


def test_a_value_that_holds_itself_is_refused() -> None:
    """A clear error in place of a RecursionError."""
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match=r"^the query parameters are nested too deeply$"):
        Querystring().stringify({"x": endless})


@pytest.mark.parametrize("arguments", [{"array_format": "commas"}, {"nested_format": None}])
def test_a_style_is_one_of_those_there_are(arguments: dict[str, Any]) -> None:
    """Another one is a ValueError that names the argument, and says which there are."""
    with pytest.raises(ValueError, match=r'^(array|nested)_format must be "[^;]*(indices|dots)", got '):
        Querystring(**arguments)


def merged(qs: Querystring, *layers: str | dict[str, object]) -> str:
    """The layers over one another: text as it stands in a URL, mappings as parameters."""
    return unquote(qs.merge(qs.text_layer(x) if isinstance(x, str) else qs.layer(x) for x in layers))


@pytest.mark.parametrize(
    ("lower", "higher", "query"),
    [
        ("tag=a&tag=b", {"x": 1}, "tag=a&tag=b&x=1"),
        ("tag=a&x=1&tag=b", {"tag": "c"}, "x=1&tag=c"),
        ("tag[]=a&tag[]=b", {"tag": ["c"]}, "tag=c"),
        ("tag[0]=a&tag[1]=b", {"tag": "c"}, "tag=c"),
        ("filter[s]=1&filter[t][u]=2&x", {"filter": {"v": 3}}, "x&filter[v]=3"),
        ("page[size]=9&page[number]=1", {"page[number]": 2}, "page[size]=9&page[number]=2"),
        ("tags=1&tag.x=2", {"tag": 3}, "tags=1&tag.x=2&tag=3"),
        ("a=1&b=2", {"a": None, "b": omit}, ""),
        ("a=1&b=2", {"a": []}, "b=2"),
        ("a=1", {"a": not_given}, "a=1"),
        ({"tag": ["a", "b"], "x": 1}, "tag=c&tag=d", "x=1&tag=c&tag=d"),
        ({"tag[0]": "a", "tag[1]": "b"}, "tag[0]=c", "tag[0]=c"),
        ({"a b": 1}, "a+b=2", "a+b=2"),
        ({"a b": 1}, "a%20b=2", "a b=2"),
        ("", {}, ""),
        ("&&a=1", {"b": 2}, "&&a=1&b=2"),
        ("a", "a=1", "a=1"),
        ("=1", {"": 2}, "=2"),
    ],
)
def test_a_higher_layer_replaces_a_parameter_whole(lower: Any, higher: Any, query: str) -> None:
    """A parameter that the higher layer names loses all its lower values, in whatever style; others keep theirs."""
    assert merged(Querystring(), lower, higher) == query


def test_dots_nest_where_they_are_the_style() -> None:
    """With ``nested_format="dots"`` a parameter's fields are behind a dot."""
    assert merged(Querystring(nested_format="dots"), "f.s=1&f[t]=2&fs=3", {"f": {"x": 4}}) == "fs=3&f.x=4"


def test_layers_stack() -> None:
    """Each layer looks at all below it."""
    assert merged(Querystring(), {"a": 1, "b": 1, "c": 1}, "b=2&c=2", {"c": 3}) == "a=1&b=2&c=3"


@given(st.lists(st.tuples(st.text("ab[]é%& +=", max_size=4), texts), max_size=5))
def test_other_parameters_of_a_url_keep_their_bytes(pairs: list[tuple[str, str]]) -> None:
    """However a URL's own query is written, adding a parameter leaves it as it is."""
    query = "&".join(f"{name}={value}" for name, value in pairs)
    qs = Querystring()
    assert qs.merge([qs.text_layer(query), qs.layer({"new": 1})]) == f"{query}&new=1".removeprefix(
        "&" if not query else ""
    )


def test_a_generator_is_no_array() -> None:
    """A call may be retried, and a generator is spent after the first attempt."""

    def numbers() -> Iterator[int]:
        yield 1

    with pytest.raises(TypeError, match="got generator"):
        Querystring().stringify({"x": numbers()})
