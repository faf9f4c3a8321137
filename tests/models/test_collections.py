"""Arrays, rows and mappings: each part by itself, with its own place in the path."""

from __future__ import annotations

import collections.abc
from typing import Any, NamedTuple

import attrs
import pytest

from support.told import fitting, told
from trio_api.models import structure


class Point(NamedTuple):
    x: int
    y: float = 0.5


class Chain(NamedTuple):
    name: str
    rest: list[Chain] = []


@attrs.define
class Item:
    price: float


@pytest.mark.parametrize(
    ("cast_to", "value", "built"),
    [
        (list[int], [1, 2], [1, 2]),
        (list, [1, "a"], [1, "a"]),
        (collections.abc.Sequence[float], [1], [1.0]),
        (collections.abc.Iterable[int], [1], [1]),
        (tuple[int, ...], [1, 2], (1, 2)),
        (tuple, [1, "a"], (1, "a")),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[()], [], ()),
        (set[int], [1, 1], {1}),
        (frozenset[str], ["a"], frozenset({"a"})),
        (collections.abc.Set[int], [1], frozenset({1})),
        (Point, [1, 2], Point(1, 2.0)),
        (Point, [1], Point(1, 0.5)),
        (Chain, ["a", [["b"]]], Chain("a", [Chain("b")])),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (dict, {"a": [1]}, {"a": [1]}),
        (collections.abc.Mapping[str, Any], {"a": None}, {"a": None}),
        (dict[int, str], {"-3": "a"}, {-3: "a"}),
        (list[Item], [{"price": 1}], [Item(1.0)]),
    ],
)
def test_what_fits_is_built(cast_to: Any, value: object, built: object) -> None:
    """Arrays and objects become the collection that the annotation names, with their parts converted."""
    found = fitting(value, cast_to)
    assert (found, type(found)) == (built, type(built))


@pytest.mark.parametrize(
    ("cast_to", "value", "lines", "kept"),
    [
        (list[int], {"a": 1}, ["$: expected list, got dict"], {"a": 1}),
        (list[int], [1, "a", None], ["$[1]: expected int, got str", "$[2]: expected int, got null"], [1, "a", None]),
        (list[list[int]], [[1], ["a"]], ["$[1][0]: expected int, got str"], [[1], ["a"]]),
        (tuple[int, ...], [1, "a"], ["$[1]: expected int, got str"], (1, "a")),
        (tuple[int, str], [1], ["$: expected list of 2, got list of 1"], [1]),
        (tuple[int, str], "ab", ["$: expected list, got str"], "ab"),
        (tuple[int, str], [1, 2], ["$[1]: expected str, got int"], (1, 2)),
        (Point, [1, 2, 3], ["$: expected list of 1 to 2, got list of 3"], [1, 2, 3]),
        (Point, ["a"], ["$[0]: expected int, got str"], Point("a")),
        (set[int], ["a", 1], ["$[0]: expected int, got str"], {"a", 1}),
        (set[int], [[], 1], ["$[0]: expected int, got list"], [[], 1]),
        (set[object], [[]], ["$: expected list of hashable items, got list"], [[]]),
        (dict[str, int], [1], ["$: expected dict, got list"], [1]),
        (
            dict[str, int],
            {"a": "b", "odd key": None},
            ["$.a: expected int, got str", '$["odd key"]: expected int, got null'],
            None,
        ),
        (dict[int, int], {"1.0": 1}, ['$["1.0"]: expected int as key, got str'], {"1.0": 1}),
        (dict[int, int], {"01": 1, "2": 2}, ['$["01"]: expected int as key, got str'], {"01": 1, 2: 2}),
        (
            list[Item],
            [{"price": "x"}, 3],
            ["$[0].price: expected float, got str", "$[1]: expected Item, got int"],
            [Item("x"), 3],
        ),
    ],
)
def test_what_does_not_fit_is_kept_part_by_part(cast_to: Any, value: Any, lines: list[str], kept: object) -> None:
    """A wrong part stays as it came, its neighbours are converted, and a wrong whole stays whole."""
    assert told(value, cast_to) == lines
    assert structure(value, cast_to).value == (value if kept is None else kept)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("price", "$.price"),
        ("odd key", '$["odd key"]'),
        ("", '$[""]'),
        ('"', r'$["\""]'),
        ("é", "$.é"),
        ("1", '$["1"]'),
    ],
)
def test_paths_are_json_paths(key: str, path: str) -> None:
    """A key that is an identifier follows a dot, any other stands in brackets as JSON has it."""
    assert told({key: None}, dict[str, int]) == [f"{path}: expected int, got null"]
